#!/bin/sh
# update-deployment-doc.sh: a line in deployments.md for the deployment that backstop runs this for; once, however often it is run.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 0 ] || usage ''
id=${BACKSTOP_DEPLOYMENT:?is not set: backstop says which deployment it is}
doc=$dir/deployments.md
[ -f "$doc" ] || printf '# Deployments of %s\n\n| deployment | version | before | day |\n|---|---|---|---|\n' "$BACKSTOP_SERVICE" | put "$doc"
grep -q "^| $id |" "$doc" && { echo "$doc has its line already"; exit 0; }
{ cat -- "$doc"; printf '| %s | %s | %s | %s |\n' "$id" "$BACKSTOP_VERSION" "$BACKSTOP_PREVIOUS_VERSION" "$(date -u +%Y-%m-%d)"; } | put "$doc"
echo "$doc has a line for $id"
