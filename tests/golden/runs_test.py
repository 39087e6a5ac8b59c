#!/usr/bin/python3
"""Whole runs, one folder each: tests/golden/runs/CASE holds

    pipeline.yaml     the definition, run in a copy of the folder with --check
    in/ ...           what it reads
    setup.sql         when there: run by sqlite3 into in.db first
    expected/         what out/ must then hold: these files, byte for byte, and no others
    expected.sql      when there: each line a query on out.db, with its answer in expected.txt
    expected.json     {"status": 0, "state": "succeeded", "passed": [6], "failed": [6], "error": "a part of it",
                      "rejects": ["parts of the lines on stderr", ...]}

Adding a test is adding a folder.
"""
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("top_builddir", os.path.join(TOP, "build", "tests"))
CASES = os.path.join(TOP, "tests/golden/runs")
TIDEMILL = os.path.join(BUILD, "tidemill")


def run(folder, *args):
    return subprocess.run([TIDEMILL, "run", "pipeline.yaml", "--check", *args], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120)


def files(folder):
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            found[os.path.relpath(path, folder)] = open(path, "rb").read()
    return found


def compare_files(case, folder):
    want = files(os.path.join(case, "expected")) if os.path.isdir(os.path.join(case, "expected")) else {}
    got = files(os.path.join(folder, "out"))
    for name in sorted(set(want) | set(got)):
        if want.get(name) != got.get(name):
            yield "out/%s is %r, not %r" % (name, got.get(name), want.get(name))


def compare_database(case, folder):
    queries = os.path.join(case, "expected.sql")
    if not os.path.exists(queries):
        return
    want = open(os.path.join(case, "expected.txt"), encoding="utf-8").read()
    got = ""
    with sqlite3.connect(os.path.join(folder, "out.db")) as db:
        for query in open(queries, encoding="utf-8"):
            for row in db.execute(query):
                got += "|".join("NULL" if v is None else str(v) for v in row) + "\n"
    if got != want:
        yield "out.db answers\n%snot\n%s" % (got, want)


def compare_run(want, done):
    try:
        got = json.loads(done.stdout)
    except ValueError:
        got = {}
    if done.returncode != want.get("status", 0):
        yield "exit status %d, not %d: %s" % (done.returncode, want.get("status", 0), done.stderr)
    for key in ("state", "passed", "failed"):
        if key in want and got.get(key) != want[key]:
            yield "%s is %r, not %r (%s)" % (key, got.get(key), want[key], got.get("error"))
    if want.get("error", "") not in got.get("error", ""):
        yield "error is %r, without %r" % (got.get("error"), want["error"])
    if "error" not in want and got.get("error", "") != "":
        yield "error is %r" % got["error"]


def compare_rejects(want, folder):
    if "rejects" not in want:
        return
    shutil.rmtree(os.path.join(folder, "out"), ignore_errors=True)
    lines = run(folder).stderr.splitlines()
    for part in want["rejects"]:
        if not any(part in line for line in lines):
            yield "no reject says %r: %r" % (part, lines)


def try_case(name):
    case = os.path.join(CASES, name)
    want = json.load(open(os.path.join(case, "expected.json"), encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, name)
        shutil.copytree(case, folder)
        for root, folders, names in os.walk(folder):      # a distribution's copy is read-only
            for entry in [root] + [os.path.join(root, n) for n in folders + names]:
                os.chmod(entry, os.stat(entry).st_mode | 0o200)
        if os.path.exists(os.path.join(case, "setup.sql")):
            with sqlite3.connect(os.path.join(folder, "in.db")) as db:
                db.executescript(open(os.path.join(case, "setup.sql"), encoding="utf-8").read())
        done = run(folder, "--json")
        problems = [*compare_run(want, done), *compare_files(case, folder), *compare_database(case, folder)]
        return problems + list(compare_rejects(want, folder))


def main():
    only = sys.argv[1:]
    names = only or sorted(n for n in os.listdir(CASES) if os.path.isdir(os.path.join(CASES, n)))
    print("1..%d" % len(names))
    bad = 0
    for number, name in enumerate(names, 1):
        problems = try_case(name)
        bad += bool(problems)
        print("%s %d - %s" % ("not ok" if problems else "ok", number, name.replace("_", " ")))
        for problem in problems:
            print("\n".join("# " + line for line in problem.splitlines()))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
