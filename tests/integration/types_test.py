#!/usr/bin/python3
"""Every type of PostgreSQL through each route: what comes back is what was sent, or the row is refused and says why."""
import ast
import itertools
import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import postgres                                                      # noqa: E402
import tap                                                           # noqa: E402
from tap import contains, equal, tidemill, write                     # noqa: E402

MATRIX = os.path.join(os.environ.get("top_srcdir", "."), "tests/unit/plugins/postgres_matrix.h")
TYPES = ["CREATE TYPE mood AS ENUM ('sad', 'very happy', 'it''s')", "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
         "CREATE DOMAIN short_text AS varchar(10)", "CREATE DOMAIN short_code AS short_text",
         "CREATE TYPE pair AS (a integer, b text)", "CREATE TYPE \"Odd Type\" AS ENUM ('a')", "CREATE SCHEMA other",
         "CREATE TYPE other.size AS ENUM ('big')"]
# In JSON lines NaN and the infinities are texts, which beside numbers make a column of anything: its type is declared.
DECLARED = {"real": "float64", "double precision": "float64", "numeric": "decimal", "numeric(12,2)": "decimal"}


def matrix():
    """[(type, [values])], as the C tests have it."""
    with open(MATRIX, encoding="utf-8") as file:
        text = file.read()
    string = r'"(?:[^"\\]|\\.)*"'
    rows = re.findall(r"\{(%s),\s*VALUES\(((?:\s*%s,?)+)\)\}" % (string, string), text)
    return [(ast.literal_eval(name), [ast.literal_eval(value) for value in re.findall(string, values)])
            for name, values in rows]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def make_tables(pg):
    """wide_source: a column a type, a row a value, all others null; wide_target: the same columns, no rows."""
    rows = matrix()
    pg.run("SET standard_conforming_strings = on", *TYPES)
    pg.run("CREATE TABLE wide_source (n serial PRIMARY KEY, %s)"
           % ", ".join("c%d %s" % (i, name) for i, (name, _) in enumerate(rows)))
    pg.run("INSERT INTO wide_source DEFAULT VALUES",
           *["INSERT INTO wide_source (c%d) VALUES (%s)" % (i, quoted(value))
             for i, (_, values) in enumerate(rows) for value in values])
    pg.run("CREATE TABLE wide_target (LIKE wide_source)")
    return rows


def move(folder, source, destination, name, target, types=None):
    table = {"name": name, "as": target, "mode": "replace"}
    if types:
        table["types"] = types
    done = tidemill("run", "--json", "--check", write(folder, "p.json", json.dumps({
        "definition_version": 1, "name": "p", "sync": {"frequency": 60}, "source": {"connection": source},
        "destination": {"connection": destination}, "tables": [table]})))
    result = json.loads(done.stdout) if done.stdout else {"error": done.stderr}
    assert done.returncode == 0, (result["error"], result.get("rejects"))
    for step in range(5):
        equal(result["passed"][step], result["passed"][step + 1] + result["failed"][step + 1])
    return result["passed"][5]


def differences(pg, rows, a, b):
    """"type: value is value" for each that is not the same; bit for bit, as text."""
    found = []
    for i, (name, _) in enumerate(rows):
        for line in pg.rows("SELECT n, a.c%d::text, b.c%d::text FROM %s a FULL JOIN %s b USING (n) "
                            "WHERE a.c%d::text IS DISTINCT FROM b.c%d::text" % (i, i, a, b, i, i)):
            found.append("%s: %r is %r" % (name, line[1], line[2]))
    return found


def files(kind):
    return {"plugin": "file", "options": {"path": "files", "format": kind}}


def through(pg, folder, rows, between, table, types=None):
    pg.run("TRUNCATE wide_target")
    count = int(pg.value("SELECT count(*) FROM wide_source"))
    equal(move(folder, pg.options(), between, "wide_source", "wide"), count)
    equal(move(folder, between, pg.options(), table, "wide_target", types), count)
    equal(pg.value("SELECT count(*) FROM wide_target"), str(count))
    return differences(pg, rows, "wide_source", "wide_target")


def test_the_matrix_has_every_built_in_type(_folder):
    with postgres.server() as pg:
        pg.run(*TYPES)
        named = ", ".join(quoted(name) + "::regtype" for name, _ in matrix())
        missing = pg.rows("SELECT format_type(oid, NULL) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace "
                          "AND typtype IN ('b', 'r', 'm') AND typelem = 0 AND typrelid = 0 "
                          "AND oid NOT IN (%s) ORDER BY 1" % named)
        # What no column holds for its own sake: statistics, trees of the parser, and names of the catalog's things,
        # whose like is in the matrix (regtype).
        internal = re.compile(r"pg_|aclitem|gtsvector|cid$|refcursor|reg|oidvector|int2vector")
        equal([name for [name] in missing if not internal.match(name)], [])


def test_every_type_through_csv(folder):
    with postgres.server() as pg:
        rows = make_tables(pg)
        equal(through(pg, folder, rows, files("csv"), "wide.csv"), [])


def test_every_type_through_jsonl(folder):
    with postgres.server() as pg:
        rows = make_tables(pg)
        types = {"c%d" % i: DECLARED[name] for i, (name, _) in enumerate(rows) if name in DECLARED}
        # A member that is null is what JSON lines have for NULL.
        equal(through(pg, folder, rows, files("jsonl"), "wide.jsonl", types),
              ["json: 'null' is None", "jsonb: 'null' is None"])


def test_every_type_through_sqlite(folder):
    with postgres.server() as pg:
        rows = make_tables(pg)
        sqlite = {"plugin": "sqlite", "options": {"path": "t.db"}}
        # A zero of SQLite has no sign.
        equal(through(pg, folder, rows, sqlite, "wide"), ["real: '-0' is '0'", "double precision: '-0' is '0'"])


def test_every_type_to_postgres_in_one_step(folder):
    with postgres.server() as pg:
        rows = make_tables(pg)
        move(folder, pg.options(), pg.options(), "wide_source", "wide_target")
        equal(differences(pg, rows, "wide_source", "wide_target"), [])
        move(folder, pg.options(), pg.options(), "wide_source", "wide_new")
        equal(differences(pg, rows, "wide_source", "wide_new"), [])


def test_what_a_text_cannot_hold_is_refused_by_row(folder):
    with postgres.server() as pg:
        pg.run("CREATE TABLE target (id bigint, note text)")
        write(folder, "files/in.csv", b"id,note\n1,a\x00b\n2,ok\n3,\xff\xfe\n4,\xed\xa0\x80\n5,last\n")
        done = tidemill("run", "--json", write(folder, "p.json", json.dumps({
            "definition_version": 1, "name": "p", "sync": {"frequency": 60}, "source": {"connection": files("csv")},
            "destination": {"connection": pg.options()},
            "tables": [{"name": "in.csv", "as": "target", "mode": "append"}]})))
        equal(done.returncode, 3, done.stderr)
        result = json.loads(done.stdout)
        equal(pg.rows("SELECT id, note FROM target ORDER BY id"), [["2", "ok"], ["5", "last"]])
        equal(sorted(item["position"] for item in result["rejects"]["items"]), [2, 4, 5])
        contains(json.dumps(result["rejects"]["items"]), "NUL")


DIALECTS = {"delimiter": [",", ";", "\t", "|"], "quote": ['"', "'"], "escape": [None, "\\"], "null_string": ["", "NULL", "\\N"],
            "header": [True, False], "line_ending": ["lf", "crlf"]}


def texts(rnd, rows):
    # A line of \. alone ends COPY's input up to PostgreSQL 16, even within quotes.
    pieces = ["a", " ", ",", ";", "|", '"', "'", "\\", "\t", "\n", "\r\n", "NULL", "\\N", "\\.a", "é", "", "x" * 30]
    return [[None if rnd.random() < 0.15 else "".join(rnd.choices(pieces, k=rnd.randrange(5))) for _ in range(3)]
            for _ in range(rows)]


def copy_options(dialect):
    """The dialect in the words of PostgreSQL's COPY."""
    words = {"FORMAT": "csv", "HEADER": str(dialect["header"]).lower(), "DELIMITER": quoted(dialect["delimiter"]),
             "QUOTE": quoted(dialect["quote"]), "NULL": quoted(dialect["null_string"])}
    if dialect["escape"]:
        words["ESCAPE"] = quoted(dialect["escape"])
    return ", ".join("%s %s" % word for word in words.items())


def test_every_csv_dialect_means_the_same_to_postgres(folder):
    """Both ways: COPY reads what we write, and we read what COPY writes."""
    rnd = random.Random(5)
    with postgres.server() as pg:
        pg.run("CREATE TABLE want (n int PRIMARY KEY, a text, b text, c text)", "CREATE TABLE got (LIKE want)")
        for number, choice in enumerate(rnd.sample(list(itertools.product(*DIALECTS.values())), 32)):
            dialect = dict(zip(DIALECTS, choice))
            rows = texts(rnd, 40)
            pg.run("TRUNCATE want, got", *["INSERT INTO want VALUES (%d, %s)" % (
                i, ", ".join("NULL" if v is None else quoted(v) for v in row)) for i, row in enumerate(rows)])
            options = {name: value for name, value in dialect.items() if value is not None}
            ours = {"plugin": "file", "options": dict({"path": "d%d" % number, "format": "csv"}, **options)}
            equal(move(folder, pg.options(), ours, "want", "out"), 40)
            with open(os.path.join(folder, "d%d/out.csv" % number), encoding="utf-8", newline="") as file:
                pg.run("COPY got FROM STDIN (%s)" % copy_options(dialect), text=file.read())
            equal(pg.value("SELECT count(*) FROM want w JOIN got g USING (n) WHERE (w.*)::text = (g.*)::text"), "40",
                  dialect)
            theirs = pg.run("COPY want TO STDOUT (%s)" % copy_options(dialect))
            write(folder, "d%d/back.csv" % number, theirs)
            reading = dict(options, columns=["n", "a", "b", "c"]) if not dialect["header"] else dict(options)
            del reading["line_ending"]
            pg.run("TRUNCATE got")
            source = {"plugin": "file", "options": dict({"path": "d%d" % number, "format": "csv"}, **reading)}
            equal(move(folder, source, pg.options(), "back.csv", "got"), 40, dialect)
            equal(pg.value("SELECT count(*) FROM want w JOIN got g USING (n) WHERE (w.*)::text = (g.*)::text"), "40",
                  dialect)


def test_a_value_of_100_megabytes_arrives(folder):
    with postgres.server() as pg:
        pg.run("CREATE TABLE big (id int PRIMARY KEY, t text, b bytea)",
               "INSERT INTO big SELECT 1, repeat('0123456789abcde\\', 6400000), decode(repeat('00ff', 1000000), 'hex')",
               "INSERT INTO big VALUES (2, 'small', '')", "CREATE TABLE back (LIKE big)")
        equal(move(folder, pg.options(), files("csv"), "big", "big"), 2)
        equal(move(folder, files("csv"), pg.options(), "big.csv", "back"), 2)
        equal(pg.value("SELECT count(*) FROM big JOIN back USING (id, t, b)"), "2")


tap.main(globals())
