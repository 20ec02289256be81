#!/bin/sh
# has-changelog.sh VERSION: whether CHANGELOG.md has a section for it.
set -eu
. "$(dirname -- "$0")/common"
[ $# -eq 1 ] || usage VERSION
need_version "$1"
grep -Fqx -- "## ${1#v}" "$dir/CHANGELOG.md" || die "CHANGELOG.md has no section \"## ${1#v}\""
echo "CHANGELOG.md has it"
