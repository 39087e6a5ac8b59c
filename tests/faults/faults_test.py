#!/usr/bin/python3
"""Each allocation of a plugin, each read, write, fsync, rename and the like of a whole run fails in turn.

A scenario is a small run.  It is done once undisturbed, which counts the calls; then again with the first of them
failing, with the second, and so on, each in a fresh copy of its folder.  Whatever fails, the run ends in order (no
signal, no hang), says what is wrong, leaves its destination as it was or whole, nothing beside it and no block of
memory behind; and the next run, undisturbed, moves every row.  Once more every transfer is cut to a few bytes, and
all must be as if it were not.

The first call of each place in the code is tried, and of all calls some; TIDEMILL_FAULTS=all tries each one.
"""
import collections
import concurrent.futures
import gzip
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from tap import BUILD, TIDEMILL, TOP, equal, write                   # noqa: E402

SHIM = os.path.join(BUILD, "tests/faults/shim.so")
ALL = os.environ.get("TIDEMILL_FAULTS") == "all"
SUCCEEDED, FAILED, REFUSED, REJECTED = range(4)                     # exit statuses; a definition is refused
PATIENCE = 30                                                        # seconds for a run of milliseconds
MEMORY = "/dev/shm"
TALLY = struct.Struct("4I32s256s256s2I")
SITE = struct.Struct("Q2I")
SITES = 1024
HEAD = "definition_version: 1\nname: faults\nsync: {frequency: 60}\n"

Tally = collections.namedtuple("Tally", "calls struck leaks ended function caller leak sites")
Done = collections.namedtuple("Done", "status said tally")


def scratch():
    """A folder in memory where there is one: every run syncs its files, and a disk takes its time."""
    return tempfile.mkdtemp(prefix="tidemill-faults-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None)


def text(data):
    return data.split(b"\0", 1)[0].decode()


class Scenario:
    """A definition, what it reads and what is there before it; `look` tells what is at the destination.  With
    checkpoints some of the rows may be there after a run that failed, and the next one brings the rest."""
    tried = 30                                      # calls of each kind, beside the first of each place

    def __init__(self, definition, inputs, before=None, look=None, kinds=("alloc", "io"), checkpoints=False):
        self.definition = HEAD + definition
        self.inputs = inputs
        self.before = before or {}
        self.look = look or look_at_files
        self.kinds = kinds
        self.args = ["--checkpoint", "0s"] if checkpoints else []
        self.checkpoints = checkpoints

    def lay_out(self, folder):
        write(folder, "pipeline.yaml", self.definition)
        for name, content in {**self.inputs, **self.before}.items():
            write(folder, name, content)


def run(scenario, folder, at=0, **faults):
    """One run in the folder.  faults: kinds="alloc", stays=1, short=1."""
    path = os.path.join(folder, "tally")
    with open(path, "wb") as file:
        file.truncate(TALLY.size + SITES * SITE.size)
    env = dict(os.environ, TIDE_FAULT_TALLY=path, TIDE_FAULT_AT=str(at), TIDE_FAULT_PROGRAM="tidemill",
               LD_PRELOAD=SHIM)
    env.update({"TIDE_FAULT_" + name.upper(): str(value) for name, value in faults.items()})
    done = subprocess.run([TIDEMILL, "run", "pipeline.yaml", "--json", *scenario.args], cwd=folder, env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
    with open(path, "rb") as file:
        fields = TALLY.unpack(file.read(TALLY.size))
        sites = [SITE.unpack(file.read(SITE.size))[1] for _ in range(fields[7])]
    os.unlink(path)
    tally = Tally(*fields[:4], *map(text, fields[4:7]), sites)
    said = json.loads(done.stdout)["error"] if done.stdout else done.stderr.decode()
    return Done(done.returncode, said, tally)


# ---- what is at the destination ----

def look_at_files(scenario, folder):
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(parent, name), folder)
            if path != "pipeline.yaml" and path not in scenario.inputs:
                with open(os.path.join(parent, name), "rb") as file:
                    found[path] = unpacked(name, file.read())
    return found


def unpacked(name, data):
    """What was compressed; short of memory, zstd may do it less well, and that is no fault."""
    if not name.endswith(".zst") or not data:
        return data
    folder = scratch()
    try:
        write(folder, "in/a.csv.zst", data)
        write(folder, "p.yaml", HEAD + files("csv", "csv", "replace", "a.csv.zst"))
        equal(tap.tidemill("run", "p.yaml", cwd=folder).returncode, 0, "what lies there cannot be read")
        return tap.read(folder, "out/people.csv")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def look_into(database, query):
    """The rows of an SQLite database, and that nothing lies beside it but a journal: one that could not be played back
    is of use to whoever opens the database next."""
    def look(scenario, folder):
        found = {"rows": []}
        path = os.path.join(folder, database)
        if os.path.exists(path):
            base = sqlite3.connect(path)
            try:
                found["rows"] = base.execute(query).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):
                    raise
            base.close()
        found["files"] = sorted(name for name in look_at_files(scenario, folder)
                                if name not in (database, database + "-journal"))
        return found
    return look


def look_at_parts(_, folder):
    """What the parts hold that the manifest lists; what it does not list is no part of the table."""
    place = os.path.join(folder, "out", "people")
    if not os.path.exists(os.path.join(place, "manifest.json")):
        return ""
    listed = json.loads(tap.read(place, "manifest.json"))["parts"]
    return "".join(tap.read(place, part["name"]) for part in listed)


def database(statements):
    """The bytes of one."""
    folder = scratch()
    path = os.path.join(folder, "made.db")
    base = sqlite3.connect(path)
    base.executescript("PRAGMA synchronous = OFF; BEGIN;" + statements + "COMMIT")
    base.close()
    with open(path, "rb") as file:
        content = file.read()
    shutil.rmtree(folder)
    return content


# ---- the check ----

def problem_of(scenario, folder, done, before, after):
    """What is wrong with a run that was disturbed, or None."""
    if done.status not in (SUCCEEDED, FAILED, REFUSED, REJECTED):
        return "exit status %d" % done.status
    if not done.tally.ended:
        return "the process did not end in order"
    succeeded = done.status in (SUCCEEDED, REJECTED)
    if not succeeded and not done.said.strip():
        return "it failed and did not say why"
    if done.tally.leaks:
        return "%d blocks were left, the first by %s" % (done.tally.leaks, done.tally.leak)
    there = scenario.look(scenario, folder)
    if there != after and (succeeded or not (scenario.checkpoints or there == before)):
        return "exit status %d, and there is %.600r" % (done.status, there)
    if there != after:
        again = run(scenario, folder)
        there = scenario.look(scenario, folder)
        if again.status not in (SUCCEEDED, REJECTED) or there != after:
            return "the run after it ended with %d (%s) and %.600r" % (again.status, again.said, there)
    return None


def disturb(scenario, before, after, at, **faults):
    """A problem in words, None, or False when the run did not come so far."""
    folder = scratch()
    try:
        scenario.lay_out(folder)
        done = run(scenario, folder, at, **faults)
        problem = problem_of(scenario, folder, done, before, after)
        if problem:
            return "%s of call %d (%s from %s): %s\n%s" % (faults, at, done.tally.function, done.tally.caller, problem,
                                                            done.said)
        return None if done.tally.struck else False
    except subprocess.TimeoutExpired:
        return "%s of call %d: nothing came of it in %d seconds" % (faults, at, PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sample(count, most):
    if most is None or count <= most:
        return list(range(1, count + 1))
    return sorted({1 + i * (count - 1) // (most - 1) for i in range(most)})


def undisturbed(scenario, folder, **faults):
    scenario.lay_out(folder)
    before = scenario.look(scenario, folder)
    done = run(scenario, folder, **faults)
    assert done.status in (SUCCEEDED, REJECTED), done.said
    equal((done.tally.ended, done.tally.leaks, done.tally.leak), (1, 0, ""), "end and leaks")
    return before, scenario.look(scenario, folder), done.tally


def check(scenario):
    if not os.path.exists(SHIM):
        raise tap.Skip("no shim in a build with sanitizers")
    folder = scratch()
    tasks, problems = [], []
    try:
        for kind in scenario.kinds:
            shutil.rmtree(folder)
            before, after, tally = undisturbed(scenario, folder, kinds=kind)
            assert tally.calls > 0 and before != after, (tally.calls, before)
            tried = sample(tally.calls, None if ALL else scenario.tried)
            tasks += [(at, {"kinds": kind}) for at in sorted({*tried, *tally.sites})]
            tasks += [(at, {"kinds": kind, "stays": 1}) for at in (tried if ALL else tried[::5])]
        tasks.append((0, {"kinds": "none", "short": 1}))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(lambda task: disturb(scenario, before, after, task[0], **task[1]), tasks))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    problems = [result for result in results if result]
    struck = sum(result is None for result in results)
    print("# %d runs, %d of them struck" % (len(tasks), struck), flush=True)
    assert not problems, "%d of %d runs:\n%s" % (len(problems), len(tasks), "\n".join(problems[:12]))
    assert struck >= len(tasks) * 3 // 4, "%d of %d runs were struck" % (struck, len(tasks))


# ---- the scenarios ----

ROWS = range(1, 301)
LONG = "\u00e9t\u00e9 " * 40
CSV = "id,name,amount\n" + "".join('%d,"name %d, %s",%d.5\n' % (i, i, LONG, i) for i in ROWS)
JSONL = "".join(json.dumps({"id": i, "name": LONG, "more": {"a": [i]}}) + "\n" for i in ROWS)
TABLE = "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, amount REAL);" + "".join(
    "INSERT INTO people VALUES (%d, '%s', %d.5);" % (i, LONG, i) for i in ROWS)


def files(form, to, mode, name, compression="none"):
    return ("source: {connection: {plugin: file, options: {path: in, format: %s}}}\n"
            "destination: {connection: {plugin: file, options: {path: out, format: %s, compression: %s}}}\n"
            "tables: [{name: %s, as: people, mode: %s}]\n" % (form, to, compression, name, mode))


# ---- PostgreSQL ----

class Server:
    """The server of the tests, started when it is first needed and stopped with this process."""
    url = None

    @classmethod
    def start(cls):
        cls.url = cls.url or os.environ.get("TIDEMILL_TEST_POSTGRES_URL")
        if not cls.url:
            folder = "/tmp/tidemill-test-faults.%d" % os.getpid()
            started = subprocess.run(["sh", os.path.join(TOP, "tests/support/postgres.sh"), "start", folder,
                                      str(os.getpid())], stdout=subprocess.PIPE, text=True)
            cls.url = started.stdout.strip()
        if not cls.url or not shutil.which("psql"):
            raise tap.Skip("no PostgreSQL server is installed")

    @classmethod
    def ask(cls, statements):
        done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", cls.url], input=statements, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        equal(done.returncode, 0, done.stderr)
        return done.stdout


class PostgresScenario(Scenario):
    """One whose destination is a schema of the server, a new one for each run.  BEFORE is SQL."""

    tried = 10

    def __init__(self, definition, before):
        super().__init__(definition, {}, {}, self.look_into_schema, ("alloc", "net"))
        self.statements = before

    @staticmethod
    def schema(folder):
        return os.path.basename(folder).replace("-", "_").lower()

    def lay_out(self, folder):
        schema = self.schema(folder)
        Server.ask("SET client_min_messages = error; DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s;"
                   "SET search_path = %s; %s" % (schema, schema, schema, self.statements))
        write(folder, "pipeline.yaml", self.definition % (Server.url, Server.url, schema))

    def look_into_schema(self, _, folder):
        schema = self.schema(folder)
        tables = Server.ask("SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                            " WHERE nspname = '%s' AND relkind = 'r' ORDER BY 1" % schema).split()
        ours = [name for name in tables if name != "_tidemill_positions"]
        return [(name, Server.ask('SELECT * FROM %s."%s" ORDER BY id' % (schema, name))) for name in ours]


POSTGRES = ("source: {connection: {plugin: postgres, options: {url: '%%s'}}}\n"
            "destination: {connection: {plugin: postgres, options: {url: '%%s', schema: %%s}}}\n"
            "tables: [{name: tidemill_faults, as: people, %s}]\n")


def check_postgres(table, before):
    need("sources/postgres", "destinations/postgres")
    Server.start()
    Server.ask("SET client_min_messages = error; DROP TABLE IF EXISTS tidemill_faults;"
               "CREATE TABLE tidemill_faults (id int PRIMARY KEY, name text, amount numeric, at timestamptz,"
               " tags text[]);"
               "INSERT INTO tidemill_faults SELECT i, repeat('x', i % 300), i / 8.0, '2026-01-01Z', ARRAY['a', NULL]"
               " FROM generate_series(1, 500) i; ANALYZE tidemill_faults")
    check(PostgresScenario(POSTGRES % table, before))


def test_postgres_to_a_new_table(_):
    check_postgres("mode: replace", "")


def test_postgres_merged_into_a_table(_):
    check_postgres("mode: merge, key: [id], cursor: id",
                   "CREATE TABLE people (id int PRIMARY KEY, name text, amount numeric,"
                   " at timestamptz, tags text[]); INSERT INTO people VALUES (3, 'old'), (1000, 'mine');")


def need(*plugins):
    for path in plugins:
        if not os.path.exists(os.path.join(BUILD, "plugins", path, os.path.basename(path) + ".so")):
            raise tap.Skip("%s is not built" % path)


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


def look_at_listed_rows(scenario, folder):
    """The rows of the parts that the manifest lists; what else there is, when it lists them all."""
    found = look_at_files(scenario, folder)
    manifest = json.loads(found.pop("out/people/manifest.json", '{"parts": []}'))
    listed = [found.pop("out/people/" + part["name"]).decode().splitlines()[1:] for part in manifest["parts"]]
    return [row for rows in listed for row in rows], manifest.get("complete"), sorted(found)


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


def test_generated_rows(_):
    check(Scenario("source: {connection: {plugin: generate, options: {rows: 2000}}}\n"
                   "destination: {connection: {plugin: file, options: {path: out, format: csv}}}\n"
                   "tables: [{name: rows, mode: replace}]\n", {}))


if __name__ == "__main__":
    tap.main(globals())
