#!/usr/bin/env bash
# From nothing to a grounded report: sets up, builds, makes a phantom data set, prepares it, trains a small model before
# your eyes, evaluates it on held-out studies, and drafts reports. Everything lies under runs/demo/; what is there is not
# made again, so the command can be repeated or interrupted at any time.
#
#   scripts/demo.sh                      the whole way, about 20 minutes after the build on 2 cores
#   scripts/demo.sh FILE_OR_DIR ...      and reports for your own DICOM or PNG files too
#   scripts/demo.sh --ablation           afterwards: the same training without the grounding loss, for comparison
#
# RADGEN_DEMO_DIR (runs/demo), RADGEN_DEMO_STUDIES, RADGEN_DEMO_SIZE and RADGEN_DEMO_CONFIG change what is made.
set -euo pipefail
paths=() ; ablation=no
for argument in "$@"; do
  case "$argument" in
    --ablation) ablation=yes ;;
    -h|--help) sed -n '2,11p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
    -*) printf 'error[usage]: unknown flag %s\n  hint: scripts/demo.sh --help\n' "$argument" >&2; exit 2 ;;
    *) [ -e "$argument" ] || { printf 'error[usage]: no such file or folder: %s\n' "$argument" >&2; exit 2; }
       paths+=("$(realpath "$argument")") ;;
  esac
done
cd "$(dirname "$0")/.."
demo="${RADGEN_DEMO_DIR:-runs/demo}"
studies="${RADGEN_DEMO_STUDIES:-9000}"
size="${RADGEN_DEMO_SIZE:-320}"
config="${RADGEN_DEMO_CONFIG:-configs/demo.json}"
bin=build/bin

started=$(date +%s)
stage() { printf '\n\033[1m== %s\033[0m  (%d min %02d s so far)\n' "$1" $(( ($(date +%s)-started)/60 )) $(( ($(date +%s)-started)%60 )) >&2; }

stage "1/7 set-up"
scripts/setup.sh
stage "2/7 build"
cmake --preset release >/dev/null
cmake --build --preset release -- -k 1 >&2
after_build=$(date +%s)
mkdir -p "$demo"

stage "3/7 phantom data set: $studies synthetic studies with their truth"
[ -f "$demo/phantom/truth.jsonl" ] || $bin/phantom-radgen --studies "$studies" --size "$size" --seed 1 --prevalence enriched --output "$demo/phantom" --overwrite
stage "4/7 prepare"
[ -f "$demo/prepared/prepare.json" ] || $bin/preprocess-radgen --source mimic-cxr --input "$demo/phantom" --output "$demo/prepared" --size "$size"

stage "5/7 train"
train() {  # folder, further flags
  local out="$1"; shift
  if [ -f "$out/model/model_card.json" ]; then return; fi
  if [ -f "$out/config.resolved.json" ]; then $bin/train-radgen --data "$demo/prepared" --output "$out" --resume
  else $bin/train-radgen --config "$config" --data "$demo/prepared" --output "$out" "$@"; fi
}
train "$demo/train"

stage "6/7 evaluate on the held-out studies"
evaluate() {  # model folder, output
  for split in test test_wording test_shift; do
    [ -f "$2/$split/metrics.json" ] || $bin/eval-radgen --model "$1" --data "$demo/prepared" --truth "$demo/phantom/truth.jsonl" \
      --split $split --output "$2/$split" --overwrite
  done
}
evaluate "$demo/train/model" "$demo/evaluation"

stage "7/7 report"
if [ ! -f "$demo/report/phantom/done" ]; then
  film=$($bin/eval-radgen --pick-example "$demo/evaluation/test" 2>/dev/null || true)
  $bin/report-radgen --model "$demo/train/model" --input "$demo/phantom/${film:?}" --output "$demo/report/phantom" --allow-synthetic-model --overwrite
  touch "$demo/report/phantom/done"
fi
