#!/bin/sh
# is-deployed.sh ENVIRONMENT VERSION: exit 0 when what runs there says it is VERSION. Changes nothing.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 2 ] || usage 'ENVIRONMENT VERSION'
running=$(ask "http://$(place_of "$1")/version") || die "$1 does not answer"
[ "$running" = "$2" ] || die "$1 runs $running, not $2"
echo "$1 runs $2"
