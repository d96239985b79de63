#!/usr/bin/env bash
# Sets up, builds and runs every test; prints what each stage took and the ten slowest steps of building and testing. Can
# be run again at any time.
#
#   scripts/test.sh                          everything, in build/
#   scripts/test.sh --labels unit            only the tests with this label (unit, avx2, e2e, reference, gpu; a regex)
#   scripts/test.sh --preset asan-ubsan      in build-asan-ubsan/, with sanitizers (see CMakePresets.json)
#   scripts/test.sh --werror                 warnings in our own code are errors, as in CI
#
# The numeric tests run twice where the CPU has AVX2 (label avx2): as the CPU is, and as on one with AVX2 alone.
# RADGEN_JOBS sets the number of compilers at a time (default: the cores, one for every 1.5 GiB of free memory).
set -euo pipefail
cd "$(dirname "$0")/.."

preset=release labels="" werror=OFF
usage() { printf 'error[usage]: %s\n  hint: see the first lines of %s\n' "$1" "$0" >&2; exit 2; }
while [ $# -gt 0 ]; do
  case "$1" in
    --labels) labels="${2:-}"; [ -n "$labels" ] || usage "--labels needs a value"; shift 2 ;;
    --preset) preset="${2:-}"; [ -n "$preset" ] || usage "--preset needs a value"; shift 2 ;;
    --werror) werror=ON; shift ;;
    *) usage "unknown option '$1'" ;;
  esac
done
build=build
[ "$preset" = release ] || build="build-$preset"

summary=()
stage() {  # stage NAME COMMAND...
  local name=$1 begin=$SECONDS; shift
  printf '\033[1m==> %s\033[0m\n' "$name" >&2
  "$@"
  summary+=("$(printf '%-10s %5d s' "$name" $((SECONDS - begin)))")
}
# This run's lines of ninja's log (start and end in ms, time stamp, output) and of ctest's output, the ten slowest first.
new_build_steps() { [ ! -f "$build/.ninja_log" ] || grep -vxFf "$work/ninja_log" "$build/.ninja_log" || true; }
slowest() {
  { new_build_steps | awk -F'\t' 'NF >= 4 { printf "%8.1f s  build  %s\n", ($2 - $1) / 1000, $4 }'
    [ ! -f "$work/ctest" ] || sed -n 's/^ *[0-9]*\/[0-9]* Test *#[0-9]*: \([^ ]*\) .* \([0-9.]*\) sec.*$/\2 \1/p' "$work/ctest" \
      | awk '{ printf "%8.1f s  test   %s\n", $1, $2 }'
  } | sort -rn >"$work/steps"
  [ ! -s "$work/steps" ] || { echo "==> slowest steps"; head -n 10 "$work/steps"; }
}
run_tests() { ctest --test-dir "$build" --output-on-failure --no-tests=error "$@" | tee "$work/ctest"; }
work=$(mktemp -d)
finish() {
  local status=$?
  slowest >&2 || true
  rm -rf "$work"
  [ ${#summary[@]} -eq 0 ] || printf '    %s\n' "${summary[@]}" >&2
  if [ $status -eq 0 ]; then echo "==> all tests passed" >&2; else echo "==> FAILED (exit code $status)" >&2; fi
}
trap finish EXIT

cores=$(nproc)
free_kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo 2>/dev/null || echo 4000000)
if limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null) && [ "$limit" != max ] && [ $((limit / 1024)) -lt "$free_kib" ]; then
  free_kib=$((limit / 1024))  # a container's own limit, which /proc/meminfo does not tell
fi
by_memory=$((free_kib / 1500000)); [ "$by_memory" -ge 1 ] || by_memory=1
jobs=${RADGEN_JOBS:-$((cores < by_memory ? cores : by_memory))}

stage setup scripts/setup.sh
stage format scripts/lint.sh --check
stage configure cmake --preset "$preset" -DRADGEN_WERROR="$werror"
printf '#\n' | cat - "$build/.ninja_log" >"$work/ninja_log" 2>/dev/null || true
stage build cmake --build "$build" --parallel "$jobs"
# One test at a time, each uses all cores; unit tests first, end-to-end last (the order of tests/CMakeLists.txt).
stage test run_tests ${labels:+-L "$labels"}
