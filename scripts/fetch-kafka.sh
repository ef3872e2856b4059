#!/usr/bin/env bash
# Fetches the Kafka server of third-party/kafka/pom.xml for tests and development: jars through Maven, each checked against
# third-party/kafka/sha256sums, into ${FELT_CACHE_DIR:-~/.cache/felt}/kafka-VERSION/libs. Does nothing when all is there.
#   scripts/fetch-kafka.sh            fetch and check
#   scripts/fetch-kafka.sh --pin      write sha256sums anew after the version in pom.xml was raised
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
pom="$root/third-party/kafka/pom.xml"
sums="$root/third-party/kafka/sha256sums"
version="$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$pom")"
home="${FELT_CACHE_DIR:-$HOME/.cache/felt}/kafka-$version"
libs="$home/libs"

# Exactly the pinned jars, no more and no fewer: whatever lies in the folder is on the class path.
complete() {
  [ -d "$1" ] || return 1
  [ "$(cd "$1" && ls ./*.jar 2>/dev/null | wc -l)" = "$(wc -l < "$sums")" ] || return 1
  (cd "$1" && sha256sum --check --quiet --strict "$sums") >/dev/null 2>&1
}

if [ "${1:-}" != "--pin" ] && complete "$libs"; then
  echo "kafka $version is in $libs"
  exit 0
fi

for tool in java mvn sha256sum; do
  command -v "$tool" >/dev/null || {
    echo "$tool is missing: install a Java runtime (17 or later) and Maven, on Debian: apt-get install default-jre-headless maven" >&2
    exit 1
  }
done

mkdir -p "$home"
staging="$(mktemp -d "$home/fetch.XXXXXX")"
trap 'rm -rf "$staging"' EXIT
mvn --quiet --batch-mode --file "$pom" dependency:copy-dependencies \
  -DoutputDirectory="$staging" -DincludeScope=runtime </dev/null

if [ "${1:-}" = "--pin" ]; then
  (cd "$staging" && LC_ALL=C sha256sum -- *.jar) > "$sums"
  echo "pinned $(wc -l < "$sums") jars of kafka $version"
elif ! complete "$staging"; then
  echo "the jars of kafka $version differ from $sums: refused" >&2
  (cd "$staging" && sha256sum --check --quiet --strict "$sums") >&2 || true
  exit 1
fi

# A rename, so that a reader sees all jars or none.
rm -rf "$libs"
mv "$staging" "$libs"
chmod 755 "$libs"
trap - EXIT
echo "kafka $version is in $libs"
