#!/usr/bin/python3
"""Each allocation of the postgres plugins and of libpq, each call to the server, and each read, write and the like of a
run that has PostgreSQL at one end or both, fails in turn.  faults.py says what must hold; a connection that fails is
gone for both sides, in the middle of a COMMIT too."""
import os
import sys
import threading

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests", folder) for folder in ("support", "faults")]
import postgres                                                      # noqa: E402
import tap                                                           # noqa: E402
from faults import Scenario, check, look_at_files, look_at_listed_rows, need   # noqa: E402

END = "-- told --"


class Client:
    """A session of psql for each thread, which outlives the statements: a process for each would be most of the
    time."""
    sessions = threading.local()
    pg = None

    @classmethod
    def ask(cls, statements):
        """What they print."""
        session = getattr(cls.sessions, "psql", None)
        if not session:
            session = cls.sessions.psql = cls.pg.session("-At", "-F", "|")
        session.stdin.write("%s;\n\\echo %s\n" % (statements, END))
        session.stdin.flush()
        told = ""
        for line in session.stdout:
            if line.rstrip("\n") == END:
                return told
            told += line
        raise AssertionError("psql: " + session.communicate()[1])


class PostgresScenario(Scenario):
    """One whose destination is a schema of the server, or a folder; both are new for each run.  The definition says
    URL and SCHEMA for the server and the schema; before is SQL."""
    tried = 8
    # It takes an answer that it has no memory for as one that has not come in full, and waits for the rest.
    waits = "libpq.so"

    def __init__(self, definition, inputs=None, before="", look=None, **more):
        more.setdefault("kinds", ("alloc", "net", "io"))
        super().__init__(definition, inputs or {}, {}, look or self.look_into_schema, once=True, **more)
        self.statements = before

    @staticmethod
    def schema(folder):
        return os.path.basename(folder).replace("-", "_").lower()

    def lay_out(self, folder):
        super().lay_out(folder)
        schema = self.schema(folder)
        Client.ask("SET client_min_messages = error; DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s;"
                   "SET search_path = %s; %s" % (schema, schema, schema, self.statements))
        tap.write(folder, "pipeline.yaml", self.definition.replace("URL", Client.pg.url).replace("SCHEMA", schema))

    def look_into_schema(self, _, folder):
        """Of each table how many rows, how many of them unlike, and what all say together."""
        schema = self.schema(folder)
        tables = Client.ask("SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                            " WHERE nspname = '%s' AND relkind = 'r' ORDER BY 1" % schema).split()
        ours = [name for name in tables if not name.startswith("_tidemill_")]
        return [(name, Client.ask("SELECT count(*), count(DISTINCT id), md5(string_agg(t::text, ',' ORDER BY id))"
                                  ' FROM %s."%s" t' % (schema, name))) for name in ours]


# ---- what is moved ----

FROM_POSTGRES = "source: {connection: {plugin: postgres, options: {url: 'URL'}}}\n"
TO_POSTGRES = "destination: {connection: {plugin: postgres, options: {url: 'URL', schema: SCHEMA}}}\n"
FROM_FILE = "source: {connection: {plugin: file, options: {path: in, format: csv}}}\n"
ROWS = "id,name,amount\n" + "".join("%d,name %d,%d.5\n" % (i, i, i) for i in range(1, 301))
MANY = "id\n" + "".join("%d\n" % i for i in range(1, 20001))
PEOPLE = ("CREATE TABLE people (id int PRIMARY KEY, name text, amount numeric);"
          "INSERT INTO people VALUES (3, 'old'), (1000, 'mine');")
SOURCES = """SET client_min_messages = error; DROP TABLE IF EXISTS tidemill_faults, tidemill_faults_many;
CREATE TABLE tidemill_faults (id int PRIMARY KEY, name text, amount numeric, at timestamptz, tags text[]);
INSERT INTO tidemill_faults SELECT i, repeat('x', i % 300), i / 8.0, '2026-01-01Z', ARRAY['a', NULL]
    FROM generate_series(1, 500) i;
CREATE TABLE tidemill_faults_many (id int PRIMARY KEY);
INSERT INTO tidemill_faults_many SELECT generate_series(1, 20000);
ANALYZE tidemill_faults; ANALYZE tidemill_faults_many"""


def table(name, rest):
    return "tables: [{name: %s, as: people, %s}]\n" % (name, rest)


def tell(definition, *args, **more):
    need("sources/postgres", "destinations/postgres")
    check(PostgresScenario(definition, *args, **more))


# ---- the destination ----

def test_rows_into_a_new_table(_):
    tell(FROM_FILE + TO_POSTGRES + table("a.csv", "mode: replace"), {"in/a.csv": ROWS})


def test_rows_behind_those_of_a_table(_):
    tell(FROM_FILE + TO_POSTGRES + table("a.csv", "mode: append"), {"in/a.csv": ROWS},
         PEOPLE.replace("PRIMARY KEY", "NOT NULL"))


def test_rows_merged_into_a_table(_):
    tell(FROM_FILE + TO_POSTGRES + table("a.csv", "mode: merge, key: [id]"), {"in/a.csv": ROWS}, PEOPLE)


def test_rows_in_the_place_of_others(_):
    tell(FROM_FILE + TO_POSTGRES + table("a.csv", "mode: replace"), {"in/a.csv": ROWS}, PEOPLE)


def test_checkpoints_of_a_table(_):
    tell(FROM_FILE + TO_POSTGRES + table("a.csv", "mode: append, types: {id: int64}"), {"in/a.csv": MANY},
         "CREATE TABLE people (id bigint);", checkpoints=True)


def test_rows_in_the_place_of_others_at_checkpoints(_):
    tell(FROM_POSTGRES + TO_POSTGRES + table("tidemill_faults_many", "mode: replace"),
         before="CREATE TABLE people (id int PRIMARY KEY); INSERT INTO people VALUES (3), (100000);", checkpoints=True)


# ---- the source ----

def test_a_table_into_a_file(_):
    tell(FROM_POSTGRES + "destination: {connection: {plugin: file, options: {path: out, format: csv}}}\n" +
         table("tidemill_faults", "mode: replace"), look=look_at_files)


def test_what_is_new_of_a_table_into_parts(_):
    tell(FROM_POSTGRES +
         "destination: {connection: {plugin: file, options: {path: out, format: csv, part_size: 60KiB}}}\n" +
         table("tidemill_faults_many", "mode: append, cursor: id"), look=look_at_listed_rows, checkpoints=True)


# ---- both ----

def test_a_table_into_a_new_one(_):
    tell(FROM_POSTGRES + TO_POSTGRES + table("tidemill_faults", "mode: replace"))


def test_a_table_merged_into_another(_):
    tell(FROM_POSTGRES + TO_POSTGRES + table("tidemill_faults", "mode: merge, key: [id], cursor: id"), before=(
        "CREATE TABLE people (id int PRIMARY KEY, name text, amount numeric, at timestamptz, tags text[]);"
        "INSERT INTO people VALUES (3, 'old'), (1000, 'mine');"))


def test_checkpoints_between_two_tables(_):
    tell(FROM_POSTGRES + TO_POSTGRES + table("tidemill_faults_many", "mode: append, cursor: id"), checkpoints=True)


if __name__ == "__main__":
    try:
        with postgres.server() as Client.pg:
            Client.pg.run(*SOURCES.split(";\n"))
            tap.main(globals())
    except tap.Skip as why:
        print("1..0 # SKIP %s" % why)
