#!/usr/bin/python3
"""Runs by hand and runs of a daemon go on where the other ended: no row is lost, and none is there twice."""
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import postgres                                                      # noqa: E402
import tap                                                           # noqa: E402
from daemon import Daemon                                            # noqa: E402
from tap import BUILD, equal                                         # noqa: E402

SQLITE = {"plugin": "sqlite", "options": {"path": "out.db"}}
PARTS = {"plugin": "file", "options": {"path": "out", "format": "csv", "part_size": "1MiB"}}


def source(folder, name="in.db"):
    if not os.path.exists(os.path.join(BUILD, "plugins", "sources", "sqlite", "sqlite.so")):
        raise tap.Skip("not built")
    base = sqlite3.connect(os.path.join(folder, name))
    base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    base.close()


def add(folder, *numbers, name="in.db"):
    base = sqlite3.connect(os.path.join(folder, name))
    base.executemany("INSERT INTO t VALUES (?)", [(number,) for number in numbers])
    base.commit()
    base.close()


def define(folder, destination, name="shop", path="in.db", **table):
    return tap.write(folder, "pipeline.json", json.dumps({
        "definition_version": 1, "name": name, "sync": {"frequency": 60},
        "source": {"connection": {"plugin": "sqlite", "options": {"path": path}}},
        "destination": {"connection": destination},
        "tables": [{member: word for member, word in
                    dict({"name": "t", "as": "out", "mode": "append", "cursor": "id"}, **table).items() if word}]}))


def run(path, *options):
    result = tap.tidemill("run", path, *options)
    equal(result.returncode, 0, result.stdout + result.stderr)


def in_sqlite(folder):
    base = sqlite3.connect(folder + "/out.db")
    rows = [number for number, in base.execute("SELECT id FROM out ORDER BY id")]
    base.close()
    return rows


def in_parts(folder):
    manifest = json.loads(tap.read(folder, "out/out/manifest.json"))
    rows = []
    for part in manifest["parts"]:
        rows += [int(line) for line in tap.read(folder, "out/out/" + part["name"]).split()[1:]]
    return sorted(rows)


def take_turns(folder, destination, rows):
    source(folder)
    path = define(folder, destination)
    add(folder, 1, 2)
    run(path)
    add(folder, 3)
    run(path, "--pipeline", "a1")
    equal(rows(folder), [1, 2, 3])
    add(folder, 4)
    run(path)
    equal(rows(folder), [1, 2, 3, 4])
    define(folder, destination, name="store")
    add(folder, 5)
    run(path, "--pipeline", "a1")
    add(folder, 6)
    run(path)
    equal(rows(folder), [1, 2, 3, 4, 5, 6])


def test_in_sqlite(folder):
    take_turns(folder, SQLITE, in_sqlite)


def test_in_parts(folder):
    take_turns(folder, PARTS, in_parts)


def in_postgres(server):
    return lambda _: [int(number) for number, in server.rows("SELECT id FROM out ORDER BY id")]


def need_postgres():
    if not os.path.exists(os.path.join(BUILD, "plugins", "destinations", "postgres", "postgres.so")):
        raise tap.Skip("not built")


def test_in_postgres(folder):
    need_postgres()
    with postgres.server() as server:
        server.run("DROP TABLE IF EXISTS out, _tidemill_positions")
        take_turns(folder, server.options(), in_postgres(server))
        equal(server.rows("SELECT pipeline, name FROM _tidemill_positions"), [["a1/t", "store/t"]])


def two_of_a_name(folder, destination, rows):
    """Each has a source of its own; which one is run by hand cannot be known."""
    for name, first in (("a.db", 1), ("b.db", 11)):
        source(folder, name)
        add(folder, first, first + 1, name=name)
        run(define(folder, destination, path=name), "--pipeline", name[0])
    equal(rows(folder), [1, 2, 11, 12])
    result = tap.tidemill("run", folder + "/pipeline.json")
    equal(result.returncode, 1, result.stdout)
    tap.contains(result.stdout, 'pipelines of the name "shop" keep a place for this table')
    add(folder, 13, name="b.db")
    run(folder + "/pipeline.json", "--pipeline", "b")
    equal(rows(folder), [1, 2, 11, 12, 13])
    run(folder + "/pipeline.json", "--pipeline", "shop by hand")
    equal(rows(folder), [1, 2, 11, 11, 12, 12, 13, 13])


def test_two_of_a_name_in_sqlite(folder):
    two_of_a_name(folder, SQLITE, in_sqlite)


def test_two_of_a_name_in_parts(folder):
    two_of_a_name(folder, PARTS, in_parts)


def test_two_of_a_name_in_postgres(folder):
    need_postgres()
    with postgres.server() as server:
        server.run("DROP TABLE IF EXISTS out, _tidemill_positions")
        two_of_a_name(folder, server.options(), in_postgres(server))


def test_a_table_of_positions_of_an_earlier_version(folder):
    source(folder)
    add(folder, 1)
    path = define(folder, SQLITE)
    run(path, "--pipeline", "a1")
    base = sqlite3.connect(folder + "/out.db")
    base.execute("ALTER TABLE _tidemill_positions DROP COLUMN name")
    base.close()
    add(folder, 2)
    run(path, "--pipeline", "a1")
    add(folder, 3)
    run(path)
    equal(in_sqlite(folder), [1, 2, 3])


def test_validate_says_which_key_is_used(folder):
    source(folder)
    tap.contains(tap.tidemill("validate", define(folder, SQLITE)).stdout, 'positions are kept under the name "shop"')
    said = tap.tidemill("validate", define(folder, SQLITE, mode="replace", cursor=None)).stdout
    assert "positions are kept" not in said, said


def test_another_table_is_another_place(folder):
    source(folder)
    add(folder, 1)
    run(define(folder, SQLITE), "--pipeline", "a1")
    run(define(folder, SQLITE, **{"as": "other"}))
    base = sqlite3.connect(folder + "/out.db")
    equal(base.execute("SELECT id FROM other").fetchall(), [(1,)])
    base.close()


def test_two_definitions_of_one_name_keep_a_place_each(folder):
    source(folder)
    for number in range(1, 7):
        add(folder, number)
        table = "one" if number % 2 else "other"
        run(define(folder, SQLITE, **{"as": table}))
        base = sqlite3.connect(folder + "/out.db")
        equal(base.execute("SELECT id FROM %s ORDER BY id" % table).fetchall(), [(i,) for i in range(1, number + 1)])
        base.close()


def test_two_definitions_of_one_name_do_not_meet_in_postgres(folder):
    need_postgres()
    with postgres.server() as server:
        server.run("DROP TABLE IF EXISTS out, other, _tidemill_positions")
        source(folder)
        for number in (1, 2, 3):
            add(folder, number)
            for table in ("out", "other"):
                run(define(folder, server.options(), **{"as": table}))
        for table in ("out", "other"):
            equal(server.value("SELECT string_agg(id::text, ',' ORDER BY id) FROM %s" % table), "1,2,3")


def test_a_daemon_and_a_hand(folder):
    source(folder)
    add(folder, 1)
    path = define(folder, SQLITE)
    run(path)
    with Daemon(folder) as daemon:
        with open(path, encoding="utf-8") as file:
            definition = json.load(file)
        for member in ("source", "destination"):
            options = definition[member]["connection"]["options"]
            options["path"] = os.path.join(folder, options["path"])
        pipeline = daemon.create(document=definition)
        for number in (2, 4):
            add(folder, number)
            started = daemon.post("/v1/pipelines/%d/runs" % pipeline).expect(200).json
            equal(daemon.ended(started["id"])["state"], "succeeded")
            add(folder, number + 1)
            run(path)
            equal(in_sqlite(folder), list(range(1, number + 2)))


TAP = """#!/bin/sh
echo "$*" | sed 's/ .*//' >>starts
n=0
[ "$1" = --state ] && n=$(cat "$2")
n=$((n + 1))
echo '{"type":"SCHEMA","stream":"t","schema":{"properties":{"id":{"type":"integer"}}},"key_properties":["id"]}'
echo '{"type":"RECORD","stream":"t","record":{"id":'$n'}}'
echo '{"type":"STATE","value":'$n'}'
"""


def test_a_program_is_started_once_where_its_place_is_known_before(folder):
    source(folder)
    tap.write(folder, "tap", TAP)
    document = {
        "definition_version": 1, "name": "shop", "sync": {"frequency": 60},
        "source": {"connection": {"plugin": "exec", "options": {"command": ["sh", "./tap"], "directory": folder}}},
        "destination": {"connection": {"plugin": "sqlite", "options": {"path": folder + "/out.db"}}},
        "tables": [{"name": "t", "as": "out", "mode": "append", "cursor": "id"}]}
    with Daemon(folder) as daemon:
        pipeline = daemon.create(document=document)
        for _ in range(3):
            equal(daemon.run(pipeline)["state"], "succeeded")
    equal(in_sqlite(folder), [1, 2, 3])
    equal(tap.read(folder, "starts").split("\n"), ["", "--state", "--state", ""])
    # By hand the destination knows the place, and wants to know the columns first.
    run(tap.write(folder, "tap.json", json.dumps(document)))
    equal(in_sqlite(folder), [1, 2, 3, 4])
    equal(tap.read(folder, "starts").split("\n"), ["", "--state", "--state", "", "--state", ""])


if __name__ == "__main__":
    tap.main(globals())
