#!/bin/sh
# deploy.sh ENVIRONMENT VERSION: makes VERSION the one that runs there; production has two sides, production-blue and
# production-green. May be run again as often as you like.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 2 ] || usage 'ENVIRONMENT VERSION'
case $1 in
  staging) exec "$dir/staging/deploy" staging "$2" ;;
  production-blue | production-green) exec "$dir/deploy" "${1#production-}" "$2" ;;
  *) die "nothing is deployed to \"$1\" (staging, production-blue, production-green)" ;;
esac
