#!/usr/bin/env python3
"""Checks that adding a .cpp file cannot break another one's compilation.

    scripts/unity_names.py [ROOT]     exit code 1 and a line for each name that stands in two files of a target

With RADGEN_UNITY the compiler sees several files of a target as one. So within a target (a layer's folder below src/, its
test program below tests/, a tool's files below tools/)
  - what an unnamed namespace or `static` keeps for one file has a name that no other file's such entity has,
  - a macro that a file defines is undefined again in it.
The rule is of the target and not of the files that happen to be joined, so that another number of files changes nothing.
Overloads within a file are one name, and two files may declare the same alias (`using Json = ...`). Out-of-class members, TESTs and specialisations declare no new name and are left out.
"""
import collections
import pathlib
import re
import sys

KEEP_OUT = {"operator", "template", "requires", "concept"}
# Found by the type of their argument, which is the file's own: one a type.
CUSTOMISATIONS = {"describe", "to_json", "from_json"}
LITERALS = re.compile(
    r'R"([^(\s]*)\((?:.|\n)*?\)\1"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*|/\*(?:.|\n)*?\*/"
)


def blank(match):
    return '""' + "\n" * match.group(0).count("\n")


def tokens_of(text):
    """(token, line) pairs without preprocessor lines, comments and literals' contents."""
    text = LITERALS.sub(blank, text)
    text = re.sub(r"\\\n", "  ", text)
    text = re.sub(r"(?m)^[ \t]*#[^\n]*$", "", text)
    text = re.sub(r"\[\[[^\]]*\]\]", "", text)  # attributes
    line = 1
    for match in re.finditer(r"\n|[A-Za-z_]\w*|\d[\w.']*|::|->|[^\s\w]", text):
        token = match.group(0)
        if token == "\n":
            line += 1
        else:
            yield token, line


def without_templates(statement):
    """The statement without what stands in <...>, as far as it is a template's."""
    out, depth = [], 0
    for i, (token, line) in enumerate(statement):
        if token == "<" and (depth or (i and re.match(r"[A-Za-z_]", statement[i - 1][0]))):
            depth += 1
        elif token == ">" and depth:
            depth -= 1
        elif not depth:
            out.append((token, line))
    return out


def further_declarators(statement, begin):
    """The names behind the first one in `constexpr int kA = 1, kB = 2;`."""
    depth = 0
    for i in range(begin, len(statement) - 2):
        token = statement[i][0]
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token, 0)
        if token == "," and depth == 0 and re.match(r"[A-Za-z_]", statement[i + 1][0]):
            if statement[i + 2][0] in ("=", "{", ";", ",", "["):
                yield statement[i + 1]


def declared(statement):
    """[(name, line)] that a statement at namespace scope declares."""
    words = [t for t, _ in statement]
    if not words or words[0] in ("using", "friend", "extern", "static_assert", "namespace"):
        if words[:1] == ["using"] and len(words) > 2 and words[2] == "=":
            return [statement[1]]
        return []
    statement = without_templates(statement)
    words = [t for t, _ in statement]
    for i, word in enumerate(words):
        if word in ("struct", "class", "union", "enum") and "(" not in words[:i]:
            j = i + 1
            while j < len(words) and words[j] in ("class", "struct", "alignas", "final"):
                j += 1
            rest = words[j + 1 :]
            if j < len(words) and re.match(r"[A-Za-z_]", words[j]) and (not rest or rest[0] in (":", "final", ";", "{")):
                return [statement[j]]
    for i, word in enumerate(words):
        if word == "operator":
            return []
        if word in ("(", "=", "{", "[", ";") and i:
            name = words[i - 1]
            if not re.match(r"[A-Za-z_]\w*$", name) or name in KEEP_OUT:
                return []
            if i > 1 and words[i - 2] == "::":
                return []  # a member's or a named namespace's, defined out of it
            if word == "(" and name.isupper():
                return []  # a macro such as TEST(...)
            return [statement[i - 1], *(further_declarators(statement, i) if word != "(" else [])]
    return []


def file_names(text):
    """{name: (line, declaration)} of what the file keeps for itself, {macro: line} of those it leaves defined."""
    kept = {}
    stack = []  # per open brace at namespace scope: True: unnamed, False: named namespace
    statement, tokens = [], list(tokens_of(text))
    i = 0

    def take():
        nonlocal statement
        body = statement
        is_static = any(t == "static" for t, _ in body[:6])
        is_constant = any(t in ("constexpr", "const") for t, _ in body[:3]) and not any(t == "(" for t, _ in body)
        if any(stack) or is_static or is_constant:
            for name, line in declared(body):
                if name not in CUSTOMISATIONS:
                    kept.setdefault(name, (line, " ".join(t for t, _ in body)))
        statement = []

    while i < len(tokens):
        token, line = tokens[i]
        if token == "{":
            words = [t for t, _ in statement]
            if "namespace" in words and "using" not in words:
                stack.append(words[-1] == "namespace")
                statement = []
                i += 1
                continue
            depth, i = 1, i + 1  # a body or an initialiser: skipped
            while i < len(tokens) and depth:
                depth += {"{": 1, "}": -1}.get(tokens[i][0], 0)
                i += 1
            is_body = ")" in words or any(w in ("struct", "class", "union", "enum") for w in words)
            if is_body and not (i < len(tokens) and tokens[i][0] in (";", ",", ")", "(", ".")):
                statement.append(("{", line))
                take()
            else:
                statement.append(("{", line))
            continue
        if token == "}":
            if stack:
                stack.pop()
            statement = []
        elif token == ";":
            statement.append((token, line))
            take()
        else:
            statement.append((token, line))
        i += 1
    macros = {}
    code = LITERALS.sub(blank, text)
    for number, text_line in enumerate(code.split("\n"), 1):
        if match := re.match(r"\s*#\s*define\s+(\w+)", text_line):
            macros[match.group(1)] = number
        elif match := re.match(r"\s*#\s*undef\s+(\w+)", text_line):
            macros.pop(match.group(1), None)
    return kept, macros


def targets_of(root):
    """{target: files}, as cmake/RadgenLayer.cmake and tests/CMakeLists.txt join them."""
    targets = collections.defaultdict(list)
    for folder, what in (("src", "layer"), ("tests", "test program of")):
        for path in sorted((root / folder).glob("*/**/*.cpp")):
            layer = path.relative_to(root / folder).parts[0]
            if folder == "tests" and not path.name.endswith("_test.cpp"):
                continue
            targets[f"{what} {layer}"].append(path)
    for path in sorted((root / "tools").glob("*.cpp")):
        targets[f"tool {path.stem.split('_')[0]}-radgen"].append(path)
    return targets


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    problems, files = [], 0
    for target, paths in targets_of(root).items():
        first = {}
        for path in paths:
            files += 1
            where = path.relative_to(root)
            kept, macros = file_names(path.read_text(encoding="utf-8"))
            for name, line in macros.items():
                problems.append(f"{where}:{line}: the macro {name} stays defined for the next file of {target}: "
                                "#undef it at the end, or make it a constant or a function")
            for name, (line, text) in kept.items():
                if name in first:
                    other, other_line, other_text = first[name]
                    if text == other_text and text.startswith("using "):
                        continue  # the same alias may be said again
                    problems.append(f"{where}:{line}: '{name}' is also {other}:{other_line}, both for one file alone; files of "
                                    f"one target ({target}) are compiled together: give one of them another name, or "
                                    "both one definition in a header")
                else:
                    first[name] = (where, line, text)
    if not files:
        sys.exit(f"{root}: no source file below src, tests or tools")
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"{files} files: names for one file alone differ within each target")


if __name__ == "__main__":
    main()
