#!/usr/bin/python3
"""Each allocation of a plugin, each read, write, fsync, rename and the like of a whole run fails in turn: files,
SQLite, programs.  faults.py says what must hold."""
import gzip
import json
import os
import sys

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests", folder) for folder in ("support", "faults")]
import tap                                                           # noqa: E402
from faults import (HEAD, Scenario, check, database, files, look_at_listed_rows, look_at_parts, look_into,   # noqa: E402
                    need)
from tap import equal, write                                         # noqa: E402

ROWS = range(1, 301)
LONG = "\u00e9t\u00e9 " * 40
CSV = "id,name,amount\n" + "".join('%d,"name %d, %s",%d.5\n' % (i, i, LONG, i) for i in ROWS)
JSONL = "".join(json.dumps({"id": i, "name": LONG, "more": {"a": [i]}}) + "\n" for i in ROWS)
TABLE = "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, amount REAL);" + "".join(
    "INSERT INTO people VALUES (%d, '%s', %d.5);" % (i, LONG, i) for i in ROWS)


def test_csv_to_a_new_file(_):
    check(Scenario(files("csv", "csv", "replace", "a.csv"), {"in/a.csv": CSV}))


def test_csv_in_the_place_of_a_file(_):
    check(Scenario(files("csv", "csv", "replace", "a.csv"), {"in/a.csv": CSV}, {"out/people.csv": "id\r\n9\r\n"}))


def test_jsonl_behind_the_rows_of_a_file(_):
    check(Scenario(files("jsonl", "jsonl", "append", "a.jsonl"), {"in/a.jsonl": JSONL},
                   {"out/people.jsonl": '{"id":9,"name":"old","more":null}\n'}))


def test_gzip_to_zstd(_):
    check(Scenario(files("csv", "csv", "replace", "a.csv.gz", "zstd"), {"in/a.csv.gz": gzip.compress(CSV.encode())}))


def test_zstd_to_gzip(folder):
    write(folder, "in/a.jsonl", JSONL)
    write(folder, "p.yaml", HEAD + files("jsonl", "jsonl", "replace", "a.jsonl", "zstd"))
    equal(tap.tidemill("run", "p.yaml", cwd=folder).returncode, 0)
    with open(os.path.join(folder, "out/people.jsonl.zst"), "rb") as file:
        check(Scenario(files("jsonl", "jsonl", "replace", "a.jsonl.zst", "gzip"), {"in/a.jsonl.zst": file.read()}))


def test_many_files_by_their_pattern(_):
    """Of a folder that cannot be read to its end, or of a file that cannot be looked at, nothing is known."""
    check(Scenario(files("csv", "csv", "replace", '"?/*.csv"'),
                   {"in/%s/%d.csv" % (folder, i): "id\n%s%d\n" % (folder, i) for folder in "ab" for i in range(5)}))


def parts(mode):
    return files("csv", "csv", mode, "a.csv").replace("compression: none", "part_size: 1")


def test_csv_to_new_parts(_):
    check(Scenario(parts("append"), {"in/a.csv": CSV}, look=look_at_parts))


def test_csv_in_the_place_of_parts(_):
    manifest = {"version": 1, "complete": True, "format": "csv", "columns": [], "positions": [],
                "parts": [{"name": "part-00007.csv", "rows": 1, "bytes": 5, "xxh64": "0"}]}
    check(Scenario(parts("replace"), {"in/a.csv": CSV},
                   {"out/people/manifest.json": json.dumps(manifest), "out/people/part-00007.csv": "id\n9\n",
                    "out/people/part-00008.csv": "of a run that was cut off"}, look_at_parts))


def test_transforms_filter_and_bad_rows(_):
    rows = CSV + "8,two fields\n"
    check(Scenario(files("csv", "jsonl", "replace", "a.csv") +
                   "transformations:\n"
                   "  - {type: rename_fields, config: {mapping: {name: who}}}\n"
                   "  - {type: exclude_fields, config: {fields: [amount]}}\n"
                   "  - {type: find_and_replace, config: {field: who, find: '[0-9]+', replace: '<$0>'}}\n"
                   "  - {type: find_and_replace, config: {field: who, find: name, replace: nom, regex: false}}\n"
                   "on_error: reject\n", {"in/a.csv": rows}))


def test_sqlite_to_sqlite(_):
    need("sources/sqlite", "destinations/sqlite")
    check(Scenario("source: {connection: {plugin: sqlite, options: {path: in.db}}}\n"
                   "destination: {connection: {plugin: sqlite, options: {path: out.db}}}\n"
                   "tables: [{name: people, key: [id], cursor: id, mode: merge}]\n", {"in.db": database(TABLE)},
                   {"out.db": database("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, amount REAL);"
                                       "INSERT INTO people VALUES (3, 'old', 0);")},
                   look_into("out.db", "SELECT * FROM people ORDER BY id")))


def test_sqlite_to_a_new_database(_):
    need("sources/sqlite", "destinations/sqlite")
    check(Scenario("source: {connection: {plugin: sqlite, options: {path: in.db}}}\n"
                   "destination: {connection: {plugin: sqlite, options: {path: out.db}}}\n"
                   "tables: [{name: people, mode: replace}]\n", {"in.db": database(TABLE)}, {},
                   look_into("out.db", "SELECT * FROM people ORDER BY id")))


def test_programs_that_speak_json_lines(_):
    check(Scenario("source: {connection: {plugin: exec, options: {command: [cat, in.jsonl], directory: .}}}\n"
                   "destination: {connection: {plugin: exec, options: {command: "
                   "[sh, -c, 'x=$(cat) && printf %s \"$x\" >unsaid && mv unsaid out.jsonl'], directory: .}}}\n"
                   "tables: [{name: people, mode: append}]\n", {"in.jsonl": JSONL}))


def test_a_program_that_speaks_singer(_):
    tap_says = "".join(json.dumps(message) + "\n" for message in (
        {"type": "SCHEMA", "stream": "users", "schema": {"properties": {"id": {"type": "integer"}}},
         "key_properties": ["id"]},
        {"type": "RECORD", "stream": "users", "record": {"id": 1}},
        {"type": "RECORD", "stream": "users", "record": {"id": 2}}, {"type": "STATE", "value": {"at": 2}}))
    check(Scenario("source: {connection: {plugin: exec, options: {command: [cat, in.jsonl], directory: .}}}\n"
                   "destination: {connection: {plugin: file, options: {path: out, format: jsonl}}}\n"
                   "tables: [{name: users, mode: append}]\n", {"in.jsonl": tap_says}))


def test_parts_with_a_checkpoint_behind_every_batch(_):
    need("sources/sqlite")
    table = "".join("INSERT INTO people VALUES (%d, 'name', 0);" % i for i in range(1000, 12000))
    check(Scenario("source: {connection: {plugin: sqlite, options: {path: in.db}}}\n"
                   "destination: {connection: {plugin: file, options: {path: out, format: csv, part_size: 60KiB}}}\n"
                   "tables: [{name: people, mode: append}]\n", {"in.db": database(TABLE + table)}, {},
                   look_at_listed_rows, checkpoints=True))


def test_checkpoints_of_a_database(_):
    need("sources/sqlite", "destinations/sqlite")
    table = "".join("INSERT INTO people VALUES (%d, 'n', 0);" % i for i in range(1000, 12000))
    check(Scenario("source: {connection: {plugin: sqlite, options: {path: in.db}}}\n"
                   "destination: {connection: {plugin: sqlite, options: {path: out.db}}}\n"
                   "tables: [{name: people, mode: append}]\n",
                   {"in.db": database(TABLE + table)}, {},
                   look_into("out.db", "SELECT count(*), count(DISTINCT id), sum(id) FROM people"), checkpoints=True))


def test_checkpoints_of_a_database_that_is_replaced(_):
    need("sources/file", "destinations/sqlite")
    rows = "id,name\n" + "".join("%d,n\n" % i for i in range(1000, 21000))
    check(Scenario("source: {connection: {plugin: file, options: {path: in, format: csv}}}\n"
                   "destination: {connection: {plugin: sqlite, options: {path: out.db}}}\n"
                   "tables: [{name: a.csv, as: people, mode: replace}]\n", {"in/a.csv": rows},
                   {"out.db": database("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);"
                                       "INSERT INTO people VALUES (3, 'old');")},
                   look_into("out.db", "SELECT count(*), count(DISTINCT id), sum(id) FROM people"), checkpoints=True))


def test_generated_rows(_):
    check(Scenario("source: {connection: {plugin: generate, options: {rows: 2000}}}\n"
                   "destination: {connection: {plugin: file, options: {path: out, format: csv}}}\n"
                   "tables: [{name: rows, mode: replace}]\n", {}))


if __name__ == "__main__":
    tap.main(globals())
