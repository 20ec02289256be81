#!/bin/sh
# smoke-test.sh: the main thing that a customer does, once: an order in staging. Here would be `npm run e2e:smoke`.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 0 ] || usage ''
made=$(ask -X POST "http://$(place_of staging)/checkout?item=book&quantity=2") || die "the order failed: $made"
case $made in *'"total_cents": 3998}'*) ;; *) die "the order is wrong: $made" ;; esac
echo "ordered: $made"
