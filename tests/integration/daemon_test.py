#!/usr/bin/python3
"""The life of the daemon: first start, settings, what it refuses to start on, how it ends, what a crash leaves."""
import os
import re
import shutil
import signal
import sqlite3
import stat
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from daemon import Daemon, definition, refused, wait_for             # noqa: E402
from tap import contains, equal, write                               # noqa: E402

SLOW = definition(source={"connection": {"plugin": "generate", "options": {"rows": 100000000, "delay": "50ms"}}})


def start(daemon):
    """A run of a pipeline that goes on; (pipeline, run) once its worker moves rows."""
    pipeline = daemon.create(document=SLOW)
    run = daemon.post("/v1/pipelines/%d/runs" % pipeline).expect(200).json["id"]
    wait_for(lambda: (daemon.get("/v1/pipelines/runs/%d" % run).json.get("progress") or {}).get("batches"),
             "the run to move rows")
    return pipeline, run


def test_the_first_start_makes_a_key_and_shows_it_once(folder):
    daemon = Daemon(folder)
    with daemon:
        key_file = os.path.join(daemon.state, "api-key")
        equal(stat.S_IMODE(os.stat(key_file).st_mode), 0o600)
        equal(stat.S_IMODE(os.stat(daemon.state).st_mode), 0o700)
        assert re.match(r"^api_[A-Za-z0-9]{32,}$", daemon.key), daemon.key
        equal(daemon.log().count(daemon.key), 1)
        daemon.get("/v1/pipelines").expect(200)
        with open(os.path.join(daemon.state, "tidemill.db"), "rb") as file:
            assert daemon.key.encode() not in file.read()
    first = daemon.key
    with daemon:
        equal(daemon.key, first)
        equal(daemon.log().count(first), 1)
        daemon.get("/v1/pipelines").expect(200)


def test_a_second_daemon_of_one_state_is_refused(folder):
    with Daemon(folder) as daemon:
        second = refused(folder)
        equal(second.returncode, 1)
        contains(second.stderr, daemon.state)
        daemon.get("/v1/pipelines").expect(200)


def test_an_address_in_use_is_refused(folder):
    with Daemon(folder) as daemon:
        second = refused(folder + "/2", env={"TIDEMILL_LISTEN": "127.0.0.1:%d" % daemon.port})
        equal(second.returncode, 1)
        contains(second.stderr, "127.0.0.1:%d" % daemon.port)


def test_a_store_that_is_newer_or_broken_is_refused_with_the_reason(folder):
    daemon = Daemon(folder)
    with daemon:
        daemon.create()
    path = os.path.join(daemon.state, "tidemill.db")
    shutil.copy(path, path + ".good")
    store = sqlite3.connect(path)
    store.execute("PRAGMA user_version = 999")
    store.commit()
    store.close()
    newer = refused(folder)
    assert newer.returncode in (1, 2), newer
    contains(newer.stderr, "newer")
    for name in os.listdir(daemon.state):
        if name.startswith("tidemill.db-"):
            os.unlink(os.path.join(daemon.state, name))
    with open(path, "wb") as file:
        file.write(b"this is no database, whatever its name says" * 100)
    broken = refused(folder)
    equal(broken.returncode, 1)
    contains(broken.stderr, "tidemill.db")
    shutil.move(path + ".good", path)
    with daemon:
        equal(len(daemon.get("/v1/pipelines").json["pipelines"]), 1)


def test_a_state_directory_that_cannot_be_made_is_refused(folder):
    path = write(folder, "file", "in the way")
    done = refused(folder, "--state-dir", path + "/state")
    equal(done.returncode, 1)
    contains(done.stderr, path)


def test_settings_that_are_wrong_end_with_2_and_the_nearest_name(folder):
    path = write(folder, "tidemill.yaml", "listn: 127.0.0.1:0\n")
    for flags, part in ((["--config", path], "listen"), (["--lisen", "x"], "--listen"),
                        (["--listen", "nowhere"], "nowhere"), (["--listen", "127.0.0.1:70000"], "70000"),
                        (["--max-connections", "x"], "--max-connections"), (["stray"], "stray"),
                        (["--tls-key", path], "tls_certificate"), (["--config", folder + "/none"], "none"),
                        (["--tls-key", path, "--tls-certificate", path], "tls_")):
        done = refused(folder, *flags)
        assert done.returncode == 2 or part == "none" and done.returncode, (flags, done)
        contains(done.stderr, part)
    done = refused(folder, env={"TIDEMILL_BODY_LIMIT": "huge"})
    equal(done.returncode, 2)
    contains(done.stderr, "TIDEMILL_BODY_LIMIT")


def test_check_config_help_and_version(folder):
    path = write(folder, "tidemill.yaml", "listen: 127.0.0.1:0\n")
    equal(refused(folder, "--check-config", "--config", path).returncode, 0)
    write(folder, "tidemill.yaml", "lisen: 127.0.0.1:0\n")
    equal(refused(folder, "--check-config", "--config", path).returncode, 2)
    equal(refused(folder, "--check-config", "--config", os.path.join(tap.TOP, "etc/tidemill.yaml")).returncode, 0)
    contains(refused(folder, "--help").stdout, "TIDEMILL_SHUTDOWN_GRACE")
    assert re.match(r"^tidemilld \d", refused(folder, "--version").stdout)
    assert not os.path.exists(os.path.join(folder, "state"))


def test_listening_to_others_without_tls_is_warned_of(folder):
    with Daemon(folder, env={"TIDEMILL_LISTEN": "0.0.0.0:0"}) as daemon:
        contains(daemon.log(), "without TLS")
    with Daemon(folder) as daemon:
        equal(daemon.log().count("without TLS"), 1)


def test_closed_standard_files_are_none_of_the_daemons(folder):
    """What it opens first, as its store, would come in their place."""
    with Daemon(folder, closed=True) as daemon:
        for number in range(3):
            equal(os.readlink("/proc/%d/fd/%d" % (daemon.process.pid, number)), "/dev/null")


def refuses_connections(daemon):
    try:
        daemon.connect().close()
    except ConnectionRefusedError:
        return True
    return False


def test_sigterm_lets_a_run_end_within_the_grace(folder):
    """Its program waits until the daemon has begun to end."""
    daemon = Daemon(folder, "--shutdown-grace", "60s")
    with daemon:
        command = ["sh", "-c", "echo '{\"n\": 1}'; while ! [ -e go ]; do sleep 0.02; done; echo '{\"n\": 2}'"]
        source = {"connection": {"plugin": "exec", "options": {"command": command, "directory": folder}}}
        run = daemon.post("/v1/pipelines/%d/runs" % daemon.create(source=source)).expect(200).json["id"]
        wait_for(lambda: daemon.get("/v1/pipelines/runs/%d" % run).json["state"] == "running", "the run to start")
        daemon.process.send_signal(signal.SIGTERM)
        wait_for(lambda: refuses_connections(daemon), "the daemon to begin to end")
        write(folder, "go", "")
        equal(daemon.wait(), 0, daemon.log())
        daemon.process = None
    with daemon:
        shown = daemon.get("/v1/pipelines/runs/%d" % run).json
        equal((shown["state"], shown["passed"]), ("succeeded", [2] * 6))


def test_sigterm_cancels_what_outlives_the_grace(folder):
    daemon = Daemon(folder, "--shutdown-grace", "0s")
    with daemon:
        _, run = start(daemon)
        daemon.stop(signal.SIGINT)
    with daemon:
        equal(daemon.get("/v1/pipelines/runs/%d" % run).json["state"], "cancelled")


def test_sigkill_in_mid_run_leaves_an_interrupted_run_and_the_next_slot_runs(folder):
    daemon = Daemon(folder)
    with daemon:
        pipeline, run = start(daemon)
        daemon.kill()
    with daemon:
        shown = daemon.get("/v1/pipelines/runs/%d" % run).json
        equal((shown["state"], bool(shown["endTime"]), bool(shown["error"])), ("interrupted", True, True))
        daemon.pass_time(3600)

        def ask():
            runs = daemon.get("/v1/pipelines/runs?pipeline=%d" % pipeline).json["runs"]
            return runs[0] if runs[0]["id"] != run else None
        following = wait_for(ask, "the next slot")
        equal(following["trigger"], "schedule")
        daemon.post("/v1/pipelines/runs/%d/cancel" % following["id"])
        daemon.ended(following["id"])
        store = sqlite3.connect("file:%s?mode=ro" % os.path.join(daemon.state, "tidemill.db"), uri=True)
        equal(store.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        store.close()


def test_old_runs_are_deleted(folder):
    daemon = Daemon(folder)
    with daemon:
        pipeline = daemon.create()
        runs = [daemon.run(pipeline)["id"] for _ in range(3)]
    with Daemon(folder, "--retention-runs", "2") as daemon:
        wait_for(lambda: [run["id"] for run in daemon.get("/v1/pipelines/runs").json["runs"]] == runs[:0:-1],
                 "the oldest run to be deleted")
        daemon.pass_time(100 * 86400)
    with Daemon(folder, "--retention", "90d") as daemon:
        wait_for(lambda: not {run["id"] for run in daemon.get("/v1/pipelines/runs").json["runs"]} & set(runs),
                 "all old runs to be deleted")


def test_sighup_reads_the_plugins_again(folder):
    with Daemon(folder) as daemon:
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: daemon.log().count("plugins read") == 2, "the second reading")
        daemon.create()


def test_broken_plugins_are_logged_and_the_rest_works(folder):
    plugins = os.path.join(folder, "plugins")
    shutil.copytree(os.path.join(tap.BUILD, "plugins"), plugins, ignore=shutil.ignore_patterns("*.o", "*.a", ".deps"))
    write(plugins, "sources/broken.so", "no shared object")
    with Daemon(folder, "--plugin-dir", plugins) as daemon:
        contains(daemon.log(), "plugin refused")
        contains(daemon.log(), "broken.so")
        equal(daemon.run(daemon.create())["passed"], [10] * 6)


if __name__ == "__main__":
    tap.main(globals())
