#!/usr/bin/python3
"""What a run rejected is run again, through a definition that was mended: from each step, with its values, once."""
import glob
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import postgres                                                      # noqa: E402
import tap                                                           # noqa: E402
from daemon import Daemon, definition                                # noqa: E402
from tap import contains, equal                                      # noqa: E402

PUBLIC = "/api/public/v1/pipelines/%d/definition"


def files(folder, table, out="out.db", **changes):
    """Files of a folder into tables of a SQLite database."""
    document = definition(
        name="files", tables=[table],
        source={"connection": {"plugin": "file", "options": {"path": folder + "/in", "format": "csv"}}},
        destination={"connection": {"plugin": "sqlite", "options": {"path": os.path.join(folder, out)}}})
    return dict(document, **changes)


def query(folder, sql, change=False):
    connection = sqlite3.connect(folder + "/out.db")
    try:
        rows = connection.execute(sql).fetchall()
        if change:
            connection.commit()
        return rows
    finally:
        connection.close()


def plugin_folder(folder, *names):
    """The plugins of the build, and these transforms of the tests beside them."""
    for kind in ("sources", "destinations", "transforms", "formats", "storages"):
        os.makedirs(os.path.join(folder, "plugins", kind))
        for path in glob.glob(os.path.join(tap.BUILD, "plugins", kind, "*", "*.so")):
            os.symlink(path, os.path.join(folder, "plugins", kind, os.path.basename(path)))
    for name in names:
        os.symlink(os.path.join(tap.BUILD, "tests", "plugins", name + ".so"),
                   os.path.join(folder, "plugins", "transforms", name + ".so"))
    return {"TIDEMILL_PLUGIN_DIR": folder + "/plugins"}


def mend(daemon, pipeline, document):
    daemon.put(PUBLIC % pipeline, document).expect(200)


def replay(daemon, run, replaying, body=None, state="succeeded"):
    """The ended replay of a run, which takes so many rows."""
    reply = daemon.post("/v1/pipelines/runs/%d/replay" % run, body or {}).expect(200).json
    equal(reply["rejects"]["replaying"], replaying, reply)
    ended = daemon.ended(reply["id"])
    equal((ended["state"], ended["replayOf"]), (state, run), ended)
    return ended


def nothing_left(daemon, run):
    daemon.post("/v1/pipelines/runs/%d/replay" % run).expect(422, "NoRejects", "run has no rejects left to replay")


def rejects_of(daemon, run):
    return daemon.get("/v1/pipelines/runs/%d/rejects" % run["id"]).expect(200).json["rejects"]


# ---- the steps ----

def test_what_a_declared_type_refused_arrives_once_as_it_was(folder):
    tap.write(folder, "in/people.csv", "id,amount\n007,1\n8,2.50\n009,x\n")
    strict = files(folder, {"name": "people.csv", "as": "people", "types": {"id": "int64", "amount": "int64"}})
    with Daemon(folder) as daemon:
        pipeline = daemon.create(strict)
        run = daemon.run(pipeline)
        equal((run["failed"], run["replayOf"]), ([0, 2, 0, 0, 0, 0], None))
        query(folder, "DROP TABLE people", True)
        mend(daemon, pipeline, files(folder, {"name": "people.csv", "as": "people"}))
        again = replay(daemon, run["id"], 2)
        equal((again["passed"], again["failed"], again["trigger"]), ([2] * 6, [0] * 6, "api"))
        equal(query(folder, "SELECT * FROM people"), [("8", "2.50"), ("009", "x")])
        equal([item["replayedBy"] for item in rejects_of(daemon, run)], [again["id"]] * 2)
        nothing_left(daemon, run["id"])
        replay(daemon, run["id"], 2, {"again": True})
        equal(query(folder, "SELECT count(*) FROM people"), [(4,)])


def test_what_a_transform_refused_goes_on_behind_those_it_has_passed(folder):
    tap.write(folder, "in/numbers.csv", "id,name\n" + "".join("%d,old-%d\n" % (i, i) for i in range(1, 11)))

    def document(config, more=()):
        find = {"type": "find_and_replace", "config": {"field": "name", "find": "old", "replace": "older old"}}
        return files(folder, {"name": "numbers.csv", "as": "numbers", "types": {"id": "int64"}, "mode": "append"},
                     transformations=[find, {"type": "picky", "config": config}] + list(more))

    with Daemon(folder, env=plugin_folder(folder, "picky")) as daemon:
        pipeline = daemon.create(document({"refuse_every": 5}))
        run = daemon.run(pipeline)
        equal(run["failed"], [0, 0, 0, 2, 0, 0])
        mend(daemon, pipeline, document({}, [{"type": "rename_fields", "config": {"mapping": {"name": "title"}}}]))
        query(folder, "DROP TABLE numbers", True)
        again = replay(daemon, run["id"], 2)
        equal([item["passed"] for item in daemon.get("/v1/pipelines/runs/%d" % again["id"]).json["steps"][
            "transformation"]["transformations"]], [2, 2, 2])
        equal(query(folder, "SELECT id, title FROM numbers"), [(5, "older old-5"), (10, "older old-10")])
        nothing_left(daemon, run["id"])


def test_what_the_destination_refused_is_taken_once_it_can(folder):
    tap.write(folder, "in/numbers.csv", "id\n1\n-2\n3\n-4\n")
    query(folder, "CREATE TABLE numbers (id INTEGER CHECK (id > 0))", True)
    with Daemon(folder) as daemon:
        pipeline = daemon.create(files(folder, {"name": "numbers.csv", "as": "numbers", "mode": "append"}))
        run = daemon.run(pipeline)
        equal(run["failed"], [0, 0, 0, 0, 0, 2])
        again = replay(daemon, run["id"], 2)             # nothing was mended: they are rejected once more
        equal((again["passed"], again["failed"]), ([2, 2, 2, 2, 2, 0], [0, 0, 0, 0, 0, 2]))
        nothing_left(daemon, run["id"])
        equal([item["position"] for item in rejects_of(daemon, again)], [3, 5])
        query(folder, "ALTER TABLE numbers RENAME TO strict", True)
        query(folder, "CREATE TABLE numbers AS SELECT * FROM strict", True)
        equal(replay(daemon, again["id"], 2)["passed"], [2] * 6)
        equal(query(folder, "SELECT id FROM numbers ORDER BY 1"), [(-4,), (-2,), (1,), (3,)])


def test_what_a_column_was_too_short_for_is_measured_again(folder):
    tap.write(folder, "in/names.csv", "id,name\n1,Ada\n2,Grace\n3,Zoë\n4,Katherine\n")
    with postgres.server() as server, Daemon(folder) as daemon:
        server.run("CREATE TABLE names (id int8 PRIMARY KEY, name varchar(4))")
        pipeline = daemon.create(files(
            folder, {"name": "names.csv", "as": "names", "mode": "merge", "key": ["id"]},
            destination={"connection": server.options()}))
        run = daemon.run(pipeline)
        equal((run["passed"], run["failed"]), ([4, 4, 4, 4, 2, 2], [0, 0, 0, 0, 2, 0]), run)
        server.run("ALTER TABLE names ALTER name TYPE varchar(6)")
        again = replay(daemon, run["id"], 2)
        equal((again["passed"], again["failed"]), ([2, 2, 2, 2, 1, 1], [0, 0, 0, 0, 1, 0]))
        server.run("ALTER TABLE names ALTER name TYPE text")
        nothing_left(daemon, run["id"])
        equal(replay(daemon, again["id"], 1)["passed"], [1] * 6)
        equal(server.rows("SELECT name FROM names ORDER BY id"), [["Ada"], ["Grace"], ["Zoë"], ["Katherine"]])


def test_rows_are_added_to_the_present_file(folder):
    tap.write(folder, "in/people.csv", "id,name\n1,Ada\n2,'Li, Bo'\n3,Eve\n")

    def document(number, quote, **more):
        def end(path, **options):
            return {"connection": {"plugin": "file", "options": dict(options, path=folder + path, format="csv")}}
        return files(folder, {"name": "people.csv", "as": "people", "mode": "replace"}, name="files%d" % number,
                     source=end("/in", quote=quote), destination=end("/out%d" % number, **more))
    with Daemon(folder) as daemon:
        for number, more in enumerate(({}, {"part_size": "1MiB"})):
            pipeline = daemon.create(document(number, '"', **more))
            run = daemon.run(pipeline)
            mend(daemon, pipeline, document(number, "'", **more))
            replay(daemon, run["id"], 1)
            found = [tap.read("/", path) for path in
                     sorted(glob.glob(folder + "/out%d/**/*.csv" % number, recursive=True))]
            equal("".join(found).replace("id,name\n", ""), '1,Ada\n3,Eve\n2,"Li, Bo"\n')


def test_a_replaced_table_is_added_to_and_positions_stay(folder):
    tap.write(folder, "in/numbers.csv", "id,n\n1,1\n2,x\n3,3\n")
    table = {"name": "numbers.csv", "as": "numbers", "mode": "replace", "types": {"n": "int64"}}
    with Daemon(folder) as daemon:
        pipeline = daemon.create(files(folder, table))
        run = daemon.run(pipeline)
        query(folder, "CREATE TABLE texts (id TEXT, n TEXT)", True)
        query(folder, "INSERT INTO texts VALUES ('0', '0')", True)
        mend(daemon, pipeline, files(folder, {"name": "numbers.csv", "as": "texts", "mode": "replace"}))
        again = replay(daemon, run["id"], 1)
        equal(query(folder, "SELECT id, n FROM texts ORDER BY 1"), [("0", "0"), ("2", "x")])
        table = daemon.get("/v1/pipelines/runs/%d" % again["id"]).json["tables"][0]
        equal(table["mode"], "append")


def test_a_key_twice_in_a_json_value_is_no_end_of_the_run(folder):
    tap.write(folder, "in/docs.csv", 'id,doc\nx,"{""a"":1.10,""a"":2}"\n')
    table = {"name": "docs.csv", "as": "docs", "types": {"doc": "json", "id": "int64"}, "mode": "append"}
    with Daemon(folder) as daemon:
        pipeline = daemon.create(files(folder, table))
        run = daemon.run(pipeline)
        equal((run["state"], run["rejects"]["kept"]), ("succeeded", 1), run)
        query(folder, "DROP TABLE docs", True)
        mend(daemon, pipeline, files(folder, dict(table, types={"doc": "json"})))
        replay(daemon, run["id"], 1)
        equal(query(folder, "SELECT doc FROM docs"), [('{"a":1.10,"a":2}',)])


def test_a_line_that_was_no_row_is_read_again_with_the_present_options(folder):
    tap.write(folder, "in/people.csv", "id,name\n1,Ada\n2,'Zoë\n3,a\\b,c\n4,'Li, Bo'\n")
    table = {"name": "people.csv", "as": "people", "mode": "append"}

    def document(**options):
        options = dict({"path": folder + "/in", "format": "csv"}, **options)
        return files(folder, table, source={"connection": {"plugin": "file", "options": options}})
    with Daemon(folder) as daemon:
        pipeline = daemon.create(document())
        run = daemon.run(pipeline)
        equal(run["failed"], [2, 0, 0, 0, 0, 0])
        equal(query(folder, "SELECT * FROM people"), [("1", "Ada"), ("2", "'Zoë")])
        mend(daemon, pipeline, document(quote="'"))
        again = replay(daemon, run["id"], 2)
        equal((again["passed"], again["failed"]), ([1] * 6, [1, 0, 0, 0, 0, 0]))
        equal(query(folder, "SELECT * FROM people WHERE id > 2"), [("4", "Li, Bo")])
        rejects = rejects_of(daemon, again)
        equal([(item["code"], item["origin"], item["position"], item["raw"]) for item in rejects],
              [("ragged_row", "people.csv", 4, "3,a\\\\b,c")])
        nothing_left(daemon, run["id"])


def test_a_line_of_json_is_read_again_too(folder):
    """A key that the first rows had not, and a line that is broken."""
    tap.write(folder, "in/rows.jsonl", '{"id": 1}\n' * 9000 + '{"id": 2, "more": "x"}\n{"id": }\n')

    def document(**table):
        source = {"connection": {"plugin": "file", "options": {"path": folder + "/in", "format": "jsonl"}}}
        return files(folder, dict({"name": "rows.jsonl", "as": "rows", "mode": "append"}, **table), source=source)
    with Daemon(folder) as daemon:
        pipeline = daemon.create(document())
        run = daemon.run(pipeline)
        equal((run["passed"], run["failed"]), ([9000] * 6, [2, 0, 0, 0, 0, 0]))
        query(folder, "DROP TABLE rows", True)
        mend(daemon, pipeline, document(types={"more": "string"}))
        again = replay(daemon, run["id"], 2)
        equal((again["passed"], again["failed"]), ([1] * 6, [1, 0, 0, 0, 0, 0]))
        equal(query(folder, "SELECT id, more FROM rows"), [(2, "x")])
        equal([(item["code"], item["position"]) for item in rejects_of(daemon, again)], [("malformed_json", 9002)])


# ---- once ----

def test_a_note_that_was_lost_brings_no_row_twice(folder):
    """The destination has the rows of the replay, and the daemon died before it knew."""
    tap.write(folder, "in/numbers.csv", "id\n1\nx\n3\ny\n")
    table = {"name": "numbers.csv", "as": "numbers", "mode": "append"}
    daemon = Daemon(folder)
    with daemon:
        pipeline = daemon.create(files(folder, dict(table, types={"id": "int64"})))
        run = daemon.run(pipeline)
        query(folder, "DROP TABLE numbers", True)
        mend(daemon, pipeline, files(folder, table))
        replay(daemon, run["id"], 2)
    store = sqlite3.connect(os.path.join(daemon.state, "tidemill.db"))
    store.execute("UPDATE reject SET replayed_by = 0")
    store.commit()
    store.close()
    with daemon:
        equal(replay(daemon, run["id"], 2)["passed"], [0] * 6)
        equal(query(folder, "SELECT id FROM numbers"), [("x",), ("y",)])
        nothing_left(daemon, run["id"])


def test_a_failed_replay_leaves_all_to_the_next_one(folder):
    tap.write(folder, "in/numbers.csv", "id\n1\nx\n")
    table = {"name": "numbers.csv", "as": "numbers", "mode": "append"}
    with Daemon(folder) as daemon:
        pipeline = daemon.create(files(folder, dict(table, types={"id": "int64"})))
        run = daemon.run(pipeline)
        mend(daemon, pipeline, files(folder, table, "missing/out.db"))
        replay(daemon, run["id"], 1, state="failed")
        query(folder, "DROP TABLE numbers", True)
        mend(daemon, pipeline, files(folder, table))
        replay(daemon, run["id"], 1)
        equal(query(folder, "SELECT id FROM numbers"), [("x",)])


def test_the_rejects_of_a_run_that_broke_are_read_again_by_the_next(folder):
    tap.write(folder, "in/numbers.csv", "id\n1\nx\n")
    table = {"name": "numbers.csv", "as": "numbers", "types": {"id": "int64"}}
    with Daemon(folder) as daemon:
        run = daemon.run(daemon.create(files(folder, table, max_rejects=0)))
        equal((run["state"], run["rejects"]["kept"]), ("failed", 1))
        equal([(item["settled"], item["replayable"]) for item in rejects_of(daemon, run)], [(False, False)])
        listed = tap.tidemill("rejects", run["id"], env={"TIDEMILL_STATE_DIR": daemon.state})
        tap.contains(listed.stdout, "not settled: the next run reads it again")
        nothing_left(daemon, run["id"])


# ---- asking ----

def test_a_replay_is_asked_for_like_a_run(folder):
    tap.write(folder, "in/numbers.csv", "id\n1\nx\n")
    table = {"name": "numbers.csv", "as": "numbers", "types": {"id": "int64"}}
    with Daemon(folder) as daemon:
        pipeline = daemon.create(files(folder, table))
        run = daemon.run(pipeline)
        path = "/v1/pipelines/runs/%d/replay" % run["id"]
        daemon.post("/v1/pipelines/runs/1/replay").expect(404, "NotFound", "run does not exist")
        daemon.post(path, {"again": 1}).expect(400, "BadRequest", '"again" must be true, false or null')
        daemon.post(path, {"agian": True}).expect(400, "BadRequest")
        daemon.post(path, key=None).expect(401)
        daemon.put("/v1/pipelines/%d/status" % pipeline, {"enabled": False}).expect(200)
        daemon.post(path).expect(422, "PipelineDisabled")
        daemon.put("/v1/pipelines/%d/status" % pipeline, {"enabled": True}).expect(200)
        daemon.delete("/v1/pipelines/%d" % pipeline).expect(200)
        daemon.post(path).expect(404, "NotFound", "pipeline does not exist")


def test_the_command_line_says_what_becomes_of_each(folder):
    tap.write(folder, "in/numbers.csv", "id\n1\nx\n2\n" + "z" * 70000 + "\n")
    table = {"name": "numbers.csv", "as": "numbers", "types": {"id": "int64"}}
    with Daemon(folder) as daemon:
        def ask(*args, status=0):
            done = tap.tidemill(*args, cwd=folder, env={"TIDEMILL_STATE_DIR": daemon.state})
            equal(done.returncode, status, done.stdout + done.stderr)
            return done.stdout + done.stderr
        run = daemon.run(daemon.create(files(folder, table)))["id"]
        contains(ask("rejects", run), "(cannot be replayed)")
        said = ask("replay", run, "--follow", status=3)
        contains(said, "replays 1 rows that run %d rejected" % run)
        contains(said, "1 not to be replayed")
        contains(said, "input validation        0       1")
        contains(ask("rejects", run), "replayed by run ")
        contains(ask("replay", run, status=1), "run has no rejects left to replay")
        contains(ask("replay", run, "--again", "--json"), '"replaying": 1')
        contains(ask("replay", "x", status=2), "a run's id is a number")


if __name__ == "__main__":
    tap.main(globals())
