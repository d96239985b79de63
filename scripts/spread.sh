#!/usr/bin/env bash
# How much does a figure move when nothing that matters changes? Evaluates over trainings (seeds), draws (seeds of sampling)
# and phantom seeds, and prints each metric's mean, smallest and largest value, for each source of spread alone.
#
#   scripts/spread.sh [OUTPUT]        OUTPUT: runs/spread; what is there is not made again, so a stopped run goes on
#   SPREAD_MODEL=runs/demo/train/model scripts/spread.sh      draws and phantom seeds of a model that is there
#   SPREAD_TRAININGS="1 2 3" scripts/spread.sh                trainings too, one after the other
#
# SPREAD_MODEL (runs/demo/train/model), SPREAD_DATA and SPREAD_TRUTH (the data that it was trained on, beside the model's run),
# SPREAD_TRAININGS (none), SPREAD_DRAWS ("0 1 2"), SPREAD_PHANTOMS ("101 102 103": seeds that nothing else uses),
# SPREAD_STUDIES (4000 phantoms a seed, of which a tenth is the test split), SPREAD_SIZE (320), SPREAD_CONFIG (configs/demo.json),
# SPREAD_SPLIT (test) and SPREAD_FLAGS (further flags of train-radgen and eval-radgen) change what is done.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in -*) sed -n '2,13p' "$0" | sed 's/^# \{0,1\}//'; [ "$1" = --help ] && exit 0 || exit 2 ;; esac
out=${1:-runs/spread}
bin=${RADGEN_BUILD_DIR:-build}/bin
model=${SPREAD_MODEL:-runs/demo/train/model}
data=${SPREAD_DATA:-runs/demo/prepared}
truth=${SPREAD_TRUTH:-runs/demo/phantom/truth.jsonl}
split=${SPREAD_SPLIT:-test}
read -r -a flags <<<"${SPREAD_FLAGS:-}"
for needed in "$model/config.json" "$data/manifest.jsonl" "$truth"; do
  [ -f "$needed" ] || { printf 'error[usage]: %s is not there\n  hint: scripts/demo.sh makes it; --help names the settings\n' "$needed" >&2; exit 2; }
done
mkdir -p "$out"

evaluate() {  # name, model, data, truth, further flags
  local name=$1 from=$2 prepared=$3 known=$4; shift 4
  [ -f "$out/$name/metrics.json" ] && return
  echo "==> $name" >&2
  "$bin/eval-radgen" --model "$from" --data "$prepared" --truth "$known" --split "$split" --output "$out/$name" --overwrite \
    --no-examples "$@" ${flags[@]+"${flags[@]}"} >"$out/$name.txt" 2>"$out/$name.log"
}

# Draws: the texts that are sampled, of the same model and films.
for draw in ${SPREAD_DRAWS:-0 1 2}; do
  evaluate "draw-$draw" "$model" "$data" "$truth" --draw "$draw"
done

# Phantom seeds: other patients, other films, other constant reports; the same model.
for seed in ${SPREAD_PHANTOMS:-101 102 103}; do
  set="$out/phantoms/$seed"
  [ -f "$set/phantom/truth.jsonl" ] || "$bin/phantom-radgen" --studies "${SPREAD_STUDIES:-4000}" --size "${SPREAD_SIZE:-320}" \
    --seed "$seed" --prevalence enriched --output "$set/phantom" --overwrite >&2
  [ -f "$set/prepared/prepare.json" ] || "$bin/preprocess-radgen" --source mimic-cxr --input "$set/phantom" --output "$set/prepared" \
    --size "${SPREAD_SIZE:-320}" --set vocabulary_size=1200 >&2
  evaluate "phantom-$seed" "$model" "$set/prepared" "$set/phantom/truth.jsonl"
done

# Trainings: the same data, another seed. A training that was stopped goes on.
for seed in ${SPREAD_TRAININGS:-}; do
  run="$out/trainings/$seed"
  if [ ! -f "$run/model/model_card.json" ]; then
    if [ -f "$run/config.resolved.json" ]; then "$bin/train-radgen" --data "$data" --output "$run" --resume ${flags[@]+"${flags[@]}"} >&2
    else "$bin/train-radgen" --config "${SPREAD_CONFIG:-configs/demo.json}" --data "$data" --output "$run" --set seed="$seed" ${flags[@]+"${flags[@]}"} >&2; fi
  fi
  evaluate "training-$seed" "$run/model" "$data" "$truth"
done

python3 - "$out" <<'PYTHON'
import json, pathlib, statistics, sys
out = pathlib.Path(sys.argv[1])
names = ["text.bleu_4", "text.meteor_nltk", "clinical.f1_macro_truth", "clinical.f1_macro", "grounding.iou", "grounding.iou_phrase",
         "grounding.pointing", "grounding.pointing_phrase", "consistency.any_contradiction", "baselines.constant.text.bleu_4",
         "skill.bleu_4", "skill.meteor_nltk", "skill.f1_macro_truth", "skill.iou", "skill.iou_phrase", "skill.pointing", "skill.pointing_phrase"]
def value(content, path):
    for part in path.split("."):
        content = content.get(part, {}) if isinstance(content, dict) else {}
    return content.get("value") if isinstance(content, dict) else None
result = {}
for kind in ("draw", "phantom", "training"):
    runs = [json.loads(p.read_text()) for p in sorted(out.glob(f"{kind}-*/metrics.json"))]
    if not runs:
        continue
    print(f"{kind}s: {len(runs)}")
    for name in names:
        values = [v for v in (value(run, name) for run in runs) if v is not None]
        if not values:
            continue
        deviation = statistics.stdev(values) if len(values) > 1 else 0.0
        result.setdefault(kind, {})[name] = {"mean": statistics.mean(values), "low": min(values), "high": max(values), "sd": deviation, "n": len(values)}
        print(f"  {name:32} {statistics.mean(values):.3f}  {min(values):.3f} to {max(values):.3f}  sd {deviation:.3f}")
(out / "spread.json").write_text(json.dumps(result, indent=2))
print(out / "spread.json")
PYTHON
