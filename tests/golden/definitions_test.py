#!/usr/bin/python3
"""Definitions, a folder each: tests/golden/definitions/CASE holds

    pipeline.yaml or pipeline.json     the document; api.yaml, api.json: one with no folder of its own
    expected.txt                       what describe_definition prints: all problems, with status, line, column and
                                       path, or what the document was compiled into

Adding a test is adding a folder.  With --write, expected.txt is written: read what changed before you commit it.
"""
import difflib
import os
import subprocess
import sys

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("top_builddir", os.path.join(TOP, "build", "tests"))
CASES = os.path.join(TOP, "tests/golden/definitions")
PROGRAM = os.path.join(BUILD, "tests/golden/describe_definition")


def document(case):
    for name in ("pipeline.yaml", "pipeline.json", "api.yaml", "api.json"):
        if os.path.exists(os.path.join(case, name)):
            return (["-n"] if name.startswith("api") else []) + [os.path.join(case, name)]
    raise FileNotFoundError("no document in " + case)


def describe(case):
    done = subprocess.run([PROGRAM, *document(case)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60)
    return done.stdout + ("" if done.returncode == 0 else "exit status %d\n" % done.returncode)


def lacks_plugin(case):
    """Whether the document names a plugin that was left out of this build."""
    with open(document(case)[-1], "rb") as file:
        text = file.read()
    return b"plugin: postgres" in text and not os.path.exists(
        os.path.join(os.environ.get("TIDEMILL_PLUGIN_DIR", os.path.join(BUILD, "plugins")),
                     "sources/postgres/postgres.so"))


def main():
    names = sorted(os.listdir(CASES))
    write = "--write" in sys.argv
    good = True
    print("1..%d" % len(names))
    for number, name in enumerate(names, 1):
        case = os.path.join(CASES, name)
        path = os.path.join(case, "expected.txt")
        if lacks_plugin(case):
            print("ok %d - %s # SKIP no postgres in this build" % (number, name.replace("_", " ")))
            continue
        got = describe(case)
        if write:
            with open(path, "w", encoding="utf-8") as file:
                file.write(got)
        with open(path, encoding="utf-8") as file:
            want = file.read()
        print("%s %d - %s" % ("ok" if got == want else "not ok", number, name.replace("_", " ")))
        for line in difflib.unified_diff(want.splitlines(), got.splitlines(), "expected", "got", lineterm=""):
            print("# " + line)
        good = good and got == want
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
