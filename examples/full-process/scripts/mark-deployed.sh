#!/bin/sh
# mark-deployed.sh VERSION: writes down that VERSION is what is deployed, and makes its benchmark the next one's measure.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 1 ] || usage VERSION
need_version "$1"
[ ! -f "$dir/benchmarks/$1" ] || put "$dir/benchmarks/deployed" <"$dir/benchmarks/$1"
printf '%s\n' "$1" | put "$dir/deployed"
echo "$1 is marked as deployed"
