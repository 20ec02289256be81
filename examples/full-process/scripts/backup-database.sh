#!/bin/sh
# backup-database.sh ENVIRONMENT: a dump of its database in backups/, the last five of them. It is read back before it counts.
# May be run again: another dump is made.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 1 ] || usage ENVIRONMENT
dsn=$(dsn_of "$1")
file=$dir/backups/$1-$(date -u +%Y%m%dT%H%M%SZ).dump
trap 'rm -f -- "$file.new"' EXIT
pg_dump --format=custom --schema="$(schema_of "$1")" --file="$file.new" --dbname="$dsn" || die 'pg_dump failed'
tables=$(pg_restore --list "$file.new" | grep -c ' TABLE DATA ') || die "the dump has no table in it"
[ "$tables" -ge 2 ] || die "the dump has $tables tables, not the two of the shop"
mv -T -- "$file.new" "$file"
# The newest ones have the names that are sorted last.
find "$dir/backups" -name "$1-*.dump" | sort -r | tail -n +6 | while IFS= read -r old; do rm -f -- "$old"; done
echo "$(basename -- "$file"): $tables tables, $(stat -c %s -- "$file") bytes"
