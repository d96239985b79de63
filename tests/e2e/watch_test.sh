#!/usr/bin/env bash
# report-radgen --watch: every film that arrives is drafted exactly once, whatever arrives beside it and however often the
# program is killed.
#
#   tests/e2e/watch_test.sh BIN_DIR [FILMS KILLS]     8 films, 6 kills; as many as wanted for the full form
. "$(dirname "$0")/common.sh"
films=${2:-8} kills=${3:-6}

say "a model and films"
expect 0 "$bin/bench-radgen" --threads 1 model --config "$here/tiny.json" --set decoding.num_samples=2 --vocabulary 600 --output "$scratch/model"
expect 0 "$bin/phantom-radgen" --studies "$films" --size 512 --seed 5 --output "$scratch/phantom"
mapfile -t sources < <(find "$scratch/phantom/files" -name '*.dcm' | sort)
same "${#sources[@]}" "$films" "films"
in=$scratch/incoming drafts=$scratch/drafts
mkdir "$in"
watch=("$bin/report-radgen" --threads 1 --model "$scratch/model" --watch "$in" --output "$drafts" --settle 0.1)

say "$kills kills while films arrive"
arrive() {  # as a PACS does: under another name, then renamed
  local number=0 source
  for source in "${sources[@]}"; do
    number=$((number + 1))
    mkdir -p "$in/ward $((number % 2))"
    cp "$source" "$in/ward $((number % 2))/film $number.dcm.part"
    mv "$in/ward $((number % 2))/film $number.dcm.part" "$in/ward $((number % 2))/film $number.dcm"
    sleep 0.1
  done
}
arrive & arriving=$!
# A film that is left over is done first; the kill comes while the next one is worked on, so that none is killed thrice.
begun() { local count; count=$(grep -c '"status":"begun"' "$drafts/watch.jsonl" 2>/dev/null) || true; echo "${count:-0}"; }
hits=0
for kill in $(seq "$kills"); do
  before=$(begun)
  "${watch[@]}" >"$out" 2>>"$err" & watcher=$!
  for _ in $(seq 300); do
    [ "$(begun)" -lt $((before + 2)) ] || break
    kill -0 $watcher 2>/dev/null || fail "the watcher ended by itself"
    sleep 0.02
  done
  sleep "0.0$((kill * 7 % 10))"
  kill -9 $watcher 2>/dev/null || fail "the watcher ended by itself"
  wait $watcher 2>/dev/null || true
  hits=$((hits + $(find "$in" -path "*/.work/*" -type f | wc -l)))
done
[ "$hits" -gt 0 ] || fail "no kill fell into the work on a film"
wait $arriving
printf 'no film' >"$in/notes.txt"
head -c 3000 "${sources[0]}" >"$in/cut off.dcm"
cp "${sources[0]}" "$in/the first again.dcm"
printf 'half' >"$in/half.dcm.part"
expect 0 "${watch[@]}" --until-empty

say "each film once"
same "$(find "$drafts" -name prediction.json | wc -l)" "$films" "results"
same "$(find "$in/done" -type f | wc -l)" "$((films + 1))" "films that were put away, and the first one again"
same "$(find "$in/.work" -type f | wc -l)" 0 "films left at work"
same "$(find "$in" -maxdepth 2 -type f -not -path '*/done/*' -not -path '*/failed/*' -not -name '.radgen-lock' -printf '%f ')" "half.dcm.part " "left alone"
is_json "$drafts/watch.jsonl"
ended() { grep -c "\"status\":\"\(drafted\|not_reportable\)\"" "$drafts/watch.jsonl"; }
same "$(ended)" "$films" "ends in the journal"
same "$(grep -o '"sha256":"[0-9a-f]*","status":"\(drafted\|not_reportable\)"' "$drafts/watch.jsonl" | sort | uniq -d | wc -l)" 0 "films that ended twice"
same "$(grep -c '"status":"duplicate"' "$drafts/watch.jsonl")" 1 "duplicates"
same "$(find "$in/failed" -name '*.reason.json' | wc -l)" 2 "films set aside"
grep -lq '"not_a_film"\|"unknown_format"\|"not_dicom"\|"not_an_image"' "$in"/failed/notes*.reason.json || fail "a text was set aside for another reason: $(cat "$in"/failed/notes*.reason.json)"
no_leftovers

say "clean stop, one watcher, bad arguments"
"${watch[@]}" >"$out" 2>"$err" & watcher=$!
until grep -q watching "$err"; do sleep 0.1; done
refuses 2 'another process watches' "${watch[@]}" --until-empty
kill -TERM $watcher
wait $watcher || fail "exit code $? after SIGTERM"
refuses 2 'one of --input and --watch' "$bin/report-radgen" --model "$scratch/model" --output "$scratch/x"
refuses 2 'lie in one another' "$bin/report-radgen" --model "$scratch/model" --watch "$in" --output "$in/drafts"
refuses 2 'no such folder' "$bin/report-radgen" --model "$scratch/model" --watch "$scratch/absent" --output "$scratch/x"
say passed
