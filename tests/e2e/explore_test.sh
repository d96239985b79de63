#!/usr/bin/env bash
# What is in a prepared set, and labels of a table, by the built programs.
. "$(dirname "$0")/common.sh"

small_set 48 "$scratch"
say "explore-radgen"
expect 0 "$bin/explore-radgen" --data "$scratch/prepared" --output "$scratch/explored"
page=$scratch/explored/explore.html
is_file "$page"; is_json "$scratch/explored/explore.json"
for word in 'Synthetic data' 'How long the reports are' 'Medical terms' 'Where they lie' 'Tokenizer' 'data:image/png'; do
  grep -qF -e "$word" "$page" || fail "explore.html does not hold '$word'"
done
if grep -qE '(src|href)="https?:' "$page"; then fail "explore.html reaches outside"; fi
refuses 2 'exists and is not empty' "$bin/explore-radgen" --data "$scratch/prepared" --output "$scratch/explored"
say "without examples"
expect 0 "$bin/explore-radgen" --data "$scratch/prepared" --output "$scratch/counts" --no-examples
if grep -qF 'data:image/png' "$scratch/counts/explore.html"; then fail "--no-examples shows a film"; fi
say "bad input"
refuses 3 'manifest.jsonl' "$bin/explore-radgen" --data "$scratch/phantom" --output "$scratch/new"
[ ! -e "$scratch/new" ] || fail "an output although there is no manifest"

say "label-radgen on a table"
printf 'study_id,report\n1,"Small left effusion, no edema."\n2,\n3,"There is possible pneumonia."\n' >"$scratch/reports.csv"
expect 0 "$bin/label-radgen" --input "$scratch/reports.csv" --output "$scratch/labels.csv" --mentions "$scratch/mentions.jsonl"
same "$(head -n 1 "$scratch/labels.csv" | cut -d, -f1-4)" 'subject_id,study_id,Atelectasis,Cardiomegaly' "header"
same "$(sed -n 2p "$scratch/labels.csv")" ',1,,,,0.0,,,,,,1.0,,,,' "labels of the first report"
same "$(sed -n 3p "$scratch/labels.csv")" ',2,,,,,,,,,,,,,,' "labels of an empty report"
same "$(sed -n 4p "$scratch/labels.csv")" ',3,,,,,,,,,,,,-1.0,,' "labels of a hedged report"
is_json "$scratch/mentions.jsonl"
grep -qF '"words":"possible"' "$scratch/mentions.jsonl" || fail "the words that decided are not given"
printf 'study_id,report\n1,"Small left effusion."\n2\n3,Clear.\n' >"$scratch/odd.csv"
expect 0 "$bin/label-radgen" --input "$scratch/odd.csv" --output "$scratch/odd-labels.csv" --json
grep -qF '"bad_rows":1' "$out" || fail "a row that cannot be read is not counted"
same "$(lines "$scratch/odd-labels.csv")" 3 "lines for a table with a bad row"
expect 0 "$bin/label-radgen" --evaluate "$scratch/phantom/truth.jsonl" --json
grep -qF '"train":{"reports":' "$out" || fail "a phantom set's truth is not compared"
refuses 3 'text' "$bin/label-radgen" --input "$scratch/reports.csv" --output "$scratch/none.csv" --text-column text
[ ! -e "$scratch/none.csv" ] || fail "a table although the column is not there"
no_leftovers
say passed
