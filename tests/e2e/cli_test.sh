#!/usr/bin/env bash
# Every tool alike: --help, --version, wrong flags, and --dump-config where there is a configuration.
. "$(dirname "$0")/common.sh"

tools=("$bin"/*-radgen)
[ -x "${tools[0]}" ] || fail "no tool in $bin"
for tool in "${tools[@]}"; do
  name=${tool##*/}
  say "$name"
  expect 0 "$tool" --help
  for word in "$name" 'Exit codes:' 'Examples:' 'not for clinical use' --threads --json; do
    grep -qF -e "$word" "$out" || fail "$name --help does not mention '$word'"
  done
  [ ! -s "$err" ] || fail "$name --help writes to stderr"
  help=$(cat "$out")
  expect 0 "$tool" --version
  grep -qE "^$name [0-9]+\.[0-9]+\.[0-9]+ " "$out" || fail "$name --version gives no version"
  refuses 2 'no-such-flag' "$tool" --no-such-flag
  refuses 2 '--threads' "$tool" --threads many
  if grep -qF -e --dump-config <<<"$help"; then
    expect 0 "$tool" --dump-config
    cp "$out" "$scratch/$name.json"; is_json "$scratch/$name.json"
    # What is dumped can be given back, and changes nothing.
    expect 0 "$tool" --config "$scratch/$name.json" --dump-config
    cmp -s "$out" "$scratch/$name.json" || fail "$name: a dumped configuration does not come back as it was"
    refuses 2 'no_such_key' "$tool" --set no_such_key=1 --dump-config
    refuses 2 'no-such.json' "$tool" --config "$scratch/no-such.json" --dump-config
  fi
done

say "results on stdout as JSON, errors too"
expect 0 "$bin/phantom-radgen" --studies 4 --size 64 --output "$scratch/set" --json
cp "$out" "$scratch/result.json"; is_json "$scratch/result.json"
expect 2 "$bin/phantom-radgen" --studies 4 --size 64 --output "$scratch/set" --json
cp "$out" "$scratch/error.json"; is_json "$scratch/error.json"
grep -qF '"error"' "$out" || fail "--json reports no error"
say "--dry-run writes nothing"
expect 0 "$bin/phantom-radgen" --studies 4 --size 64 --output "$scratch/dry" --dry-run
[ ! -e "$scratch/dry" ] || fail "phantom-radgen --dry-run wrote its output"
if [ -w /dev/full ]; then
  say "a result that cannot be written is an error"
  code=0; "$bin/phantom-radgen" --studies 4 --size 64 --output "$scratch/dry" --dry-run >/dev/full 2>"$err" || code=$?
  same "$code" 5 "exit code with a full stdout"
fi
say passed
