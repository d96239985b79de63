#!/usr/bin/env bash
# eval-radgen as somebody meets it who has predictions and no model: scores, alarms, comparison, gate, odd input.
. "$(dirname "$0")/common.sh"

say "a prepared set, and predictions of five kinds"
expect 0 "$bin/phantom-radgen" --studies 260 --size 96 --seed 6 --prevalence enriched --validate-studies 8 --test-studies 150 \
  --output "$scratch/phantom"
expect 0 "$bin/preprocess-radgen" --source mimic-cxr --input "$scratch/phantom" --output "$scratch/prepared" --size 96
prepared=$scratch/prepared truth=$scratch/phantom/truth.jsonl
grep '"split":"test",' "$prepared/manifest.jsonl" >"$scratch/test.jsonl"
line='s/.*"study_id":"\([^"]*\)".*"findings":"\([^"]*\)","impression":"\([^"]*\)".*/'
sed "$line"'{"study_id":"\1","findings":"\2","impression":"\3"}/' "$scratch/test.jsonl" >"$scratch/same.jsonl"
sed "$line"'{"study_id":"\1","report":"The heart is normal in size. The lungs are clear. No pleural effusion or pneumothorax."}/' \
  "$scratch/test.jsonl" >"$scratch/constant.jsonl"
{ echo 'study_id,subject_id,report'; sed "$line"'\1,p\1,"\2 \3"/' "$scratch/test.jsonl"; } >"$scratch/references.csv"
{ echo 'study_id,report'; sed "$line"'\1,"\2"/' "$scratch/test.jsonl"; } >"$scratch/theirs.csv"
{ head -n 60 "$scratch/same.jsonl"; tail -n +61 "$scratch/constant.jsonl"; } >"$scratch/half.jsonl"
score=("$bin/eval-radgen" --threads 1 --set bootstrap=50)

say "a stranger's table against a table of references"
expect 0 "${score[@]}" --predictions "$scratch/theirs.csv" --references "$scratch/references.csv" --output "$scratch/theirs" --export
grep -q "model's 95 % interval" "$out" || fail "no interval on the last screen"
grep -q '"constant": {' "$scratch/theirs/metrics.json" || fail "no constant baseline without a training split"
is_json "$scratch/theirs/metrics.json" "$scratch/theirs/export/reports.json"
is_file "$scratch/theirs/report.html" "$scratch/theirs/export/predictions_chexbert.csv"

say "one report for everybody sets off the alarms"
expect 0 "${score[@]}" --predictions "$scratch/constant.jsonl" --data "$prepared" --truth "$truth" --output "$scratch/constant" --errors
for alarm in constant_output low_diversity misses_abnormal no_grounding trivial_beats_model_f1_macro; do
  grep -q "^ALARM $alarm: " "$out" || fail "no alarm $alarm"
done
is_file "$scratch/constant/errors.html"; is_json "$scratch/constant/errors.json"
no_leftovers

say "the references themselves: no alarm on their words"
expect 0 "${score[@]}" --predictions "$scratch/same.jsonl" --data "$prepared" --truth "$truth" --output "$scratch/same"
if grep '^ALARM' "$out" | grep -v '^ALARM no_grounding: '; then fail "an alarm on the references"; fi

say "comparison, of two files and of two seeds a side"
compare=("${score[@]}" --data "$prepared" compare)
expect 0 "${compare[@]}" "$scratch/constant.jsonl" "$scratch/same.jsonl" --output "$scratch/compared"
is_json "$scratch/compared/compare.json"; is_file "$scratch/compared/compare.html"
expect 0 "${compare[@]}" "$scratch/constant.jsonl,$scratch/half.jsonl" "$scratch/half.jsonl,$scratch/same.jsonl" --output "$scratch/seeds"
grep -q 'means over 2 seeds' "$out" || fail "the seeds are not named"
refuses 2 '2 predictions files against 1' "${compare[@]}" "$scratch/constant.jsonl,$scratch/half.jsonl" "$scratch/same.jsonl" --output "$scratch/new"

say "a gate on metrics.json"
echo '{"text.bleu_4": {"at_least": 0.5}, "alarms": ["constant_output"]}' >"$scratch/thresholds.json"
gate=("$bin/eval-radgen" gate --thresholds "$scratch/thresholds.json")
expect 0 "${gate[@]}" --metrics "$scratch/same/metrics.json"
expect 4 "${gate[@]}" --metrics "$scratch/constant/metrics.json"
grep -q '^FAILED alarm constant_output' "$out" || fail "the alarm is not named"
echo '{"text.bleu_4": {"atleast": 0.5}}' >"$scratch/thresholds.json"
refuses 2 'text.bleu_4.atleast' "${gate[@]}" --metrics "$scratch/same/metrics.json"

say "odd input is said and counted, wrong input makes no output"
new=$scratch/new
untouched() { [ ! -e "$new" ] || fail "an output was made although the input is bad"; }
on_data=("${score[@]}" --data "$prepared" --output "$new")
{ sed '1s/"findings":"[^"]*","impression":"[^"]*"/"findings":"","impression":""/' "$scratch/same.jsonl" | head -n -2; } >"$scratch/odd.jsonl"
expect 0 "${on_data[@]}" --predictions "$scratch/odd.jsonl"
grep -q '"missing_predictions": 2' "$new/metrics.json" || fail "missing predictions are not counted"
grep -q '"empty_predictions": 1' "$new/metrics.json" || fail "an empty prediction is not counted"
rm -rf "$new"
cat "$scratch/same.jsonl" <(head -n 3 "$scratch/same.jsonl") >"$scratch/twice.jsonl"
refuses 3 '3 a study that was there before' "${on_data[@]}" --predictions "$scratch/twice.jsonl"; untouched
grep -m 4 '"split":"train",' "$prepared/manifest.jsonl" | sed "$line"'{"study_id":"\1","report":"Clear."}/' >"$scratch/train.jsonl"
refuses 3 "4 of split 'train'" "${on_data[@]}" --predictions "$scratch/train.jsonl"; untouched
sed '1s/}$/,"sentences":[{"text":"x","map":[[NaN]]}]}/' "$scratch/same.jsonl" >"$scratch/nan.jsonl"
refuses 3 'line 1.*not valid JSON' "${on_data[@]}" --predictions "$scratch/nan.jsonl"; untouched
grep -q 'write null' "$err" || fail "it does not say what to write for NaN"
sed '1,2s/}$/,"sentences":[{"text":"x","map":[[0.1,null],[0.2,0.3]]}]}/' "$scratch/same.jsonl" |
  sed '3s/}$/,"sentences":[{"text":"x","map":[[0.1,0.2],[0.3]]}]}/;4s/}$/,"sentences":[{"text":"x","map":[[0.1,0.2],[0.3,0.4]]}]}/' |
  sed '5s/}$/,"sentences":[{"text":"x","map":[[0.1,0.2,0.3]]}]}/' >"$scratch/maps.jsonl"
expect 0 "${on_data[@]}" --predictions "$scratch/maps.jsonl"
grep -q '^ALARM broken_maps: 3 of 5 maps' "$out" || fail "broken maps are not counted"
grep -q '"maps_of_another_grid": 1' "$new/metrics.json" || fail "a map of another grid is not counted"
rm -rf "$new"
expect 0 "${on_data[@]}" --predictions "$scratch/same.jsonl" --limit 20
grep -q '^split test, 20 studies' "$out" || fail "--limit does not fit a file of the whole split"
rm -rf "$new"
refuses 2 '--output is required' "${score[@]}" --data "$prepared" --predictions "$scratch/same.jsonl"
say passed
