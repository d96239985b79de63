#!/usr/bin/env bash
# audit-radgen as a user meets it: a page and its numbers, the gate, and every kind of wrong input said clearly.
. "$(dirname "$0")/common.sh"

say "a prepared set with demographics, and predictions that miss what women have"
expect 0 "$bin/phantom-radgen" --studies 400 --size 96 --seed 5 --prevalence enriched --validate-studies 8 --test-studies 300 \
  --output "$scratch/phantom"
expect 0 "$bin/preprocess-radgen" --source mimic-cxr --input "$scratch/phantom" --output "$scratch/prepared" --size 96
prepared=$scratch/prepared
line='s/.*"study_id":"\([^"]*\)".*"findings":"\([^"]*\)","impression":"\([^"]*\)".*/{"study_id":"\1","findings":"\2","impression":"\3"}/'
grep '"split":"test",' "$prepared/manifest.jsonl" >"$scratch/test.jsonl"
sed "$line" "$scratch/test.jsonl" >"$scratch/same.jsonl"
{ grep '"sex":"M"' "$scratch/test.jsonl" | sed "$line"
  grep '"sex":"F"' "$scratch/test.jsonl" |
    sed 's/.*"study_id":"\([^"]*\)".*/{"study_id":"\1","text":"The lungs are clear. The heart is of normal size."}/'
} >"$scratch/unfair.jsonl"
audit=("$bin/audit-radgen" --threads 1 --data "$prepared" --set bootstrap=50 --set sign_flips=400)

say "the references as predictions: nobody is served worse"
expect 0 "${audit[@]}" --predictions "$scratch/same.jsonl" --output "$scratch/fair" --fail-above 0.1
grep -q 'no disparity was shown' "$out" || fail "a perfect draft has a disparity"
is_file "$scratch/fair/audit.html"; is_json "$scratch/fair/audit.json"
no_leftovers

say "women's findings missed: a disparity, and the gate"
expect 4 "${audit[@]}" --predictions "$scratch/unfair.jsonl" --output "$scratch/unfair" --fail-above 0.1
grep -q '^disparity: female' "$out" || fail "the disparity is not named"
grep -qF 'Disparity: worse for this group' "$scratch/unfair/audit.html" || fail "the page does not name it"
grep -qF 'The lungs are clear' "$scratch/unfair/audit.html" || fail "no examples on the page"
expect 0 "${audit[@]}" --predictions "$scratch/unfair.jsonl" --output "$scratch/quiet" --no-examples --json
cp "$out" "$scratch/printed.json"; is_json "$scratch/printed.json"
cmp -s "$scratch/printed.json" "$scratch/quiet/audit.json" || fail "--json prints another result"
if grep -qF 'The lungs are clear' "$scratch/quiet/audit.html" "$scratch/quiet/audit.json"; then fail "report text with --no-examples"; fi
expect 0 "${audit[@]}" --predictions "$scratch/unfair.jsonl" --output "$scratch/again" --no-examples --set threads=2
cmp -s "$scratch/again/audit.json" "$scratch/quiet/audit.json" || fail "two threads give another result than one"

say "wrong input"
new=$scratch/new
refuses 2 'required' "$bin/audit-radgen" --data "$prepared"
refuses 2 'fail-above' "${audit[@]}" --predictions "$scratch/same.jsonl" --output "$new" --fail-above 15
refuses 3 'no-such.jsonl' "${audit[@]}" --predictions "$scratch/no-such.jsonl" --output "$new"
refuses 3 "split 'nonsense'" "${audit[@]}" --predictions "$scratch/same.jsonl" --split nonsense --output "$new"
: >"$scratch/empty.jsonl"
refuses 3 'no prediction' "${audit[@]}" --predictions "$scratch/empty.jsonl" --output "$new"
echo '{"study_id": "nobody", "text": "Clear lungs."}' >"$scratch/strange.jsonl"
refuses 3 'not one of 1 predictions' "${audit[@]}" --predictions "$scratch/strange.jsonl" --output "$new"
cat "$scratch/same.jsonl" <(head -n 3 "$scratch/same.jsonl") >"$scratch/twice.jsonl"
refuses 3 '3 of [0-9]+ predictions name a study that was there before' "${audit[@]}" --predictions "$scratch/twice.jsonl" --output "$new"
mkdir "$scratch/nobody"
sed 's/"age":[^,]*,"sex":"[^"]*","race":"[^"]*",/"age":null,"sex":"","race":"",/' "$prepared/manifest.jsonl" >"$scratch/nobody/manifest.jsonl"
refuses 3 'an age, a sex or a race' "$bin/audit-radgen" --data "$scratch/nobody" --predictions "$scratch/same.jsonl" --output "$new"
[ ! -e "$new" ] || fail "an output was made although the input is bad"
cat <(head -n 100 "$scratch/same.jsonl") "$scratch/strange.jsonl" >"$scratch/part.jsonl"
expect 0 "${audit[@]}" --predictions "$scratch/part.jsonl" --output "$scratch/part"
grep -q '1 of 101 predictions are for studies that this split does not have' "$out" || fail "a strange prediction is not counted"
grep -q 'have no prediction' "$out" || fail "missing predictions are not counted"
say passed
