#!/usr/bin/env python3
"""Replacing loads into SQLite that make checkpoints: a run that is cut off is gone on with, the table becomes what the
files are, and nobody sees half of it before."""
import json
import os
import signal
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from tap import BUILD, contains, equal, write                        # noqa: E402

ROWS = 60000
OLD = "CREATE TABLE out (id INTEGER PRIMARY KEY, name TEXT UNIQUE); INSERT INTO out VALUES (0, 'old')"
NOT_SAME = "the staged rows of the last run, or the table, were changed since"
GONE_ON = "resuming from its last checkpoint"
ANEW = "replaced from the start"


def lines(first, end):
    return "id,name\n" + "".join("%d,name %d\n" % (i, i) for i in range(first, end))


FILES = {"plugin": "file", "options": {"path": "in", "format": "csv"}}
DATABASE = {"plugin": "sqlite", "options": {"path": "in.db"}}


def definition(folder, source=None, **table):
    return write(folder, "pipeline.json", json.dumps({
        "definition_version": 1, "name": "cut", "sync": {"frequency": 60}, "source": {"connection": source or FILES},
        "destination": {"connection": {"plugin": "sqlite", "options": {"path": "out.db"}}},
        "tables": [dict({"name": "*.csv", "as": "out", "mode": "replace", "types": {"id": "int64"}}, **table)]}))


def lay_out(folder, target=OLD, **table):
    if not os.path.exists(os.path.join(BUILD, "plugins", "destinations", "sqlite", "sqlite.so")):
        raise tap.Skip("not built")
    write(folder, "in/a.csv", lines(1, ROWS // 2))
    write(folder, "in/b.csv", lines(ROWS // 2, ROWS + 1))
    with sqlite3.connect(folder + "/out.db") as base:
        base.executescript(target)
    return definition(folder, **table)


def ask(folder, statement, *values):
    base = sqlite3.connect(folder + "/out.db", timeout=60)
    try:
        return base.execute(statement, values).fetchall()
    finally:
        base.close()


def change(folder, script):
    base = sqlite3.connect(folder + "/out.db")
    base.executescript(script)
    base.close()


def staging(folder):
    return [name for name, in ask(folder, "SELECT name FROM sqlite_schema WHERE type = 'table'"
                                          " AND name LIKE '\\_tidemill\\_staging\\_%' ESCAPE '\\'")]


def aside(folder):
    names = staging(folder)
    try:
        return ask(folder, 'SELECT count(*) FROM "%s"' % names[0])[0][0] if names else 0
    except sqlite3.OperationalError:        # the run has come to its end meanwhile
        return 0


def kill_behind(folder, path, rows):
    """Run, and kill it once more rows are set aside; whether it was killed before its end."""
    with subprocess.Popen([tap.TIDEMILL, "run", path, "--checkpoint", "1ms"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as run:
        while run.poll() is None and aside(folder) <= rows:
            try:
                run.wait(0.004)
            except subprocess.TimeoutExpired:
                pass
        run.send_signal(signal.SIGKILL)
        return run.wait() != 0


def cut_off(folder, target=OLD, **table):
    path = lay_out(folder, target, **table)
    for _ in range(100):
        if kill_behind(folder, path, 0) and 0 < aside(folder) < ROWS:
            return path
        change(folder, "DELETE FROM out; DELETE FROM _tidemill_positions;" if not staging(folder) else
               'DROP TABLE "%s"' % staging(folder)[0])
    raise AssertionError("no run was cut off half-way")


def ends(folder, path, words=None, rows=ROWS, status=0):
    """Run to the end, which says those words; None: it says of no earlier run that it left something."""
    run = tap.tidemill("run", path, "--checkpoint", "1ms", "--json")
    equal(run.returncode, status, run.stderr)
    if words:
        contains(run.stderr, words)
    else:
        equal([word for word in (GONE_ON, NOT_SAME, ANEW) if word in run.stderr], [], run.stderr)
    equal(ask(folder, "SELECT count(*), count(DISTINCT id), min(id), max(id) FROM out"), [(rows, rows, 1, ROWS)])
    equal(staging(folder), [])
    return json.loads(run.stdout)


def cut_off_twice(folder):
    """A run that was cut off, and one that went on with it and was cut off, too; the definition."""
    for _ in range(100):
        path = cut_off(folder)
        before = aside(folder)
        equal(ask(folder, "SELECT id, name FROM out"), [(0, "old")])
        if kill_behind(folder, path, before) and before < aside(folder) < ROWS:
            return path
        os.unlink(folder + "/out.db")
    raise AssertionError("no run that went on was cut off half-way")


def test_killed_runs_replace_by_files_and_nobody_sees_half_of_it(folder):
    path = cut_off_twice(folder)
    equal(ask(folder, "SELECT id, name FROM out"), [(0, "old")])
    before = aside(folder)
    end = ends(folder, path, GONE_ON)
    equal(end["passed"][5], ROWS - before)


def test_what_was_not_changed_is_gone_on_with_and_counted_once(folder):
    path = cut_off(folder)
    before = aside(folder)
    end = ends(folder, path, GONE_ON)
    equal(end["passed"][5], ROWS - before)


def test_files_that_were_changed_or_are_gone_are_not_gone_on_with(folder):
    path = cut_off(folder)
    write(folder, "in/a.csv", lines(1, ROWS // 2).replace("name 5\n", "name A\n"))
    ends(folder, path, ANEW)
    equal(ask(folder, "SELECT id FROM out WHERE name = 'name A'"), [(5,)])


def test_a_database_is_gone_on_with_unless_something_was_written_to_it(folder):
    with sqlite3.connect(folder + "/in.db") as base:
        base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
        base.executemany("INSERT INTO t VALUES (?, ?)", ((i, "name %d" % i) for i in range(1, ROWS + 1)))
    path = cut_off(folder, source=DATABASE, name="t")
    ends(folder, path, GONE_ON)
    os.unlink(folder + "/out.db")
    path = cut_off(folder, source=DATABASE, name="t")
    with sqlite3.connect(folder + "/in.db") as base:
        base.execute("UPDATE t SET name = 'changed' WHERE id = 1")
    ends(folder, path, ANEW)
    equal(ask(folder, "SELECT name FROM out WHERE id = 1"), [("changed",)])


def test_rows_set_aside_that_somebody_changed_are_thrown_away(folder):
    path = cut_off(folder)
    change(folder, 'DELETE FROM "%s" WHERE id = 1' % staging(folder)[0])
    ends(folder, path, NOT_SAME)


def test_a_target_that_was_altered_is_loaded_from_the_start(folder):
    path = cut_off(folder)
    change(folder, "CREATE UNIQUE INDEX more ON out (id, name)")
    ends(folder, path, NOT_SAME)
    equal(ask(folder, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = 'more'"), [(1,)])


def test_from_scratch_and_in_another_mode_nothing_set_aside_is_used(folder):
    path = cut_off(folder)
    run = tap.tidemill("run", path, "--full")
    equal(run.returncode, 0, run.stderr)
    ends(folder, path)
    os.unlink(folder + "/out.db")
    path = cut_off(folder)
    change(folder, "DELETE FROM out")
    ends(folder, definition(folder, mode="append"))


def test_a_bad_row_is_rejected_alone_where_rows_are_set_aside(folder):
    path = lay_out(folder, "CREATE TABLE [out] (id INTEGER PRIMARY KEY,"
                           " name TEXT CHECK (name <> 'name 7'), at DEFAULT 7);"
                           "CREATE UNIQUE INDEX \"by \"\"name\" ON out(name) WHERE id > 3; CREATE INDEX i ON out (id)")
    write(folder, "in/c.csv", "id,name\n%d,name 9\n" % (ROWS + 1))
    ends(folder, path, None, ROWS - 1, 3)
    equal(ask(folder, "SELECT DISTINCT at FROM out"), [(7,)])
    equal(ask(folder, "SELECT count(*) FROM sqlite_schema WHERE tbl_name = 'out'"), [(3,)])


SPELLINGS = ("CREATE TABLE IF NOT EXISTS out(id INTEGER PRIMARY KEY, name TEXT);"
             "CREATE INDEX if not exists outs ON out(name)",
             "create table\n\t`out` (id INTEGER PRIMARY KEY, name TEXT) STRICT;"
             "CREATE UNIQUE INDEX [a ] on\n`out`(name)",
             "CREATE TABLE main.'out'(id INT PRIMARY KEY, name TEXT, UNIQUE (name)) WITHOUT ROWID",
             "CREATE TABLE \"a\"\"b (\" (id INT, name TEXT); ALTER TABLE \"a\"\"b (\" RENAME TO out",
             "CREATE TEMP TABLE x (id INT, name TEXT); CREATE TABLE out AS SELECT * FROM x;"
             "CREATE INDEX i ON out (id) WHERE name <> 'a -- /* b'")


def test_a_table_is_set_aside_however_it_is_spelt(folder):
    for spelling in SPELLINGS:
        path = lay_out(folder, spelling)
        run = tap.tidemill("run", path, "--checkpoint", "0s")
        equal(run.returncode, 0, run.stderr)
        assert "no checkpoints" not in run.stderr, spelling
        equal(ask(folder, "SELECT count(*) FROM out"), [(ROWS,)])
        os.unlink(folder + "/out.db")


def test_a_new_table_and_the_sum_of_a_load_that_was_gone_on_with(folder):
    path = cut_off(folder, "PRAGMA user_version = 1", verify="checksum")
    equal(ask(folder, "SELECT count(*) FROM out"), [(0,)])
    end = ends(folder, path, GONE_ON)
    equal(end["tables"][0]["verified"]["rows"], ROWS)


def test_tables_with_triggers_foreign_keys_or_conflict_clauses_are_replaced_in_one_transaction(folder):
    for more in ("CREATE TRIGGER t AFTER INSERT ON out BEGIN SELECT 1; END",
                 "DROP TABLE out; CREATE TABLE other (id PRIMARY KEY);"
                 "CREATE TABLE out (id INTEGER, name TEXT, other REFERENCES other (id))",
                 "DROP TABLE out; CREATE TABLE out (id INTEGER, name TEXT UNIQUE ON CONFLICT REPLACE)"):
        path = lay_out(folder, OLD + ";" + more)
        if "CONFLICT" in more:
            write(folder, "in/c.csv", "id,name\n0,name 5\n")
        run = tap.tidemill("run", path, "--checkpoint", "0s")
        equal(run.returncode, 3 if "CONFLICT" in more else 0, run.stderr)
        equal(ask(folder, "SELECT count(*), min(id) FROM out"), [(ROWS, 1)])
        equal(staging(folder), [])
        os.unlink(folder + "/out.db")


if __name__ == "__main__":
    tap.main(globals())
