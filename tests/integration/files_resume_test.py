#!/usr/bin/env python3
"""Runs from files that are killed again and again: in the end each row is at the destination, and none twice.

Each run is killed as soon as the destination has more rows than before it, so each goes on from a checkpoint of the one
before, until one ends by itself.
"""
import glob
import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.abspath(os.environ.get("top_srcdir", ".")), "tests", "support"))
import tap      # noqa: E402

ROWS = 120000

DEFINITION = """definition_version: 1
name: resume
sync: {frequency: 60}
source:
  connection:
    plugin: file
    options: {path: ./in, format: %(format)s}
destination:
  connection:
    plugin: %(plugin)s
    options: %(options)s
tables:
  - name: "%(table)s"
    as: out
    mode: %(mode)s
"""

PARTS = "{path: ./to, format: csv, part_size: 64KiB}"
PARTS_GZ = "{path: ./to, format: csv, part_size: 64KiB, compression: gzip}"
SQLITE = "{path: ./to.db}"


def define(folder, **words):
    words.setdefault("mode", "append")
    tap.write(folder, "run.yaml", DEFINITION % words)


def csv_row(number):
    return '%d,"%s\n%d"\n' % (number, "x" * (number % 40), number)


def fill_csv(folder, name="in/a.csv", first=0, count=ROWS):
    text = "id,text\n" + "".join(csv_row(n) for n in range(first, first + count))
    data = text.encode()
    tap.write(folder, name, gzip.compress(data, 1) if name.endswith(".gz") else data)


def fill_jsonl(folder):
    tap.write(folder, "in/a.jsonl",
              "".join('{"id": %d, "text": "%s"}\n' % (n, "x" * (n % 40)) for n in range(ROWS)))


# ---- what the destination has

def manifest(folder):
    try:
        return json.loads(tap.read(folder, "to/out/manifest.json"))
    except FileNotFoundError:
        return {"rows": 0, "parts": [], "complete": False}


def part_ids(folder):
    """The numbers in the parts that the manifest lists, in order; counts and names hold."""
    listed = manifest(folder)
    ids = []
    for part in listed["parts"]:
        path = os.path.join(folder, "to", "out", part["name"])
        with (gzip.open if path.endswith(".gz") else open)(path, "rt", newline="", encoding="utf-8") as file:
            lines = file.read().splitlines()
        tap.equal(os.path.getsize(path), part["bytes"], part["name"])
        numbers = [int(line.split(",", 1)[0]) for line in lines[1:] if "," in line]
        tap.equal(len(numbers), part["rows"], part["name"])
        ids += numbers
    tap.equal(len(ids), listed["rows"])
    names = sorted(name for name in os.listdir(os.path.join(folder, "to", "out")) if name[0] != ".")
    tap.equal(names, sorted(["manifest.json"] + [part["name"] for part in listed["parts"]]))
    return ids


def parts_state(folder):
    listed = manifest(folder)
    return listed["rows"], listed["complete"]


def sqlite_state(folder):
    path = os.path.join(folder, "to.db")
    if not os.path.exists(path):
        return 0, False
    try:
        with sqlite3.connect(path, timeout=60) as database:
            rows, = database.execute("SELECT count(*) FROM out").fetchone()
            positions, = database.execute("SELECT count(*) FROM _tidemill_positions").fetchone()
            return rows, rows > 0 and positions == 0
    except sqlite3.OperationalError:        # the tables are not there yet
        return 0, False


# ---- the loop

def is_running(process):
    """Looked at so often; a reader that never pauses would keep a writer of SQLite from its checkpoints."""
    try:
        process.wait(0.004)
    except subprocess.TimeoutExpired:
        return True
    return False


def run_until(folder, is_enough):
    """Start a run and kill it once that is so; whether it was killed before it ended."""
    with open(os.path.join(folder, "log"), "ab") as log, \
            subprocess.Popen([tap.TIDEMILL, "run", "run.yaml", "--checkpoint", "1ms"], cwd=folder,
                             stdout=log, stderr=log) as process:
        while is_running(process) and not is_enough():
            pass
        process.send_signal(signal.SIGKILL)
        code = process.wait()
    assert code in (0, -signal.SIGKILL), tap.read(folder, "log")
    return code != 0


def forget(folder):
    """What is at the destination."""
    shutil.rmtree(os.path.join(folder, "to"), ignore_errors=True)
    for path in glob.glob(os.path.join(folder, "to.db*")):
        os.unlink(path)


def go_on_to_the_end(folder, state):
    """How many runs were killed half-way.  state: how many rows the destination has, and whether a final commit was
    made."""
    kills = cuts = rows = 0
    done = False
    while not done:
        before = rows
        killed = run_until(folder, lambda: state(folder)[0] > before)       # pylint: disable=cell-var-from-loop
        rows, done = state(folder)
        assert done or (killed and rows >= before), (rows, before)
        kills += killed
        cuts += killed and not done
    print("# %d runs were killed, %d of them half-way" % (kills, cuts))
    return cuts


def kill_and_go_on(folder, state):
    """On a busy machine a run may be over before it is looked at: then once more."""
    for _ in range(20):
        if go_on_to_the_end(folder, state) > 0:
            return
        forget(folder)
    raise AssertionError("no run was killed half-way")


def cut_off(folder):
    """Some rows are in, and not all."""
    for _ in range(20):
        run_until(folder, lambda: manifest(folder)["rows"] > 0)
        rows, done = parts_state(folder)
        if not done:
            assert 0 < rows < ROWS, rows
            return rows
        forget(folder)
    raise AssertionError("no run was killed half-way")


def expect_ids(got, want):
    want = list(want)
    if got != want:
        place = next((i for i, pair in enumerate(zip(got, want)) if pair[0] != pair[1]), min(len(got), len(want)))
        raise AssertionError("%d rows for %d, the first that is wrong: %r at %d" % (len(got), len(want),
                                                                                   got[place:place + 3], place))


def test_csv_to_parts_killed_at_every_checkpoint(folder):
    fill_csv(folder)
    define(folder, format="csv", plugin="file", options=PARTS, table="a.csv")
    kill_and_go_on(folder, parts_state)
    expect_ids(part_ids(folder), range(ROWS))


def test_jsonl_to_compressed_parts_killed_at_every_checkpoint(folder):
    fill_jsonl(folder)
    define(folder, format="jsonl", plugin="file", options=PARTS_GZ, table="a.jsonl")
    kill_and_go_on(folder, parts_state)
    expect_ids(part_ids(folder), range(ROWS))


def test_several_files_to_parts_killed_at_every_checkpoint(folder):
    third = ROWS // 3
    fill_csv(folder, "in/1.csv", 0, third)
    fill_csv(folder, "in/2.csv.gz", third, third)
    fill_csv(folder, "in/3.csv", 2 * third, ROWS - 2 * third)
    define(folder, format="csv", plugin="file", options=PARTS, table="*.csv*")
    kill_and_go_on(folder, parts_state)
    expect_ids(part_ids(folder), range(ROWS))


def test_csv_to_sqlite_killed_at_every_checkpoint(folder):
    if not os.path.exists(os.path.join(tap.BUILD, "plugins", "destinations", "sqlite", "sqlite.so")):
        raise tap.Skip("built without SQLite")
    fill_csv(folder)
    define(folder, format="csv", plugin="sqlite", options=SQLITE, table="a.csv")
    kill_and_go_on(folder, sqlite_state)
    with sqlite3.connect(os.path.join(folder, "to.db")) as database:
        ids = [int(row[0]) for row in database.execute("SELECT id FROM out ORDER BY CAST(id AS INTEGER)")]
    expect_ids(ids, range(ROWS))


def test_a_file_that_changed_is_refused_and_full_begins_anew(folder):
    fill_csv(folder)
    define(folder, format="csv", plugin="file", options=PARTS, table="a.csv")
    before = cut_off(folder)
    fill_csv(folder, first=1)
    result = tap.tidemill("run", "run.yaml", cwd=folder)
    tap.equal(result.returncode, 1, result.stderr)
    tap.contains(result.stdout, "a.csv was changed since the last run was interrupted")
    tap.contains(result.stdout, "--full")
    tap.equal(manifest(folder)["rows"], before)
    result = tap.tidemill("run", "run.yaml", "--full", cwd=folder)
    tap.equal(result.returncode, 0, result.stderr)
    expect_ids(part_ids(folder), list(range(before)) + list(range(1, ROWS + 1)))


def test_a_replacing_run_that_is_killed_shows_nothing(folder):
    fill_csv(folder, count=10)
    define(folder, format="csv", plugin="file", options=PARTS, table="a.csv", mode="replace")
    tap.equal(tap.tidemill("run", "run.yaml", cwd=folder).returncode, 0)
    fill_csv(folder, first=7)
    killed = any(run_until(folder, lambda: len(os.listdir(os.path.join(folder, "to", "out"))) > 4) for _ in range(20))
    rows, _ = parts_state(folder)
    assert killed and rows in (10, ROWS), (killed, rows)
    tap.equal(tap.tidemill("run", "run.yaml", cwd=folder).returncode, 0)
    expect_ids(part_ids(folder), range(7, 7 + ROWS))


if __name__ == "__main__":
    tap.main(globals())
