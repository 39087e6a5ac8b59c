#!/usr/bin/python3
"""Runs that are killed with SIGKILL, again and again, until one comes to its end: each row is there once."""
import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from killed import kill_once                                         # noqa: E402
from tap import BUILD, equal, write                                  # noqa: E402

ROWS = 150000
SUM = ROWS * (ROWS + 1) // 2


def need_sqlite():
    if not os.path.exists(os.path.join(BUILD, "plugins", "sources", "sqlite", "sqlite.so")):
        raise tap.Skip("not built")


def table(folder):
    """A database of ROWS rows."""
    need_sqlite()
    base = sqlite3.connect(folder + "/in.db")
    base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
    base.executemany("INSERT INTO t VALUES (?, ?)", ((i, "name %d" % i) for i in range(1, ROWS + 1)))
    base.commit()
    base.close()
    return {"plugin": "sqlite", "options": {"path": "in.db"}}, "t"


def files(folder):
    """The same in three files, one of them compressed."""
    third = ROWS // 3
    for i in range(3):
        text = "id,name\n" + "".join("%d,name %d\n" % (n, n) for n in range(i * third + 1, (i + 1) * third + 1))
        if i == 1:
            write(folder, "in/%d.csv.gz" % i, gzip.compress(text.encode(), 1))
        else:
            write(folder, "in/%d.csv" % i, text)
    return {"plugin": "file", "options": {"path": "in", "format": "csv"}}, "*.csv*"


def definition(folder, source, destination, others=(), **more):
    others = [{"name": name, "mode": "append"} for name in others]
    connection, name = source
    return write(folder, "pipeline.json", json.dumps({
        "definition_version": 1, "name": "cut", "sync": {"frequency": 60},
        "source": {"connection": connection}, "destination": {"connection": destination},
        "tables": [dict({"name": name, "as": "out", "mode": "append", "types": {"id": "int64"}}, **more)] + others}))


def cut_off(path, is_half_way):
    """A run that is killed behind its first checkpoint."""
    with subprocess.Popen([tap.TIDEMILL, "run", path, "--checkpoint", "0s"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as run:
        assert kill_once(run, is_half_way), "the run came to its end"


def kill_until_it_ends(path, is_half_way, is_complete):
    """The first run is killed half-way, and each behind it may live a little longer than the one before: at least one
    goes on.

    A run may be killed behind its last commit, too: then all is there, and the next run would be another load.
    """
    cut_off(path, is_half_way)
    delay, kills, resumed = 0.01, 1, 0
    while not is_complete():
        with subprocess.Popen([tap.TIDEMILL, "run", path, "--checkpoint", "0s", "--json"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            try:
                text, errors = run.communicate(timeout=delay)
            except subprocess.TimeoutExpired:
                run.kill()
                _, errors = run.communicate()
                text = None
        resumed += "resuming from its last checkpoint" in errors
        if text is not None:
            equal(run.returncode, 0, text + errors)
            end = json.loads(text)
            for i in range(5):
                equal(end["passed"][i], end["passed"][i + 1] + end["failed"][i + 1])
            break
        kills += 1
        delay *= 1.2
        assert kills < 60, errors
    assert resumed > 0, "no run went on, and %d were killed" % kills


def is_complete(folder):
    """The first table has all rows, and no position of a checkpoint or of a run that is not over."""
    base = sqlite3.connect(folder + "/out.db")
    try:
        kept = base.execute("SELECT position FROM _tidemill_positions WHERE pipeline <> 'cut/more'").fetchall()
        rows, = base.execute("SELECT count(*) FROM out").fetchone()
        return rows >= ROWS and not re.search("checkpoint|done", str(kept))
    except sqlite3.OperationalError:
        return False                                    # not begun
    finally:
        base.close()


def expect_rows(path):
    base = sqlite3.connect(path)
    equal(base.execute("SELECT count(*), count(DISTINCT id), sum(id), count(DISTINCT name) FROM out").fetchone(),
          (ROWS, ROWS, SUM, ROWS))
    base.close()


def into_sqlite(folder, source, **more):
    kill_until_it_ends(definition(folder, source, SQLITE, **more), lambda: is_at_checkpoint(folder),
                       lambda: is_complete(folder))
    expect_rows(folder + "/out.db")


SQLITE = {"plugin": "sqlite", "options": {"path": "out.db"}}


def test_a_table_is_appended_each_row_once(folder):
    into_sqlite(folder, table(folder))


def test_files_are_appended_each_row_once(folder):
    need_sqlite()
    into_sqlite(folder, files(folder))


def test_a_table_is_merged_by_its_cursor_each_row_once(folder):
    into_sqlite(folder, table(folder), mode="merge", key=["id"], cursor="id")


def test_tables_are_appended_each_row_once(folder):
    source = table(folder)
    base = sqlite3.connect(folder + "/in.db")
    base.execute("CREATE TABLE more AS SELECT id FROM t")
    base.commit()
    base.close()
    into_sqlite(folder, source, others=["more"])
    base = sqlite3.connect(folder + "/out.db")
    equal(base.execute("SELECT count(*), sum(id) FROM more").fetchone(), (ROWS, SUM))
    base.close()


def test_a_table_that_was_dropped_is_filled_again(folder):
    path = definition(folder, table(folder), SQLITE, cursor="id")
    for _ in range(2):
        for _ in range(2):
            equal(tap.tidemill("run", path).returncode, 0)
            expect_rows(folder + "/out.db")
        base = sqlite3.connect(folder + "/out.db")
        base.execute("DROP TABLE out")
        base.close()


def is_at_checkpoint(folder):
    base = sqlite3.connect(folder + "/out.db", timeout=0)
    try:
        return base.execute("SELECT count(*) FROM _tidemill_positions WHERE position LIKE '%checkpoint%'").fetchone()[0]
    except sqlite3.OperationalError:
        return 0                                        # not begun, or in the midst of a commit
    finally:
        base.close()


def test_a_table_that_was_emptied_after_a_run_was_cut_off_gets_all_rows(folder):
    path = definition(folder, table(folder), SQLITE)
    cut_off(path, lambda: is_at_checkpoint(folder))
    base = sqlite3.connect(folder + "/out.db")
    base.execute("DELETE FROM out")
    base.commit()
    base.close()
    run = tap.tidemill("run", path)
    equal(run.returncode, 0, run.stdout)
    tap.contains(run.stderr, "the table is empty, though the interrupted run had loaded rows")
    expect_rows(folder + "/out.db")


def of_tables(folder, names):
    """A definition that appends files as tables of their own name."""
    return write(folder, "pipeline.json", json.dumps({
        "definition_version": 1, "name": "edited", "sync": {"frequency": 60},
        "source": {"connection": {"plugin": "file", "options": {"path": "in", "format": "csv"}}},
        "destination": {"connection": SQLITE},
        "tables": [{"name": name + ".csv", "as": name, "mode": "append"} for name in names]}))


def count(folder, names):
    base = sqlite3.connect(folder + "/out.db")
    counts = [base.execute("SELECT count(*) FROM " + name).fetchone()[0] for name in names]
    base.close()
    return counts


def interrupt_in_c(folder):
    """a and b are done, and c cannot be read yet."""
    need_sqlite()
    for name in "abn":
        write(folder, "in/%s.csv" % name, "id\n1\n2\n")
    run = tap.tidemill("run", of_tables(folder, "abc"))
    tap.contains(run.stdout, "No such file")
    equal(count(folder, "ab"), [2, 2])
    write(folder, "in/c.csv", "id\n1\n2\n")


def test_tables_that_are_done_are_not_appended_again_in_another_order(folder):
    interrupt_in_c(folder)
    for times in (1, 2):
        run = tap.tidemill("run", of_tables(folder, "cba"))
        equal(run.returncode, 0, run.stderr)
        equal(count(folder, "abc"), [2 * times] * 3)


def test_tables_that_are_done_are_not_appended_again_behind_a_new_one(folder):
    interrupt_in_c(folder)
    for times in (1, 2):
        run = tap.tidemill("run", of_tables(folder, "nbac"))
        equal(run.returncode, 0, run.stderr)
        equal(count(folder, "nabc"), [2 * times] * 4)


def test_a_table_is_not_appended_again_when_others_are_taken_out_of_the_definition(folder):
    interrupt_in_c(folder)
    run = tap.tidemill("run", of_tables(folder, "b"))
    equal(run.returncode, 1)
    tap.contains(run.stdout, "put the table back into the definition for one run, or run with --full")
    equal(tap.tidemill("run", of_tables(folder, "a")).returncode, 0)
    equal(count(folder, "ab"), [2, 2])


def manifest(folder):
    try:
        with open(folder + "/out/out/manifest.json", encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {"complete": False}


def test_a_table_becomes_parts_each_row_once(folder):
    parts = {"plugin": "file", "options": {"path": "out", "format": "csv", "part_size": "1MiB"}}
    kill_until_it_ends(definition(folder, table(folder), parts), lambda: manifest(folder).get("rows"),
                       lambda: manifest(folder)["complete"])
    ids = []
    for part in manifest(folder)["parts"]:
        lines = tap.read(folder + "/out/out", part["name"]).splitlines()
        equal(lines[0], "id,name")
        ids += [int(line.split(",")[0]) for line in lines[1:]]
    equal(len(ids), ROWS)
    equal(sorted(ids), list(range(1, ROWS + 1)))


if __name__ == "__main__":
    tap.main(globals())
