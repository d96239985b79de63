#!/usr/bin/env bash
# What do pooled keys and values cost? Trains configs/pooling-512.json with and without them on phantoms of 512 px, same
# data, steps and seeds, and prints F1 and IoU on the test split beside each other.
#
#   scripts/compare_pooling.sh [OUTPUT]          OUTPUT: runs/pooling; what is there is not made again
#
# POOLING_STUDIES (6000), POOLING_SEEDS ("1 2"), POOLING_STEPS (3000), POOLING_JOBS (1: runs at a time, for GPUs) and
# POOLING_FLAGS (further flags of train-radgen and eval-radgen, e.g. "--device cuda:0") change what is done. Minutes on a GPU;
# on two CPU cores about a day.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in -*) sed -n '2,9p' "$0" | sed 's/^# \{0,1\}//'; [ "$1" = --help ] && exit 0 || exit 2 ;; esac
out=${1:-runs/pooling}
bin=${RADGEN_BUILD_DIR:-build}/bin
read -r -a flags <<<"${POOLING_FLAGS:-}"
mkdir -p "$out"
[ -f "$out/phantom/truth.jsonl" ] || "$bin/phantom-radgen" --studies "${POOLING_STUDIES:-6000}" --size 512 --seed 3 --prevalence enriched --output "$out/phantom" --overwrite
[ -f "$out/prepared/prepare.json" ] || "$bin/preprocess-radgen" --source mimic-cxr --input "$out/phantom" --output "$out/prepared" --size 512 --set vocabulary_size=1200

arm() {  # pool_keys, seed
  local run="$out/pool$1-seed$2"
  [ -f "$run/model/model_card.json" ] || "$bin/train-radgen" --config configs/pooling-512.json --data "$out/prepared" --output "$run" --overwrite \
    --set network.encoder.pool_keys="$1" --set loop.max_steps="${POOLING_STEPS:-3000}" --set seed="$2" ${flags[@]+"${flags[@]}"} >"$run.train.txt" 2>&1
  [ -f "$run/test/metrics.json" ] || "$bin/eval-radgen" --model "$run/model" --data "$out/prepared" --truth "$out/phantom/truth.jsonl" \
    --output "$run/test" --overwrite ${flags[@]+"${flags[@]}"} >"$run.test.txt" 2>"$run.test.log"
}
for seed in ${POOLING_SEEDS:-1 2}; do
  for pool in 4 1; do
    while [ "$(jobs -rp | wc -l)" -ge "${POOLING_JOBS:-1}" ]; do wait -n; done
    arm "$pool" "$seed" &
  done
done
wait
python3 - "$out" <<'PYTHON'
import json, pathlib, statistics, sys
names = [("clinical", "f1_macro"), ("grounding", "iou"), ("grounding", "iou_phrase"), ("grounding", "pointing_phrase"), ("text", "bleu_4")]
values = {}
for metrics in sorted(pathlib.Path(sys.argv[1]).glob("pool*-seed*/test/metrics.json")):
    pool, seed = metrics.parts[-3].split("-seed")
    content = json.loads(metrics.read_text())
    for group, name in names:
        values.setdefault((name, pool), []).append(content[group][name]["value"])
    print(f"{pool:6} seed {seed}  " + "  ".join(f"{name} {content[group][name]['value']:.3f}" for group, name in names))
for _, name in names:
    pooled, whole = (statistics.mean(values[name, arm]) for arm in ("pool4", "pool1"))
    print(f"{name:16} pooled {pooled:.3f}  not pooled {whole:.3f}  difference {pooled - whole:+.3f}")
PYTHON
