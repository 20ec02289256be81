#!/bin/sh
# prepare-rollback.sh ENVIRONMENT VERSION: whether VERSION is there to go back to, whole, on both sides. Changes nothing.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 2 ] || usage 'ENVIRONMENT VERSION'
[ "$1" = production ] || die "there is no way back in \"$1\" (production)"
for side in blue green; do "$dir/prepare" "$side" "$2" >/dev/null; done
echo "$2 is there and complete on both sides"
