#!/usr/bin/env python3
"""Makes tests/e2e/tiny.json, what the end-to-end tests train, from configs/demo.json: smaller, and nothing else, so that the
heads, losses, optimizer, sampling and schedule that are tested are those that ship.

    scripts/tiny_config.py           writes tests/e2e/tiny.json
    scripts/tiny_config.py --check   exit code 1 when the file is another one (a test does that)
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEMO, TINY = ROOT / "configs/demo.json", ROOT / "tests/e2e/tiny.json"

# Every one is a number of the demo's and is made smaller; anything else is an error.
SIZES = {
    "network.encoder.width": 32,
    "network.encoder.heads": 2,
    "network.decoder.width": 32,
    "network.decoder.layers": 1,
    "network.decoder.heads": 2,
    "data.model_input.height_px": 128,
    "data.model_input.width_px": 112,
    "optimizer.warmup_steps": 5,
    "loop.batch_size": 8,
    "loop.max_steps": 20,
    "loop.encoder_pretraining_steps": 9,
    "loop.low_resolution_steps": 7,
    "loop.log_every_steps": 5,
    "loop.checkpoint_every_steps": 5,
    "validation.every_steps": 10,
    "validation.max_studies": 8,
    "validation.generated_studies": 8,
    "decoding.max_tokens": 40,
    "decoding.num_samples": 3,
}
# What the tests look at afterwards: every checkpoint.
ADDED = {"loop": {"keep_last": 100}}


def made():
    config = json.loads(re.sub(r"(?m)^\s*//.*$", "", DEMO.read_text()))
    for path, size in SIZES.items():
        *sections, key = path.split(".")
        node = config
        for section in sections:
            node = node[section]
        before = node.get(key)
        if not isinstance(before, int) or isinstance(before, bool) or size > before:
            sys.exit(f"{path}: {before} in {DEMO.name}, cannot be made smaller to {size}")
        node[key] = size
    for section, values in ADDED.items():
        if clash := set(values) & set(config[section]):
            sys.exit(f"{section}: {clash} stands in {DEMO.name}")
        config[section].update(values)
    lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in config.items())
    return ("// The demo's configuration, smaller: made by scripts/tiny_config.py from configs/demo.json, not by hand.\n"
            "{\n" + lines + "\n}\n")


def main():
    text = made()
    if sys.argv[1:] == ["--check"]:
        if TINY.read_text() != text:
            sys.exit(f"{TINY.relative_to(ROOT)} is not what {DEMO.relative_to(ROOT)} gives: run scripts/tiny_config.py")
        print("tests/e2e/tiny.json is configs/demo.json made smaller")
    elif sys.argv[1:]:
        sys.exit("usage: scripts/tiny_config.py [--check]")
    else:
        TINY.write_text(text)


if __name__ == "__main__":
    main()
