#!/usr/bin/python3
"""A table that exists keeps what comes as it is, or the row is refused and says why; nothing is rounded or cut."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import postgres                                                      # noqa: E402
import tap                                                           # noqa: E402
from tap import contains, equal, tidemill, write                     # noqa: E402

NARROW = 'id int, iv interval(0), fr real, na numeric(10,2)[], nm name, tsa timestamp(0)[], mo money, ch "char"'
WIDE = "id int, iv interval, fr float8, na numeric[], nm text, tsa timestamp[], mo numeric, ch text"
ROWS = ["(1, '1.7 s', NULL, NULL, NULL, NULL, NULL, NULL)", "(2, NULL, 1.123456789, NULL, NULL, NULL, NULL, NULL)",
        "(3, NULL, NULL, '{1.239}', NULL, NULL, NULL, NULL)", "(4, NULL, NULL, NULL, repeat('x', 70), NULL, NULL, NULL)",
        "(5, NULL, NULL, NULL, NULL, '{\"2020-01-01 00:00:00.9\"}', NULL, NULL)",
        "(6, NULL, NULL, NULL, NULL, NULL, 1.239, NULL)", "(7, NULL, NULL, NULL, NULL, NULL, NULL, 'xyz')"]
FITS = """(8, '2 s', 0.1, '{1.23}', repeat('x', 63), '{"2020-01-01 00:00:01"}', 1.23, 'x')"""


def run(folder, source, destination, table, *transformations):
    done = tidemill("run", "--json", write(folder, "p.json", json.dumps({
        "definition_version": 1, "name": "p", "sync": {"frequency": 60}, "source": {"connection": source},
        "destination": {"connection": destination}, "tables": [table], "transformations": transformations})))
    return done, json.loads(done.stdout)


def make(pg):
    pg.run("CREATE TABLE wide (%s)" % WIDE, "CREATE TABLE narrow (%s)" % NARROW,
           *["INSERT INTO wide VALUES %s" % row for row in ROWS + [FITS]])


def check(pg, done, result):
    equal(done.returncode, 3, result["error"])
    equal(sum(result["failed"]), len(ROWS))
    equal(pg.rows("SELECT * FROM narrow"),
          [["8", "00:00:02", "0.1", "{1.23}", "x" * 63, '{"2020-01-01 00:00:01"}', "$1.23", "x"]])


def test_a_narrower_table_refuses_what_it_would_change(folder):
    with postgres.server() as pg:
        make(pg)
        check(pg, *run(folder, pg.options(), pg.options(), {"name": "wide", "as": "narrow", "mode": "append"}))


def test_texts_of_a_file_are_refused_alike(folder):
    with postgres.server() as pg:
        make(pg)
        write(folder, "in.csv", pg.run("COPY wide TO STDOUT (FORMAT csv, HEADER)"))
        check(pg, *run(folder, {"plugin": "file", "options": {"path": ".", "format": "csv"}}, pg.options(),
                       {"name": "in.csv", "as": "narrow", "mode": "append"}))


def test_a_type_says_nothing_of_a_text_that_was_rewritten(folder):
    with postgres.server() as pg:
        pg.run("CREATE TABLE a (i interval(0), y interval year)", "CREATE TABLE b (LIKE a)",
               "INSERT INTO a VALUES ('1 s', '1 year')")
        table = {"name": "a", "as": "b", "mode": "append"}
        done, result = run(folder, pg.options(), pg.options(), table,
                           {"type": "find_and_replace", "config": {"field": "i", "find": "01$", "replace": "01.7"}})
        equal(done.returncode, 3, result["error"])
        equal(pg.rows("SELECT * FROM b"), [])
        done, result = run(folder, pg.options(), pg.options(), table,
                           {"type": "find_and_replace", "config": {"field": "y", "find": "$", "replace": " 1 mon"}})
        equal(done.returncode, 1)
        contains(result["error"], 'column "y" is of type interval year')


tap.main(globals())
