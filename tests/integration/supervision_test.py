#!/usr/bin/python3
"""Runs under the daemon: on schedule, through crashes of plugins, of workers and of the daemon itself."""
import glob
import os
import signal
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from daemon import Daemon, definition, sanitized, wait_for           # noqa: E402

KINDS = {"source": "sources", "transform": "transforms", "destination": "destinations"}
MISBEHAVING = {"crash_in_read": "source", "hang_in_read": "source", "leak_forever": "source",
               "prints_in_read": "source", "overflow_in_read": "source", "crash_in_apply": "transform",
               "crash_in_write": "destination",
               "crash_on_load": "source", "wrong_abi": "source", "not_a_plugin": "source", "hang_on_load": "source"}


def plugin_folder(folder, *names):
    """The plugins of the build, and these misbehaving ones beside them."""
    target = os.path.join(folder, "plugins")
    for kind in ("sources", "destinations", "transforms", "formats", "storages"):
        os.makedirs(os.path.join(target, kind), exist_ok=True)
        for path in glob.glob(os.path.join(tap.BUILD, "plugins", kind, "*", "*.so")):
            os.symlink(path, os.path.join(target, kind, os.path.basename(path)))
    for name in names:
        found = glob.glob(os.path.join(tap.BUILD, "tests", "plugins", "**", name + ".so"), recursive=True)
        assert found, "no test plugin " + name
        os.symlink(found[0], os.path.join(target, KINDS[MISBEHAVING[name]], name + ".so"))
    return {"TIDEMILL_PLUGIN_DIR": target}


def endless(**changes):
    """A pipeline whose runs go on until they are stopped."""
    source = {"connection": {"plugin": "generate", "options": {"rows": 1000000000, "delay": "20ms"}}}
    return definition(source=source, **changes)


def set_period(daemon, pipeline, period):
    daemon.put("/v1/pipelines/%d/schedule" % pipeline, {"period": period}).expect(200)


def runs_of(daemon, pipeline):
    return daemon.get("/v1/pipelines/runs?pipeline=%d" % pipeline).expect(200).json["runs"]


def rows_received(daemon, run):
    progress = daemon.get("/v1/pipelines/runs/%d" % run).expect(200).json.get("progress")
    return progress and progress["passed"][0]


def broken_run(folder, name, daemon_env=None, **changes):
    """The failed run of a pipeline with that plugin; the daemon must still answer, and run another pipeline."""
    kind = MISBEHAVING[name]
    changes["source"] = {"connection": {"plugin": "generate", "options": {"rows": 100000}}}
    if kind == "transform":
        changes["transformations"] = [{"type": name}]
    else:
        changes[kind] = {"connection": {"plugin": name}}
    with Daemon(folder, env=dict(plugin_folder(folder, name), **(daemon_env or {}))) as daemon:
        run = daemon.run(daemon.create(**changes))
        tap.equal(run["state"], "failed", run)
        well = daemon.run(daemon.create(definition(name="well")))
        tap.equal(well["state"], "succeeded", well)
        return run


def test_a_pipeline_with_a_period_runs_by_itself(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create()
        set_period(daemon, pipeline, "5m")
        tap.equal(runs_of(daemon, pipeline), [])
        daemon.pass_time(301)
        first = wait_for(lambda: [r for r in runs_of(daemon, pipeline) if r["endTime"]], "the first slot")
        tap.equal([r["trigger"] for r in first], ["schedule"])
        tap.equal(first[0]["passed"], [10] * 6)
        daemon.pass_time(601)
        wait_for(lambda: len([r for r in runs_of(daemon, pipeline) if r["endTime"]]) == 2, "the second slot")


def test_a_slot_that_comes_while_a_run_is_in_progress_is_skipped_and_says_so(folder):
    with Daemon(folder, env={"TIDEMILL_SHUTDOWN_GRACE": "0s"}) as daemon:
        pipeline = daemon.create(endless())
        set_period(daemon, pipeline, "5m")
        daemon.post("/v1/pipelines/%d/runs" % pipeline, {}).expect(200)
        daemon.pass_time(301)
        skipped = wait_for(lambda: [r for r in runs_of(daemon, pipeline) if r["state"] == "skipped"], "the slot")
        tap.contains(skipped[0]["error"], "in progress")


def test_a_killed_daemon_leaves_an_interrupted_run_and_the_next_slot_runs(folder):
    daemon = Daemon(folder, env={"TIDEMILL_SHUTDOWN_GRACE": "0s"})
    with daemon:
        pipeline = daemon.create(endless())
        set_period(daemon, pipeline, "5m")
        run = daemon.post("/v1/pipelines/%d/runs" % pipeline, {}).expect(200).json["id"]
        wait_for(lambda: rows_received(daemon, run), "rows of the run")
        daemon.kill()
        with sqlite3.connect(os.path.join(daemon.state, "tidemill.db")) as store:
            tap.equal(store.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        store.close()
        daemon.start()
        tap.equal(daemon.get("/v1/pipelines/runs/%d" % run).json["state"], "interrupted")
        daemon.pass_time(301)
        wait_for(lambda: [r for r in runs_of(daemon, pipeline) if r["state"] == "running"], "the next slot")


def test_no_worker_outlives_a_killed_daemon(folder):
    def workers():
        found = []
        for stat in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(stat, "rb") as file:
                    if b"tidemill-worker" in file.read() and os.path.exists(
                            os.path.dirname(stat) + "/environ") and folder.encode() in open(
                                os.path.dirname(stat) + "/environ", "rb").read():
                        found.append(stat)
            except OSError:
                pass
        return found

    with Daemon(folder) as daemon:
        run = daemon.post("/v1/pipelines/%d/runs" % daemon.create(endless()), {}).json["id"]
        wait_for(lambda: rows_received(daemon, run), "rows of the run")
        assert workers()
        daemon.kill()
        wait_for(lambda: not workers(), "the worker to end")


def test_a_cancelled_run_stops_at_a_batch_boundary(folder):
    with Daemon(folder) as daemon:
        run = daemon.post("/v1/pipelines/%d/runs" % daemon.create(endless()), {}).json["id"]
        wait_for(lambda: rows_received(daemon, run), "rows of the run")
        daemon.post("/v1/pipelines/runs/%d/cancel" % run).expect(200)
        tap.equal(daemon.ended(run)["state"], "cancelled")


def test_a_stop_lets_runs_end_within_the_grace_and_cancels_the_rest(folder):
    daemon = Daemon(folder, env={"TIDEMILL_SHUTDOWN_GRACE": "1s"})
    with daemon:
        run = daemon.post("/v1/pipelines/%d/runs" % daemon.create(endless()), {}).json["id"]
        wait_for(lambda: rows_received(daemon, run), "rows of the run")
        daemon.stop()
        daemon.start()
        tap.equal(daemon.get("/v1/pipelines/runs/%d" % run).json["state"], "cancelled")


def kill_worker(daemon):
    with open("/proc/%d/task/%d/children" % (daemon.process.pid, daemon.process.pid), encoding="ascii") as file:
        os.kill(int(file.read().split()[0]), signal.SIGKILL)


def test_a_worker_that_is_killed_from_outside_ends_its_run(folder):
    with Daemon(folder) as daemon:
        run = daemon.post("/v1/pipelines/%d/runs" % daemon.create(endless()), {}).json["id"]
        wait_for(lambda: rows_received(daemon, run), "rows of the run")
        kill_worker(daemon)
        ended = daemon.ended(run)
        tap.equal(ended["state"], "failed")
        tap.contains(ended["error"], "signal 9")
        assert ended["passed"][0] > 0, "its counts are those of its page: %r" % ended["passed"]


def test_a_run_whose_worker_was_killed_says_what_is_durable_and_is_gone_on_with(folder):
    if not glob.glob(os.path.join(tap.BUILD, "plugins", "sources", "sqlite", "sqlite.so")):
        raise tap.Skip("not built")
    rows = 1500000
    base = sqlite3.connect(folder + "/in.db")
    base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    base.execute("INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                 " SELECT i FROM n" % rows)
    base.commit()
    base.close()
    ends = [{"connection": {"plugin": "sqlite", "options": {"path": folder + name}}} for name in ("/in.db", "/out.db")]
    with Daemon(folder, env={"TIDEMILL_CHECKPOINT": "1ms"}) as daemon:
        pipeline = daemon.create(definition(source=ends[0], destination=ends[1],
                                            tables=[{"name": "t", "mode": "append"}]))
        run = daemon.post("/v1/pipelines/%d/runs" % pipeline, {}).json["id"]

        def durable():
            shown = daemon.get("/v1/pipelines/runs/%d" % run).expect(200).json
            return shown["endTime"] or (shown.get("progress") or {"passed": [0] * 6})["passed"][5]
        wait_for(durable, "a checkpoint of the run")
        kill_worker(daemon)
        first, second = daemon.ended(run), daemon.run(pipeline)
        tap.equal(first["state"], "failed")
        assert 0 < first["passed"][5] <= first["passed"][0], first
        tap.equal((second["state"], second["tables"][0]["resumed"]), ("succeeded", True))
        assert second["passed"][5] <= rows - first["passed"][5], (first, second)
    base = sqlite3.connect(folder + "/out.db")
    tap.equal(base.execute("SELECT count(*), sum(id) FROM t").fetchone(), (rows, rows * (rows + 1) // 2))
    base.close()


def test_a_plugin_that_crashes_while_reading_ends_its_run_alone(folder):
    run = broken_run(folder, "crash_in_read")
    tap.contains(run["error"], "signal")
    tap.contains(run["error"], "crash_in_read")


def test_a_plugin_whose_stack_overflows_is_named(folder):
    run = broken_run(folder, "overflow_in_read")
    tap.contains(run["error"], "signal")
    tap.contains(run["error"], "overflow_in_read")


def test_a_plugin_that_crashes_while_transforming_ends_its_run_alone(folder):
    tap.contains(broken_run(folder, "crash_in_apply")["error"], "crash_in_apply")


def test_a_plugin_that_crashes_while_writing_ends_its_run_alone(folder):
    tap.contains(broken_run(folder, "crash_in_write")["error"], "crash_in_write")


def test_a_plugin_that_hangs_is_ended(folder):
    run = broken_run(folder, "hang_in_read", {"TIDEMILL_LIMITS_HANG": "1s"})
    tap.contains(run["error"], "no sign of life")


def test_a_plugin_that_takes_memory_without_end_is_ended(folder):
    if sanitized():
        raise tap.Skip("a sanitizer reserves more memory than the limit")
    run = broken_run(folder, "leak_forever", {"TIDEMILL_LIMITS_MEMORY": "256MiB"})
    tap.contains(run["error"], "memory")


def test_a_run_longer_than_the_wall_limit_is_ended(folder):
    with Daemon(folder, env={"TIDEMILL_LIMITS_WALL": "1s"}) as daemon:
        run = daemon.run(daemon.create(endless()))
        tap.equal(run["state"], "failed")
        tap.contains(run["error"], "limit")


def test_a_plugin_that_writes_to_standard_output_fails_its_run(folder):
    tap.contains(broken_run(folder, "prints_in_read")["error"], "standard output")


def test_refused_plugins_are_listed_with_the_reason_and_the_rest_works(folder):
    env = plugin_folder(folder, "crash_on_load", "wrong_abi", "not_a_plugin")
    listing = tap.tidemill("plugins", env=dict(env, XDG_CACHE_HOME=folder)).stdout
    for part in ("crashed on load (signal 11", "version", "no Tidemill plugin"):
        tap.contains(listing, part)
    with Daemon(folder, env=env) as daemon:
        tap.equal(daemon.run(daemon.create())["state"], "succeeded")
        wrong = definition(name="wrong", source={"connection": {"plugin": "wrong_abi"}})
        daemon.post("/api/public/v1/pipelines", wrong).expect(400)


def test_rejects_are_listed_with_step_reason_place_and_row(folder):
    tap.write(folder, "in/a.csv", "id,name\n1,x\ntwo,y\n3\n")
    document = definition(
        source={"connection": {"plugin": "file", "options": {"path": folder + "/in", "format": "csv"}}},
        tables=[{"name": "a.csv", "types": {"id": "int64"}}])
    with Daemon(folder) as daemon:
        run = daemon.run(daemon.create(document))
        tap.equal(run["passed"], [2, 1, 1, 1, 1, 1])
        tap.equal(run["failed"], [1, 1, 0, 0, 0, 0])
        rejects = daemon.get("/v1/pipelines/runs/%d/rejects" % run["id"]).expect(200).json["rejects"]
        found = {r["step"]: r for r in rejects}
        tap.equal(found["receive"]["code"], "ragged_row")
        tap.equal((found["receive"]["origin"], found["receive"]["position"]), ("a.csv", 4))
        tap.equal(found["input_validation"]["row"], {"id": "two", "name": "y"})
        shown = tap.tidemill("rejects", run["id"], env={"TIDEMILL_STATE_DIR": daemon.state}).stdout
        tap.contains(shown, "a.csv:3 input_validation")


def test_the_command_line_talks_to_the_daemon(folder):
    os.makedirs(folder + "/in")
    tap.write(folder, "in/people.csv", "id,name\n1,Ada\n")
    tap.write(folder, "people.yaml", """
definition_version: 1
name: people
source: {connection: {plugin: file, options: {path: in, format: csv}}}
destination: {connection: {plugin: sqlite, options: {path: people.db}}}
sync: {frequency: 60}
tables: [{name: people.csv, as: people}]
""")
    with Daemon(folder) as daemon:
        env = {"TIDEMILL_STATE_DIR": daemon.state}

        def ask(*args, status=0):
            done = tap.tidemill(*args, cwd=folder, env=env)
            tap.equal(done.returncode, status, done.stdout + done.stderr)
            return done.stdout + done.stderr
        tap.contains(ask("apply", "people.yaml"), "created pipeline")
        tap.contains(ask("apply", "people.yaml"), "updated pipeline")
        tap.contains(ask("list"), "people")
        tap.contains(ask("trigger", "people", "--follow"), "succeeded")
        tap.contains(ask("trigger", "poeple", status=1), 'did you mean "people"?')
        tap.contains(ask("runs", "people"), "succeeded")
        run = runs_of(daemon, daemon.get("/v1/pipelines").json["pipelines"][0]["id"])[0]["id"]
        tap.contains(ask("run-status", run), "finalize")
        tap.contains(ask("rejects", run), "no rejects")
        tap.write(folder, "bad.yaml", tap.read(folder, "people.yaml").replace("format: csv", "format: csw"))
        tap.contains(ask("apply", "bad.yaml", status=2), "bad.yaml:4:")
        with sqlite3.connect(folder + "/people.db") as db:
            tap.equal(db.execute("SELECT * FROM people").fetchall(), [("1", "Ada")])
        db.close()


if __name__ == "__main__":
    tap.main(globals())
