#!/usr/bin/python3
"""The binary interface: plugins of its first headers run under this engine, those of newer ones as the rules say."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from tap import BUILD, contains, equal, read, tidemill, write        # noqa: E402

REJECTED = 3        # the exit status of a run that kept bad rows
FOLDER = os.path.join(BUILD, "tests/plugins/abi")
PIPELINE = """definition_version: 1
name: first
source: {connection: {plugin: first, options: {rows: %d, rejects: %s}}}
destination: {connection: {plugin: first, options: {path: out.txt}}}
sync: {frequency: 60}
on_error: reject
tables: [{name: numbers, mode: append, cursor: id}]
transformations: [{type: %s, config: %s}]
"""


def run(folder, rows, rejects="false", transform="first", config="{}", status=0, plugins=FOLDER):
    write(folder, "p.yaml", PIPELINE % (rows, rejects, transform, config))
    done = tidemill("run", "p.yaml", "--check", "--json", cwd=folder, env={"TIDEMILL_PLUGIN_DIR": plugins})
    equal(done.returncode, status, done.stdout + done.stderr)
    return json.loads(done.stdout or "{}"), done.stderr


def line(number, text):
    return " ".join([str(number), "true" if number % 2 else "false", str(-number), "%g" % (number / 4), "-12.50", text,
                     "a", "1970-01-%02d" % (number + 1), "00:00:%02d" % number, "1970-01-01T00:00:%02dZ" % number,
                     "6f9619ff-8b86-4011-b42d-00c04fc964ff", '{"a":1}', ("1970-01-01T00:00:00.%06d" % number).rstrip("0")])


def test_three_plugins_of_the_first_headers_move_rows_of_every_type(folder):
    run(folder, 20)
    equal(read(folder, "out.txt").splitlines(),
          [line(i, "tide!" if i % 5 else "null") for i in range(1, 21)])


def test_they_go_on_from_their_position(folder):
    run(folder, 9)
    equal(read(folder, "out.txt.position"), "9")
    run(folder, 12)
    equal([text.split()[0] for text in read(folder, "out.txt").splitlines()], [str(i) for i in range(1, 13)])


def test_their_rejected_rows_are_kept(folder):
    # 20 rows in batches of 8, and one that is none before each; a row refused by the transform.
    ended, _ = run(folder, 20, "true", config="{refuses: 13, suffix: '?'}", status=REJECTED)
    equal(ended["failed"], [3, 0, 0, 1, 0, 0])
    contains(read(folder, "out.txt"), "tide?")
    assert "\n13 " not in read(folder, "out.txt")


def test_they_keep_what_they_promised(folder):
    env = {"TIDEMILL_PLUGIN_DIR": FOLDER}
    for kind, options in (("source", ["--cursor", "id"]), ("transform", []), ("destination", ["path=%s/x" % folder])):
        done = tidemill("plugin", "test", "%s/%ss/first.so" % (FOLDER, kind), *options, env=env, timeout=300)
        equal(done.returncode, 0, done.stdout + done.stderr)
        contains(done.stdout, "# %s first: " % kind)


def test_a_plugin_of_a_newer_header_runs_without_what_is_new(folder):
    run(folder, 3, transform="newer")
    equal(len(read(folder, "out.txt").splitlines()), 3)


def test_a_plugin_of_another_interface_is_refused_with_what_to_do(folder):
    mixed = os.path.join(folder, "plugins")
    os.makedirs(mixed + "/transforms")
    for kind in ("sources", "destinations"):
        os.symlink(os.path.join(FOLDER, kind), os.path.join(mixed, kind))
    os.symlink(os.path.join(BUILD, "tests/plugins/load/transforms/wrong_abi.so"), mixed + "/transforms/wrong_abi.so")
    _, said = run(folder, 3, transform="wrong_abi", status=2, plugins=mixed)
    contains(said, "was built for plugin interface 42 and this program has 1: build it again with this version's headers")
    assert not os.path.exists(folder + "/out.txt")


if __name__ == "__main__":
    tap.main(globals())
