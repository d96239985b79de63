# What the end-to-end scripts share; sourced, with the folder of the built programs as $1. Each script gets an empty
# folder $scratch that goes when it ends. They train with one thread: for networks this small more threads only wait
# for each other.
set -euo pipefail
bin=$(realpath "${1:?usage: bash ${0##*/} BIN_DIR}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cmake=${CMAKE_COMMAND:-cmake}
# In memory where there is room: the programs sync every file they write, which takes minutes on a slow disk.
base=${TMPDIR:-/tmp}
if [ -w /dev/shm ] && [ "$(df --output=avail /dev/shm | tail -n 1)" -gt 500000 ]; then base=/dev/shm; fi
scratch=$(mktemp -d "$base/radgen-e2e.XXXXXX")
out=$scratch/stdout err=$scratch/stderr
trap 'rm -rf "$scratch"' EXIT

say() { printf '== %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  for stream in "$out" "$err"; do
    [ ! -s "$stream" ] || { printf -- '-- end of the last %s\n' "${stream##*/}"; tail -n 25 "$stream"; } >&2
  done
  exit 1
}

# expect CODE COMMAND...: runs it and compares the exit code; what it said is then in $out and $err.
expect() {
  local expected=$1 code=0; shift
  "$@" >"$out" 2>"$err" </dev/null || code=$?
  [ "$code" = "$expected" ] || fail "exit code $code instead of $expected: $*"
}

# refuses CODE WHAT COMMAND...: an error in words. stderr has a line "error[...]" that matches the regular expression
# WHAT (in either case), and says what to do next or what was expected; nothing half-written lies under $scratch.
refuses() {
  local code=$1 what=$2; shift 2
  expect "$code" "$@"
  grep -qE '^error\[[a-z]+\]: ' "$err" || fail "no 'error[...]' line: $*"
  grep -qiE -- "$what" "$err" || fail "stderr does not say '$what': $*"
  grep -qE '^ +hint: .+|expected .+' "$err" || fail "neither a hint nor what was expected: $*"
  no_leftovers
}
no_leftovers() {
  local left
  left=$(find "$scratch" -name '*.tmp*' -print -quit)
  [ -z "$left" ] || fail "left behind: $left"
}

is_file() { local f; for f in "$@"; do [ -s "$f" ] || fail "missing or empty: $f"; done; }
is_json() { local f; for f in "$@"; do "$cmake" -DFILE="$f" -P "$here/json_check.cmake" >/dev/null 2>"$err" || fail "not JSON: $f"; done; }
lines() { grep -c '' "$1" || true; }
same() { [ "$1" = "$2" ] || fail "$3: '$1' and '$2'"; }
hash_of() { sha256sum <"$1" | cut -d' ' -f1; }

# A small phantom set and its prepared form: small_set STUDIES FOLDER [flags of phantom-radgen]
small_set() {
  local studies=$1 folder=$2; shift 2
  expect 0 "$bin/phantom-radgen" --studies "$studies" --size 128 --seed 3 --validate-studies 8 --test-studies 8 \
    --output "$folder/phantom" "$@"
  expect 0 "$bin/preprocess-radgen" --source mimic-cxr --input "$folder/phantom" --output "$folder/prepared" --size 128
}
