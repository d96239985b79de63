#!/usr/bin/env bash
# Bad input to every tool: the right exit code, an error that says what and what to do, nothing half-written.
. "$(dirname "$0")/common.sh"

small_set 32 "$scratch/good"
phantom=$scratch/good/phantom prepared=$scratch/good/prepared
copy() { rm -rf "$scratch/bad"; cp -r "$1" "$scratch/bad"; }   # something good, to be broken
bad=$scratch/bad new=$scratch/new
untouched() { [ ! -e "$new" ] || fail "the output was made although the input is bad"; }
echo "a regular file" >"$scratch/file"
tiny=(--config "$here/tiny.json" --set loop.batch_size=4)   # there are 16 studies to train on

say "outputs that cannot be written"
refuses 2 'exists and is not empty' "$bin/phantom-radgen" --studies 4 --size 64 --output "$phantom"
refuses 5 'cannot write|not a directory' "$bin/phantom-radgen" --studies 4 --size 64 --output "$scratch/file/below"
refuses 5 'cannot be made|cannot write' "$bin/preprocess-radgen" --input "$phantom" --output "$scratch/file/below" --size 64
refuses 5 'cannot write' "$bin/train-radgen" --threads 1 "${tiny[@]}" --data "$prepared" --output "$scratch/file/below"
same "$(cat "$scratch/file")" "a regular file" "the file in the way"
if [ "$(id -u)" != 0 ]; then
  mkdir "$scratch/locked"; chmod 500 "$scratch/locked"
  refuses 5 'permission denied' "$bin/phantom-radgen" --studies 4 --size 64 --output "$scratch/locked/set"
  chmod 700 "$scratch/locked"
fi

say "a full disk"
disk=$scratch/disk; mkdir "$disk"
if mount -t tmpfs -o size=600k tmpfs "$disk" 2>/dev/null; then
  trap 'umount "$disk" 2>/dev/null || true; rm -rf "$scratch"' EXIT
  refuses 5 'no space left' "$bin/phantom-radgen" --studies 64 --size 512 --output "$disk/set"
  [ ! -e "$disk/set/SYNTHETIC" ] || fail "a half-written phantom set looks whole"
  rm -rf "${disk:?}"/*
  refuses 5 'no space left' "$bin/train-radgen" --threads 1 "${tiny[@]}" --data "$prepared" --output "$disk/run"
  [ ! -e "$disk/run/model" ] || fail "a half-written run has a model folder"
  umount "$disk"; trap 'rm -rf "$scratch"' EXIT
else
  say "skipped: no file system may be mounted here"
fi

say "data sets: preprocess-radgen"
prepare=("$bin/preprocess-radgen" --output "$new" --size 64)
refuses 3 'no-such-folder: no such folder' "${prepare[@]}" --input "$scratch/no-such-folder"; untouched
refuses 2 'nonsense' "${prepare[@]}" --input "$phantom" --source nonsense; untouched
mkdir "$scratch/empty"
refuses 3 'cxr-record-list' "${prepare[@]}" --input "$scratch/empty"; untouched
copy "$phantom"; : >"$bad/cxr-record-list.csv"
refuses 3 'cxr-record-list.csv' "${prepare[@]}" --input "$bad"; untouched
copy "$phantom"; sed -i '2,$d' "$bad/cxr-record-list.csv"
refuses 3 'list no picture' "${prepare[@]}" --input "$bad"; untouched
copy "$phantom"; sed -i '1s/dicom_id/dicom/' "$bad/cxr-record-list.csv"
refuses 3 'dicom_id' "${prepare[@]}" --input "$bad"; untouched
copy "$phantom"; rm "$bad/mimic-cxr-2.0.0-split.csv"
refuses 3 'split.csv' "${prepare[@]}" --input "$bad"; untouched
copy "$phantom"; gzip "$bad/cxr-record-list.csv"; truncate -s 20 "$bad/cxr-record-list.csv.gz"
refuses 3 'cxr-record-list.csv.gz.*unpacked' "${prepare[@]}" --input "$bad"; untouched
copy "$phantom"; gzip "$bad/cxr-record-list.csv"
truncate -s "$(($(stat -c %s "$bad/cxr-record-list.csv.gz") * 3 / 4))" "$bad/cxr-record-list.csv.gz"
expect 0 "${prepare[@]}" --input "$bad"
grep -qF '"reason":"cut_table"' "$new/rejected.jsonl" || fail "a table that was cut is not named"
[ "$(lines "$new/manifest.jsonl")" -lt "$(lines "$prepared/manifest.jsonl")" ] || fail "rows behind the cut?"
rm -rf "$new"
copy "$phantom"; sed -i '2s/^[^,]*,[^,]*,[^,]*/..,..,../' "$bad/cxr-record-list.csv"
expect 0 "${prepare[@]}" --input "$bad"
grep -qE '"cxr-record-list.csv:2","reason":"bad_id"' "$new/rejected.jsonl" || fail "the row with paths for ids is not named"
rm -rf "$new"
copy "$phantom"; find "$bad/files" -name '*.dcm' -delete
refuses 3 'no usable picture' "${prepare[@]}" --input "$bad"
[ ! -e "$new/manifest.jsonl" ] || fail "a manifest without pictures"
rm -rf "$new"

say "single bad studies are counted, not fatal"
copy "$phantom"
mapfile -t films < <(find "$bad/files" -name '*.dcm' | sort)
report_of() { printf '%s.txt' "$(dirname "$1")"; }
rm "${films[0]}"
truncate -s 900 "${films[1]}"
echo "no film at all" >"${films[2]}"
: >"${films[3]}"
rm "$(report_of "${films[4]}")"
printf ' FINAL REPORT\n FINDINGS:\n\n IMPRESSION:\n' >"$(report_of "${films[5]}")"
# No sections: the last paragraph is the report.
printf ' FINAL REPORT\n CHEST RADIOGRAPH\n \n Too short.\n' >"$(report_of "${films[6]}")"
printf ' FINAL REPORT\n CHEST RADIOGRAPH\n \n The heart is of normal size and the lungs are clear on both sides, no effusion.\n' \
  >"$(report_of "${films[7]}")"
expect 0 "${prepare[@]}" --input "$bad"
is_json "$new/rejected.jsonl" "$new/manifest.jsonl"
reason_of() { grep -F "${1#"$bad"/}" "$new/rejected.jsonl" | sed 's/.*"reason": *"\([a-z_]*\)".*/\1/'; }
same "$(reason_of "${films[0]}")" no_picture "a missing picture"
[[ "$(reason_of "${films[1]}")" == *truncated* || "$(reason_of "${films[1]}")" == corrupt* ]] || fail "a cut film: '$(reason_of "${films[1]}")'"
same "$(reason_of "${films[2]}")" not_dicom "a text file named .dcm"
same "$(reason_of "${films[3]}")" empty_file "an empty file"
same "$(reason_of "${films[4]}")" no_report "a missing report"
same "$(reason_of "${films[5]}")" no_text "empty sections"
same "$(reason_of "${films[6]}")" too_short "a report of two words"
same "$(reason_of "${films[7]}")" "" "a report without sections, but with words"
# Whole phantoms may have too short a report of their own: only the spoilt ones are counted.
printf '%s\n' "${films[@]:0:8}" | sed "s#^$bad/##" >"$scratch/spoilt"
same "$(grep -cFf "$scratch/spoilt" "$new/rejected.jsonl")" 7 "rejected"
if grep -qF "lungs are clear on both sides" "$new/rejected.jsonl" "$new/prepare.json" "$err" "$out"; then fail "report text in a log"; fi
refuses 2 'another configuration' "${prepare[@]}" --input "$bad" --set min_words=3
rm -rf "$new"

say "configuration: train-radgen"
train=("$bin/train-radgen" --threads 1 "${tiny[@]}" --output "$new")
refuses 2 "loop.batchsize.*did you mean.*loop.batch_size" "${train[@]}" --data "$prepared" --set loop.batchsize=4; untouched
printf '{"loop": {"batch_size": "four", "max_step": 3}}' >"$scratch/wrong.json"
refuses 2 'loop.batch_size' "${train[@]}" --data "$prepared" --config "$scratch/wrong.json"; untouched
grep -qF 'max_step' "$err" || fail "only the first of two mistakes is reported"
printf '{"loop": {"batch_size": 4}' >"$scratch/wrong.json"
refuses 2 'not valid JSON' "${train[@]}" --data "$prepared" --config "$scratch/wrong.json"; untouched
refuses 2 'heads' "${train[@]}" --data "$prepared" --set network.encoder.heads=5; untouched
refuses 2 'loop.batch_size 512' "${train[@]}" --data "$prepared" --set loop.batch_size=512; untouched
refuses 2 'nonsense' "${train[@]}" --data "$prepared" --device nonsense; untouched

say "prepared data: train-radgen"
refuses 3 'manifest.jsonl is missing' "${train[@]}" --data "$scratch/empty"; untouched
copy "$prepared"; : >"$bad/manifest.jsonl"
refuses 3 'manifest|no study' "${train[@]}" --data "$bad"; untouched
copy "$prepared"; truncate -s -40 "$bad/manifest.jsonl"
refuses 3 'manifest.jsonl: line [0-9]+' "${train[@]}" --data "$bad"; untouched
copy "$prepared"; echo "garbage" >"$bad/tokenizer.model"
refuses 3 'tokenizer.model' "${train[@]}" --data "$bad"; untouched
copy "$prepared"; find "$bad/images" -name '*.png' -delete
refuses 3 'images' "${train[@]}" --data "$bad"
[ ! -e "$new/model" ] || fail "a model trained without pictures"
rm -rf "$new"
echo "garbage" >"$scratch/weights.safetensors"
refuses 3 'weights.safetensors.*not a valid safetensors' "${train[@]}" --data "$prepared" --init-from "$scratch/weights.safetensors"
rm -rf "$new"

say "model folders"
expect 0 "${train[@]}" --data "$prepared" --set loop.max_steps=2 --set validation.generated_studies=0
mv "$new" "$scratch/run"
model=$scratch/run/model
film=$(find "$phantom/files" -name '*.dcm' | sort | head -n 1)
for user in eval report; do
  case $user in
    eval) use=("$bin/eval-radgen" --threads 1 --data "$prepared" --output "$new") ;;
    report) use=("$bin/report-radgen" --threads 1 --input "$film" --output "$new") ;;
  esac
  refuses 3 'no-such-model' "${use[@]}" --model "$scratch/no-such-model"; untouched
  for part in config.json model.safetensors tokenizer.model calibration.json model_card.json; do
    copy "$model"; rm "$bad/$part"
    refuses 3 "$part is missing" "${use[@]}" --model "$bad"; untouched
  done
  for part in config.json model.safetensors tokenizer.model; do
    copy "$model"; printf ' ' >>"$bad/$part"
    refuses 3 "$part was altered" "${use[@]}" --model "$bad"; untouched
  done
  copy "$model"; sed -i 's/"region_threshold": [0-9.]*/"region_threshold": 0.123/' "$bad/calibration.json"
  refuses 3 'calibration.json was altered' "${use[@]}" --model "$bad"; untouched
done

say "films: report-radgen"
refuses 2 'no-such-film' "$bin/report-radgen" --threads 1 --model "$model" --input "$scratch/no-such-film.dcm" --output "$new"; untouched
truncate -s 900 "$scratch/cut.dcm"
expect 3 "$bin/report-radgen" --threads 1 --model "$model" --input "$scratch/cut.dcm" --output "$new"
[ -z "$(find "$new" -name prediction.json 2>/dev/null)" ] || fail "a draft for a file that is no film"
no_leftovers
rm -rf "$new"

say "predictions: eval-radgen and label-radgen"
score=("$bin/eval-radgen" --threads 1 --data "$prepared" --output "$new")
refuses 3 'no-such.jsonl' "${score[@]}" --predictions "$scratch/no-such.jsonl"; untouched
refuses 3 "nonsense" "${score[@]}" --predictions "$scratch/no-such.jsonl" --split nonsense; untouched
echo '{"study_id": "nobody", "findings": "Clear lungs."}' >"$scratch/strange.jsonl"
refuses 3 'study' "${score[@]}" --predictions "$scratch/strange.jsonl"; rm -rf "$new"
echo '{"study_id": "1", "findings": "Clear' >"$scratch/torn.jsonl"
refuses 3 'torn.jsonl: line 1' "${score[@]}" --predictions "$scratch/torn.jsonl"; untouched
label=("$bin/label-radgen" --output "$new")
refuses 2 'no-such.jsonl' "${label[@]}" --input "$scratch/no-such.jsonl"; untouched
refuses 3 'torn.jsonl: line 1' "${label[@]}" --input "$scratch/torn.jsonl"; untouched
say passed
