#!/usr/bin/env bash
# Runs every fuzz target of tests/fuzz with libFuzzer, sanitizers on: an hour for DICOM, ten minutes for each other parser.
# Can be stopped at any time and goes on where it was: what a target found worth keeping and the time it had are kept.
#
#   scripts/fuzz.sh                        all targets, until each has had its time
#   scripts/fuzz.sh read_film xml          these alone
#   scripts/fuzz.sh --seconds 120          that much time for each target
#   scripts/fuzz.sh --again                forget the time they had (their inputs stay)
#
# Needs scripts/setup.sh build test fuzz. Builds into build-fuzz/ (preset fuzz); inputs and findings lie in build-fuzz/runs/TARGET.
# A finding is a file that breaks its target: mend it, write a test named after the behaviour, and put the file, made small
# (build-fuzz/bin/TARGET_fuzz -minimize_crash=1 FILE), into tests/fuzz/corpus/TARGET, where every build replays it. Findings
# and corpora must hold synthetic films and own text only. Exit code 4 when there are findings.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { printf 'error[usage]: %s\n  hint: see the first lines of %s\n' "$1" "$0" >&2; exit 2; }
say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
seconds="" again=no targets=()
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds=${2:-}; case "$seconds" in ''|*[!0-9]*) usage "--seconds needs a whole number" ;; esac; shift 2 ;;
    --again) again=yes; shift ;;
    -*) usage "unknown option '$1'" ;;
    *) [ -f "tests/fuzz/${1}_fuzz.cpp" ] || usage "no target '$1' in tests/fuzz"; targets+=("$1"); shift ;;
  esac
done
if [ ${#targets[@]} -eq 0 ]; then
  for source in tests/fuzz/*_fuzz.cpp; do name=${source##*/}; targets+=("${name%_fuzz.cpp}"); done
fi
time_of() { if [ -n "$seconds" ]; then echo "$seconds"; elif [ "$1" = read_film ]; then echo 3600; else echo 600; fi; }

scripts/setup.sh --check build test fuzz >/dev/null || { scripts/setup.sh --check build test fuzz >&2; exit 5; }
compiler=""
for version in 19 18 17 16; do
  if command -v "clang++-$version" >/dev/null; then compiler=clang++-$version; break; fi
done
[ -n "$compiler" ] || { printf 'error[fuzz]: no clang 16 or later here\n  hint: scripts/setup.sh fuzz\n' >&2; exit 5; }
programs=(); for target in "${targets[@]}"; do programs+=("${target}_fuzz"); done
say "building ${#programs[@]} targets"
cmake --preset fuzz -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
cmake --build build-fuzz --parallel "${RADGEN_JOBS:-$(nproc)}" --target "${programs[@]}"

# Libraries that are not instrumented (LibTorch, OpenCV, DCMTK) hand containers over, and torch never frees its own tables.
export ASAN_OPTIONS="detect_container_overflow=0:detect_leaks=0:allocator_may_return_null=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}" OMP_NUM_THREADS=1
slice=60  # a stop loses no more than this
findings=0 broken=0
for target in "${targets[@]}"; do
  run="build-fuzz/runs/$target"
  mkdir -p "$run/corpus" "$run/findings"
  [ $again = no ] || rm -f "$run/seconds"
  had=$(cat "$run/seconds" 2>/dev/null || echo 0) limit=$(time_of "$target")
  say "$target: $had of $limit s done"
  while [ "$had" -lt "$limit" ]; do
    step=$((limit - had < slice ? limit - had : slice))
    before=$(find "$run/findings" -type f | wc -l)
    code=0
    "build-fuzz/bin/${target}_fuzz" -max_total_time=$step -timeout=10 -rss_limit_mb=2560 -max_len=65536 -print_final_stats=1 -verbosity=0 \
      -artifact_prefix="$run/findings/" "$run/corpus" "tests/fuzz/corpus/$target" >"$run/log" 2>&1 || code=$?
    [ $code -lt 128 ] || exit $code  # stopped: the time of this slice does not count
    had=$((had + step))
    echo "$had" >"$run/seconds.new" && mv "$run/seconds.new" "$run/seconds"
    if [ $code -ne 0 ]; then
      if [ "$(find "$run/findings" -type f | wc -l)" -eq "$before" ]; then
        broken=$((broken + 1)); say "$target does not run (exit code $code), see $run/log"; tail -n 5 "$run/log" >&2; break
      fi
      say "$target: a finding in $run/findings"; grep -m 3 -E 'ERROR|SUMMARY|error\[|runtime error|no radgen' "$run/log" >&2 || true
      cp "$run/log" "$run/findings.log"
    fi
  done
  found=$(find "$run/findings" -type f | wc -l); findings=$((findings + found))
  printf '    %-14s %5d s  %7d inputs kept  %3d findings  %s runs in the last minute\n' "$target" "$had" "$(find "$run/corpus" -type f | wc -l)" \
    "$found" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$run/log" 2>/dev/null || true)" >&2
done
[ $broken -eq 0 ] || exit 1
[ $findings -eq 0 ] || { say "$findings findings in build-fuzz/runs/*/findings"; exit 4; }
say "no findings"
