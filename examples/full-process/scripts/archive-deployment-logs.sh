#!/bin/sh
# archive-deployment-logs.sh VERSION: archive/VERSION.tar.gz has the logs of the service, of HAProxy, and of what was called.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 1 ] || usage VERSION
need_version "$1"
file=$dir/archive/$1.tar.gz
# What is written while it is read is cut there: tar says so with 1.
code=0
tar -C "$dir" -czf "$file.new" log staging/log blue/log green/log 2>/dev/null || code=$?
[ "$code" -le 1 ] || die "tar ended with $code"
mv -T -- "$file.new" "$file"
echo "$(tar -tzf "$file" | grep -c '\.log$') logs are in $file"
