#!/usr/bin/env bash
# From nothing to a grounded report: sets up, builds, makes a phantom data set, prepares it, trains a small model before
# your eyes, evaluates it on held-out studies, drafts reports and exports the model. Everything lies under runs/demo/; what
# is there is not made again, so the command can be repeated or interrupted at any time.
#
#   scripts/demo.sh                      the whole way; meant to take 20 minutes after the build on 2 cores
#   scripts/demo.sh FILE_OR_DIR ...      and reports for your own DICOM or PNG files too
#   scripts/demo.sh --ablation           afterwards: the same training without boxes (neither the grounding loss nor the
#                                        patch loss), for comparison; as long again
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
seed=2611  # of the phantoms; another one with each release, so that nothing was ever tuned on the test split
bin=build/bin

started=$(date +%s)
stage() { printf '\n\033[1m== %s\033[0m  (%d min %02d s so far)\n' "$1" $(( ($(date +%s)-started)/60 )) $(( ($(date +%s)-started)%60 )) >&2; }

stage "1/8 set-up"
scripts/setup.sh build
stage "2/8 build"
cmake --preset release >/dev/null
# Only what is run below: neither tests nor other tools.
cmake --build --preset release --target phantom-radgen preprocess-radgen train-radgen eval-radgen report-radgen export-radgen >&2
after_build=$(date +%s)
mkdir -p "$demo"

stage "3/8 phantom data set: $studies synthetic studies with their truth"
[ -f "$demo/phantom/truth.jsonl" ] || $bin/phantom-radgen --studies "$studies" --size "$size" --seed $seed --prevalence enriched --output "$demo/phantom" --overwrite
stage "4/8 prepare"
# No earlier film is given, so that a report must not compare with one.
[ -f "$demo/prepared/prepare.json" ] || $bin/preprocess-radgen --source mimic-cxr --input "$demo/phantom" --output "$demo/prepared" --size "$size" --set vocabulary_size=1200 --set drop_comparisons=true

stage "5/8 train"
train() {  # folder, further flags
  local out="$1"; shift
  if [ -f "$out/model/model_card.json" ]; then return; fi
  if [ -f "$out/config.resolved.json" ]; then $bin/train-radgen --data "$demo/prepared" --output "$out" --resume
  else $bin/train-radgen --config "$config" --data "$demo/prepared" --output "$out" "$@"; fi
}
train "$demo/train"

stage "6/8 evaluate on the held-out studies"
evaluate() {  # model folder, output, splits
  local model="$1" out="$2" split; shift 2
  for split in "$@"; do
    [ -f "$out/$split/metrics.json" ] || $bin/eval-radgen --model "$model" --data "$demo/prepared" \
      --truth "$demo/phantom/truth.jsonl" --split "$split" --examples 6 --output "$out/$split" --overwrite >"$out.$split.txt"
  done
}
evaluate "$demo/train/model" "$demo/evaluation" test test_wording test_shift

stage "7/8 report"
# Films of patients that no split holds, as large as a workstation shows them.
[ -f "$demo/films/truth.jsonl" ] || $bin/phantom-radgen --studies 8 --size 1024 --seed $((seed + 1)) --prevalence enriched --output "$demo/films" --overwrite
report() {  # input, output, flags
  local input="$1" out="$2"; shift 2
  [ -f "$out/summary.json" ] || $bin/report-radgen --model "$demo/train/model" --input "$input" --output "$out" --overwrite "$@" >&2
}
report "$demo/films/files" "$demo/report/phantom"
status=0
for path in ${paths[@]+"${paths[@]}"}; do
  name=$(printf '%s' "$path" | sha256sum | cut -c1-8)-$(basename "$path" | tr -c 'A-Za-z0-9._\n-' _)
  # One input that cannot be read ends neither the others nor the summary.
  report "$path" "$demo/report/$name" || status=$?
done
stage "8/8 export"
# An artifact that is not what was evaluated is not written, and its row says why; the demo goes on.
[ -f "$demo/artifacts.txt" ] || { $bin/export-radgen --model "$demo/train/model" --data "$demo/prepared" --output "$demo/artifacts" \
  --precision fp32,int8 --faithful-studies 20 --overwrite >"$demo/artifacts.part" || [ $? = 4 ]; mv "$demo/artifacts.part" "$demo/artifacts.txt"; }
ended=$(date +%s)

if [ $ablation = yes ]; then
  stage "ablation: the same training without the grounding loss"
  train "$demo/train-no-grounding" --set network.loss.lambda_ground=0 --set network.loss.lambda_examined=0 --set network.loss.lambda_patches=0
  evaluate "$demo/train-no-grounding/model" "$demo/evaluation-no-grounding" test
fi

table() { sed -n '1,/^distinct_ratio/p' "$1"; }
# The page with the most regions to look at.
page=$(find "$demo/report/phantom" -name prediction.json | sort | while read -r prediction; do
  printf '%s %s\n' "$(grep -o '"grounded": *true' "$prediction" | wc -l)" "${prediction%prediction.json}report.html"
done | sort -s -k1,1nr | head -n 1 | cut -d' ' -f2-)
cat <<SUMMARY

RadGen demo: research software, not for clinical use. The model was trained on synthetic films only.
$(cat "$demo/evaluation.test.txt")

wording that training never saw: $(table "$demo/evaluation.test_wording.txt")

films from another machine, other co-occurrences: $(table "$demo/evaluation.test_shift.txt")
$( [ ! -f "$demo/evaluation-no-grounding.test.txt" ] || { echo; echo "without the grounding loss:"; cat "$demo/evaluation-no-grounding.test.txt"; } )
artifacts that start without RadGen, on split validate (docs/deployment.md):
$(cat "$demo/artifacts.txt")

made: $(grep -c . "$demo/prepared/manifest.jsonl") prepared studies, a model in $demo/train/model, reports in $demo/report/, artifacts in $demo/artifacts/
time: $(( (after_build-started)/60 )) min for set-up and build, $(( (ended-after_build)/60 )) min $(( (ended-after_build)%60 )) s for the rest of this run

Open this first:    $page
SUMMARY
exit $status
