#!/bin/sh
# benchmark.sh ENVIRONMENT: the 95th percentile of how long an order takes. It may be twice that of the version that was marked
# as deployed last, and 200 ms at any time; benchmarks/VERSION is what mark-deployed.sh makes the next one's measure.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 1 ] || usage ENVIRONMENT
place=$(place_of "$1")
version=$(ask "http://$place/version")
said=$("$bin/loadgen" --url "http://$place/checkout" --rate 50 --connections 8 --for 4s)
p95=$(printf '%s\n' "$said" | sed -n 's/.* p95=\([0-9.]*\)ms.*/\1/p')
[ -n "$p95" ] || die "nothing was measured: $said"
before=$(cat -- "$dir/benchmarks/deployed" 2>/dev/null || echo 50)
awk -v now="$p95" -v before="$before" 'BEGIN { most = 2 * before; if (most < 200) most = 200; exit now > most }' ||
  die "p95 $p95 ms; before it was $before ms"
printf '%s\n' "$p95" | put "$dir/benchmarks/$version"
echo "$version in $1: p95 $p95 ms; before it was $before ms"
