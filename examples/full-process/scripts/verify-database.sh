#!/bin/sh
# verify-database.sh ENVIRONMENT: whether what is in the database makes sense: every order is of an item, and costs what it costs;
# no index is broken.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 1 ] || usage ENVIRONMENT
dsn=$(dsn_of "$1") schema=$(schema_of "$1")
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$dsn" -c "$1"; }
wrong=$(sql "SELECT count(*) FROM $schema.orders o LEFT JOIN $schema.items i ON i.name = o.item
  WHERE i.name IS NULL OR o.total_cents <> o.quantity * i.price_cents") || die 'the orders cannot be read'
broken=$(sql "SELECT count(*) FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
  WHERE c.relnamespace = '$schema'::regnamespace AND NOT x.indisvalid") || die 'the indexes cannot be read'
[ "$wrong" -eq 0 ] || die "$wrong orders are wrong"
[ "$broken" -eq 0 ] || die "$broken indexes are broken"
echo "$(sql "SELECT count(*) FROM $schema.orders") orders, none of them wrong; all indexes are sound"
