#!/usr/bin/env bash
# Measures this machine and the network on it, and writes OUTPUT/bench.json and OUTPUT/bench.html (default: runs/bench).
# Nothing else should run meanwhile. About fifteen minutes on two cores.
#
#   scripts/bench.sh [OUTPUT]
#   RADGEN_BUILD_DIR=build-x scripts/bench.sh    another build folder
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in -*) sed -n '2,7s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;; esac
output=${1:-runs/bench}
bench=${RADGEN_BUILD_DIR:-build}/bin/bench-radgen
[ -x "$bench" ] || { printf 'error[usage]: %s is not there\n  hint: build first, see scripts/test.sh\n' "$bench" >&2; exit 2; }
parts="$output/parts"
mkdir -p "$parts"
measure() {  # measure NAME ARGUMENTS...
  local name=$1; shift
  echo "==> $name" >&2
  "$bench" "$@" --json >"$parts/$name.json"
}
cores=$("$bench" machine --runs 1 --side 64 --json | sed 's/.*"cores":\([0-9]*\).*/\1/')
measure machine machine
measure encode-dense encode --size 224 512 1024 --runs 3
measure encode-base-2048 encode --config configs/base-2048.json --size 256 512 1024 2048 --runs 3
measure encode-batches encode --config configs/base-2048.json --size 512 --batch 1 2 4 --runs 3
measure encode-threads encode --config configs/base-2048.json --size 512 --scale-threads $(seq 1 "$cores") --runs 3
measure decode-base-2048 decode --config configs/base-2048.json --size 512 2048 --tokens 100 --runs 3
measure train-512 train --config configs/base-2048.json --size 512 --tokens 60 --runs 2
measure report-2048 report --config configs/base-2048.json --tokens 100 --runs 3
measure encode-int8 encode --config configs/base-2048.json --size 512 2048 --runs 3 --precision int8
measure encode-int8-dynamic encode --config configs/base-2048.json --size 512 2048 --runs 3 --precision int8-dynamic
measure report-2048-int8 report --config configs/base-2048.json --tokens 100 --runs 3 --precision int8
"$bench" page --results "$parts"/{machine,report-2048,report-2048-int8,encode-base-2048,encode-int8,encode-int8-dynamic,encode-dense,encode-batches,encode-threads,decode-base-2048,train-512}.json --output "$output"
echo "$output/bench.html"
