#!/bin/sh
# verify-deployment.sh ENVIRONMENT: orders made as customers make them, and each looked up again.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 1 ] || usage ENVIRONMENT
case $1 in
  staging) exec "$dir/staging/verify" staging ;;
  production) exec "$dir/verify" ;;
  production-blue | production-green) exec "$dir/verify" "${1#production-}" ;;
  *) die "there is no environment \"$1\"" ;;
esac
