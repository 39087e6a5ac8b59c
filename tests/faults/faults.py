"""The harness of the fault tests: a run, small, in which one call fails.

A scenario is a small run.  It is done once undisturbed, which counts the calls; then again with the first of them
failing, with the second, and so on, each in a fresh copy of its folder.  Whatever fails, the run ends in order (no
signal, no hang), says what is wrong, leaves its destination as it was or whole, nothing beside it and no block of
memory behind; and the next run, undisturbed, moves every row.  Once more every transfer is cut to a few bytes, and
all must be as if it were not.

The first call of each place in the code is tried, and of all calls some; TIDEMILL_FAULTS=all tries each one.  Only
where a library makes many thousands of them, for as many rows alike, each one at the beginning, at the end and near the
first of its place, and some between.
"""
import collections
import concurrent.futures
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
from tap import BUILD, TIDEMILL, equal, write                        # noqa: E402

SHIM = os.path.join(BUILD, "tests/faults/shim.so")
ALL = os.environ.get("TIDEMILL_FAULTS") == "all"
SUCCEEDED, FAILED, REFUSED, REJECTED = range(4)                     # exit statuses; a definition is refused
PATIENCE = 30                                                        # seconds for a run of milliseconds
MEMORY = "/dev/shm"
TALLY = struct.Struct("4I32s256s256s2I")
SITE = struct.Struct("Q2I")
SITES = 1024
MOST = 4000                                                          # calls that are tried each
EDGE = 300                                                           # of more, those at the beginning and at the end
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
    checkpoints some of the rows may be there after a run that failed, and the next one brings the rest.  Once: a run
    behind one that failed brings no row twice, also where that one had brought them all, unless it said that it did
    not know."""
    tried = 30                                      # calls of each kind, beside the first of each place
    waits = ""                                      # a library that waits for ever when it is out of memory

    def __init__(self, definition, inputs, before=None, look=None, kinds=("alloc", "io"), checkpoints=False,
                 once=False):
        self.definition = HEAD + definition
        self.inputs = inputs
        self.before = before or {}
        self.look = look or look_at_files
        self.kinds = kinds
        self.args = ["--checkpoint", "0s"] if checkpoints else []
        self.checkpoints = checkpoints
        self.once = once

    def lay_out(self, folder):
        write(folder, "pipeline.yaml", self.definition)
        for name, content in {**self.inputs, **self.before}.items():
            write(folder, name, content)


def tally_of(path):
    with open(path, "rb") as file:
        fields = TALLY.unpack(file.read(TALLY.size))
        sites = [SITE.unpack(file.read(SITE.size))[1] for _ in range(fields[7])]
    return Tally(*fields[:4], *map(text, fields[4:7]), sites)


def end_of(process, waits, path):
    """What it said.  Where a call made by `waits` has failed it may wait for ever, and is asked to stop."""
    try:
        return process.communicate(timeout=PATIENCE / 6)
    except subprocess.TimeoutExpired:
        if waits and tally_of(path).caller.startswith(waits):
            process.terminate()
    try:
        return process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise


def run(scenario, folder, at=0, **faults):
    """One run in the folder.  faults: kinds="alloc", stays=1, short=1."""
    path = os.path.join(folder, "tally")
    with open(path, "wb") as file:
        file.truncate(TALLY.size + SITES * SITE.size)
    env = dict(os.environ, TIDE_FAULT_TALLY=path, TIDE_FAULT_AT=str(at), TIDE_FAULT_PROGRAM="tidemill",
               LD_PRELOAD=SHIM)
    env.update({"TIDE_FAULT_" + name.upper(): str(value) for name, value in faults.items()})
    process = subprocess.Popen([TIDEMILL, "run", "pipeline.yaml", "--json", *scenario.args], cwd=folder, env=env,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, problems = end_of(process, scenario.waits if faults.get("kinds") == "alloc" else "", path)
    tally = tally_of(path)
    os.unlink(path)
    said = json.loads(out)["error"] or "" if out else problems.decode()
    return Done(process.returncode, said, tally)


def need(*plugins):
    for path in plugins:
        if not os.path.exists(os.path.join(BUILD, "plugins", path, os.path.basename(path) + ".so")):
            raise tap.Skip("%s is not built" % path)


def files(form, to, mode, name, compression="none"):
    return ("source: {connection: {plugin: file, options: {path: in, format: %s}}}\n"
            "destination: {connection: {plugin: file, options: {path: out, format: %s, compression: %s}}}\n"
            "tables: [{name: %s, as: people, mode: %s}]\n" % (form, to, compression, name, mode))


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


def look_at_listed_rows(scenario, folder):
    """The rows of the parts that the manifest lists; what else there is, when it lists them all."""
    found = look_at_files(scenario, folder)
    manifest = json.loads(found.pop("out/people/manifest.json", '{"parts": []}'))
    listed = [found.pop("out/people/" + part["name"]).decode().splitlines()[1:] for part in manifest["parts"]]
    return [row for rows in listed for row in rows], manifest.get("complete"), sorted(found)


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
    if there != after or (scenario.once and not succeeded and "is not known" not in done.said):
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


def each(count, first):
    """Numbers of calls; first are those that are the first of their place."""
    if count <= MOST:
        return list(range(1, count + 1))
    near = {call + by for call in first for by in range(-20, 21)}
    near.update(range(1, EDGE), range(EDGE, count, 64), range(count - EDGE, count + 1))
    return sorted(call for call in near if 1 <= call <= count)


def sample(count, most):
    if count <= most:
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
            tried = each(tally.calls, tally.sites) if ALL else sample(tally.calls, scenario.tried)
            tasks += [(at, {"kinds": kind}) for at in sorted({*tried, *tally.sites})]
            tasks += [(at, {"kinds": kind, "stays": 1})
                      for at in (tried if ALL and tally.calls <= MOST else tried[::5])]
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
