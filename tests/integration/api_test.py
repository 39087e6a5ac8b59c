#!/usr/bin/python3
"""The API: status, schedule, runs and rejects under /v1/pipelines, definitions under /api/public/v1/pipelines."""
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from daemon import MINIMAL, Daemon, definition, wait_for             # noqa: E402
from tap import contains, equal, write                               # noqa: E402

PERIODS = {"5m": 5, "15m": 15, "30m": 30, "1h": 60, "2h": 120, "3h": 180, "6h": 360, "8h": 480, "12h": 720,
           "24h": 1440}
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
YAML = {"Content-Type": "application/yaml"}
PUBLIC = "/api/public/v1/pipelines"


def slow(**changes):
    """A pipeline whose run goes on until it is stopped."""
    source = {"connection": {"plugin": "generate", "options": {"rows": 100000000, "delay": "50ms"}}}
    return definition(source=source, **changes)


def start(daemon, pipeline):
    """Start a run and wait until its worker moves rows; its id."""
    run = daemon.post("/v1/pipelines/%d/runs" % pipeline).expect(200).json["id"]
    wait_for(lambda: (daemon.get("/v1/pipelines/runs/%d" % run).json.get("progress") or {}).get("batches"),
             "the run to move rows")
    return run


# ---- keys ----

def test_no_key_or_a_wrong_one_is_401_on_both_surfaces(folder):
    with Daemon(folder) as daemon:
        for path, code in (("/v1/pipelines", "Unauthorized"), (PUBLIC, "unauthorized")):
            for headers in ({}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer api_x"},
                            {"Authorization": "Bearer " + daemon.key[4:]}, {"Authorization": "Basic " + daemon.key},
                            {"Authorization": daemon.key}, {"Authorization": "Bearer api_" + "x" * 5000},
                            {"Authorization": "Bearer %s " % daemon.key + "x"}):
                reply = daemon.get(path, key=None, headers=headers).expect(401, code)
                contains(reply.headers["WWW-Authenticate"], "Bearer")
        daemon.get("/v1/pipelines", key=None, headers={"Authorization": "bearer " + daemon.key}).expect(200)
        daemon.get("/nothing", key=None).expect(404)


def test_what_belongs_to_another_workspace_does_not_exist(folder):
    other = "api_" + "o" * 40
    daemon = Daemon(folder)
    with daemon:
        pipeline = daemon.create()
        run = daemon.run(pipeline)["id"]
    store = sqlite3.connect(os.path.join(daemon.state, "tidemill.db"))
    store.execute("INSERT INTO workspace (id, name, created_at) VALUES (77, 'other', 1)")
    store.execute("INSERT INTO api_key (workspace, name, hash, created_at) VALUES (77, 'k', ?, 1)",
                  (hashlib.blake2b(other.encode(), digest_size=32).digest(),))
    store.commit()
    with daemon:
        equal(daemon.get("/v1/pipelines", key=other).expect(200).json, {"pipelines": []})
        equal(daemon.get("/v1/pipelines/runs", key=other).expect(200).json, {"runs": []})
        equal(daemon.get(PUBLIC, key=other).expect(200).json["data"], [])
        path, public = "/v1/pipelines/%d" % pipeline, PUBLIC + "/%d" % pipeline
        for method, where, body in (
                ("GET", path, None), ("DELETE", path, None), ("PUT", path + "/status", {"enabled": False}),
                ("PUT", path + "/schedule", {"period": None}), ("GET", path + "/schedule", None),
                ("POST", path + "/runs", {}), ("GET", public, None), ("DELETE", public, None),
                ("GET", public + "/definition", None), ("PUT", public + "/definition", MINIMAL)):
            reply = daemon.request(method, where, body, key=other).expect(404)
            equal(reply.json["error"]["message"], "pipeline does not exist", where)
        for method, where in (("GET", ""), ("POST", "/cancel"), ("GET", "/rejects"), ("POST", "/replay")):
            daemon.request(method, "/v1/pipelines/runs/%d%s" % (run, where), key=other).expect(404)
        equal(daemon.get(path).json["enabled"], True)
        daemon.post(PUBLIC, MINIMAL, key=other).expect(201)     # the name is free in that workspace
    store.execute("UPDATE workspace SET deleted_at = 1 WHERE id = 77")
    store.commit()
    store.close()
    with daemon:
        for where in ("/v1/pipelines/runs", "/v1/pipelines/1", PUBLIC):
            equal(daemon.get(where, key=other).expect(404).json["error"]["message"], "workspace does not exist")


# ---- the documented calls, as their documentation writes them ----

CURL = r"""
curl -X PUT https://example.com/v1/pipelines/705981339/status \
-H "Authorization: Bearer api_xxxxxxx" \
--json '{
"enabled": true
}'
---
curl -X PUT https://example.com/v1/pipelines/705981339/schedule \
-H "Authorization: Bearer api_xxxxxxx" \
--json '{
"period": "1h"
}'
---
curl https://example.com/v1/pipelines/705981339/runs \
-H "Authorization: Bearer api_xxxxxxx" \
--json '{
"incremental": false
}'
---
curl https://example.com/v1/pipelines/runs \
-H "Authorization: Bearer api_xxxxxxx"
---
curl https://example.com/v1/pipelines/runs/609461413 \
-H "Authorization: Bearer api_xxxxxxx"
---
curl -X DELETE https://example.com/v1/pipelines/705981339 \
-H "Authorization: Bearer api_xxxxxxx"
"""


def test_the_documented_curl_lines(folder):
    if not shutil.which("curl"):
        raise tap.Skip("curl is not installed")
    with Daemon(folder) as daemon:
        ids = {"pipeline": str(daemon.create()), "run": "0"}
        outputs = []
        for line in CURL.split("---\n"):
            line = (line.replace("https://example.com", "http://%s:%d" % (daemon.host, daemon.port))
                    .replace("api_xxxxxxx", daemon.key).replace("705981339", ids["pipeline"])
                    .replace("609461413", ids["run"]).replace("curl ", "curl -s -S -w '%{http_code}' ", 1))
            done = subprocess.run(["sh", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  timeout=60, check=False)
            if "unknown" in done.stderr:
                raise tap.Skip("this curl has no --json")
            equal(done.stdout[-3:], "200", line + done.stderr + done.stdout)
            outputs.append(done.stdout[:-3])
            if len(outputs) == 3:
                ids["run"] = str(json.loads(outputs[2])["id"])
                daemon.ended(int(ids["run"]))
        equal((outputs[0], outputs[1], outputs[5]), ("", "", ""))
        equal(list(json.loads(outputs[2])), ["id"])
        listed, single = json.loads(outputs[3])["runs"][0], json.loads(outputs[4])
        for run in (listed, single):
            equal((run["id"], run["pipeline"]), (int(ids["run"]), int(ids["pipeline"])))
            assert TIME.match(run["startTime"]) and TIME.match(run["endTime"]), run
            equal((run["passed"], run["failed"], run["error"]), ([10] * 6, [0] * 6, ""))


# ---- status ----

def test_status_errors(folder):
    with Daemon(folder) as daemon:
        path = "/v1/pipelines/%d/status" % daemon.create()
        for body in (b"", b"{", b"[]", b"null", b"{}", b'{"enabled":1}', b'{"enabled":"true"}', b'{"enabled":null}',
                     b'{"enabled":true}x', b'{"enabled":true,"enabled":true}', b'{"enabled":tru', b"\xff", b"[" * 100000):
            daemon.put(path, body, headers={"Content-Type": "application/json"}).expect(400, "BadRequest")
        contains(daemon.put(path, {"enabld": True}).expect(400, "BadRequest").json["error"]["message"], '"enabled"')
        daemon.put(path, "enabled=true", headers={"Content-Type": "application/x-www-form-urlencoded"}).expect(
            415, "UnsupportedMediaType")
        daemon.put(path, b'{"enabled":true}').expect(200)
        for wrong in ("1", "2147483647", "2147483648", "99999999999999999999", "0", "007"):
            daemon.put("/v1/pipelines/%s/status" % wrong, {"enabled": True}).expect(
                404, "NotFound", "pipeline does not exist")
        daemon.put("/v1/pipelines/1/status", b"{").expect(400)      # the body comes before the pipeline


def test_status_is_set_and_shown(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create()
        path = "/v1/pipelines/%d" % pipeline
        shown = daemon.get(path).expect(200).json
        equal((shown["id"], shown["name"], shown["enabled"], shown["period"]), (pipeline, "numbers", True, "1h"))
        assert TIME.match(shown["nextRun"]), shown
        reply = daemon.put(path + "/status", {"enabled": False}).expect(200)
        equal((reply.body, reply.headers["Content-Length"]), (b"", "0"))
        shown = daemon.get(path).json
        equal((shown["enabled"], shown["nextRun"], shown["period"]), (False, None, "1h"))
        daemon.put(path + "/status", {"enabled": True}).expect(200)
        assert TIME.match(daemon.get(path).json["nextRun"])
        equal(daemon.get("/v1/pipelines").json["pipelines"], [daemon.get(path).json])


# ---- schedule ----

def test_the_ten_periods_and_null(folder):
    with Daemon(folder) as daemon:
        path = "/v1/pipelines/%d" % daemon.create()
        for period in PERIODS:
            equal(daemon.put(path + "/schedule", {"period": period}).expect(200).body, b"")
            equal(daemon.get(path).json["period"], period)
        daemon.put(path + "/schedule", {"period": None}).expect(200)
        shown = daemon.get(path).json
        equal((shown["period"], shown["nextRun"]), (None, None))
        for wrong in ("7m", "60m", "1H", "", "1h ", 60, 5.0, True, [], {}, ["1h"]):
            daemon.put(path + "/schedule", {"period": wrong}).expect(400, "BadRequest")
        daemon.put(path + "/schedule", {}).expect(400, "BadRequest")
        daemon.put("/v1/pipelines/1/schedule", {"period": "1h"}).expect(404, "NotFound", "pipeline does not exist")


def test_a_period_set_while_disabled_counts_once_enabled(folder):
    with Daemon(folder) as daemon:
        path = "/v1/pipelines/%d" % daemon.create()
        daemon.put(path + "/status", {"enabled": False}).expect(200)
        daemon.put(path + "/schedule", {"period": "5m"}).expect(200)
        equal(daemon.get(path + "/schedule").json, {"period": "5m", "enabled": False, "next": [], "last": []})
        daemon.put(path + "/status", {"enabled": True}).expect(200)
        following = daemon.get(path + "/schedule").json["next"]
        equal(len(following), 10)
        equal(following[0], daemon.get(path).json["nextRun"])
        minutes = {(int(b[14:16]) - int(a[14:16])) % 60 for a, b in zip(following, following[1:])}
        equal(minutes, {5})


def test_a_frequency_outside_the_ten_is_shown_in_minutes(folder):
    with Daemon(folder) as daemon:
        for minutes, word in ((7, "7m"), (1440, "24h"), (10080, "10080m"), (60, "1h")):
            pipeline = daemon.create(name="every-%d" % minutes, sync={"frequency": minutes})
            equal(daemon.get("/v1/pipelines/%d" % pipeline).json["period"], word)


def test_a_five_minute_schedule_runs_by_itself(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create(sync={"frequency": 5})
        slot = daemon.get("/v1/pipelines/%d" % pipeline).json["nextRun"]
        equal(daemon.get("/v1/pipelines/runs").json["runs"], [])
        daemon.pass_time(5 * 60)

        def ask():
            runs = daemon.get("/v1/pipelines/runs").json["runs"]
            return runs[0] if runs and runs[0]["endTime"] else None
        run = wait_for(ask, "the schedule to run")
        equal((run["trigger"], run["state"], run["slot"], run["passed"]), ("schedule", "succeeded", slot, [10] * 6))
        schedule = daemon.get("/v1/pipelines/%d/schedule" % pipeline).json
        equal([(item["slot"], item["run"], item["state"]) for item in schedule["last"]], [(slot, run["id"], "succeeded")])
        assert schedule["next"][0] > slot


# ---- runs ----

def test_bodies_of_a_new_run(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create()
        path = "/v1/pipelines/%d/runs" % pipeline
        for body in (None, b"", b"{}", b'{"incremental":null}', b'{"incremental":false}'):
            daemon.ended(daemon.post(path, body).expect(200).json["id"])
        for body in (b"{", b"[]", b"1", b'{"incremental":"no"}', b'{"incremental":0}', b'{"full":true}'):
            daemon.post(path, body).expect(400, "BadRequest")
        contains(daemon.post(path, {"incremntal": True}).json["error"]["message"], '"incremental"')


def test_errors_of_a_new_run_in_their_order(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create(document=slow())
        path = "/v1/pipelines/%d/runs" % pipeline
        daemon.post("/v1/pipelines/1/runs", b"{").expect(400, "BadRequest")
        daemon.post("/v1/pipelines/1/runs", {"incremental": True}).expect(404, "NotFound", "pipeline does not exist")
        daemon.put("/v1/pipelines/%d/status" % pipeline, {"enabled": False}).expect(200)
        daemon.post(path, {"incremental": True}).expect(
            422, "CannotRunIncrementally", "incremental requires an update time column")
        daemon.post(path).expect(422, "PipelineDisabled", "pipeline is disabled")
        daemon.put("/v1/pipelines/%d/status" % pipeline, {"enabled": True}).expect(200)
        run = start(daemon, pipeline)
        daemon.post(path).expect(422, "PipelineAlreadyRunning", "pipeline is already in progress")
        daemon.put("/v1/pipelines/%d/status" % pipeline, {"enabled": False}).expect(200)
        daemon.post(path).expect(422, "PipelineDisabled", "pipeline is disabled")
        equal(daemon.get("/v1/pipelines/runs/%d" % run).json["state"], "running")
        daemon.post("/v1/pipelines/runs/%d/cancel" % run).expect(200)
        daemon.ended(run)


def test_a_live_run_shows_zeros_and_its_progress_beside(folder):
    with Daemon(folder) as daemon:
        run = start(daemon, daemon.create(document=slow()))
        shown = daemon.get("/v1/pipelines/runs/%d" % run).json
        equal((shown["state"], shown["endTime"], shown["passed"], shown["failed"], shown["error"]),
              ("running", None, [0] * 6, [0] * 6, ""))
        assert shown["progress"]["passed"][0] > 0, shown
        equal(daemon.post("/v1/pipelines/runs/%d/cancel" % run).expect(200).body, b"")
        ended = daemon.ended(run)
        equal(ended["state"], "cancelled")
        assert "progress" not in ended
        daemon.post("/v1/pipelines/runs/%d/cancel" % run).expect(422, "RunEnded", "run has already ended")


def test_a_finished_run_adds_up(folder):
    with Daemon(folder) as daemon:
        run = daemon.run(daemon.create())
        equal((run["state"], run["trigger"], run["attempt"], run["incremental"], run["error"]),
              ("succeeded", "api", 1, None, ""))
        equal(set(run["steps"]), {"receive", "input_validation", "filter", "transformation", "output_validation",
                                  "finalize"})
        equal(run["tables"][0]["passed"], [10] * 6)
        for i in range(1, 6):
            equal(run["passed"][i - 1], run["passed"][i] + run["failed"][i])
        equal(run["rejects"], {"kept": 0, "dropped": 0})


def test_runs_are_listed_newest_first_and_by_page(folder):
    with Daemon(folder) as daemon:
        first, second = daemon.create(name="a"), daemon.create(name="b")
        runs = [daemon.run(pipeline)["id"] for pipeline in (first, second, first, first)]
        newest = runs[::-1]

        def ids(query=""):
            return [run["id"] for run in daemon.get("/v1/pipelines/runs" + query).expect(200).json["runs"]]
        equal(ids(), newest)
        equal(ids("?pipeline=%d" % second), [runs[1]])
        equal(ids("?state=succeeded&pipeline=%d" % first), [newest[0], newest[1], newest[3]])
        equal(ids("?state=failed"), [])
        page = daemon.get("/v1/pipelines/runs?limit=3").json
        equal([run["id"] for run in page["runs"]], newest[:3])
        page = daemon.get("/v1/pipelines/runs?limit=3&cursor=%d" % page["cursor"]).json
        equal([run["id"] for run in page["runs"]], newest[3:])
        assert "cursor" not in page
        for query in ("limit=0", "limit=101", "limit=x", "limit=", "limit=-1", "limit=+1", "cursor=0", "cursor=x",
                      "state=gone", "pipeline=x", "pipeline=99999999999"):
            daemon.get("/v1/pipelines/runs?" + query).expect(400, "BadRequest")


def test_unknown_runs(folder):
    with Daemon(folder) as daemon:
        for call in (daemon.get("/v1/pipelines/runs/1"), daemon.get("/v1/pipelines/runs/99999999999"),
                     daemon.post("/v1/pipelines/runs/1/cancel"), daemon.get("/v1/pipelines/runs/1/rejects")):
            call.expect(404, "NotFound", "run does not exist")
        daemon.get("/v1/pipelines/runs/x").expect(404, "NotFound")


def test_rejects_are_listed_with_their_reason_and_place(folder):
    write(folder, "in/people.csv", "id,name\n" + "".join("%d,n\n" % i if i % 2 else "x%d,n\n" % i for i in range(8)))
    document = definition(
        source={"connection": {"plugin": "file", "options": {"path": os.path.join(folder, "in"), "format": "csv"}}},
        tables=[{"name": "people.csv", "types": {"id": "int64"}}])
    with Daemon(folder) as daemon:
        run = daemon.run(daemon.create(document=document))
        equal((run["passed"], run["failed"]), ([8, 4, 4, 4, 4, 4], [0, 4, 0, 0, 0, 0]))
        equal(run["rejects"]["kept"], 4)
        path = "/v1/pipelines/runs/%d/rejects" % run["id"]
        rejects = daemon.get(path).expect(200).json["rejects"]
        equal([(item["step"], item["position"], item["row"]["id"]) for item in rejects],
              [("input_validation", 2 + i, "x%d" % i) for i in (0, 2, 4, 6)])
        assert all(item["message"] and item["code"] for item in rejects), rejects
        page = daemon.get(path + "?limit=3").json
        equal(page["rejects"], rejects[:3])
        equal(daemon.get(path + "?limit=3&cursor=%d" % page["cursor"]).json, {"rejects": rejects[3:]})
        daemon.get(path + "?limit=1001").expect(400, "BadRequest")


def test_a_failed_run_says_why(folder):
    document = definition(source={"connection": {
        "plugin": "file", "options": {"path": os.path.join(folder, "missing"), "format": "csv"}}},
        tables=[{"name": "people.csv"}])
    with Daemon(folder) as daemon:
        pipeline = daemon.create(document=document)
        run = daemon.run(pipeline)
        equal(run["state"], "failed")
        contains(run["error"], "people.csv")
        contains(daemon.get("/v1/pipelines/%d" % pipeline).json["lastError"], "people.csv")
        equal(daemon.get(PUBLIC + "/%d" % pipeline).json["state"], "failed")


def test_a_deleted_pipeline_is_gone_and_its_runs_stay(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create()
        run = daemon.run(pipeline)
        equal(daemon.delete("/v1/pipelines/%d" % pipeline).expect(200).body, b"")
        for call in (daemon.get("/v1/pipelines/%d" % pipeline), daemon.delete("/v1/pipelines/%d" % pipeline),
                     daemon.post("/v1/pipelines/%d/runs" % pipeline),
                     daemon.put("/v1/pipelines/%d/status" % pipeline, {"enabled": True})):
            call.expect(404, "NotFound", "pipeline does not exist")
        equal(daemon.get("/v1/pipelines/runs/%d" % run["id"]).expect(200).json, run)
        equal(daemon.get("/v1/pipelines").json, {"pipelines": []})


def test_deleting_cancels_a_live_run(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create(document=slow())
        run = start(daemon, pipeline)
        daemon.delete("/v1/pipelines/%d" % pipeline).expect(200)
        equal(daemon.ended(run)["state"], "cancelled")


# ---- definitions ----

def test_a_pipeline_is_created_from_json_or_yaml(folder):
    text = "definition_version: 1\nname: färm\nsource: {connection: {plugin: generate}}\n" \
           "destination: {connection: {plugin: 'null'}}\nsync: {frequency: 15}\ntables: [{name: rows}]\n"
    with Daemon(folder) as daemon:
        for kind in ("application/yaml", "application/x-yaml", "text/yaml", "application/yaml; charset=utf-8"):
            reply = daemon.post(PUBLIC, text, headers={"Content-Type": kind}).expect(201)
            equal(reply.headers["Location"], PUBLIC + "/%d" % reply.json["id"])
            equal((reply.json["name"], reply.json["status"], reply.json["state"]), ("färm", "running", "created"))
            equal((reply.json["source"], reply.json["destination"]),
                  ({"connection_id": None, "type": "generate"}, {"connection_id": None, "type": "null"}))
            equal(daemon.get(reply.headers["Location"]).expect(200).json, reply.json)
            daemon.delete("/v1/pipelines/%d" % reply.json["id"]).expect(200)
        daemon.post(PUBLIC, MINIMAL).expect(201)
        for kind in ("text/plain", "application/xml", "application/jsonx", ""):
            daemon.post(PUBLIC, text, headers={"Content-Type": kind}).expect(415, "unsupported_media_type")
        daemon.post(PUBLIC, text).expect(415, "unsupported_media_type")


def test_a_name_is_used_once(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create()
        reply = daemon.post(PUBLIC, MINIMAL).expect(409, "name_taken")
        equal(reply.json["error"]["field"], "name")
        contains(reply.json["error"]["message"], str(pipeline))
        daemon.delete(PUBLIC + "/%d" % pipeline).expect(200)
        daemon.create()


def test_of_many_that_create_one_name_at_once_one_does(folder):
    statuses = []
    with Daemon(folder) as daemon:
        threads = [threading.Thread(target=lambda: statuses.append(daemon.post(PUBLIC, MINIMAL).status))
                   for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(sorted(statuses), [201] + [409] * 11)
        equal(len(daemon.get(PUBLIC).json["data"]), 1)


def test_all_problems_of_a_definition_are_told_with_their_places(folder):
    text = "definition_version: 1\nname: x\nsorce: {connection: {plugin: generate}}\n" \
           "destination: {connection: {plugin: 'null'}}\nsync: {frequency: 0}\ntables:\n  - {name: rows, cursr: id}\n"
    with Daemon(folder) as daemon:
        reply = daemon.post(PUBLIC, text, headers=YAML).expect(422, "invalid_shape")
        fields = {problem["field"]: problem for problem in reply.json["errors"]}
        contains(fields["sorce"]["message"], "source")
        equal((fields["sorce"]["line"], fields["tables[0].cursr"]["line"]), (3, 7))
        contains(fields["tables[0].cursr"]["message"], "cursor")
        assert "sync.frequency" in fields, fields
        assert reply.json["error"]["field"] in fields


def test_shape_is_422_and_meaning_is_400(folder):
    with Daemon(folder) as daemon:
        for body in (b"", b"{", b"[1]", b'{"name": {}}', b'{"definition_version": 2}', b"\xff\xfe"):
            daemon.post(PUBLIC, body, headers={"Content-Type": "application/json"}).expect(422, "invalid_shape")
        for text in ("a: &x 1\nb: *x\n", "a: 1\na: 2\n", "a: !!str x\n", "[" * 100, "a: b: c\n", "--- 1\n--- 2\n"):
            daemon.post(PUBLIC, text, headers=YAML).expect(422, "invalid_shape")
        for changes, part in (
                ({"source": {"connection": {"plugin": "generat"}}}, "generate"),
                ({"tables": [{"name": "rows", "columns": {"include": ["a"], "exclude": ["b"]}}]}, "exclude"),
                ({"transformations": [{"type": "rename_field", "config": {}}]}, "rename_fields")):
            reply = daemon.post(PUBLIC, definition(**changes)).expect(400, "validation_failed")
            contains(reply.json["error"]["message"], part)
            assert reply.json["error"]["field"], reply.json


def test_options_that_cannot_work_are_refused_by_the_plugin_itself(folder):
    broken = {"type": "find_and_replace", "config": {"field": "name", "find": "a(b", "replace": "c"}}
    with Daemon(folder) as daemon:
        for send, path in ((daemon.post, PUBLIC), (daemon.post, PUBLIC + "/validate"),
                           (daemon.put, "%s/%d/definition" % (PUBLIC, daemon.create()))):
            reply = send(path, definition(transformations=[broken])).expect(400, "validation_failed")
            equal(reply.json["error"]["field"], "transformations[0].config.find")
            contains(reply.json["error"]["message"], "missing closing parenthesis, at character 4")
        broken["config"]["find"] = "a(b)"
        daemon.create(name="mended", transformations=[broken])


def test_a_plugin_that_dies_of_its_options_hurts_nobody(folder):
    plugins = os.path.join(folder, "plugins")
    shutil.copytree(os.path.join(tap.BUILD, "plugins"), plugins, ignore=shutil.ignore_patterns("*.o", ".deps"))
    shutil.copy(os.path.join(tap.BUILD, "tests/plugins/transforms/opinion.so"), os.path.join(plugins, "transforms"))
    with Daemon(folder, env={"TIDEMILL_PLUGIN_DIR": plugins}) as daemon:
        for answer, why in (("crashes", "crashed when it is asked"), ("leaves", "exit status 3"),
                            ("mutters", "without saying why")):
            reply = daemon.post(PUBLIC, definition(transformations=[{"type": "opinion", "config": {"answer": answer}}]))
            reply.expect(400, "validation_failed")
            equal(reply.json["error"]["field"], "transformations[0].config")
            contains(reply.json["error"]["message"], why)
        equal(daemon.run(daemon.create(transformations=[{"type": "opinion", "config": {}}]))["state"], "succeeded")


def test_relative_paths_are_refused_over_http(folder):
    document = definition(source={"connection": {"plugin": "file", "options": {"path": "in", "format": "csv"}}},
                          tables=[{"name": "a.csv"}])
    with Daemon(folder) as daemon:
        reply = daemon.post(PUBLIC, document).expect(400, "validation_failed")
        equal(reply.json["error"]["field"], "source.connection.options.path")


def test_a_state_that_is_none_is_answered_with_the_nearest(folder):
    with Daemon(folder) as daemon:
        reply = daemon.get("/v1/pipelines/runs?state=faild").expect(400, "BadRequest")
        contains(reply.json["error"]["message"], 'did you mean "failed"?')


def test_a_parameter_that_is_none_is_answered_with_the_nearest(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create(name="p")

        def refusal(method, path):
            return daemon.request(method, path).expect(400).json["error"]["message"]
        for path, name in (("/v1/pipelines?archive=true", "archived"), ("/v1/pipelines/runs?limt=3", "limit"),
                           ("/v1/pipelines/runs?limit=3&pipelin=%d" % pipeline, "pipeline"),
                           ("/v1/pipelines/runs/1/rejects?curser=3", "cursor"), (PUBLIC + "?page-size=3", "page_size")):
            contains(refusal("GET", path), 'did you mean "%s"?' % name)
        contains(refusal("GET", "/v1/pipelines/runs?colour=1"), 'there is no parameter "colour"')
        contains(refusal("GET", "/v1/pipelines/runs?%ff=1"), "there is no parameter")
        message = refusal("POST", "/v1/pipelines/%d/runs?incremental=true" % pipeline)
        contains(message, 'this call takes no parameters; there is no "incremental"')
        equal(daemon.get("/v1/pipelines/runs?").expect(200).json, {"runs": []})
        daemon.get("/healthz?probe=1").expect(200)


def test_lists_are_paged(folder):
    with Daemon(folder) as daemon:
        ids = [daemon.create(name="p%d" % i) for i in range(5)][::-1]

        def page(query):
            body = daemon.get(PUBLIC + query).expect(200).json
            return [item["id"] for item in body["data"]], body["pagination"]
        equal(page(""), (ids, {"page": 1, "page_size": 50, "has_more": False}))
        equal(page("?page=1&page_size=2"), (ids[:2], {"page": 1, "page_size": 2, "has_more": True}))
        equal(page("?page=3&page_size=2"), (ids[4:], {"page": 3, "page_size": 2, "has_more": False}))
        equal(page("?page=9"), ([], {"page": 9, "page_size": 50, "has_more": False}))
        equal(page("?page_size=1000")[1]["page_size"], 100)
        equal(page("?name=p3")[0], [ids[1]])
        equal(page("?name=nobody")[0], [])
        for query in ("?page=0", "?page=-1", "?page=x", "?page_size=0", "?archived=maybe"):
            daemon.get(PUBLIC + query).expect(400, "bad_request")


def test_archived_pipelines_are_hidden_and_refuse_changes(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create(document=slow())
        run = start(daemon, pipeline)
        reply = daemon.delete(PUBLIC + "/%d" % pipeline).expect(200)
        equal((reply.json["id"], reply.json["status"], reply.json["state"]), (pipeline, "archived", "archived"))
        equal(daemon.ended(run)["state"], "cancelled")
        equal(daemon.get(PUBLIC).json["data"], [])
        equal([item["id"] for item in daemon.get(PUBLIC + "?archived=true").json["data"]], [pipeline])
        daemon.get(PUBLIC + "/%d" % pipeline).expect(200)
        daemon.put(PUBLIC + "/%d/definition" % pipeline, slow(name="other")).expect(409, "conflict")
        daemon.post("/v1/pipelines/%d/runs" % pipeline).expect(422)
        daemon.delete(PUBLIC + "/1").expect(404, "not_found")
        daemon.get(PUBLIC + "/1").expect(404, "not_found")


def test_definitions_go_out_as_they_came_in(folder):
    with Daemon(folder) as daemon:
        path = PUBLIC + "/%d/definition" % daemon.create()
        for accept in (None, "*/*", "application/json", "application/*;q=0.5", "text/html, */*;q=0.1"):
            reply = daemon.get(path, headers={"Accept": accept} if accept else {}).expect(200)
            equal((reply.headers["Content-Type"], reply.json), ("application/json", MINIMAL))
        reply = daemon.get(path, headers={"Accept": "application/yaml"}).expect(200)
        equal(reply.headers["Content-Type"], "application/yaml")
        equal(daemon.put(path, reply.body, headers=YAML).expect(200).headers["X-Reconcile"], "noop")
        daemon.get(path, headers={"Accept": "text/html"}).expect(406, "not_acceptable")
        daemon.get(PUBLIC + "/1/definition").expect(404, "not_found")


def test_a_definition_is_replaced_when_it_differs(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create()
        path = PUBLIC + "/%d/definition" % pipeline
        reply = daemon.put(path, MINIMAL).expect(200)
        equal((reply.headers["X-Reconcile"], reply.json["definition_version"]), ("noop", 1))
        reply = daemon.put(path, definition(name="renamed", sync={"frequency": 5})).expect(200)
        equal((reply.headers["X-Reconcile"], reply.json["definition_version"]), ("updated", 2))
        shown = daemon.get("/v1/pipelines/%d" % pipeline).json
        equal((shown["name"], shown["period"], shown["definitionVersion"]), ("renamed", "5m", 2))
        daemon.put("/v1/pipelines/%d/schedule" % pipeline, {"period": "1h"}).expect(200)
        reply = daemon.put(path, definition(name="renamed", sync={"frequency": 5}))
        equal(reply.headers["X-Reconcile"], "updated")
        equal(daemon.get("/v1/pipelines/%d" % pipeline).json["period"], "5m")
        daemon.put(path, definition(tabels=[])).expect(422, "invalid_shape")
        daemon.put(PUBLIC + "/1/definition", MINIMAL).expect(404, "not_found")


def test_tables_mean_the_same_in_any_order_and_transformations_do_not(folder):
    tables = [{"name": "a"}, {"name": "b"}]
    steps = [{"type": "rename_fields", "config": {"mapping": {"id": "x"}}},
             {"type": "rename_fields", "config": {"mapping": {"x": "y"}}}]
    with Daemon(folder) as daemon:
        pipeline = daemon.create(tables=tables, transformations=steps)
        path = PUBLIC + "/%d/definition" % pipeline
        for changes, outcome in (({"tables": tables[::-1], "transformations": steps}, "noop"),
                                 ({"tables": tables, "transformations": steps[::-1]}, "updated"),
                                 ({"tables": tables[:1], "transformations": steps[::-1]}, "updated")):
            equal(daemon.put(path, definition(**changes)).expect(200).headers["X-Reconcile"], outcome)


def test_validate_changes_nothing(folder):
    with Daemon(folder) as daemon:
        reply = daemon.post(PUBLIC + "/validate", MINIMAL).expect(200)
        equal((reply.json["valid"], len(reply.json["guarantees"])), (True, 1))
        daemon.post(PUBLIC + "/validate", definition(x=1)).expect(422, "invalid_shape")
        equal(daemon.get(PUBLIC).json["data"], [])
        pipeline = daemon.create()
        path = PUBLIC + "/%d/definition/validate" % pipeline
        equal(daemon.post(path, definition(name="other")).expect(200).json, {"valid": True})
        equal(daemon.get(PUBLIC + "/%d" % pipeline).json["name"], "numbers")
        daemon.post(PUBLIC + "/1/definition/validate", MINIMAL).expect(404, "not_found")


def test_secrets_are_shown_to_nobody_and_survive_an_edit(folder):
    if not os.path.exists(os.path.join(tap.BUILD, "plugins", "destinations", "postgres", "postgres.so")):
        raise tap.Skip("built without postgres")
    secret = "postgres://ann:hunter2@127.0.0.1/x"

    def document(url, **changes):
        return definition(destination={"connection": {"plugin": "postgres", "options": {"url": url}}}, **changes)

    def shown(daemon, pipeline):
        body = daemon.get(PUBLIC + "/%d/definition" % pipeline).expect(200)
        assert "hunter2" not in body.text
        return body.json["destination"]["connection"]["options"]["url"]
    with Daemon(folder, "--log-level", "debug", env={"TIDE_TEST_URL": secret}) as daemon:
        pipeline = daemon.create(document=document(secret))
        equal(shown(daemon, pipeline), "[redacted]")
        path = PUBLIC + "/%d/definition" % pipeline
        reply = daemon.put(path, document("[redacted]")).expect(200)
        equal(reply.headers["X-Reconcile"], "noop")
        daemon.put(path, document("[redacted]", sync={"frequency": 5})).expect(200)
        reply = daemon.put(path, document(secret.replace("hunter2", "hunter/2"))).expect(400, "validation_failed")
        equal(reply.json["error"]["field"], "destination.connection.options.url")
        assert "hunter" not in reply.text, reply.text
        reply = daemon.post(PUBLIC, document("[redacted]", name="second")).expect(400, "validation_failed")
        equal(reply.json["error"]["field"], "destination.connection.options.url")
        equal(shown(daemon, daemon.create(document=document("${TIDE_TEST_URL}", name="third"))), "${TIDE_TEST_URL}")
        equal(shown(daemon, daemon.create(document=document("${NONE:-%s}" % secret, name="fourth"))), "[redacted]")
        run = daemon.run(pipeline)      # nothing listens there, or it refuses
        equal(run["state"], "failed")
        for text in (json.dumps(run), daemon.get("/v1/pipelines").text, daemon.get(PUBLIC).text, daemon.log()):
            assert "hunter2" not in text, text


def test_options_of_a_plugin_that_is_gone_are_all_hidden(folder):
    plugins = os.path.join(folder, "plugins")
    shutil.copytree(os.path.join(tap.BUILD, "plugins"), plugins, ignore=shutil.ignore_patterns("*.o", ".libs"))
    home, away = os.path.join(plugins, "destinations", "postgres"), os.path.join(folder, "postgres")
    if not os.path.isdir(home):
        raise tap.Skip("built without postgres")
    options = {"url": "postgres://ann:hunter2@127.0.0.1/x", "schema": "hunter2"}
    document = definition(destination={"connection": {"plugin": "postgres", "options": options}})
    with Daemon(folder, "--plugin-dir", plugins) as daemon:
        pipeline = daemon.create(document=document)
    path = PUBLIC + "/%d/definition" % pipeline
    os.rename(home, away)
    with Daemon(folder, "--plugin-dir", plugins) as daemon:
        shown = daemon.get(path).expect(200)
        assert "hunter2" not in shown.text, shown.text
        equal(shown.json["destination"]["connection"]["options"], {"url": "[redacted]", "schema": "[redacted]"})
        equal(shown.json["source"]["connection"]["options"], {"rows": 10})
    os.rename(away, home)
    with Daemon(folder, "--plugin-dir", plugins) as daemon:
        equal(daemon.put(path, shown.json).expect(200).headers["X-Reconcile"], "noop")
        equal(daemon.get(path).json["destination"]["connection"]["options"],
              {"url": "[redacted]", "schema": "hunter2"})


def test_paths_below_v1_that_do_not_exist(folder):
    with Daemon(folder) as daemon:
        for path in ("/v1", "/v1/nope", "/v1/pipelines/abc"):
            daemon.get(path).expect(404, "NotFound")


# ---- service ----

def test_health_readiness_and_the_document(folder):
    with Daemon(folder) as daemon:
        equal(daemon.get("/healthz", key=None).expect(200).json, {"status": "ok"})
        equal(daemon.get("/readyz", key=None).expect(200).json, {"status": "ready"})
        reply = daemon.get("/openapi.yaml", key=None).expect(200)
        equal(reply.headers["Content-Type"], "application/yaml")
        equal(reply.text, tap.read(tap.TOP, "etc/openapi.yaml"))


def test_the_document_lists_every_route(folder):
    source = tap.read(tap.TOP, "scheduler/api/api.c")
    routes = re.findall(r'\{"([A-Z]+)", "(/[^"]*)"', source)
    assert len(routes) > 15, routes
    document, path, listed = tap.read(tap.TOP, "etc/openapi.yaml"), None, set()
    for line in document.split("\ncomponents:")[0].split("\n"):
        path = line[2:-1] if re.match(r"  /.*:$", line) else path
        if path and re.match(r"    (get|put|post|delete):$", line):
            listed.add((line.strip()[:-1].upper(), path))
    equal(listed, {(method, route.replace(":id", "{id}")) for method, route in routes})
    del folder


def test_metrics_count(folder):
    with Daemon(folder) as daemon:
        pipeline = daemon.create(name='a "quoted" \\ name')
        daemon.run(pipeline)
        daemon.get("/nothing")
        reply = daemon.get("/metrics", key=None).expect(200)
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4"), reply.headers
        values = dict(line.rsplit(" ", 1) for line in reply.text.splitlines() if not line.startswith("#"))
        equal(values['tidemill_runs{state="succeeded"}'], "1")
        equal(values['tidemill_runs_ended_total{state="succeeded"}'], "1")
        equal(values['tidemill_rows_total{pipeline="%d",name="a \\"quoted\\" \\\\ name",step="finalize",outcome="passed"}'
                     % pipeline], "10")
        equal(values["tidemill_queue_length"], "0")
        assert int(values['tidemill_http_requests_total{code="404"}']) >= 1
        assert int(values["process_resident_memory_bytes"]) > 0
        contains(reply.text, 'tidemill_slot_lateness_seconds_bucket{le="+Inf"}')
        contains(reply.text, "tidemill_build_info{version=")
        for line in reply.text.splitlines():
            assert re.match(r"^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{.*\})? -?[0-9.e+-]+)$", line), line


if __name__ == "__main__":
    tap.main(globals())
