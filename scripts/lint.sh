#!/usr/bin/env bash
# Checks the format and runs clang-tidy on the C++ files that changed against a base.
#
#   scripts/lint.sh                against the merge base with origin/main (else main, else HEAD)
#   scripts/lint.sh BASE           against a commit, branch or tag
#   scripts/lint.sh --fix [BASE]   also rewrites the format in place
#   scripts/lint.sh --check        the format of every file, the length of its comments, and that files which are compiled
#                                  together keep different names for themselves (scripts/unity_names.py): seconds
#
# Needs clang-format and clang-tidy, and what scripts/setup.sh installs. A file that includes LibTorch takes clang-tidy about
# a minute.
set -euo pipefail
cd "$(dirname "$0")/.."

# Every C++ file of the project; none of tests/fixtures.
every_file() { git ls-files --cached --others --exclude-standard -- '*.cpp' '*.h' | grep -v '^tests/fixtures/'; }
need() { command -v "$1" >/dev/null || { echo "error[lint]: no $1 here"; echo "  hint: apt-get install $1"; exit 5; } >&2; }
if [ "${1:-}" = --check ]; then
  need clang-format
  major=$(clang-format --version | sed -n 's/.*version \([0-9]*\).*/\1/p')
  if [ "$major" != 14 ]; then  # versions differ in where they break lines
    echo "not checked: the tree is formatted with clang-format 14, here is $major"; exit 0
  fi
  status=0
  every_file | xargs -d '\n' -P "$(nproc)" -n 40 clang-format --dry-run -Werror || status=1
  # clang-format leaves comments alone (.clang-format), so their length is looked at here.
  every_file | xargs -d '\n' awk '/^ *\/\// && length($0) > 100 {print FILENAME ":" FNR ": a comment of over 100 columns"; n++}
                                  END {exit n > 0}' >&2 || status=1
  need python3
  python3 scripts/unity_names.py >/dev/null || status=1
  [ $status -eq 0 ] && echo "clean" || echo "  hint: scripts/lint.sh --fix, and wrap comments by hand" >&2
  exit $status
fi

fix=no
[ "${1:-}" != --fix ] || { fix=yes; shift; }
need clang-format
need clang-tidy
base=${1:-}
if [ -z "$base" ]; then
  base=HEAD
  for branch in origin/main main; do
    if git rev-parse -q --verify "$branch" >/dev/null; then base=$(git merge-base HEAD "$branch"); break; fi
  done
fi
git rev-parse -q --verify "$base^{commit}" >/dev/null || { echo "error[lint]: '$base' is no commit" >&2; exit 2; }

mapfile -t files < <({ git diff --name-only --diff-filter=d "$base" -- '*.cpp' '*.h'
                       git ls-files --others --exclude-standard -- '*.cpp' '*.h'; } | grep -v '^tests/fixtures/' | sort -u)
if [ ${#files[@]} -eq 0 ]; then echo "no C++ file changed against $base"; exit 0; fi
echo "${#files[@]} files changed against $base"

status=0
if [ $fix = yes ]; then clang-format -i "${files[@]}"; else clang-format --dry-run -Werror "${files[@]}" || status=1; fi

sources=()
for f in "${files[@]}"; do case "$f" in *.cpp) sources+=("$f") ;; esac; done
if [ ${#sources[@]} -gt 0 ]; then
  # Each file's own command; a build with RADGEN_UNITY compiles several at once.
  cmake -S . -B build-lint -G Ninja -DCMAKE_BUILD_TYPE=Release -DRADGEN_UNITY=OFF >/dev/null
  # Precompiled headers of another compiler are no use to clang-tidy: it reads the headers themselves.
  printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" \
    clang-tidy --quiet -p build-lint --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument || status=1
fi
[ $status -eq 0 ] && echo "clean"
exit $status
