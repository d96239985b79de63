#!/usr/bin/env bash
# A model leaves the workshop: artifacts that draft what the model drafts, here and in Python's torch.
. "$(dirname "$0")/common.sh"

small_set 48 "$scratch"
prepared=$scratch/prepared
expect 0 "$bin/train-radgen" --threads 1 --config "$here/tiny.json" --data "$prepared" --output "$scratch/run"
model=$scratch/run/model

say "artifacts"
export_radgen() { "$bin/export-radgen" --threads 1 --model "$model" --data "$prepared" "$@"; }
expect 0 export_radgen --output "$scratch/artifact" --faithful-studies 2
grep -qE '^greedy texts, same tokens' "$out" || fail "no table of parity"
grep -qE '^torchscript fp32 ' "$out" || fail "no table of artifacts"
is_json "$scratch/artifact"/{manifest,config,calibration,pieces}.json
is_file "$scratch/artifact"/{model.pt,tokenizer.model}
no_leftovers

say "the same drafts as the model"
expect 0 "$bin/phantom-radgen" --studies 1 --size 512 --seed 5 --output "$scratch/films"
expect 0 "$bin/eval-radgen" --threads 1 --model "$model" --data "$prepared" --output "$scratch/eval"
expect 0 "$bin/eval-radgen" --threads 1 --model "$scratch/artifact" --data "$prepared" --output "$scratch/eval-artifact"
texts() { grep -oE '"(findings|impression)": ?"([^"\\]|\\.)*"' "$1/predictions.jsonl"; }
[ -n "$(texts "$scratch/eval")" ] || fail "no texts to compare"
[ "$(texts "$scratch/eval")" = "$(texts "$scratch/eval-artifact")" ] || fail "an artifact in fp32 drafts other texts"
expect 0 "$bin/report-radgen" --threads 1 --model "$scratch/artifact" --input "$scratch/films/files" --output "$scratch/reports"
is_json "$scratch/reports/summary.json"

say "other precisions, and what the gate refuses"
expect 0 export_radgen --output "$scratch/precisions" --precision bf16,int8,int8-dynamic --most-loss 1 --faithful-studies 0
size() { stat -c %s "$1/model.pt"; }
for precision in bf16 int8 int8-dynamic; do
  is_json "$scratch/precisions/$precision/manifest.json"
  [ "$(size "$scratch/precisions/$precision")" -lt "$(size "$scratch/artifact")" ] || fail "$precision is not smaller than fp32"
done
expect 0 "$bin/report-radgen" --threads 1 --model "$scratch/precisions/int8" --input "$scratch/films/files" --output "$scratch/reports-int8"
refuses 2 'its precision is int8' "$bin/report-radgen" --model "$scratch/precisions/int8" --precision bf16 --input "$scratch/films/files" --output "$scratch/none"
refuses 4 '1 of 1 artifacts are not what was evaluated' export_radgen --output "$scratch/none" --precision bf16 --most-loss -0.9 --faithful-studies 0
grep -q FAILS "$out" || fail "the gate's table does not say what fails"
[ ! -e "$scratch/none" ] || fail "an export that failed its gate left an output"

say "a Triton repository"
expect 0 export_radgen --output "$scratch/triton" --format triton
configs=("$scratch"/triton/models/*/config.pbtxt)
same "${#configs[@]}" 3 "models of the repository"
table=${RADGEN_REFERENCE_DIR:-$here/../../../shared/reference}/protos/triton_model_config.json
if [ ! -f "$table" ]; then say "skipped: no $table to check config.pbtxt by"
elif ! command -v protoc >/dev/null; then say "skipped: no protoc (Debian: protobuf-compiler)"
else
  echo "reference case: $table"
  expect 0 python3 "$here/triton_config_check.py" "$table" "${configs[@]}"
fi

say "bad input"
refuses 2 'exists and is not empty' export_radgen --output "$scratch/artifact"
cp -r "$scratch/artifact" "$scratch/broken"
printf 'x' | dd of="$scratch/broken/model.pt" bs=1 seek=2000 conv=notrunc status=none
refuses 3 'model.pt was altered' "$bin/report-radgen" --model "$scratch/broken" --input "$scratch/films/files" --output "$scratch/none"
[ ! -e "$scratch/none" ] || fail "a broken artifact left an output"
rm -rf "$scratch/broken"; cp -r "$scratch/artifact" "$scratch/broken"
sed -i 's/"format_version": 1/"format_version": 99/' "$scratch/broken/manifest.json"
refuses 3 'reads up to' "$bin/report-radgen" --model "$scratch/broken" --input "$scratch/films/files" --output "$scratch/none"
mkdir "$scratch/no-pictures"
grep -v '"split": *"train"' "$prepared/manifest.jsonl" >"$scratch/no-pictures/manifest.jsonl" || true
refuses 3 'no picture in split train' "$bin/export-radgen" --model "$model" --data "$scratch/no-pictures" --precision int8 --output "$scratch/none"
[ ! -e "$scratch/none" ] || fail "an export without pictures left an output"

say "the same words in Python"
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
  expect 0 /usr/bin/python3 "$here/../../scripts/run_artifact.py" "$scratch/artifact"
  is_json "$out"
  for precision in bf16 int8 int8-dynamic; do
    # LibTorch sends bf16 to oneDNN by what the CPU has, also where oneDNN is held to less (this project's programs do not).
    held=(); [ "$precision" != bf16 ] || held=(env -u ONEDNN_MAX_CPU_ISA)
    expect 0 ${held[@]+"${held[@]}"} /usr/bin/python3 "$here/../../scripts/run_artifact.py" "$scratch/precisions/$precision"
  done
  expect 0 /usr/bin/python3 "$here/../../scripts/run_triton_repository.py" "$scratch/triton/models" 12
  is_json "$out"
else
  say "skipped: no torch for /usr/bin/python3 (Debian: python3-torch)"
fi
say passed
