#!/bin/sh
# check-logs.sh ENVIRONMENT --errors: what BACKSTOP_VERSION wrote into its log since it serves. One line that is neither of a start
# nor of an end is an error.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 2 ] && [ "$2" = --errors ] || usage 'ENVIRONMENT --errors'
case $1 in
  staging) logs=$dir/staging/log/checkout.log ;;
  production) logs="$dir/blue/log/checkout.log $dir/green/log/checkout.log" ;;
  *) die "there is no environment \"$1\" (staging, production)" ;;
esac
version=${BACKSTOP_VERSION:?is not set: backstop says which version it is about}
# shellcheck disable=SC2086 # the words are names of files
errors=$(awk -v serving="serving $version on " '
  FNR == 1 { since = 0 }
  index($0, serving) { since = 1; next }
  since && !/\] (serving|stopping|stopped) / { print }' $logs)
[ -z "$errors" ] || { printf '%s\n' "$errors" | tail -n 5; die "$1 wrote $(printf '%s\n' "$errors" | wc -l) errors since $version serves"; }
echo "no error in the logs of $1 since $version serves"
