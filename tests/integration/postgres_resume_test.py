#!/usr/bin/python3
"""Never lose, never double, on a real PostgreSQL: tables that are read while others write to them, and runs that are
killed until one of them comes to its end.  TIDEMILL_TEST_SEED makes other writers and other moments."""
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import postgres                                                      # noqa: E402
import tap                                                           # noqa: E402
from killed import kill_once                                         # noqa: E402
from tap import contains, equal, tidemill, write                     # noqa: E402

SERVERS = []
SEED = int(os.environ.get("TIDEMILL_TEST_SEED", "1"))


def define(folder, pg, table, **options):
    """A pipeline from public.t to copied.t."""
    return write(folder, "p.json", json.dumps({
        "definition_version": 1, "name": "p", "sync": {"frequency": 60},
        "source": {"connection": pg.options(**options)},
        "destination": {"connection": pg.options(schema="copied")},
        "tables": [dict({"name": "t"}, **table)]}))


def run(definition, *options):
    done = tidemill("run", "--json", *options, definition)
    equal(done.returncode, 0, done.stdout + done.stderr)
    return json.loads(done.stdout)


def make(pg, *statements):
    pg.run("DROP SCHEMA IF EXISTS copied CASCADE", "DROP TABLE IF EXISTS t CASCADE", "CREATE SCHEMA copied",
           *statements)


# ---- writers ----------------------------------------------------------------------------------------------------

class Writer:
    """A session that is told what to do, one statement after the other; its clock is wrong by some seconds."""

    def __init__(self, pg, rng):
        self.rng = rng
        self.skew = rng.randint(-5, 5)
        self.depth = 0              # 0: no transaction; else as many savepoints and one
        self.session = subprocess.Popen(pg.argv("-At"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, statement):
        """Returns when it is done."""
        self.session.stdin.write(statement + ";\n\\echo done\n")
        self.session.stdin.flush()
        for line in self.session.stdout:
            if line == "done\n":
                return
        raise AssertionError("a writer failed at: " + statement)

    def moment(self):
        """Clocks tick slowly: many are equal."""
        if self.rng.random() < 0.05:
            return "NULL"
        return "date_trunc('second', clock_timestamp()) + interval '%d s'" % (self.skew + self.rng.randint(0, 2))

    def write(self):
        if self.rng.random() < 0.6:
            return "INSERT INTO t (at) SELECT %s FROM generate_series(1, %d)" % (self.moment(), self.rng.randint(1, 3))
        return ("UPDATE t SET version = nextval('versions'), at = %s WHERE id = (SELECT id FROM t ORDER BY random()"
                " LIMIT 1 FOR UPDATE SKIP LOCKED)" % self.rng.choice(["at", self.moment()]))

    def step(self):
        what = self.rng.random()
        if self.depth == 0:
            self.depth = 1
            self.say("BEGIN")
        elif what < 0.5:
            self.say(self.write())
        elif what < 0.65 and self.depth < 3:
            self.say("SAVEPOINT s%d" % self.depth)
            self.depth += 1
        elif what < 0.8 and self.depth > 1:
            self.depth -= 1
            self.say(self.rng.choice(["RELEASE s%d", "ROLLBACK TO s%d"]) % self.depth)
        elif what > 0.8:
            self.end()

    def end(self):
        if self.depth:
            self.depth = 0
            self.say(self.rng.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]))

    def close(self):
        self.end()
        self.session.stdin.close()
        equal(self.session.wait(), 0)


def hasty_writer(pg):
    """One that nobody waits for: small transactions while runs read."""
    script = "".join("BEGIN; INSERT INTO t (at) VALUES (clock_timestamp()); SAVEPOINT a; UPDATE t SET version ="
                     " nextval('versions') WHERE id = (SELECT max(id) FROM t); %s; COMMIT;\n"
                     % ("RELEASE a" if i % 3 else "ROLLBACK TO a") for i in range(400))
    session = subprocess.Popen(pg.argv(), stdin=subprocess.PIPE, text=True)
    session.stdin.write(script)
    session.stdin.close()
    return session


def make_versions(pg, key):
    make(pg, "DROP SEQUENCE IF EXISTS versions", "CREATE SEQUENCE versions",
         "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY %s, at timestamptz,"
         " version bigint DEFAULT nextval('versions'))" % key,
         "INSERT INTO t (at) SELECT clock_timestamp() FROM generate_series(1, 20)")


def read_while_others_write(pg, definition, seed):
    rng = random.Random(seed)
    writers = [Writer(pg, rng) for _ in range(4)]
    hasty = hasty_writer(pg)
    runs = 0
    for _ in range(240):
        rng.choice(writers).step()
        if rng.random() < 0.06:
            run(definition, "--checkpoint", "1ms")
            runs += 1
    for writer in writers:
        writer.close()
    equal(hasty.wait(), 0)
    run(definition)
    assert runs > 3, runs


def doubled(pg):
    return pg.rows("SELECT version, count(*) FROM copied.t GROUP BY 1 HAVING count(*) > 1")


def lost(pg):
    return pg.rows("SELECT * FROM t EXCEPT SELECT * FROM copied.t")


def test_appended_versions_come_exactly_once_while_others_write(folder):
    pg = SERVERS[0]
    for turn, key in enumerate(["PRIMARY KEY", ""]):
        make_versions(pg, key)
        read_while_others_write(pg, define(folder, pg, {"cursor": "at", "mode": "append"}), SEED * 10 + turn)
        equal(doubled(pg), [])
        equal(lost(pg), [])
        equal(pg.value("SELECT count(*) < 40 FROM t"), "f")


def test_a_merged_table_is_equal_after_others_wrote(folder):
    pg = SERVERS[0]
    make_versions(pg, "PRIMARY KEY")
    read_while_others_write(pg, define(folder, pg, {"cursor": "at", "mode": "merge", "key": ["id"]}), SEED)
    equal(lost(pg), [])
    equal(pg.rows("SELECT * FROM copied.t EXCEPT SELECT * FROM t"), [])
    equal(pg.value("SELECT count(*) FROM t"), pg.value("SELECT count(*) FROM copied.t"))


def test_by_cursor_alone_a_late_row_is_lost_and_the_checks_see_it(folder):
    pg = SERVERS[0]
    make_versions(pg, "PRIMARY KEY")
    definition = define(folder, pg, {"cursor": "at", "mode": "append"}, incremental="cursor")
    late = Writer(pg, random.Random(SEED))
    late.say("BEGIN")
    late.say("INSERT INTO t (at) VALUES (clock_timestamp() - interval '1 h')")
    run(definition)
    late.say("COMMIT")
    late.close()
    run(definition)
    equal(len(lost(pg)), 1)
    equal(doubled(pg), [])


# ---- killed runs ------------------------------------------------------------------------------------------------

def count(pg):
    if pg.value("SELECT to_regclass('copied.t') IS NULL") == "t":
        return 0
    return int(pg.value("SELECT count(*) FROM copied.t"))


def kill_in_the_middle(pg, definition):
    """Kill a run once more rows are durable than before it; false: it came to its end first."""
    before = count(pg)
    with subprocess.Popen([tap.TIDEMILL, "run", "--checkpoint", "1ms", definition], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        return kill_once(process, lambda: count(pg) > before)


def is_cut_off(pg):
    """Whether the last commit was a checkpoint. Killed behind its last one a run is complete, the next another load."""
    return pg.value("SELECT bool_or(position LIKE '%\"checkpoint\"%') FROM copied._tidemill_positions") == "t"


def cut_off(pg, definition):
    """The first run, killed half-way."""
    assert kill_in_the_middle(pg, definition), "the run came to its end"
    assert is_cut_off(pg), "the run was killed behind its last commit"


def killed_until_done(pg, definition, *meanwhile):
    """Kill runs until all is there: the first one always, half-way."""
    cut_off(pg, definition)
    killed = 1
    pg.run("SELECT", *meanwhile)
    while killed < 8 and kill_in_the_middle(pg, definition) and is_cut_off(pg):
        killed += 1
        pg.run("SELECT", *meanwhile)
    if is_cut_off(pg):
        run(definition, "--checkpoint", "1ms")
    print("# %d runs were killed half-way" % killed)


def each_row_once(pg, rows):
    equal(pg.value("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || min(id) || ' ' || max(id) FROM copied.t"),
          "%d %d 1 %d" % (rows, rows, rows))
    equal(lost(pg), [])


ROWS = 100000
FILL = ("INSERT INTO t SELECT g, date_trunc('hour', timestamptz '2024-01-01Z' + g * interval '1 s'),"
        " repeat(md5(g::text), 8) FROM generate_series(1, %d) g" % ROWS)


def test_a_full_read_by_primary_key_goes_on_when_killed(folder):
    pg = SERVERS[0]
    make(pg, "CREATE TABLE t (id int PRIMARY KEY, at timestamptz, x text)", FILL, "ANALYZE t")
    definition = define(folder, pg, {"mode": "append"})
    killed_until_done(pg, definition, "VACUUM FULL t")
    each_row_once(pg, ROWS)


# Until the server has noticed that a run was killed: while its transaction is open, later ones may be unseen.
NO_TRANSACTIONS = """DO $$ BEGIN
    WHILE EXISTS (SELECT FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()) LOOP
        PERFORM pg_stat_clear_snapshot(), pg_sleep(0.001);
    END LOOP;
END $$"""


def test_a_full_read_by_key_of_a_growing_table_goes_on_when_killed(folder):
    pg = SERVERS[0]
    make(pg, "CREATE TABLE t (id int PRIMARY KEY, at timestamptz, x text)", FILL, "ANALYZE t")
    definition = define(folder, pg, {"mode": "append"})
    killed_until_done(pg, definition, NO_TRANSACTIONS, "INSERT INTO t SELECT max(id) + 1, '2000-01-01Z' FROM t")
    rows = int(pg.value("SELECT count(*) FROM copied.t"))
    assert rows >= ROWS, rows
    equal(pg.value("SELECT count(DISTINCT id) || ' ' || max(id) FROM copied.t"), "%d %d" % (rows, rows))


def move_while_cut_off(folder, **table):
    """The last row is moved to the front, and the first one to the end, of which one was read."""
    pg = SERVERS[0]
    make(pg, "CREATE TABLE t (id int PRIMARY KEY, at timestamptz, x text)", FILL, "ANALYZE t")
    definition = define(folder, pg, table)
    cut_off(pg, definition)
    pg.run(NO_TRANSACTIONS, "UPDATE t SET id = -1 WHERE id = %d" % ROWS,
           "UPDATE t SET id = %d WHERE id = 1" % (ROWS + 1), "UPDATE t SET x = 'changed' WHERE id = 2")
    return pg, definition


def test_rows_that_moved_past_a_full_read_by_key_are_not_appended_wrongly(folder):
    pg, definition = move_while_cut_off(folder, mode="append")
    before = count(pg)
    done = tidemill("run", definition)
    equal(done.returncode, 1, done.stdout)
    contains(done.stdout, "changed since")
    contains(done.stdout, "--full")
    equal(count(pg), before)


def test_rows_that_moved_past_a_full_read_by_key_are_merged(folder):
    pg, definition = move_while_cut_off(folder, mode="merge", key=["id"])
    for _ in range(2):
        if kill_in_the_middle(pg, definition) and is_cut_off(pg):
            pg.run("UPDATE t SET x = 'changed later' WHERE id IN (3, 4)")
    run(definition)
    equal(lost(pg), [])
    equal(pg.value("SELECT count(*) || ' ' || min(id) || ' ' || max(id) FROM copied.t WHERE id <> 1"),
          "%d -1 %d" % (ROWS, ROWS + 1))
    equal(pg.value("SELECT count(*) FROM copied.t WHERE id = 1"), "1", "a merge deletes no key that is gone")


def test_a_full_read_of_a_table_without_a_key_goes_on_when_killed(folder):
    pg = SERVERS[0]
    make(pg, "CREATE TABLE t (id int, at timestamptz, x text)", FILL)
    definition = define(folder, pg, {"mode": "append"})
    killed_until_done(pg, definition)
    each_row_once(pg, ROWS)


def test_a_full_read_of_a_partitioned_table_goes_on_when_killed(folder):
    pg = SERVERS[0]
    make(pg, "CREATE TABLE t (id int, at timestamptz, x text) PARTITION BY RANGE (id)",
         *("CREATE TABLE t%d PARTITION OF t FOR VALUES FROM (%d) TO (%d)"
           % (i, i * ROWS // 20, (i + 1) * ROWS // 20) for i in range(19, -1, -1)),
         "CREATE TABLE t_rest PARTITION OF t DEFAULT", FILL)
    definition = define(folder, pg, {"mode": "append"})
    killed_until_done(pg, definition, "VACUUM t")
    each_row_once(pg, ROWS)


def test_a_table_without_a_key_that_was_changed_is_not_gone_on_with(folder):
    pg = SERVERS[0]
    make(pg, "CREATE TABLE t (id int, at timestamptz, x text)", FILL)
    definition = define(folder, pg, {"mode": "append"})
    cut_off(pg, definition)
    pg.run("UPDATE t SET x = 'changed' WHERE id = 1")
    done = tidemill("run", definition)
    equal(done.returncode, 1)
    contains(done.stdout, "cannot be resumed")


def test_an_incremental_read_goes_on_when_killed(folder):
    pg = SERVERS[0]
    for key in ("PRIMARY KEY", ""):
        make(pg, "CREATE TABLE t (id int %s, at timestamptz, x text)" % key, FILL)
        definition = define(folder, pg, {"cursor": "at", "mode": "append"})
        killed_until_done(pg, definition, "INSERT INTO t SELECT max(id) + 1, '2000-01-01Z' FROM t")
        run(definition)
        each_row_once(pg, int(pg.value("SELECT count(*) FROM t")))


def test_a_merge_goes_on_when_killed(folder):
    pg = SERVERS[0]
    make(pg, "CREATE TABLE t (id int PRIMARY KEY, at timestamptz, x text)", FILL)
    definition = define(folder, pg, {"cursor": "at", "mode": "merge", "key": ["id"]})
    killed_until_done(pg, definition, "UPDATE t SET x = 'changed', at = now() WHERE random() < 0.001;"
                                      "INSERT INTO t SELECT max(id) + 1, '2000-01-01Z' FROM t")
    run(definition)
    each_row_once(pg, int(pg.value("SELECT count(*) FROM t")))


def main():
    try:
        with postgres.server() as pg:
            SERVERS.append(pg)
            tap.main(globals())
    except tap.Skip as why:
        print("1..0 # SKIP %s" % why)


if __name__ == "__main__":
    main()
