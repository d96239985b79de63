#!/usr/bin/env bash
# The whole way with a tiny network: phantoms, prepared data, training, drafts with scores, labels, a report for one film.
. "$(dirname "$0")/common.sh"

say "phantoms"
small_set 64 "$scratch"
phantom=$scratch/phantom prepared=$scratch/prepared
is_file "$phantom/cxr-record-list.csv" "$phantom/truth.jsonl" "$phantom/SYNTHETIC"
is_json "$phantom/truth.jsonl" "$phantom/generation.json"
same "$(find "$phantom/files" -name '*.dcm' | wc -l)" 64 "films"
same "$(find "$phantom/files" -name '*.txt' | wc -l)" 64 "reports"
expect 0 "$bin/phantom-radgen" --studies 64 --size 128 --seed 3 --validate-studies 8 --test-studies 8 --output "$scratch/again"
diff -rq "$phantom/files" "$scratch/again/files" >"$out" || fail "the same seed makes other films or reports"
expect 0 "$bin/phantom-radgen" --studies 64 --size 128 --seed 4 --validate-studies 8 --test-studies 8 --output "$scratch/other"
if cmp -s "$phantom/truth.jsonl" "$scratch/other/truth.jsonl"; then fail "another seed makes the same studies"; fi

say "prepared data"
is_file "$prepared/manifest.jsonl" "$prepared/tokenizer.model"
is_json "$prepared/manifest.jsonl" "$prepared/rejected.jsonl" "$prepared/prepare.json"
same "$(($(lines "$prepared/manifest.jsonl") + $(lines "$prepared/rejected.jsonl")))" 64 "prepared and rejected"
same "$(find "$prepared/images" -name '*.png' | wc -l)" "$(lines "$prepared/manifest.jsonl")" "pictures and lines"
before=$(hash_of "$prepared/manifest.jsonl")
expect 0 "$bin/preprocess-radgen" --source mimic-cxr --input "$phantom" --output "$prepared" --size 128
same "$(hash_of "$prepared/manifest.jsonl")" "$before" "manifest after a second run"

say "training"
run=$scratch/run
expect 0 "$bin/train-radgen" --threads 1 --config "$here/tiny.json" --data "$prepared" --output "$run" --dry-run
[ ! -e "$run" ] || fail "train-radgen --dry-run wrote its output"
expect 0 "$bin/train-radgen" --threads 1 --config "$here/tiny.json" --data "$prepared" --output "$run" --json
cp "$out" "$scratch/summary.json"
is_file "$run"/{command.txt,train.log,curves.html,model/model.safetensors,model/tokenizer.model}
is_json "$scratch/summary.json" "$run"/{config.resolved.json,environment.json,metrics.jsonl} \
  "$run"/model/{config.json,calibration.json,model_card.json} "$run"/checkpoints/last/{manifest.json,state.json}
same "$(readlink "$run/checkpoints/last")" step-00000020 "last checkpoint"
[ -d "$run/checkpoints/best" ] || fail "no best checkpoint"
same "$(grep -c '"split":"validate"' "$run/metrics.jsonl")" 2 "validations in metrics.jsonl"
grep -qF '"trained_on_phantoms": true' "$run/model/model_card.json" || fail "the card does not say what it was trained on"
no_leftovers

say "evaluation"
tests=$(grep -cE '"split": ?"test"' "$prepared/manifest.jsonl")
expect 0 "$bin/eval-radgen" --threads 1 --model "$run/model" --data "$prepared" --truth "$phantom/truth.jsonl" --split test --output "$scratch/eval" \
  --checks --set checks.studies=8 --set checks.hidden_studies=4
is_file "$scratch/eval/report.html"
is_json "$scratch/eval"/{metrics.json,predictions.jsonl,scores.jsonl}
same "$(lines "$scratch/eval/predictions.jsonl")" "$tests" "predictions"
for key in bleu_4 meteor_nltk f1_macro iou constant nearest oracle blank_same_report twin_lost faithful; do
  grep -qF "\"$key\"" "$scratch/eval/metrics.json" || fail "metrics.json has no $key"
done
expect 0 "$bin/eval-radgen" --threads 1 --predictions "$scratch/eval/predictions.jsonl" --data "$prepared" --split test --output "$scratch/eval2"
is_json "$scratch/eval2/metrics.json"

say "labels"
expect 0 "$bin/label-radgen" --input "$scratch/eval/predictions.jsonl" --output "$scratch/labels.jsonl"
is_json "$scratch/labels.jsonl"
same "$(lines "$scratch/labels.jsonl")" "$tests" "labelled reports"

say "reports for two films"
# SR, text and Secondary Capture as strangers read them: David Clunie's dciodvfy, DCMTK and pydicom.
files_as_dicom() {
  local file said
  for file in "$1"/report.sr.dcm "$1"/report.text.dcm "$1"/report.sc.dcm; do
    is_file "$file"
    if command -v dciodvfy >/dev/null; then
      said=$(dciodvfy "$file" 2>&1) || true
      if grep -q '^Error' <<<"$said"; then fail "dciodvfy refuses ${file##*/}: $(grep -m1 '^Error' <<<"$said")"; fi
    else
      echo "not checked by dciodvfy: dicom3tools is not here"
    fi
  done
  dsrdump "$1/report.sr.dcm" >/dev/null || fail "dsrdump cannot read the measurement report"
  dsrdump "$1/report.text.dcm" >/dev/null || fail "dsrdump cannot read the text report"
  if ! /usr/bin/python3 -c 'import pydicom' 2>/dev/null; then echo "not read by pydicom: python3-pydicom is not here"; return; fi
  /usr/bin/python3 - "$1" <<'PYTHON' || fail "pydicom reads something else"
import json, sys, pydicom
folder = sys.argv[1]
sr = pydicom.dcmread(folder + "/report.sr.dcm")
sc = pydicom.dcmread(folder + "/report.sc.dcm")
draft = json.load(open(folder + "/prediction.json"))
assert sr.VerificationFlag == "UNVERIFIED" and sr.PreliminaryFlag == "PRELIMINARY"
assert sr.StudyInstanceUID == sc.StudyInstanceUID
def items(node):
    yield node
    for child in node.get("ContentSequence", []):
        yield from items(child)
regions = [[float(v) for v in i.GraphicData] for i in items(sr) if i.get("ValueType") == "SCOORD"]
boxes = [b for s in draft["sentences"] if s["region"] != "none" for b in s["boxes_stored"]]
assert len(regions) == len(boxes), (len(regions), len(boxes))
for region, b in zip(regions, boxes):
    x, y, r, t = b["x"], b["y"], b["x"] + b["w"], b["y"] + b["h"]
    wanted = [x, y, r, y, r, t, x, t, x, y]
    assert max(abs(p - q) for p, q in zip(region, wanted)) < 0.01, (region, wanted)
assert len(sc.PixelData) >= sc.Rows * sc.Columns * 3
PYTHON
}

expect 0 "$bin/phantom-radgen" --studies 2 --size 512 --seed 5 --output "$scratch/films"
expect 0 "$bin/report-radgen" --threads 1 --model "$run/model" --input "$scratch/films/files" --output "$scratch/reports"
is_json "$scratch/reports/summary.json"
mapfile -t films < <(find "$scratch/films/files" -name '*.dcm')
mapfile -t predictions < <(find "$scratch/reports" -name prediction.json)
same "${#predictions[@]}" 2 "predictions of two films"
for prediction in "${predictions[@]}"; do
  folder=${prediction%/*}
  is_json "$prediction"
  is_file "$folder/report.txt" "$folder/report.html"
  grep -qE '"status": "(drafted|not_reportable)"' "$prediction" || fail "a prediction without a status"
  grep -qiF 'not for clinical use' "$folder/report.txt" || fail "report.txt does not say that it is not for clinical use"
  grep -qiF 'not for clinical use' "$folder/report.html" || fail "report.html does not say that it is not for clinical use"
  if grep -qF '"status": "drafted"' "$prediction"; then
    is_json "$folder/report.fhir.json"
    grep -qF '"status": "partial"' "$folder/report.fhir.json" || fail "a draft that claims to be more than partial"
    files_as_dicom "$folder"
  fi
done
grep -qF '"status": "drafted"' "${predictions[@]}" || fail "neither of two good films was drafted"
refuses 2 'exists and is not empty' "$bin/report-radgen" --threads 1 --model "$run/model" --input "$scratch/films/files" --output "$scratch/reports"

say "what the header says of the patient goes into FHIR and the DICOM objects alone"
canary=$scratch/canary/film.dcm
mkdir "$scratch/canary"
cp "$(find "$scratch/films/files" -name '*.dcm' | sort | head -n 1)" "$canary"
dcmodify -nb -m PatientName=CANARY^Bird -m PatientID=CANARY-1 -m AccessionNumber=CANARY-2 -m StudyID=CANARY-3 -m ReferringPhysicianName=CANARY^Doctor \
  -i PatientComments=CANARY-4 -i InstitutionName=CANARY-5 "$canary"
expect 0 "$bin/report-radgen" --threads 1 --log-level debug --model "$run/model" --input "$canary" --output "$scratch/of-canary"
if grep -q CANARY "$out" "$err"; then fail "patient data in the log"; fi
same "$(grep -rlaF CANARY "$scratch/of-canary" | sed 's/.*\///' | sort | tr '\n' ' ')" "report.fhir.json report.sc.dcm report.sr.dcm report.text.dcm " "files with patient data"
if grep -rqaE 'CANARY-[45]' "$scratch/of-canary"; then fail "facts that nobody asked for went into a result"; fi
head -c 5000 "$canary" >"$scratch/canary/cut.dcm"
expect 0 "$bin/report-radgen" --threads 1 --log-level debug --model "$run/model" --watch "$scratch/canary" --settle 0 --until-empty --output "$scratch/watched"
if grep -q CANARY "$out" "$err"; then fail "patient data in the log"; fi
if grep -rqF CANARY "$scratch/canary/failed" --include='*.json'; then fail "patient data in the reason of a film that was set aside"; fi
if grep -qF CANARY "$scratch/watched/watch.jsonl"; then fail "patient data in the journal"; fi

say "films decoded in a process without rights"
expect 0 "$bin/report-radgen" --threads 1 --model "$run/model" --input "$scratch/films/files" --output "$scratch/reports-sandbox" --sandbox
(cd "$scratch/reports" && find . -name report.txt -print0) | while IFS= read -r -d '' text; do
  cmp -s "$scratch/reports/$text" "$scratch/reports-sandbox/$text" || fail "another report from the same film"
done
mkdir "$scratch/incoming"
cp "${films[0]}" "$scratch/incoming/good.dcm"
head -c 5000 "${films[0]}" >"$scratch/incoming/cut.dcm"
expect 0 "$bin/report-radgen" --threads 1 --model "$run/model" --watch "$scratch/incoming" --settle 0 --until-empty --output "$scratch/arrived"
grep -qE '1 failed|failed 1' "$out" || fail "a cut film is not counted"
same "$(find "$scratch/arrived" -name prediction.json | wc -l)" 1 "reports of one good film that arrived"
# Without the program that decodes, which lies beside the others.
mkdir "$scratch/alone"
cp "$bin/report-radgen" "$scratch/alone"
cp "${films[1]}" "$scratch/incoming/second.dcm"
refuses 5 'radgen-film-reader' "$scratch/alone/report-radgen" --threads 1 --model "$run/model" --watch "$scratch/incoming" --settle 0 \
  --until-empty --output "$scratch/arrived"
is_file "$scratch/incoming/second.dcm"

say "reports in other precisions"
for precision in bf16 int8-dynamic int8; do
  scales=(); [ $precision != int8 ] || scales=(--int8-films "$scratch/films/files")
  expect 0 "$bin/report-radgen" --threads 1 --model "$run/model" --input "$scratch/films/files" --output "$scratch/reports-$precision" \
    --precision $precision "${scales[@]}"
  if grep -qF '"drafted": 0' "$scratch/reports-$precision/summary.json"; then fail "no film was drafted in $precision"; fi
done
refuses 2 'films to choose its scales' "$bin/report-radgen" --threads 1 --model "$run/model" --input "$scratch/films/files" --output "$scratch/none" \
  --precision int8
no_leftovers
say passed
