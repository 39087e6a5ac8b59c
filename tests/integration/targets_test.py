#!/usr/bin/env python3
"""Two tables that are spelled differently and are one at the destination: the run is refused, and nothing is written."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import postgres  # noqa: E402
import tap  # noqa: E402


def need(kind, name):
    if not os.path.exists(os.path.join(tap.BUILD, "plugins", kind, name, name + ".so")):
        raise tap.Skip("not built")


def run(folder, destination, one, other, mode="replace"):
    for name in "ab":
        tap.write(folder, "in/%s.csv" % name, "id\n1\n2\n")
    path = tap.write(folder, "pipeline.json", json.dumps({
        "definition_version": 1, "name": "two", "sync": {"frequency": 60},
        "source": {"connection": {"plugin": "file", "options": {"path": "in", "format": "csv"}}},
        "destination": {"connection": destination},
        "tables": [{"name": "a.csv", "as": one, "mode": mode}, {"name": "b.csv", "as": other, "mode": mode}]}))
    return tap.tidemill("run", path)


def expect_one(folder, destination, pairs):
    for one, other in pairs:
        for mode in ("replace", "append"):
            done = run(folder, destination, one, other, mode)
            tap.equal(done.returncode, 1, done.stdout)
            tap.contains(done.stdout, 'tables a.csv and b.csv go into the same target, spelled "%s" and "%s": '
                                      'give one of them another name under as' % (one, other))


def expect_two(folder, destination, pairs):
    for one, other in pairs:
        done = run(folder, destination, one, other)
        tap.equal(done.returncode, 0, done.stdout + done.stderr)


def test_case_is_nothing_to_sqlite(folder):
    need("destinations", "sqlite")
    base = {"plugin": "sqlite", "options": {"path": "out.db"}}
    expect_one(folder, base, [("t", "T"), ("Order Lines", "order lines")])
    tap.equal(os.path.exists(folder + "/out.db"), False)
    expect_two(folder, base, [("t", "main.t"), ("\u00e9", "\u00c9")])


def test_files_of_one_path_are_one(folder):
    files = {"plugin": "file", "options": {"path": "out", "format": "csv"}}
    expect_one(folder, files, [("t", "t.csv"), ("t", "./t"), ("x/t", "x//./t.csv"), ("t.csv", "./t"),
                               ("t.gz", "t.csv.gz")])
    tap.equal(os.path.exists(folder + "/out"), False)
    expect_two(folder, files, [("t", "t.gz"), ("t", "T"), ("t", "x/t"), (".t", "t")])


def test_parts_of_one_folder_are_one(folder):
    parts = {"plugin": "file", "options": {"path": "out", "format": "csv", "part_size": "1MiB"}}
    expect_one(folder, parts, [("t", "./t"), ("t", "t/")])
    tap.equal(os.path.exists(folder + "/out"), False)
    expect_two(folder, parts, [("t", "u")])


def test_names_of_postgresql_have_a_schema_and_quotes(folder):
    need("destinations", "postgres")
    with postgres.server() as pg:
        pg.run("DROP SCHEMA IF EXISTS targets_test CASCADE", "CREATE SCHEMA targets_test")
        base = pg.options(schema="targets_test")
        expect_one(folder, base, [("t", "targets_test.t"), ("t", '"t"'), ("t", 'targets_test."t"')])
        tap.equal(pg.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'targets_test'"), "0")
        expect_two(folder, base, [("t", "T"), ("t", '"targets_test.t"')])
        pg.run("DROP SCHEMA targets_test CASCADE")


if __name__ == "__main__":
    tap.main(globals())
