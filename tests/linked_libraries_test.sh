#!/usr/bin/env bash
# What each tool links, directly and through its libraries: data sets are prepared, shown and labelled, and predictions
# audited, on machines without LibTorch, and a program that does not need it starts five times as fast.
#
#   tests/linked_libraries_test.sh BIN_DIR
set -euo pipefail
bin=$1
torch='libtorch|libc10|libcaffe2'
fail() { echo "FAILED: $*" >&2; exit 1; }

expected=" audit explore label phantom preprocess "   # these have no LibTorch; every other tool must name it here
checked=0
for tool in "$bin"/*-radgen; do
  name=$(basename "$tool"); verb=${name%-radgen}
  direct=$(readelf -d "$tool" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  all=$(ldd "$tool")
  [ -n "$direct" ] || fail "$name: readelf shows no library"
  case "$expected" in
    *" $verb "*)
      if grep -Eq "$torch" <<<"$direct"; then fail "$name links $(grep -E "$torch" <<<"$direct" | tr '\n' ' ')"; fi
      if grep -Eq "$torch" <<<"$all"; then fail "$name links LibTorch through another library"; fi
      checked=$((checked + 1)) ;;
    *)
      grep -Eq "$torch" <<<"$all" || fail "$name has no LibTorch: add it to the list in $0" ;;
  esac
done
[ "$checked" -eq "$(wc -w <<<"$expected")" ] || fail "$checked tools without LibTorch were found, expected:$expected"
echo "linked libraries: passed"
