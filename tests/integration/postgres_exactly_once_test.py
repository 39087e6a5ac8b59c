#!/usr/bin/env python3
"""Runs into PostgreSQL that are killed, or cut off from the server, at any point: no row is lost, none comes twice.

A pipeline is run again and again, each attempt killed with SIGKILL after a random time, until one succeeds; what is in
the destination then is compared with the source by SQL.  A proxy in front of the server loses the reply to a COMMIT.
"""
import json
import os
import random
import select
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import postgres  # noqa: E402
import tap  # noqa: E402

DATABASES = []
ROWS = 60000
COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
FILL = "SELECT i AS id, 'row ' || i AS name, i %% 7 AS part FROM generate_series(1, %d) i" % ROWS


def database(folder):
    """A database of the test's own; the folder's name is a new one each time."""
    name = os.path.basename(folder).replace("-", "_").lower()
    SERVER.run('CREATE DATABASE "%s"' % name)
    DATABASES.append(name)
    head, _, _ = SERVER.url.rpartition("/")
    return postgres.Postgres("%s/%s" % (head, name))


def definition(folder, source, destination, **table):
    return tap.write(folder, "pipeline.json", json.dumps({
        "definition_version": 1, "name": "once", "source": {"connection": source},
        "destination": {"connection": destination}, "sync": {"frequency": 60},
        "tables": [dict({"name": "src", "as": "dst", "mode": "append"}, **table)]}))


def command(path):
    return [tap.TIDEMILL, "run", path, "--checkpoint", "10ms"]


def kept(pg):
    """The pipeline's row in the destination: how many commits are in, and whether the last was the final one."""
    if pg.value("SELECT to_regclass('_tidemill_positions') IS NULL") == "t":
        return 0, False
    rows = pg.rows("SELECT commits, position IS NULL FROM _tidemill_positions")
    return (int(rows[0][0]), rows[0][1] == "t") if rows else (0, False)


def attempt(path, seconds):
    """Run, and kill it after so long; whether it succeeded.  It fails by itself only when the attempt before still
    committed while it began."""
    run = subprocess.Popen(command(path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        log, _ = run.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        run.kill()
        run.communicate()
        return False
    assert run.returncode == 0 or "has committed meanwhile" in log, log
    return run.returncode == 0


def kill_until_done(pg, path, chance, patience):
    """How many attempts were killed after a checkpoint that was theirs."""
    resumed = 0
    before, final = kept(pg)
    while not final:
        done = attempt(path, patience * (0.5 + chance.random()))
        commits, final = kept(pg)
        assert final or not done, "it says that it succeeded"
        if commits == before:
            patience *= 1.3
        resumed += commits > before and not final
        before = commits
    return resumed


def kill_and_compare(pg, path, seed):
    """Again from the start, with less patience, when no attempt was killed at the right time for the next to go on."""
    chance, patience = random.Random(seed), 0.06
    while kill_until_done(pg, path, chance, patience) == 0:
        pg.run("TRUNCATE dst", "DELETE FROM _tidemill_positions")
        patience *= 0.8
    same(pg, "src", "dst")


def same(pg, source, destination, columns="id, name, part"):
    """Nothing is only on one side, also not a second time."""
    for one, other in ((source, destination), (destination, source)):
        tap.equal(pg.value("SELECT count(*) FROM (SELECT %s FROM %s EXCEPT ALL SELECT %s FROM %s) t"
                           % (columns, one, columns, other)), "0", "rows of %s that %s has not" % (one, other))


def killed(folder, fill, seed, **table):
    pg = database(folder)
    pg.run(*fill)
    kill_and_compare(pg, definition(folder, pg.options(), pg.options(), **table), seed)


# ---- killed ---------------------------------------------------------------------------------------------------


def test_killed_runs_append_each_row_of_a_table_with_a_key_once(folder):
    killed(folder, ["CREATE TABLE src AS " + FILL, "ALTER TABLE src ADD PRIMARY KEY (id)"], 1)


def test_killed_runs_append_each_row_of_a_table_without_a_key_once(folder):
    killed(folder, ["CREATE TABLE src AS " + FILL + " ORDER BY i % 100"], 2)


def test_killed_runs_merge_each_row_once(folder):
    killed(folder, ["CREATE TABLE src AS " + FILL, "ALTER TABLE src ADD PRIMARY KEY (id)"], 3, mode="merge",
           key=["id"])


def test_killed_runs_append_each_line_of_a_file_once(folder):
    pg = database(folder)
    pg.run("CREATE TABLE src AS " + FILL, "CREATE TABLE dst (LIKE src)")
    os.mkdir(os.path.join(folder, "in"))
    text = pg.run("COPY (SELECT * FROM src ORDER BY id) TO STDOUT (FORMAT csv, HEADER)")
    tap.write(folder, "in/lines.csv", text)
    path = definition(folder, {"plugin": "file", "options": {"path": "in", "format": "csv"}}, pg.options(),
                      name="lines.csv")
    kill_and_compare(pg, path, 4)


def test_killed_runs_never_show_half_of_a_replacing_load(folder):
    pg = database(folder)
    pg.run("CREATE TABLE src AS " + FILL, "CREATE TABLE dst AS SELECT 0 AS id, 'old' AS name, 0 AS part")
    path = definition(folder, pg.options(), pg.options(), mode="replace")
    for seconds in (0.05, 0.1, 0.2):
        done = attempt(path, seconds)
        tap.equal(pg.value("SELECT count(*) FROM dst"), str(ROWS) if done or kept(pg)[1] else "1")
    tap.equal(subprocess.run(command(path), stdout=subprocess.DEVNULL, check=False).returncode, 0)
    same(pg, "src", "dst")


# ---- the lost reply -------------------------------------------------------------------------------------------


class Proxy(threading.Thread):
    """In front of the server; when the COMMIT number `cut` passes, the client is cut off.  forwards: the server gets
    that COMMIT all the same."""

    def __init__(self, port, cut, forwards):
        super().__init__(daemon=True)
        self.port, self.cut, self.forwards, self.seen = port, cut, forwards, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own_port = self.listener.getsockname()[1]
        self.pairs = {}
        self.start()

    def run(self):
        while True:
            ready, _, _ = select.select([self.listener, *self.pairs], [], [])
            for one in ready:
                if one is self.listener:
                    client, _ = self.listener.accept()
                    server = socket.create_connection(("127.0.0.1", self.port))
                    self.pairs[client], self.pairs[server] = (server, True), (client, False)
                elif one in self.pairs:
                    self.pass_on(one, *self.pairs[one])

    def pass_on(self, one, other, is_client):
        try:
            data = one.recv(1 << 16)
        except OSError:
            data = b""
        if is_client and data == COMMIT:
            self.seen += 1
            if self.seen == self.cut:
                self.lose(one, other)
                return
        try:
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            self.close(one, other)

    def lose(self, client, server):
        if self.forwards:
            server.sendall(COMMIT)
            server.recv(1 << 16)
        self.close(client, server)

    def close(self, *sockets):
        for one in sockets:
            self.pairs.pop(one, None)
            one.close()


def load_through_proxy(folder, cut, forwards):
    pg = database(folder)
    pg.run("CREATE TABLE src AS " + FILL, "ALTER TABLE src ADD PRIMARY KEY (id)")
    proxy = Proxy(int(pg.value("SELECT inet_server_port()")), cut, forwards)
    path = definition(folder, pg.options(), pg.options(host="127.0.0.1", port=proxy.own_port))
    first = subprocess.run(command(path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert proxy.seen >= cut, "only %d commits" % proxy.seen
    return pg, path, first


def test_a_run_goes_on_when_a_commit_whose_reply_was_lost_is_in(folder):
    pg, _, run = load_through_proxy(folder, 2, True)
    tap.equal(run.returncode, 0, run.stdout)
    tap.contains(run.stdout, "the commit is in")
    same(pg, "src", "dst")


def test_a_run_fails_when_a_commit_never_came_and_the_next_one_goes_on(folder):
    pg, path, run = load_through_proxy(folder, 2, False)
    tap.equal(run.returncode, 1)
    tap.contains(run.stdout, "the commit is not in")
    assert 0 < int(pg.value("SELECT count(*) FROM dst")) < ROWS, "the first checkpoint is in, and no more"
    tap.equal(subprocess.run(command(path), stdout=subprocess.DEVNULL, check=False).returncode, 0)
    same(pg, "src", "dst")


def cut_off(folder):
    """A run that left its first checkpoint."""
    pg, path, run = load_through_proxy(folder, 2, False)
    tap.equal(run.returncode, 1)
    tap.equal(kept(pg), (1, False))
    return pg, path


def test_a_table_that_is_dropped_after_a_run_was_cut_off_gets_all_rows(folder):
    pg, path = cut_off(folder)
    pg.run("DROP TABLE dst")
    tap.equal(subprocess.run(command(path), stdout=subprocess.DEVNULL, check=False).returncode, 0)
    same(pg, "src", "dst")


def test_a_table_that_is_emptied_after_a_run_was_cut_off_gets_all_rows(folder):
    pg, path = cut_off(folder)
    pg.run("TRUNCATE dst")
    run = tap.tidemill("run", path)
    tap.equal(run.returncode, 0, run.stdout)
    tap.contains(run.stderr, "the table is empty, though the interrupted run had loaded rows")
    same(pg, "src", "dst")


def test_a_table_made_anew_after_a_run_was_cut_off_gets_all_rows(folder):
    pg, path = cut_off(folder)
    pg.run("DROP TABLE dst", "CREATE TABLE dst (LIKE src)")
    run = tap.tidemill("run", path)
    tap.equal(run.returncode, 0, run.stdout)
    tap.contains(run.stderr, "the table was recreated since the last run")
    same(pg, "src", "dst")


def loaded(folder, **table):
    """A table that came to its end, by a cursor."""
    pg = database(folder)
    pg.run("CREATE TABLE src (id bigint PRIMARY KEY, name text)", "INSERT INTO src VALUES (1, 'a'), (2, 'b')",
           "CREATE TABLE dst (id bigint PRIMARY KEY, name text)")
    path = definition(folder, pg.options(), pg.options(), cursor="id", **table)
    tap.equal(tap.tidemill("run", path).returncode, 0)
    same(pg, "src", "dst", "id, name")
    return pg, path


def test_rows_that_were_moved_on_for_good_do_not_come_again(folder):
    pg, path = loaded(folder)
    pg.run("DELETE FROM dst", "INSERT INTO src VALUES (3, 'c')")
    tap.equal(tap.tidemill("run", path).returncode, 0)
    tap.equal(pg.rows("SELECT id FROM dst"), [["3"]])
    pg.run("TRUNCATE dst", "INSERT INTO src VALUES (4, 'd')")
    tap.equal(tap.tidemill("run", path).returncode, 0)
    tap.equal(pg.rows("SELECT id FROM dst"), [["4"]])


def test_a_table_made_anew_and_left_empty_gets_all_rows(folder):
    pg, path = loaded(folder)
    pg.run("DROP TABLE dst", "CREATE TABLE dst (id bigint PRIMARY KEY, name text)")
    run = tap.tidemill("run", path)
    tap.equal(run.returncode, 0, run.stdout)
    tap.contains(run.stderr, "the table was recreated since the last run")
    same(pg, "src", "dst", "id, name")
    run = tap.tidemill("run", path)
    assert "was recreated" not in run.stderr, run.stderr


REMAKE = ("CREATE TABLE copy (LIKE dst INCLUDING ALL)", "INSERT INTO copy SELECT * FROM dst", "DROP TABLE dst",
          "ALTER TABLE copy RENAME TO dst")


def test_a_table_made_anew_with_rows_is_asked_about(folder):
    pg, path = loaded(folder)
    pg.run(*REMAKE, "INSERT INTO src VALUES (3, 'c')")
    run = tap.tidemill("run", path)
    tap.equal(run.returncode, 1, run.stdout)
    tap.contains(run.stdout, "dst was recreated since the last run and has rows")
    pg.run("UPDATE _tidemill_positions SET target = NULL")      # as the README tells
    for _ in range(2):
        tap.equal(tap.tidemill("run", path).returncode, 0)
        same(pg, "src", "dst", "id, name")


def test_a_table_made_anew_with_rows_is_merged_into_from_the_start(folder):
    pg, path = loaded(folder, mode="merge", key=["id"])
    pg.run(*REMAKE, "DELETE FROM dst WHERE id = 1", "INSERT INTO src VALUES (3, 'c')")
    run = tap.tidemill("run", path)
    tap.equal(run.returncode, 0, run.stdout)
    tap.contains(run.stderr, "the table was recreated since the last run")
    same(pg, "src", "dst", "id, name")


def test_a_database_restored_from_a_dump_is_believed(folder):
    pg, path = loaded(folder)
    pg.run(*REMAKE, "CREATE TABLE copy (LIKE _tidemill_positions INCLUDING ALL)",
           "INSERT INTO copy SELECT * FROM _tidemill_positions", "DROP TABLE _tidemill_positions",
           "ALTER TABLE copy RENAME TO _tidemill_positions", "INSERT INTO src VALUES (3, 'c')")
    for _ in range(2):
        run = tap.tidemill("run", path)
        tap.equal(run.returncode, 0, run.stdout)
        same(pg, "src", "dst", "id, name")


def test_another_table_than_that_of_a_run_that_was_cut_off_gets_all_rows(folder):
    pg, _ = cut_off(folder)
    pg.run("CREATE TABLE other (LIKE src)")
    path = definition(folder, pg.options(), pg.options(), **{"as": "other"})
    tap.equal(subprocess.run(command(path), stdout=subprocess.DEVNULL, check=False).returncode, 0)
    same(pg, "src", "other")


NUMBERS = 60000


def merged_by(folder, pg, checkpoint, key, statements=(), cursor="at int"):
    """Load a table with a cursor; how many commits it took."""
    pg.run("DROP TABLE IF EXISTS src, dst, _tidemill_positions",
           "CREATE TABLE src (id int PRIMARY KEY, k int, %s, name text)" % cursor,
           "INSERT INTO src SELECT g, g, g, repeat('x', 100) FROM generate_series(1, %d) g" % NUMBERS,
           "CREATE TABLE dst (id int, k int UNIQUE, at int, name text, UNIQUE (id, k))", *statements)
    path = definition(folder, pg.options(), pg.options(), mode="merge", key=key, cursor="at")
    run = tap.tidemill("run", "--checkpoint", checkpoint, path)
    tap.equal(run.returncode, 0, run.stdout)
    tap.equal(pg.value("SELECT count(*) FROM dst"), str(NUMBERS))
    return int(pg.value("SELECT commits FROM _tidemill_positions"))


def test_a_row_without_a_cursor_is_older_wherever_checkpoints_fall(folder):
    late = "INSERT INTO src VALUES (100000, 1, NULL, 'no cursor')"
    pg = database(folder)
    for checkpoint in ("60s", "1ms"):
        tap.equal(merged_by(folder, pg, checkpoint, ["k"], [late]), 1)
        tap.equal(pg.value("SELECT id FROM dst WHERE k = 1"), "1")


def test_checkpoints_are_made_where_no_such_row_can_come(folder):
    pg = database(folder)
    for commits in (merged_by(folder, pg, "1ms", ["k"], cursor="at int NOT NULL"),
                    merged_by(folder, pg, "1ms", ["id", "k"])):
        assert commits > 1, commits


if __name__ == "__main__":
    with postgres.server() as SERVER:
        try:
            tap.main(globals())
        finally:
            for made in DATABASES:
                SERVER.run('DROP DATABASE "%s" WITH (FORCE)' % made)
