#!/bin/sh
# health-check.sh ENVIRONMENT: whether it answers, and calls itself healthy.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 1 ] || usage ENVIRONMENT
place=$(place_of "$1")
said=$(ask "http://$place/health") || die "$1 is not healthy at http://$place/health: $said"
echo "$1 is healthy, and runs $(ask "http://$place/version")"
