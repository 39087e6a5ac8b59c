#!/usr/bin/env python3
"""Replacing loads into PostgreSQL that make checkpoints: a run that is cut off is gone on with, the table becomes what
the source is, and nobody sees half of it before."""
import json
import os
import random
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import postgres  # noqa: E402
import postgres_exactly_once_test as once  # noqa: E402
import tap  # noqa: E402

FILL = once.FILL
OLD = "CREATE TABLE dst AS SELECT 0 AS id, 'old' AS name, 0 AS part"
KEYED = ("CREATE TABLE src AS " + FILL, "ALTER TABLE src ADD PRIMARY KEY (id)")
BY_ROW = ("CREATE TABLE src AS " + FILL + " ORDER BY i % 100",)
GONE_ON = "resuming from its last checkpoint"
NOT_SAME = "the staged rows of the last run, or the table, were changed since"
ANEW = "replaced from the start"


def definition(folder, pg, source=None, **table):
    return once.definition(folder, source or pg.options(), pg.options(), **dict({"mode": "replace"}, **table))


def drop_databases():
    while once.DATABASES:
        once.SERVER.run('DROP DATABASE "%s" WITH (FORCE)' % once.DATABASES.pop())


def through_proxy(pg, cut, forwards):
    proxy = once.Proxy(int(pg.value("SELECT inet_server_port()")), cut, forwards)
    return pg.options(host="127.0.0.1", port=proxy.own_port)


def staging(pg):
    """The names of tables that are set aside."""
    return [row[0] for row in pg.rows("SELECT relname FROM pg_class WHERE relname LIKE '\\_tidemill\\_staging\\_%'"
                                      " AND relkind = 'r'")]


def aside(pg):
    """How many rows are set aside."""
    names = staging(pg)
    return int(pg.value("SELECT count(*) FROM " + names[0])) if names else 0


def cut_off(folder, commits=3, fill=KEYED, target=(OLD,), **table):
    """A run that left so many checkpoints, less one."""
    drop_databases()
    pg = once.database(folder)
    pg.run(*fill, *target)
    path = once.definition(folder, pg.options(), through_proxy(pg, commits, False),
                           **dict({"mode": "replace"}, **table))
    run = subprocess.run(once.command(path)[:-1] + ["0s"], capture_output=True, text=True, check=False)
    tap.equal(run.returncode, 1, run.stdout + run.stderr)
    tap.equal(once.kept(pg), (commits - 1, False), run.stderr)
    assert 0 < aside(pg) < once.ROWS, "rows are set aside"
    return pg, definition(folder, pg, **table)


def ends(pg, path, words, columns="id, name, part"):
    before, _ = once.kept(pg)
    run = tap.tidemill("run", path, "--checkpoint", "0s", "--json")
    tap.equal(run.returncode, 0, run.stdout + run.stderr)
    tap.contains(run.stderr, words)
    assert words == GONE_ON or once.kept(pg)[0] > before + 1, "it makes checkpoints: " + run.stderr
    once.same(pg, "src", "dst", columns)
    tap.equal(staging(pg), [], "nothing is set aside any more")
    return json.loads(run.stdout), run.stderr


# ---- killed ---------------------------------------------------------------------------------------------------


class Reader:
    """Sees old rows, or new rows, and never both."""

    def __init__(self, pg):
        self.pg = pg
        self.new = "false" + pg.value("SELECT count(*) FROM src")

    def look(self, done):
        rows = self.pg.value("SELECT string_agg(DISTINCT (name = 'old')::text, ',') || count(*) FROM dst")
        assert rows == self.new or (rows == "true1" and not done), rows


def killed(folder, fill, seed, source=None, **table):
    pg = once.database(folder)
    pg.run(*fill, OLD)
    if source:
        put_files(pg, folder)
    path, chance, patience = definition(folder, pg, source, **table), random.Random(seed), 0.08
    reader, resumed, before = Reader(pg), 0, 0
    while resumed < 3 or before == 0:
        done = once.attempt(path, patience * (0.5 + chance.random()))
        commits, final = once.kept(pg)
        reader.look(final)
        assert final or not done, "it says that it succeeded"
        if final:
            once.same(pg, "src", "dst")
            pg.run("TRUNCATE dst", "INSERT INTO dst VALUES (0, 'old', 0)", "DELETE FROM _tidemill_positions")
            patience, commits = patience * 0.8, 0
        resumed += before > 0 and (final or commits > before)
        patience *= 1.2 if commits == before else 1
        before = commits
    ends(pg, path, GONE_ON)


def test_killed_runs_replace_by_a_table_with_a_key(folder):
    killed(folder, KEYED, 11)


def test_killed_runs_replace_by_a_table_without_a_key(folder):
    killed(folder, BY_ROW, 12)


FILES = {"plugin": "file", "options": {"path": "in", "format": "csv"}}


def put_files(pg, folder):
    """The rows of src in two files."""
    for name, half in (("a.csv", "<"), ("b.csv", ">=")):
        tap.write(folder, "in/" + name, pg.run("COPY (SELECT * FROM src WHERE id %s %d ORDER BY id) TO STDOUT"
                                               " (FORMAT csv, HEADER)" % (half, once.ROWS // 2)))


def test_killed_runs_replace_by_files(folder):
    more = ["INSERT INTO src SELECT id + %d, name, part FROM src" % (once.ROWS << i) for i in range(3)]
    killed(folder, (*KEYED, *more), 13, FILES, name="*.csv")


# ---- the source meanwhile -------------------------------------------------------------------------------------


def test_what_was_not_changed_is_gone_on_with_and_counted_once(folder):
    pg, path = cut_off(folder)
    before = aside(pg)
    end, _ = ends(pg, path, GONE_ON)
    tap.equal(end["passed"][5], once.ROWS - before)


def test_rows_that_came_behind_the_place_come_too(folder):
    pg, path = cut_off(folder)
    pg.run("INSERT INTO src VALUES (%d, 'new', 1)" % (once.ROWS + 1), "DELETE FROM src WHERE id = %d" % once.ROWS)
    ends(pg, path, GONE_ON)


def test_rows_deleted_in_front_of_the_place_do_not_stay(folder):
    pg, path = cut_off(folder)
    pg.run("DELETE FROM src WHERE id = 1")
    ends(pg, path, ANEW)


def test_rows_changed_in_front_of_the_place_are_read_again(folder):
    pg, path = cut_off(folder)
    pg.run("UPDATE src SET name = 'changed' WHERE id = 1")
    ends(pg, path, ANEW)


def test_a_column_made_anew_without_a_rewrite_is_read_again(folder):
    for fill in (KEYED, BY_ROW):
        pg, path = cut_off(folder, fill=fill)
        pg.run("ALTER TABLE src DROP COLUMN part, ADD COLUMN part int DEFAULT 9")
        ends(pg, path, ANEW)


def test_a_source_table_without_a_key_is_gone_on_with_unless_it_changed(folder):
    pg, path = cut_off(folder, fill=BY_ROW)
    ends(pg, path, GONE_ON)


def test_rows_deleted_in_front_of_the_place_on_disk_do_not_stay(folder):
    pg, path = cut_off(folder, fill=BY_ROW)
    pg.run("DELETE FROM src WHERE ctid = '(0,1)'")
    ends(pg, path, ANEW)


PARTED = ("CREATE TABLE src (id int, name text, part int) PARTITION BY LIST (part)",
          *("CREATE TABLE src%d PARTITION OF src FOR VALUES IN (%d)" % (i, i) for i in range(7)),
          "INSERT INTO src " + FILL)


def test_a_source_table_of_partitions_is_gone_on_with_unless_rows_left_it(folder):
    pg, path = cut_off(folder, fill=PARTED)
    ends(pg, path, GONE_ON)
    pg, path = cut_off(folder, fill=PARTED, commits=4)
    pg.run("DELETE FROM src WHERE id = 7")
    ends(pg, path, ANEW)


def test_a_definition_that_was_changed_makes_all_rows_anew(folder):
    pg, _ = cut_off(folder)
    path = definition(folder, pg, filter={"field": "id", "operator": "is greater than", "values": [10]})
    run = tap.tidemill("run", path)
    tap.equal(run.returncode, 0, run.stderr)
    tap.contains(run.stderr, ANEW)
    tap.equal(pg.value("SELECT min(id) || '/' || count(*) FROM dst"), "11/%d" % (once.ROWS - 10))


# ---- the destination meanwhile --------------------------------------------------------------------------------


def test_rows_set_aside_that_somebody_changed_are_thrown_away(folder):
    pg, path = cut_off(folder)
    pg.run("DELETE FROM %s WHERE id = 1" % staging(pg)[0])
    ends(pg, path, NOT_SAME)


def test_a_table_set_aside_that_was_made_anew_is_thrown_away(folder):
    pg, path = cut_off(folder)
    name = staging(pg)[0]
    pg.run("CREATE TABLE copy AS SELECT * FROM " + name, "DROP TABLE " + name, "ALTER TABLE copy RENAME TO " + name)
    ends(pg, path, NOT_SAME)


def test_a_table_set_aside_that_was_dropped_is_filled_again(folder):
    pg, path = cut_off(folder)
    pg.run("DROP TABLE " + staging(pg)[0])
    ends(pg, path, NOT_SAME)


def test_a_target_that_was_altered_or_dropped_is_loaded_from_the_start(folder):
    for change in ("ALTER TABLE dst ADD CHECK (id >= 0)", "CREATE UNIQUE INDEX ON dst (id)", "DROP TABLE dst"):
        pg, path = cut_off(folder)
        pg.run(change)
        ends(pg, path, NOT_SAME)
        drop_databases()


def test_from_scratch_nothing_that_was_set_aside_is_used(folder):
    pg, path = cut_off(folder)
    run = tap.tidemill("run", path, "--full")
    tap.equal(run.returncode, 0, run.stderr)
    assert GONE_ON not in run.stderr, run.stderr
    once.same(pg, "src", "dst")
    tap.equal(staging(pg), [])


def test_another_mode_loads_all_rows_and_drops_what_was_set_aside(folder):
    pg, _ = cut_off(folder)
    run = tap.tidemill("run", definition(folder, pg, mode="append"))
    tap.equal(run.returncode, 0, run.stderr)
    tap.equal(pg.value("SELECT count(*) FROM dst"), str(once.ROWS + 1))
    tap.equal(staging(pg), [])


def test_a_server_that_crashed_has_nothing_aside_and_the_load_begins_anew(folder):
    if os.environ.get("TIDEMILL_TEST_POSTGRES_URL"):
        raise tap.Skip("the server is not ours to crash")
    pg, path = cut_off(folder)
    pg.run("CHECKPOINT")
    session = pg.session("-At")
    session.stdin.write("SELECT pg_backend_pid();\n")
    session.stdin.flush()
    os.kill(int(session.stdout.readline()), signal.SIGKILL)
    session.communicate()
    while subprocess.run(pg.argv("-c", "SELECT 1"), capture_output=True, check=False).returncode != 0:
        pass
    tap.equal(aside(pg), 0, "it is emptied")
    ends(pg, path, NOT_SAME)


def test_the_sum_of_a_load_that_was_gone_on_with_is_that_of_all_rows(folder):
    pg, path = cut_off(folder, verify="checksum")
    end, _ = ends(pg, path, GONE_ON)
    tap.equal(end["tables"][0]["verified"]["rows"], once.ROWS)


# ---- tables ---------------------------------------------------------------------------------------------------


def test_a_new_table_is_set_aside_itself_and_appears_empty(folder):
    pg, path = cut_off(folder, target=())
    tap.equal(pg.value("SELECT count(*) FROM dst"), "0")
    ends(pg, path, GONE_ON)


IDENTITY = ("CREATE TABLE dst (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, part int,"
            " own bigint GENERATED BY DEFAULT AS IDENTITY, at int DEFAULT 7, twice bigint GENERATED ALWAYS AS (id * 2)"
            " STORED)", "INSERT INTO dst (name) VALUES ('old')")


def test_identity_defaults_and_computed_columns_are_those_of_the_table(folder):
    pg, path = cut_off(folder, target=IDENTITY)
    ends(pg, path, GONE_ON)
    tap.equal(pg.value("SELECT count(*) FROM dst WHERE at <> 7 OR twice <> id * 2"), "0")
    tap.equal(pg.value("SELECT max(own) = pg_sequence_last_value(pg_get_serial_sequence('dst', 'own')) FROM dst"), "t")


def test_views_grants_and_indexes_stay(folder):
    pg, path = cut_off(folder, target=("CREATE TABLE dst (id int PRIMARY KEY, name text, part int)",
                                       "CREATE INDEX named ON dst (part)", "CREATE VIEW seen AS SELECT * FROM dst",
                                       "GRANT SELECT ON dst TO PUBLIC"))
    oid = pg.value("SELECT 'dst'::regclass::oid")
    ends(pg, path, GONE_ON)
    tap.equal(pg.value("SELECT 'dst'::regclass::oid"), oid)
    tap.equal(pg.value("SELECT count(*) FROM seen"), str(once.ROWS))
    tap.equal(pg.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'dst'"), "2")


def test_bad_rows_are_rejected_alone_and_counted_over_all_runs(folder):
    target = ("CREATE TABLE dst (id int, name text UNIQUE, part int CHECK (part <> 9))",)
    fill = KEYED + ("UPDATE src SET part = 9 WHERE id IN (7, 30, 59000)", "UPDATE src SET name = 'row 1' WHERE id = 5",
                    "VACUUM FULL src")
    pg, path = cut_off(folder, fill=fill, target=target)
    run = tap.tidemill("run", path, "--checkpoint", "10ms", "--json")
    tap.equal(run.returncode, 3, run.stderr)
    tap.contains(run.stderr, GONE_ON)
    tap.equal(json.loads(run.stdout)["failed"][5], 1)
    tap.equal(pg.value("SELECT count(*) || '/' || count(DISTINCT name) FROM dst"), "%d/%d" % ((once.ROWS - 4,) * 2))


DIRECT = {
    "foreign key": ("CREATE TABLE parts (part int PRIMARY KEY)", "INSERT INTO parts SELECT generate_series(0, 6)",
                    "CREATE TABLE dst (id int, name text, part int REFERENCES parts)"),
    "trigger": ("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                "CREATE TABLE dst (id int, name text, part int)",
                "CREATE TRIGGER t BEFORE INSERT ON dst FOR EACH ROW EXECUTE FUNCTION keep()"),
    "partitions": ("CREATE TABLE dst (id int, name text, part int) PARTITION BY LIST (part)",
                   "CREATE TABLE every PARTITION OF dst DEFAULT"),
}


def test_tables_that_cannot_be_copied_are_replaced_in_one_transaction(folder):
    for what, target in DIRECT.items():
        pg = once.database(folder)
        pg.run(*KEYED, *target)
        run = tap.tidemill("run", definition(folder, pg), "--checkpoint", "0s")
        tap.equal(run.returncode, 0, what + run.stderr)
        tap.equal(once.kept(pg), (1, True), what)
        once.same(pg, "src", "dst")
        drop_databases()


def test_a_run_that_ends_before_a_checkpoint_is_due_sets_nothing_aside(folder):
    pg = once.database(folder)
    pg.run(*KEYED, OLD)
    run = tap.tidemill("run", definition(folder, pg), "--checkpoint", "1h")
    tap.equal(run.returncode, 0, run.stderr)
    tap.equal(once.kept(pg), (1, True))
    once.same(pg, "src", "dst")


def test_a_commit_whose_reply_was_lost_is_found_in_a_replacing_load(folder):
    for cut in (1, 2, 40):
        pg = once.database(folder)
        pg.run(*KEYED, OLD)
        path = once.definition(folder, pg.options(), through_proxy(pg, cut, True), mode="replace")
        run = tap.tidemill("run", path, "--checkpoint", "0s" if cut < 40 else "1h")
        tap.equal(run.returncode, 0, run.stderr)
        once.same(pg, "src", "dst")
        tap.equal(staging(pg), [])
        drop_databases()


def test_of_two_runs_at_once_one_replaces_the_rows_and_the_other_says_why_not(folder):
    pg = once.database(folder)
    pg.run(*KEYED, OLD)
    path = definition(folder, pg)
    for _ in range(3):
        both = [subprocess.Popen([tap.TIDEMILL, "run", path, "--checkpoint", "20ms"], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True) for _ in range(2)]
        for run in both:
            told = run.communicate()[0]
            assert run.returncode == 0 or "another run" in told, told
        assert 0 in [run.returncode for run in both]
        once.same(pg, "src", "dst")
    run = tap.tidemill("run", path)
    tap.equal(run.returncode, 0, run.stderr)
    once.same(pg, "src", "dst")
    tap.equal(staging(pg), [])


def test_the_guarantee_is_told(folder):
    pg = once.database(folder)
    pg.run(*KEYED, OLD)
    done = tap.tidemill("validate", definition(folder, pg))
    tap.equal(done.returncode, 0, done.stderr)
    tap.contains(done.stdout, "from the first checkpoint on they are staged")


if __name__ == "__main__":
    with postgres.server() as SERVER:
        once.SERVER = SERVER
        try:
            tap.main(globals())
        finally:
            drop_databases()
