#!/usr/bin/env bash
# Fuzzes one target, or all of them in turn: TARGET=beacon FUZZ_RUNS=10000000 [SANITIZER=none] fuzz/run.sh
# Needs a nightly compiler; installs the pinned cargo-fuzz when it is missing. Prints the command and libFuzzer's last lines.
set -euo pipefail
cd "$(dirname "$0")"

cargo_fuzz_version=0.13.2
runs="${FUZZ_RUNS:-100000}"
sanitizer="${SANITIZER:-address}"
targets="${TARGET:-beacon openslo query_grammar records local_log}"

if ! cargo fuzz --version 2>/dev/null | grep -q " $cargo_fuzz_version\$"; then
  cargo install cargo-fuzz --version "$cargo_fuzz_version" --locked
fi

# Small files that nobody needs again belong into memory.
scratch="$(mktemp -d -p "$([ -d /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" felt-fuzz.XXXXXX)"
trap 'rm -rf "$scratch"' EXIT

for target in $targets; do
  # The address sanitizer finds little in safe code and halves the speed there. The C libraries under the log and the
  # processor cannot be configured with it (librdkafka tries to link without it), so these two run without.
  case "$target" in
    beacon|openslo) build=(--sanitizer "$sanitizer");                          max_len=1024 ;;
    query_grammar)  build=(--sanitizer "$sanitizer" --features query_grammar); max_len=1024 ;;
    records)        build=(--sanitizer none --features records);               max_len=4096 ;;
    local_log)      build=(--sanitizer none --features local_log);             max_len=96 ;;
    *) echo "there is no target '$target': beacon openslo query_grammar records local_log" >&2; exit 64 ;;
  esac
  mkdir -p "corpus/$target" "regressions/$target"
  options=(-runs="$runs" -max_len="$max_len" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1)
  [ -f "dictionaries/$target.dict" ] && options+=(-dict="dictionaries/$target.dict")
  command=(cargo +nightly fuzz run "${build[@]}" "$target" "corpus/$target" "corpus-seed/$target" "regressions/$target" -- "${options[@]}")
  echo "$target: ${command[*]}"
  log="$scratch/$target.log"
  if ! TMPDIR="$scratch" nice -n 10 "${command[@]}" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    echo "$target failed: the input is under fuzz/artifacts/$target" >&2
    exit 1
  fi
  grep -aE '^#[0-9]+.*(DONE|pulse)' "$log" | tail -n 1
  grep -aE '^Done |^stat::' "$log"
done
