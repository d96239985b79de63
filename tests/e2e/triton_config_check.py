#!/usr/bin/env python3
"""Checks config.pbtxt files field by field: Triton's model configuration (a table of its messages, fields and enums as JSON)
becomes a .proto, and `protoc --encode` refuses every field, type or enum value that it does not have.

    triton_config_check.py TABLE.json CONFIG.pbtxt...
"""
import json
import pathlib
import subprocess
import sys
import tempfile


def proto(table):
    """Nested messages have dotted names; a map field's type is map<...>; fields of a oneof name it."""
    def children(prefix, of):
        depth = prefix.count(".") + 1 if prefix else 0
        return [n for n in of if n.count(".") == depth and (not prefix or n.startswith(prefix + "."))]

    def enum(name):
        lines = [f"  {value} = {number};" for value, number in table["enums"][name].items()]
        return [f"enum {name.split('.')[-1]} {{"] + lines + ["}"]

    def message(name):
        lines, oneofs = [f"message {name.split('.')[-1]} {{"], {}
        for child in children(name, table["enums"]):
            lines += enum(child)
        for child in children(name, table["messages"]):
            lines += message(child)
        for field in table["messages"][name]:
            repeated = "repeated " if field["label"] == "repeated" and not field["type"].startswith("map<") else ""
            text = f"  {repeated}{field['type']} {field['name']} = {field['number']};"
            oneofs.setdefault(field["oneof"], []).append(text) if "oneof" in field else lines.append(text)
        for oneof, fields in oneofs.items():
            lines += [f"  oneof {oneof} {{"] + fields + ["  }"]
        return lines + ["}"]

    lines = [f'syntax = "{table["syntax"]}";', f"package {table['package']};"]
    for name in children("", table["enums"]):
        lines += enum(name)
    for name in children("", table["messages"]):
        lines += message(name)
    return "\n".join(lines) + "\n"


def accepts(folder, root, text):
    run = subprocess.run(["protoc", f"--proto_path={folder}", f"--encode={root}", "config.proto"], input=text.encode(),
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return run.returncode == 0, run.stderr.decode()


def main():
    table = json.loads(pathlib.Path(sys.argv[1]).read_text())
    root = f"{table['package']}.{table['root']}"
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.proto").write_text(proto(table))
        # A check that refuses nothing would be none.
        for wrong in ("no_such_field: 1", 'max_batch_size: "four"', "instance_group { kind: KIND_ABACUS }"):
            if accepts(folder, root, wrong)[0]:
                sys.exit(f"the check accepts {wrong}")
        for path in sys.argv[2:]:
            fits, why = accepts(folder, root, pathlib.Path(path).read_text())
            if not fits:
                sys.exit(f"{path}: {why}")
            print(path)


if __name__ == "__main__":
    main()
