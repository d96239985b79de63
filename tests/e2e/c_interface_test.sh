#!/usr/bin/env bash
# libradgen.so as strangers meet it: what it shows, the example in C (compiled as C99), and the one in Python.
. "$(dirname "$0")/common.sh"

library=$(realpath "$bin/../lib/libradgen.so.1")
examples=$(realpath "$here/../../docs/examples")
say "only the interface can be seen"
nm -D --defined-only "$library" >"$out"
strangers=$(awk '$2 != "A" && $3 !~ /^radgen_[a-z_]+@@RADGEN_1$/ {print $3}' "$out")
[ -z "$strangers" ] || fail "libradgen.so shows: $(head -n 5 <<<"$strangers")"
declared=$(grep -oE 'radgen_[a-z_]+\(' "$here/../../include/radgen/radgen.h" | tr -d '(' | sort -u | wc -l)
same "$(awk '$2 == "T"' "$out" | wc -l)" "$declared" "functions in the library and in the header"
readelf -d "$library" | grep -qF 'soname: [libradgen.so.1]' || fail "the soname is not the interface's version"

expect 0 "$bin/bench-radgen" --threads 1 model --config "$here/tiny.json" --vocabulary 600 --output "$scratch/model"
expect 0 "$bin/phantom-radgen" --studies 1 --size 512 --seed 5 --output "$scratch/films"
film=$(find "$scratch/films/files" -name '*.dcm')
expect 0 "$bin/report-radgen" --threads 1 --model "$scratch/model" --input "$film" --output "$scratch/reports"
report=$(dirname "$(find "$scratch/reports" -name prediction.json)")

say "the example in C"
expect 0 "$bin/c_example" "$scratch/model" "$film" "$scratch/drafted"
cmp -s "$out" "$report/report.txt" || fail "the C interface drafts another report than report-radgen"
diff <(cd "$report" && find . -type f | sort) <(cd "$scratch/drafted" && find . -type f | sort) >"$out" || fail "other files than report-radgen's"
cmp -s "$report/map_01.png" "$scratch/drafted/map_01.png" || fail "other maps than report-radgen's"
expect 2 "$bin/c_example" "$scratch/model" "$film" "$scratch/drafted"
grep -qF 'exists and is not empty' "$err" || fail "an output that exists was not refused in words"
expect 3 "$bin/c_example" "$scratch/none" "$film"
grep -qF 'model folder not found' "$err" || fail "a model that is not there was not refused in words"

say "the example in Python"
python=/usr/bin/python3
if [ -x "$python" ]; then
  expect 0 "$python" "$examples/draft.py" "$scratch/model" "$film" "$library"
  grep -qxF 'drafted ' "$out" || fail "Python did not draft the film"
  first=$(sed -n '2s/  [0-9]* regions$//p' "$out")
  [ -n "$first" ] && grep -qF -- "${first:0:20}" "$report/report.txt" || fail "Python got other sentences than report-radgen"
  expect 1 "$python" "$examples/draft.py" "$scratch/none" "$film" "$library"
  grep -qF 'model folder not found' "$err" || fail "Python was not told what is wrong"
else
  echo "skipped: there is no $python"
fi
say passed
