#!/usr/bin/python3
"""`verify: checksum`: a table is read again when it is moved, and a value that changed on the way is found."""
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import postgres                                                      # noqa: E402
import tap                                                           # noqa: E402
from tap import contains, equal, tidemill, write                     # noqa: E402

CSV = """id,amount,at,note,doc
1,1.50,2024-01-01T00:00:00Z,"a ""quoted"", one","{""b"": 1.0, ""a"": [true, null]}"
2,-0.007,1969-12-31T23:59:59.999999Z,"",
3,,,,"{}"
4,1e3,infinity,"two
lines",12345678901234567890.10
"""


def define(folder, destination, table):
    return write(folder, "p.json", json.dumps({
        "definition_version": 1, "name": "p", "sync": {"frequency": 60},
        "source": {"connection": {"plugin": "file", "options": {"path": ".", "format": "csv"}}},
        "destination": {"connection": destination},
        "tables": [dict({"name": "in.csv", "as": "t", "verify": "checksum", "types": {
            "id": "int64", "amount": "decimal", "at": "timestamp", "doc": "json"}}, **table)]}))


def files(kind, **options):
    return {"plugin": "file", "options": dict({"path": "out", "format": kind}, **options)}


SQLITE = {"plugin": "sqlite", "options": {"path": "t.db"}}


def run(folder, destination, **table):
    done = tidemill("run", "--json", define(folder, destination, table))
    return done, json.loads(done.stdout)


def verified(folder, destination, **table):
    done, result = run(folder, destination, **table)
    equal(done.returncode, 0, result["error"])
    return result["tables"][0]["verified"]


def database(folder):
    return sqlite3.connect(os.path.join(folder, "t.db"))


def test_every_destination_that_is_read_again_is_equal(folder):
    write(folder, "in.csv", CSV)
    for destination in (files("csv"), files("jsonl"), files("csv", compression="gzip"), SQLITE):
        equal(verified(folder, destination, mode="replace"), {"rows": 4, "columns": 5, "not_compared": []})


def test_a_file_without_a_header_is_read_again_by_place(folder):
    write(folder, "in.csv", CSV)
    for options in ({"header": False}, {"header": False, "columns": ["id", "amount", "at", "note", "doc"]}):
        equal(verified(folder, files("csv", **options), mode="replace"),
              {"rows": 4, "columns": 5, "not_compared": []})


def test_no_rows_at_all_are_equal_too(folder):
    write(folder, "in.csv", CSV.split("\n")[0] + "\n")
    for destination in (files("csv"), files("jsonl"), files("csv", header=False), SQLITE):
        equal(verified(folder, destination, mode="replace")["rows"], 0)


def test_rows_that_were_there_before_are_taken_off(folder):
    write(folder, "in.csv", CSV)
    for destination in (files("csv"), SQLITE):
        for _ in range(3):
            equal(verified(folder, destination, mode="append")["rows"], 4)
    equal(database(folder).execute("SELECT count(*) FROM t").fetchone()[0], 12)


def test_parts_are_read_as_their_manifest_lists_them(folder):
    write(folder, "in.csv", CSV)
    for mode in ("append", "append", "replace", "replace"):
        equal(verified(folder, files("csv", part_size="64KiB"), mode=mode)["rows"], 4)


def test_postgres_is_read_again_from_its_first_run_on(folder):
    write(folder, "in.csv", CSV)
    with postgres.server() as pg:
        for mode in ("append", "append", "replace"):
            equal(verified(folder, pg.options(), mode=mode), {"rows": 4, "columns": 5, "not_compared": []})
        pg.run("DROP TABLE t", "CREATE TABLE t (id int, amount numeric(30,3), at timestamptz, note char(20), doc jsonb)")
        equal(verified(folder, pg.options(), mode="append"), {"rows": 4, "columns": 4, "not_compared": ["note"]})
        pg.run("CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS"
               " 'BEGIN new.amount = new.amount + 1; RETURN new; END'",
               "CREATE TRIGGER meddle BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION meddle()")
        done, result = run(folder, pg.options(), mode="append")
        equal(done.returncode, 1)
        contains(result["error"], 'the sums differ in "amount"')


def copy(folder, pg, *transformations, words=("--json",)):
    """From table a to table b of one PostgreSQL."""
    return tidemill("run", *words, write(folder, "p.json", json.dumps({
        "definition_version": 1, "name": "p", "sync": {"frequency": 60}, "source": {"connection": pg.options()},
        "destination": {"connection": pg.options()}, "transformations": transformations,
        "tables": [{"name": "a", "as": "b", "mode": "replace", "verify": "checksum"}]})))


COLUMNS = {"a": ("text[]", "{a}", "{b}"), "iv": ("interval(0)", "1 s", "2 s"), "ip": ("inet", "1.1.1.1", "2.2.2.2"),
           "r": ("int4range", "[1,2)", "[5,6)"), "m": ("money", "1.00", "2.00"), "c": ("char(4)", "x", "y"),
           "n": ("numeric(4,1)[]", "{1.5}", "{2.5}"), "d": ("seconds", "1 s", "2 s")}


def test_postgres_columns_of_the_same_type_are_compared_whatever_it_is(folder):
    with postgres.server() as pg:
        pg.run("CREATE DOMAIN seconds AS interval(0)",
               "CREATE TABLE a (%s)" % ", ".join("%s %s" % (name, of[0]) for name, of in COLUMNS.items()),
               "INSERT INTO a VALUES (%s)" % ", ".join("'%s'" % of[1] for of in COLUMNS.values()), "CREATE TABLE b (LIKE a)")
        result = json.loads(copy(folder, pg).stdout)
        equal(result["tables"][0]["verified"], {"rows": 1, "columns": len(COLUMNS), "not_compared": []})
        for name, of in COLUMNS.items():
            pg.run("CREATE OR REPLACE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS"
                   " $$BEGIN new.%s = '%s'; RETURN new; END$$" % (name, of[2]), "DROP TRIGGER IF EXISTS meddle ON b",
                   "CREATE TRIGGER meddle BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION meddle()")
            done = copy(folder, pg)
            equal(done.returncode, 1)
            contains(json.loads(done.stdout)["error"], 'the sums differ in "%s"' % name)


def test_what_is_not_compared_is_named(folder):
    with postgres.server() as pg:
        pg.run("CREATE TABLE a (t text, iv interval, r text)", "INSERT INTO a VALUES ('x', '1 day', '[1, 3]')",
               "CREATE TABLE b (t text, iv interval, r int4range)")
        change = {"type": "find_and_replace", "config": {"field": "iv", "find": "1 day", "replace": "24 hours"}}
        done = copy(folder, pg, change, words=())
        equal(done.returncode, 0, done.stdout + done.stderr)
        contains(done.stdout, "1 rows, the sums of 1 columns are equal\n"
                 "  not compared, since the destination spells their texts its own way: iv, r\n")
        equal(json.loads(copy(folder, pg, change).stdout)["tables"][0]["verified"]["not_compared"], ["iv", "r"])
        contains(tidemill("validate", os.path.join(folder, "p.json")).stdout, "the run names those")


def test_rejected_rows_are_not_expected(folder):
    write(folder, "in.csv", CSV + "x,1,2024-01-01T00:00:00Z,,\n")
    done, result = run(folder, SQLITE, mode="replace")
    equal(done.returncode, 3, result["error"])
    equal(result["tables"][0]["verified"]["rows"], 4)


def test_a_row_the_destination_refuses_is_not_expected(folder):
    write(folder, "in.csv", CSV)
    with database(folder) as db:
        db.execute("CREATE TABLE t (id INTEGER CHECK (id <> 2), amount DECIMAL_TEXT, at TIMESTAMP, note TEXT,"
                   " doc JSON_TEXT)")
    done, result = run(folder, SQLITE, mode="append")
    equal(done.returncode, 3, result["error"])
    equal(result["tables"][0]["verified"]["rows"], 3)


def test_a_value_that_is_changed_fails_the_run_and_names_its_column(folder):
    write(folder, "in.csv", CSV)
    verified(folder, SQLITE, mode="replace")
    with database(folder) as db:
        db.execute("CREATE TRIGGER meddle AFTER INSERT ON t WHEN new.id = 4"
                   " BEGIN UPDATE t SET amount = '1001' WHERE id = 4; END")
    done, result = run(folder, SQLITE, mode="replace")
    equal(done.returncode, 1)
    contains(result["error"], '4 rows were moved and 4 are there; the sums differ in "amount"')
    equal("verified" in result["tables"][0], False)


def test_a_row_that_is_lost_or_doubled_fails_the_run(folder):
    write(folder, "in.csv", CSV)
    verified(folder, SQLITE, mode="replace")
    for action in ("DELETE FROM t WHERE id = 4", "INSERT INTO t (id) VALUES (4)"):
        with database(folder) as db:
            db.execute("DROP TRIGGER IF EXISTS meddle")
            db.execute("CREATE TRIGGER meddle AFTER INSERT ON t WHEN new.note LIKE 'two%%' BEGIN %s; END" % action)
        done, result = run(folder, SQLITE, mode="replace")
        equal(done.returncode, 1)
        contains(result["error"], "4 rows were moved and")


def test_values_that_change_rows_are_found(folder):
    write(folder, "in.csv", "id,note\n1,a\n2,b\n")
    table = {"mode": "replace", "types": {"id": "int64"}}
    verified(folder, SQLITE, **table)
    with database(folder) as db:
        db.execute("CREATE TRIGGER meddle AFTER INSERT ON t WHEN new.id = 2"
                   " BEGIN UPDATE t SET note = CASE id WHEN 1 THEN 'b' ELSE 'a' END; END")
    done, result = run(folder, SQLITE, **table)
    equal(done.returncode, 1)
    contains(result["error"], "values changed rows")


def test_what_cannot_be_verified_is_refused_by_validate(folder):
    write(folder, "in.csv", CSV)
    null = tidemill("validate", define(folder, {"plugin": "null"}, {}))
    equal(null.returncode, 2)
    contains(null.stderr, 'destination "null" cannot be read again')
    merge = tidemill("validate", define(folder, SQLITE, {"mode": "merge", "key": ["id"]}))
    equal(merge.returncode, 2)
    contains(merge.stderr, "is for mode append or replace")


tap.main(globals())
