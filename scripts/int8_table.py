#!/usr/bin/env python3
"""What INT8 costs a model, as this CPU is and as on one with AVX2 alone: two Markdown tables on stdout.

A split is drafted and scored in fp32, static INT8 and dynamic INT8 (eval-radgen --precision); the errors of single
layers against fp32 are those on the films that choose the scales (int8.json). A machine with AVX2 alone is imitated by
the three variables below; on such a machine the two halves are the same.

    scripts/int8_table.py --model runs/demo/train/model --data runs/demo/prepared --truth runs/demo/phantom/truth.jsonl

What was scored before is not scored again (--output). Needs nothing beyond Python itself.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OPENBLAS_CORETYPE": "HASWELL"}
MACHINES = {"as the CPU is": {}, "AVX2 alone": AVX2}
PRECISIONS = {"fp32": "fp32", "int8": "INT8 static", "int8-dynamic": "INT8 dynamic"}
METRICS = {"F1": "clinical.f1_macro", "BLEU-4": "text.bleu_4", "IoU": "grounding.iou"}


def evaluate(arguments, folder, precision, machine):
    if not (folder / "metrics.json").exists():
        command = [arguments.build / "bin" / "eval-radgen", "--model", arguments.model, "--data", arguments.data,
                   "--split", arguments.split, "--limit", str(arguments.limit), "--precision", precision,
                   "--examples", "0", "--output", folder, "--overwrite"]
        if arguments.truth:
            command += ["--truth", arguments.truth]
        print("==>", folder.name, file=sys.stderr)
        environment = {name: value for name, value in os.environ.items() if name not in AVX2} | machine
        subprocess.run(list(map(str, command)), check=True, stdout=sys.stderr, env=environment)
    metrics = json.loads((folder / "metrics.json").read_text())
    int8 = folder / "int8.json"
    return metrics, json.loads(int8.read_text()) if int8.exists() else None


def value_of(metrics, path):
    for part in path.split("."):
        metrics = metrics.get(part, {})
    value = metrics.get("value")
    return "-" if value is None else f"{value:.3f}"


def kind_of(layer):
    """encoder.layers.3.attention.query_key_value[0:96] -> encoder attention.query_key_value"""
    name = re.sub(r"\[.*\]$", "", layer["name"])
    return re.sub(r"\.layers\.\d+\.", " ", name)


def errors_by_kind(report):
    kinds = {}
    for layer in report["layers"]:
        kinds.setdefault(kind_of(layer), []).append(layer["error"])
    return kinds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--truth", type=pathlib.Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, default=0, help="only the first so many studies; 0: all")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("runs/int8"))
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    arguments = parser.parse_args()

    rows, reports = [], {}
    for machine, variables in MACHINES.items():
        for precision, title in PRECISIONS.items():
            folder = arguments.output / f"{precision}-{machine.replace(' ', '-')}"
            metrics, report = evaluate(arguments, folder, precision, variables)
            cells = [value_of(metrics, path) for path in METRICS.values()]
            if report:
                reports[f"{title}, {machine}"] = report
                kept = sum(not layer["is_int8"] for layer in report["layers"])
                cells += [str(report["weight_bits"]), f"{100 * report['output_error']:.2f} %", str(kept)]
            rows.append([machine, title] + cells + ["-"] * (len(METRICS) + 3 - len(cells)))
    print("| machine | precision |", " | ".join(METRICS), "| bits of the weights | error of the memory | kept in fp32 |")
    print("|---|---|" + "---|" * (len(METRICS) + 3))
    for row in rows:
        print("|", " | ".join(row), "|")

    print("\nRelative error of a layer's output (median; largest of its kind):\n")
    print("| layer |", " | ".join(reports), "|")
    print("|---|" + "---|" * len(reports))
    by_report = [errors_by_kind(report) for report in reports.values()]
    for kind in by_report[0]:
        cells = (errors.get(kind, [0]) for errors in by_report)
        print(f"| {kind} |", " | ".join(f"{100 * statistics.median(e):.2f} % ({100 * max(e):.2f})" for e in cells), "|")


if __name__ == "__main__":
    main()
