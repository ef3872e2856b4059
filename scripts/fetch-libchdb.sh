#!/usr/bin/env bash
# Fetches the pinned libchdb for this platform from the npm registry, checks it, and unpacks the library to
# ${FELT_CACHE_DIR:-$HOME/.cache/felt}/chdb-26.7.3/libchdb.so. Does nothing when it is there already.
set -euo pipefail

version=26.7.3
package_version=26.7.3-stable.1

fail() {
    echo "fetch-libchdb: $*" >&2
    exit 1
}

# Package and sha512 (as npm writes it) of each platform. A platform without a checksum here is refused: a library that
# nobody has checked is not loaded.
case "$(uname -s)-$(uname -m)" in
Linux-x86_64)
    package=@chdb/lib-linux-x64-gnu
    integrity=sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==
    ;;
Linux-aarch64)
    package=@chdb/lib-linux-arm64-gnu
    integrity=${FELT_LIBCHDB_INTEGRITY:-}
    ;;
Darwin-arm64)
    package=@chdb/lib-darwin-arm64
    integrity=${FELT_LIBCHDB_INTEGRITY:-}
    ;;
Darwin-x86_64)
    package=@chdb/lib-darwin-x64
    integrity=${FELT_LIBCHDB_INTEGRITY:-}
    ;;
*)
    fail "there is no libchdb for $(uname -s) on $(uname -m): use a ClickHouse server instead ([clickhouse] in felt.toml)"
    ;;
esac

cache=${FELT_CACHE_DIR:-${HOME:?set FELT_CACHE_DIR or HOME}/.cache/felt}
target=$cache/chdb-$version
library=$target/libchdb.so
if [ -f "$library" ]; then
    echo "$library"
    exit 0
fi
if [ -z "$integrity" ]; then
    fail "no checksum is pinned for $package yet: look it up with \`npm view $package@$package_version dist.integrity\`," \
        "then set FELT_LIBCHDB_INTEGRITY to it and run this again"
fi

command -v npm >/dev/null || fail "npm is missing: install Node.js 22 or later"
command -v openssl >/dev/null || fail "openssl is missing: install it to check the download"

mkdir -p "$target"
work=$(mktemp -d "$target/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

echo "fetch-libchdb: fetching $package@$package_version (180 MB)" >&2
(cd "$work" && npm pack --silent "$package@$package_version" >/dev/null) ||
    fail "the npm registry did not give $package@$package_version: check the network and the registry in npm's configuration"
archive=$(find "$work" -maxdepth 1 -name '*.tgz')
[ -f "$archive" ] || fail "npm left no archive behind"

found=sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)
[ "$found" = "$integrity" ] || fail "the download's checksum is $found, expected $integrity: it is not used"

tar -xzf "$archive" -C "$work" package/libchdb.so || fail "the archive has no package/libchdb.so"
# The rename comes last: a library that is there is a whole one.
mv "$work/package/libchdb.so" "$library"
echo "$library"
