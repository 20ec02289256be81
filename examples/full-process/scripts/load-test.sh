#!/bin/sh
# load-test.sh ENVIRONMENT --users N: so many customers at once, each with an order every second, for some seconds. No order may fail.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 3 ] && [ "$2" = --users ] || usage 'ENVIRONMENT --users N'
case $1 in staging) ;; *) die "$1 is no place for a load test (staging)" ;; esac
said=$("$bin/loadgen" --url "http://$(place_of "$1")/checkout" --rate "$3" --connections "$3" --for 4s)
echo "$said"
case $said in *' failed=0 unreachable=0 skipped=0 '*) ;; *) die "orders failed with $3 users" ;; esac
