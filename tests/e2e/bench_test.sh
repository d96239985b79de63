#!/usr/bin/env bash
# bench-radgen's model and report: a model folder with random weights of any configuration, marked wherever it is used,
# and the time of a film in the way of report-radgen.
. "$(dirname "$0")/common.sh"

say "a model folder with random weights"
random=$scratch/random
expect 0 "$bin/bench-radgen" --threads 1 model --config "$here/tiny.json" --set decoding.num_samples=3 --vocabulary 600 --output "$random"
is_file "$random"/{config.json,model.safetensors,tokenizer.model,calibration.json,model_card.json}
grep -qF 'random weights' "$err" || fail "the log does not say what was written"
grep -qF '"random_weights": true' "$random/model_card.json" || fail "the card does not say what it is"
grep -qF '"vocabulary": 600' "$out" || fail "not the vocabulary that was asked for"
refuses 2 'exists and is not empty' "$bin/bench-radgen" model --config "$here/tiny.json" --output "$random"
refuses 2 'no_such_key' "$bin/bench-radgen" model --set no_such_key=1 --output "$scratch/none"
refuses 3 'prepare.json' "$bin/bench-radgen" model --data "$scratch" --output "$scratch/none"
[ ! -e "$scratch/none" ] || fail "a model was written in spite of an error"

say "its drafts are marked"
expect 0 "$bin/phantom-radgen" --studies 1 --size 512 --seed 5 --output "$scratch/films"
expect 0 "$bin/report-radgen" --threads 1 --model "$random" --input "$scratch/films/files" --output "$scratch/reports" --allow-synthetic-model
grep -qF 'random weights' "$err" || fail "the log does not say that the weights are random"
folder=$(dirname "$(find "$scratch/reports" -name prediction.json | head -n 1)")
for file in prediction.json report.txt report.html report.fhir.json; do
  grep -qiF 'random weights' "$folder/$file" || fail "$file does not say that the weights are random"
done
expect 0 "$bin/report-radgen" --threads 1 --model "$random" --input "$scratch/films/files" --output "$scratch/reports2"
[ -z "$(find "$scratch/reports2" -name report.fhir.json)" ] || fail "FHIR of random weights was written unasked"

say "the time of a film"
for model in "--model $random" "--config $here/tiny.json --tokens 40"; do
  # shellcheck disable=SC2086
  expect 0 "$bin/bench-radgen" --threads 1 report $model --runs 1 --json
  cp "$out" "$scratch/report.json"; is_json "$scratch/report.json"
  for key in total_s encode_s decode_s decoding num_samples features gemm_gflop_per_s precision decoder_steps vocabulary random_weights; do
    grep -qF "\"$key\"" "$out" || fail "bench-radgen report $model says no $key"
  done
done
grep -qF '"min_tokens":40' "$out" || fail "not as many tokens as were asked for"
expect 0 "$bin/bench-radgen" --threads 1 report --model "$random" --runs 1 --precision int8 --json
grep -qF '"num_samples":3' "$out" || fail "not the decoding of the model folder"
refuses 2 'tokens' "$bin/bench-radgen" report --model "$random" --tokens 4
refuses 2 'own configuration' "$bin/bench-radgen" report --model "$random" --size 64
refuses 3 'model folder not found' "$bin/bench-radgen" report --model "$scratch/none"
expect 0 "$bin/bench-radgen" page --results "$scratch/report.json" --output "$scratch/page"
grep -qF 'GEMM' "$scratch/page/bench.html" || fail "the page does not say the GEMM rate"
say passed
