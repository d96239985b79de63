#!/usr/bin/env bash
# A run that is killed at any moment and resumed ends in the same bytes as one that was never disturbed.
. "$(dirname "$0")/common.sh"

small_set 48 "$scratch"
training=("$bin/train-radgen" --data "$scratch/prepared" --threads 1)
start=(--config "$here/tiny.json" --set loop.max_steps=60 --set validation.every_steps=30)

# What a run is, without times: weights, optimizer, numbers.
identity_of() {
  local last=$1/checkpoints/last
  same "$(readlink "$last")" step-00000060 "last checkpoint of ${1##*/}"
  sha256sum <"$last/model.safetensors"; sha256sum <"$last/optimizer.safetensors"
  sha256sum <"$1/model/model.safetensors"; sha256sum <"$1/model/config.json"
  # Lines between two validations may be cut differently, the validations themselves may not.
  grep '"split":"validate"' "$1/metrics.jsonl" | sed 's/"time":"[^"]*",//'
}

# interrupt SIGNAL CHECKPOINT FOLDER FLAGS...: starts training, sends SIGNAL once the checkpoint is there; the exit code
# is then in $code.
interrupt() {
  local signal=$1 checkpoint=$2 folder=$3; shift 3
  "${training[@]}" --output "$folder" "$@" >"$out" 2>"$err" </dev/null &
  local process=$! tries=0
  until [ -d "$folder/checkpoints/$checkpoint" ]; do
    kill -0 "$process" 2>/dev/null || fail "training ended before $checkpoint"
    tries=$((tries + 1)); [ $tries -lt 6000 ] || { kill -9 "$process"; fail "no $checkpoint within two minutes"; }
    sleep 0.02
  done
  kill -s "$signal" "$process" 2>/dev/null || fail "training ended before signal $signal could be sent: use more steps"
  code=0; wait "$process" 2>/dev/null || code=$?
}

say "undisturbed"
expect 0 "${training[@]}" --output "$scratch/whole" "${start[@]}"
expected=$(identity_of "$scratch/whole")

say "kill -9, then --resume"
interrupt KILL step-00000010 "$scratch/killed" "${start[@]}"
same $code 137 "exit code after kill -9"
[ ! -e "$scratch/killed/model" ] || fail "a killed run has a model folder"
interrupt KILL step-00000035 "$scratch/killed" --resume
same $code 137 "exit code after the second kill -9"
expect 0 "${training[@]}" --output "$scratch/killed" --resume
grep -qE 'resumed at step [1-9][0-9]*' "$err" || fail "the log does not say where it resumed"
same "$(identity_of "$scratch/killed")" "$expected" "a killed and an undisturbed run"
no_leftovers

say "SIGTERM saves and leaves with 143"
interrupt TERM step-00000005 "$scratch/stopped" "${start[@]}"
same $code 143 "exit code after SIGTERM"
grep -qF -- '--resume' "$err" || fail "stderr does not say how to go on"
[ -d "$scratch/stopped/checkpoints/last" ] || fail "nothing was saved"
no_leftovers

say "a damaged newest checkpoint is passed over"
newest=$(realpath "$scratch/stopped/checkpoints/last")
if [ "${newest##*/}" = step-00000005 ]; then fail "SIGTERM saved no checkpoint of its own"; fi
truncate -s -100 "$newest/model.safetensors"
expect 0 "${training[@]}" --output "$scratch/stopped" --resume
grep -qF "${newest##*/} is passed over" "$err" || fail "the log does not name the damaged checkpoint"
same "$(identity_of "$scratch/stopped")" "$expected" "a stopped, damaged and an undisturbed run"

say "what cannot be resumed"
refuses 3 'no run' "${training[@]}" --output "$scratch/nothing" --resume
[ ! -e "$scratch/nothing" ] || fail "a refused resume made its folder"
refuses 2 'already holds a run' "${training[@]}" --output "$scratch/whole" "${start[@]}"
sed -i '$d' "$scratch/prepared/manifest.jsonl"
refuses 3 'not the one this run was started on' "${training[@]}" --output "$scratch/stopped" --resume
say passed
