#!/usr/bin/python3
"""The command line as a person uses it: each verb, its help, its exit statuses, and the documents' examples."""
import glob
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from daemon import sanitized                                         # noqa: E402
from tap import contains, equal, tidemill, write                     # noqa: E402

VERBS = ["run", "validate", "preview", "plugins", "discover", "plugin", "apply", "list", "trigger", "runs", "run-status",
         "rejects", "replay"]

PEOPLE = """
definition_version: 1
name: people
source: {connection: {plugin: file, options: {path: in, format: csv}}}
destination: {connection: {plugin: file, options: {path: out, format: jsonl}}}
sync: {frequency: 60}
tables:
  - {name: people.csv, as: people, types: {id: int64}}
transformations:
  - {type: rename_fields, config: {mapping: {first: given_name}}}
"""


def people(folder, rows="1,Ada\n2,Zoë\n"):
    write(folder, "in/people.csv", "id,first\n" + rows)
    return write(folder, "people.yaml", PEOPLE)


def test_help_names_every_verb_and_each_verb_has_its_own(folder):
    top = tidemill("--help")
    equal(top.returncode, 0)
    for verb in VERBS:
        contains(top.stdout, "  " + verb + " ")
        own = tidemill(verb, "--help")
        equal(own.returncode, 0, verb)
        contains(own.stdout, "usage: tidemill " + verb)
        equal(tidemill("help", verb).stdout, own.stdout)
    equal(tidemill("help").stdout, top.stdout)


def test_version_is_printed(folder):
    assert re.fullmatch(r"tidemill \d+\.\d+\.\d+\n", tidemill("--version").stdout)


def test_unknown_words_come_with_the_nearest_known(folder):
    verb = tidemill("vaildate", "x")
    equal(verb.returncode, 2)
    contains(verb.stderr, 'did you mean "validate"?')
    asked = tidemill("help", "vaildate")
    equal((asked.returncode, asked.stderr), (2, verb.stderr))
    contains(tidemill("hlep").stderr, 'did you mean "help"?')
    option = tidemill("run", "--limt", "3", "x")
    equal(option.returncode, 2)
    contains(option.stderr, "did you mean --limit?")
    plugin = tidemill("plugins", "postgers")
    equal(plugin.returncode, 2)
    contains(plugin.stderr, 'did you mean "postgres"?')


def test_options_are_checked(folder):
    for args in (["run"], ["run", "a", "b"], ["run", "--limit", "x", "a"], ["run", "--limit", "0", "a"],
                 ["run", "--json=1", "a"], ["run", "--limit"]):
        equal(tidemill(*args).returncode, 2, args)


def test_the_time_between_checkpoints_is_a_duration(folder):
    done = tidemill("run", people(folder), "--checkpoint", "often")
    equal(done.returncode, 2)
    contains(done.stderr, "--checkpoint: \"often\" is not a duration")
    equal(tidemill("run", people(folder), "--checkpoint", "0s").returncode, 0)


def test_run_moves_rows_and_prints_the_steps(folder):
    done = tidemill("run", people(folder))
    equal(done.returncode, 0)
    contains(done.stdout, "people: succeeded in")
    assert re.search(r"finalize +2 +0", done.stdout), done.stdout
    equal(tap.read(folder, "out/people.jsonl"), '{"id":1,"given_name":"Ada"}\n{"id":2,"given_name":"Zoë"}\n')


def test_a_run_loads_what_it_needs_and_nothing_else(folder):
    """Each library costs a small run a twentieth of its time: compression, SQLite and what a daemon has stay away."""
    if sanitized():
        return
    done = subprocess.run([tap.TIDEMILL, "run", people(folder)], env=dict(os.environ, LD_DEBUG="files"),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    loaded = {re.sub(r".*/|\.so.*", "", name)
              for name in re.findall(r"file=(\S+) \[0\];  generating link map", done.stderr)}
    contains(loaded, "rename_fields")
    equal(loaded - {"libjson-c", "libyaml-0", "libc", "file", "local", "csv", "jsonl", "rename_fields"}, set())


def test_run_prints_its_summary_in_one_write(folder):
    """A pipe of packets keeps the writes apart."""
    ours, theirs = os.pipe2(os.O_DIRECT)
    done = subprocess.run([tap.TIDEMILL, "run", people(folder)], stdout=theirs, check=True)
    os.close(theirs)
    equal(done.returncode, 0)
    contains(os.read(ours, 65536).decode(), "finalize")
    equal(os.read(ours, 65536), b"")
    os.close(ours)


def test_run_as_json_is_the_run_object_of_the_api(folder):
    run = json.loads(tidemill("run", "--json", people(folder)).stdout)
    equal(run["passed"], [2] * 6)
    equal(run["failed"], [0] * 6)
    equal(run["state"], "succeeded")
    equal(run["trigger"], "cli")
    equal(run["error"], "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", run["startTime"]), run["startTime"]
    assert run["startTime"] <= run["endTime"]
    assert 0 < run["id"] < 2**31


def test_rejects_are_shown_and_the_status_is_3(folder):
    done = tidemill("run", people(folder, "1,Ada\nx,Bob\n"))
    equal(done.returncode, 3)
    contains(done.stderr, "people.csv:3 at input_validation")


def test_rejects_are_listed_in_the_json_object(folder):
    done = tidemill("run", "--json", people(folder, "1,Ada\nx,Bob\n"))
    equal(done.returncode, 3)
    rejects = json.loads(done.stdout)["rejects"]
    equal((rejects["kept"], rejects["dropped"], len(rejects["items"])), (1, 0, 1))
    equal((rejects["items"][0]["ordinal"], rejects["items"][0]["position"]), (1, 3))
    equal(rejects["items"][0]["step"], "input_validation")
    equal(rejects["items"][0]["row"], {"id": "x", "first": "Bob"})


def test_warnings_are_lines_for_people(folder):
    definition = people(folder)
    write(folder, "in/people.csv", "")
    write(folder, "people.yaml", PEOPLE.replace(", types: {id: int64}", ", mode: append"))
    done = tidemill("run", definition)
    equal(done.returncode, 0, done.stdout)
    contains(done.stderr, 'msg="the source has no columns, nothing is moved"')


def test_a_source_without_columns_replaces_nothing_and_one_without_rows_all(folder):
    definition = people(folder)
    write(folder, "people.yaml", PEOPLE.replace(", types: {id: int64}", ""))
    equal(tidemill("run", definition).returncode, 0)
    before = tap.read(folder, "out/people.jsonl")
    write(folder, "in/people.csv", "")
    for more in ("", ", verify: checksum"):
        write(folder, "people.yaml", PEOPLE.replace(", types: {id: int64}", more))
        done = tidemill("run", definition)
        equal(done.returncode, 1, done.stderr)
        contains(done.stdout, "the source has no columns, so what is to take the place of the rows is not known; "
                              "the destination is as it was")
        equal(tap.read(folder, "out/people.jsonl"), before)
    write(folder, "in/people.csv", "id,first\n")
    equal(tidemill("run", definition).returncode, 0)
    equal(tap.read(folder, "out/people.jsonl"), "")


def test_declared_types_are_the_columns_of_json_lines_without_rows(folder):
    definition = people(folder)
    write(folder, "people.yaml", PEOPLE.replace("csv", "jsonl").split("transformations")[0])
    write(folder, "in/people.jsonl", '{"id": 1}\n')
    equal(tidemill("run", definition).returncode, 0)
    contains(tap.read(folder, "out/people.jsonl"), "1")
    write(folder, "in/people.jsonl", "")
    equal(tidemill("run", definition).returncode, 0)
    equal(tap.read(folder, "out/people.jsonl"), "")


def test_rejects_that_are_not_shown_are_told_once(folder):
    done = tidemill("run", people(folder, "x,Bob\n" * 9))
    equal(done.returncode, 3)
    equal(done.stderr.count("rejected "), 5)
    contains(done.stderr, 'input_validation: format: column "id": "x" is no int64')
    equal("more rejects" in done.stderr, False)
    contains(done.stdout, "4 more rejects were counted and not shown; --json lists the first 1000\n")


def test_a_plugin_without_a_kind_is_told_the_usage(folder):
    done = tidemill("plugin", "new")
    equal(done.returncode, 2)
    contains(done.stdout + done.stderr, "new NAME --kind KIND")


def test_the_library_of_a_compression_is_asked_for_only_when_it_is_needed(folder):
    definition = people(folder)
    write(folder, "lib/libz.so.1", "no library")
    env = dict(os.environ, LD_LIBRARY_PATH=folder + "/lib")
    plain = subprocess.run([tap.TIDEMILL, "run", definition], env=env, capture_output=True, text=True)
    equal(plain.returncode, 0, plain.stderr)
    write(folder, "people.yaml", PEOPLE.replace("as: people", "as: people.jsonl.gz"))
    packed = subprocess.run([tap.TIDEMILL, "run", definition], env=env, capture_output=True, text=True)
    equal(packed.returncode, 1)
    contains(packed.stderr + packed.stdout, "gzip needs the library libz.so.1")


def peak_of(definition):
    """MiB of the run; that of this script counts too, for it was there before the program was."""
    with subprocess.Popen([tap.TIDEMILL, "run", definition], stdout=subprocess.DEVNULL) as run:
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = status
    equal(status, 0)
    return usage.ru_maxrss / 1024


def write_table(folder, name, rows, columns):
    names = ["column%d" % i for i in range(columns)]
    values = [str(i * 7919 % 1000) for i in range(columns)]
    for form, head, line in (("csv", ",".join(names) + "\n", ",".join(values) + "\n"),
                             ("jsonl", "", json.dumps(dict(zip(names, values))) + "\n")):
        with open(write(folder, "in/%s.%s" % (name, form), head), "a", encoding="ascii") as file:
            for _ in range(rows):
                file.write(line)


def test_memory_does_not_grow_with_rows_or_columns(folder):
    if sanitized():
        raise tap.Skip("a sanitizer takes memory of its own")
    write_table(folder, "tall", 300000, 3)
    write_table(folder, "wide", 2500, 1500)
    for form in ("csv", "jsonl"):
        for name in ("tall", "wide"):
            text = PEOPLE[:PEOPLE.index("tables:")].replace("format: csv", "format: " + form)
            definition = write(folder, "memory.yaml", text + "tables: [{name: %s.%s, as: out}]\n" % (name, form))
            peak = peak_of(definition)
            assert peak < 32, "%s.%s took %.1f MiB" % (name, form, peak)


def test_limit_stops_early(folder):
    run = json.loads(tidemill("run", "--json", "--limit", "1", people(folder)).stdout)
    equal(run["passed"], [1] * 6)


def cursor_definition(folder, destination):
    base = sqlite3.connect(folder + "/in.db")
    base.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY)")
    base.execute("INSERT OR IGNORE INTO t VALUES (1), (2), (3)")
    base.commit()
    base.close()
    return write(folder, "cursor.json", json.dumps({
        "definition_version": 1, "name": "c", "sync": {"frequency": 60},
        "source": {"connection": {"plugin": "sqlite", "options": {"path": folder + "/in.db"}}},
        "destination": {"connection": destination},
        "tables": [{"name": "t", "as": "t", "mode": "append", "cursor": "id"}]}))


def test_rows_that_the_next_run_appends_again_are_warned_of(folder):
    if not glob.glob(os.path.join(tap.BUILD, "plugins", "sources", "sqlite", "sqlite.so")):
        raise tap.Skip("not built")
    again = "reads the table from its start and appends all rows again"
    lines = {"plugin": "file", "options": {"path": folder + "/out", "format": "jsonl"}}
    os.mkdir(folder + "/out")
    contains(tidemill("run", cursor_definition(folder, lines)).stderr, again)
    contains(tidemill("validate", folder + "/cursor.json").stdout, "the daemon alone keeps the position")
    parts = dict(lines, options=dict(lines["options"], part_size="1MiB"))
    equal(tidemill("run", cursor_definition(folder, parts)).stderr, "")
    kept = {"plugin": "sqlite", "options": {"path": folder + "/out.db"}}
    contains(tidemill("run", "--limit", "2", cursor_definition(folder, kept)).stderr, "--limit keeps no position")
    equal(tidemill("run", folder + "/cursor.json").stderr, "")


def test_a_column_to_exclude_that_is_not_there_is_warned_of(folder):
    people(folder)
    done = tidemill("run", write(folder, "x.yaml", PEOPLE.replace("types: {", "columns: {exclude: [frist]}, types: {")))
    equal(done.returncode, 0, done.stderr)
    contains(done.stderr, 'columns.exclude: there is no column \\"frist\\"; did you mean \\"first\\"?')


def test_a_json_null_that_lines_cannot_tell_from_a_missing_value_is_warned_of(folder):
    write(folder, "in.csv", "id,j\n1,null\n2,\n")
    text = ("definition_version: 1\nname: n\nsource: {connection: {plugin: file, options: {path: ., format: csv}}}\n"
            "destination: {connection: {plugin: file, options: {path: ., format: jsonl}}}\nsync: {frequency: 60}\n"
            "tables: [{name: in.csv, as: out, types: {j: json}}]\n")
    done = tidemill("run", write(folder, "n.yaml", text))
    equal(done.stderr.count("the JSON null in column"), 1, done.stderr)
    equal(tidemill("run", write(folder, "n.yaml", text.replace("j: json", "j: string"))).stderr, "")


def test_an_output_that_cannot_be_written_is_a_failure(folder):
    path = people(folder)
    for args in (["run", path], ["validate", path], ["plugins", "--json"], ["help"], ["run-status", "--help"]):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([tap.TIDEMILL, *args], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        equal(done.returncode, 1, args)
        contains(done.stderr, "tidemill: the output could not be written")


def test_a_plugin_that_crashes_is_named(folder):
    if sanitized():
        raise tap.Skip("a sanitizer ends the process its own way")
    text = ("definition_version: 1\nname: crash\nsource: {connection: {plugin: crash_in_read}}\n"
            "destination: {connection: {plugin: 'null'}}\nsync: {frequency: 60}\ntables: [{name: t}]\n")
    done = tidemill("run", write(folder, "crash.yaml", text),
                    env={"TIDEMILL_PLUGIN_DIR": plugins_with(folder, "crash_in_read")})
    equal(done.returncode, -signal.SIGSEGV)
    equal(done.stderr, "tidemill: crashed in source crash_in_read: read\n")


def plugins_with(folder, source):
    """The plugins of the build, with this source for tests instead of its own."""
    os.makedirs(folder + "/plugins/sources")
    for kind in ("destinations", "transforms", "formats", "storages"):
        os.symlink(os.path.join(tap.BUILD, "plugins", kind), os.path.join(folder, "plugins", kind))
    found = glob.glob(os.path.join(tap.BUILD, "tests/plugins/**/%s.so" % source), recursive=True)
    os.symlink(found[0], "%s/plugins/sources/%s.so" % (folder, source))
    return folder + "/plugins"


def test_a_plugin_that_does_not_stop_is_given_up_after_a_grace(folder):
    """Asked to stop, the command line waits for a batch boundary, and no longer than its grace."""
    text = ("definition_version: 1\nname: hang\nsource: {connection: {plugin: hang_in_read}}\n"
            "destination: {connection: {plugin: 'null'}}\nsync: {frequency: 60}\ntables: [{name: t}]\n")
    write(folder, "hang.yaml", text)
    with subprocess.Popen([tap.TIDEMILL, "run", "hang.yaml"], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          env=dict(os.environ, TIDEMILL_PLUGIN_DIR=plugins_with(folder, "hang_in_read"),
                                   TIDEMILL_TEST_HANGS=folder + "/hangs")) as run:
        while not os.path.exists(folder + "/hangs"):
            equal(run.poll(), None, "it ended")
            time.sleep(0.02)
        run.terminate()
        _, errors = run.communicate(timeout=60)
        equal(run.returncode, 1, errors)
        contains(errors, "giving up")


def without_input_and_output(folder, definition, plugins):
    """A run whose standard input and output are closed: the first files that it opens would come in their place."""
    return subprocess.run(["sh", "-c", 'exec "$0" run "$1" <&- >&-', tap.TIDEMILL, definition], cwd=folder, text=True,
                          stderr=subprocess.PIPE, env=dict(os.environ, TIDEMILL_PLUGIN_DIR=plugins))


def test_a_closed_standard_output_is_no_file_of_the_run(folder):
    """Neither what the command line says, nor what a plugin prints, goes into a file that the run has open."""
    done = without_input_and_output(folder, people(folder), os.path.join(tap.BUILD, "plugins"))
    equal(done.returncode, 0, done.stderr)
    equal(tap.read(folder, "out/people.jsonl"), '{"id":1,"given_name":"Ada"}\n{"id":2,"given_name":"Zoë"}\n')
    text = PEOPLE.replace("plugin: file, options: {path: in, format: csv}", "plugin: prints_in_read")
    prints = write(folder, "prints.yaml", text[:text.index("tables")] + "tables: [{name: t, as: printed}]\n")
    done = without_input_and_output(folder, prints, plugins_with(folder, "prints_in_read"))
    equal((done.returncode, os.listdir(folder + "/out")), (1, ["people.jsonl"]), done.stderr)


def test_definition_on_standard_input(folder):
    people(folder)
    done = tidemill("run", "-", cwd=folder, text=PEOPLE)
    equal(done.returncode, 0, done.stderr)


def null_destination():
    return os.path.join(tap.BUILD, "plugins/destinations/null/null.so")


def test_what_is_misspelt_is_answered_with_the_nearest(folder):
    for args, says in ((["plugin", "new", "x", "--kind", "sorce"], 'did you mean "source"?'),
                       (["plugin", "tset", "x.so"], 'did you mean "test"?'),
                       (["plugin", "test", null_destination(), "--columns", "a:strng"], 'did you mean "string"?'),
                       (["discover", "genrate"], 'did you mean "generate"?'),
                       (["discover", "file", "path=.", "format=cvs"], 'did you mean "csv"?'),
                       (["run", people(folder), "--checkpoint", "0"], 'write "0s"'),
                       (["run", people(folder), "--checkpoint", "5"], 'write "5s"')):
        done = tidemill(*args, cwd=folder)
        equal(done.returncode, 2, done.stdout)
        contains(done.stderr, says)


def test_validate_reports_every_problem_with_its_place(folder):
    bad = PEOPLE.replace("format: csv", "format: csw").replace("tables:", "tabels:")
    done = tidemill("validate", write(folder, "bad.yaml", bad))
    equal(done.returncode, 2)
    contains(done.stderr, "bad.yaml:4:")
    contains(done.stderr, '"csv"')
    contains(done.stderr, "tables")
    assert len(done.stderr.splitlines()) >= 2, done.stderr


def test_options_that_cannot_work_are_found_before_anything_is_touched(folder):
    bad = people(folder).replace("people.yaml", "bad.yaml")
    text = PEOPLE.replace("format: csv", "format: csv, quote: ','")
    write(folder, "bad.yaml", text)
    os.remove(os.path.join(folder, "in", os.listdir(os.path.join(folder, "in"))[0]))
    for verb in ("validate", "preview", "run", "discover"):
        done = tidemill(verb, bad)
        equal(done.returncode, 2, done.stdout)
        contains(done.stderr, "source.connection.options.delimiter: must differ from the quote and the escape")
    assert not os.path.exists(folder + "/out")


def test_validate_says_what_is_guaranteed(folder):
    done = tidemill("validate", people(folder))
    equal(done.returncode, 0, done.stderr)
    contains(done.stdout, "valid")
    contains(done.stdout, "once")


def test_schema_is_json_schema(folder):
    schema = json.loads(tidemill("validate", "--schema").stdout)
    contains(schema["$schema"], "2020-12")
    contains(schema["properties"], "tables")


def test_missing_file_is_named(folder):
    done = tidemill("run", folder + "/none.yaml")
    equal(done.returncode, 2)
    contains(done.stderr, folder + "/none.yaml")


def test_messages_name_paths_without_needless_parts(folder):
    text = PEOPLE.replace("path: in", "path: ./in")
    done = tidemill("run", "./people.yaml", cwd=os.path.dirname(write(folder, "people.yaml", text)))
    equal(done.returncode, 1)
    contains(done.stdout, folder + "/in")
    assert "/./" not in done.stdout, done.stdout


def test_preview_shows_rows_after_each_step_and_writes_nothing(folder):
    done = tidemill("preview", "--rows", "1", people(folder))
    equal(done.returncode, 0, done.stderr)
    for word in ("source", "rename_fields", "destination", "given_name", "Ada"):
        contains(done.stdout, word)
    assert "Zoë" not in done.stdout
    assert not os.path.exists(folder + "/out")


def test_preview_shows_where_rows_vanish_and_leaves_no_file(folder):
    definition = people(folder, "x,Bob\n2,Ada\n3,Eve\n")
    text = PEOPLE.replace("types: {id: int64}", "mode: append, types: {id: int64}, "
                          "filter: {and: [{field: id, operator: is greater than, values: [2]}]}")
    text = text.replace("{plugin: file, options: {path: out, format: jsonl}}", "{plugin: sqlite, options: {path: t.db}}")
    write(folder, "people.yaml", text)
    done = tidemill("preview", definition)
    equal(done.returncode, 0, done.stderr)
    contains(done.stdout, "after input_validation: 2 rows")
    contains(done.stdout, "after filter: 1 rows")
    assert not os.path.exists(os.path.join(folder, "t.db"))


def test_preview_says_why_rows_are_not_there(folder):
    done = tidemill("preview", people(folder, "x,Ada\n2,Zoë\n3,Al,lan\n"))
    equal(done.returncode, 0)
    contains(done.stderr, "rejected people.csv:2 at input_validation: format: ")
    contains(done.stderr, "rejected people.csv:4 at receive: ragged_row: ")


def test_plugins_lists_every_kind(folder):
    listing = tidemill("plugins").stdout
    for line in ("source +file", "destination +postgres", "transform +find_and_replace", "format +csv",
                 "storage +local"):
        assert re.search("^" + line, listing, re.M), listing
    one = tidemill("plugins", "csv").stdout
    contains(one, "delimiter")
    contains(one, "default 256MiB, 64KiB to 1GiB")
    contains(json.loads(tidemill("plugins", "csv", "--schema").stdout)["properties"], "delimiter")


def test_discover_lists_tables_and_columns(folder):
    people(folder)
    done = tidemill("discover", "file", "path=in", "format=csv", cwd=folder)
    equal(done.returncode, 0, done.stderr)
    contains(done.stdout, "people.csv")
    contains(done.stdout, "first")
    lines = [json.loads(line) for line in
             tidemill("discover", folder + "/people.yaml", "--json").stdout.splitlines()]
    equal([c["name"] for c in lines[0]["columns"]], ["id", "first"])


def test_a_daemon_that_is_not_there_is_said_so(folder):
    done = tidemill("list", env={"TIDEMILL_URL": "http://127.0.0.1:1"})
    equal(done.returncode, 1)
    contains(done.stderr, "http://127.0.0.1:1")


def test_examples_of_the_documents_are_valid(folder):
    """Each definition shown in the README and the manual, and each file of etc/examples."""
    found = 0
    manual = tap.read(tap.TOP, "etc/man/tidemill-definition.5")
    texts = re.findall(r"\.Bd -literal[^\n]*\n(definition_version.*?)\.Ed", manual, re.S)
    texts += re.findall(r"```yaml\n(definition_version.*?)```", tap.read(tap.TOP, "README.md"), re.S)
    examples = os.path.join(tap.TOP, "etc/examples")
    texts += [tap.read(examples, name) for name in sorted(os.listdir(examples)) if name.endswith(".yaml")]
    for text in texts:
        done = tidemill("validate", write(folder, "example.yaml", text.replace("\\(", "(")))
        equal(done.returncode, 0, done.stderr)
        found += 1
    assert found >= 3, found


def test_manual_pages_are_well_formed(folder):
    pages = os.path.join(tap.TOP, "etc/man")
    for name in sorted(os.listdir(pages)):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", os.path.join(pages, name)],
                              stdout=subprocess.PIPE, text=True)
        equal(done.stdout, "", name)


def test_completions_know_every_verb(folder):
    for before in ("", "help "):
        script = ("source '%s/etc/completions/tidemill'; COMP_WORDS=(tidemill %s''); COMP_CWORD=%d; _tidemill; "
                  "echo ${COMPREPLY[@]}" % (tap.TOP, before, 1 + bool(before)))
        words = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, text=True).stdout.split()
        for verb in VERBS:
            contains(words, verb)


def test_completions_know_every_option(folder):
    script = tap.read(tap.TOP, "etc/completions/tidemill")
    for verb in VERBS:
        for option in re.findall(r"^  (--[a-z]+)", tidemill(verb, "--help").stdout, re.M):
            case = re.search(r"^    [a-z| -]*\b%s\b[^\n]*\) options=\"([^\"]*)\"" % verb, script, re.M)
            assert case and option in case[1].split() + ["--help"], (verb, option)


if __name__ == "__main__":
    tap.main(globals())
