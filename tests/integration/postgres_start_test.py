#!/usr/bin/env python3
"""What a small run asks a PostgreSQL server: each message is a round trip, and each statement costs a new session some
time, so none comes in unseen.  They are counted on their way, not timed."""
import json
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import postgres  # noqa: E402
import tap  # noqa: E402

SCHEMAS = []
TEN = "id,name\n" + "".join("%d,row %d\n" % (i, i) for i in range(10))


class Recorder(threading.Thread):
    """In front of the server: keeps the queries that pass, of one connection after the other."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.queries, self.rows = port, [], []       # rows: the messages that bring them, and their end
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own_port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self.answer, args=(server, client), daemon=True).start()
            self.listen(client, server)

    @staticmethod
    def answer(server, client):
        while data := server.recv(1 << 16):
            client.sendall(data)

    def listen(self, client, server):
        """Messages have a type, a length and a text; the one that starts the session has no type."""
        rest, started = b"", False
        while data := client.recv(1 << 16):
            rest += data
            while len(rest) >= 5:
                kind, size = (rest[:1], rest[1:5]) if started else (b"", rest[:4])
                end = len(kind) + int.from_bytes(size, "big")
                if len(rest) < end:
                    break
                if kind in (b"Q", b"P"):
                    self.queries.append(rest[5:end].strip(b"\0").decode())
                if kind in (b"d", b"c"):
                    self.rows.append(kind)
                rest, started = rest[end:], True
            server.sendall(data)
        server.shutdown(socket.SHUT_RDWR)


def words(query):
    """The first word of each statement; those that set something count as one."""
    found = []
    for statement in query.split(";"):
        verb = statement.split()[0]
        if verb != "SET" or found[-1:] != ["SET"]:
            found.append(verb)
    return " ".join(found)


def schema(folder):
    """One of the test's own; the folder's name is a new one each time."""
    name = os.path.basename(folder).replace("-", "_").lower()
    if name not in SCHEMAS:
        SERVER.run("CREATE SCHEMA " + name)
        SCHEMAS.append(name)
    return name


def make(folder, table, text):
    SERVER.run("CREATE TABLE %s.%s %s" % (schema(folder), table, text))


def listen(folder, source, destination, table):
    """Who listened to a run; source or destination, None, is what is listened to."""
    recorder = Recorder(int(SERVER.value("SELECT inet_server_port()")))
    way = SERVER.options(host="127.0.0.1", port=recorder.own_port, sslmode="disable", schema=schema(folder))
    path = tap.write(folder, "run.json", json.dumps({
        "definition_version": 1, "name": "start", "sync": {"frequency": 60}, "tables": [table],
        "source": {"connection": source or way}, "destination": {"connection": destination or way}}))
    done = tap.tidemill("run", path, env={"PGGSSENCMODE": "disable"})
    tap.equal(done.returncode, 0, done.stderr)
    return recorder


def asked(*run):
    """What a run asks."""
    return [words(query) for query in listen(*run).queries]


def files(folder):
    return {"plugin": "file", "options": {"path": folder, "format": "csv"}}


def load(folder, table):
    tap.write(folder, "ten.csv", TEN)
    return folder, files(folder), None, {"name": "ten.csv", "as": table, "mode": "append"}


def test_ten_rows_are_appended_in_few_round_trips(folder):
    make(folder, "appended", "(id int PRIMARY KEY, name text)")
    tap.equal(asked(*load(folder, "appended")),
              ["BEGIN SET SELECT SELECT", "ROLLBACK", "BEGIN SET SELECT", "SELECT", "SAVEPOINT COPY",
               "SELECT CREATE SELECT INSERT", "COMMIT"], "the table of positions is missing")
    SERVER.run("TRUNCATE %s.appended" % schema(folder))
    run = listen(*load(folder, "appended"))
    tap.equal([words(query) for query in run.queries],
              ["BEGIN SET SELECT SELECT", "SAVEPOINT COPY", "UPDATE", "COMMIT"])
    tap.equal(run.rows, [b"d", b"c"], "the rows are one message, and their end the next")
    tap.equal(SERVER.value("SELECT count(*) FROM %s.appended" % schema(folder)), "10")


def test_ten_rows_are_read_in_few_round_trips(folder):
    make(folder, "read", "AS SELECT i AS id FROM generate_series(1, 10) i")
    tap.equal(asked(folder, None, files(folder), {"name": "read", "as": "made", "mode": "replace"}),
              ["BEGIN SET LOCK SELECT SELECT", "COPY"])
    tap.equal(len(tap.read(folder, "made.csv").splitlines()), 11)


def test_a_key_of_the_source_is_one_more(folder):
    make(folder, "keyed", "(id int PRIMARY KEY)")
    tap.equal(asked(folder, None, files(folder), {"name": "keyed", "as": "made", "mode": "replace"}),
              ["BEGIN SET LOCK SELECT SELECT", "SELECT", "COPY"])


def test_a_place_to_go_on_at_is_one_more(folder):
    make(folder, "placed", "AS SELECT i AS id FROM generate_series(1, 10) i")
    tap.equal(asked(folder, None, SERVER.options(schema=schema(folder)),
                    {"name": "placed", "as": "copied", "mode": "append"}),
              ["BEGIN SET LOCK SELECT SELECT", "SELECT", "SET COPY"])
    SERVER.run("ALTER TABLE %s.placed ADD PRIMARY KEY (id)" % schema(folder))
    tap.equal(asked(folder, None, SERVER.options(schema=schema(folder)),
                    {"name": "placed", "as": "keyed", "mode": "append"}),
              ["BEGIN SET LOCK SELECT SELECT", "SELECT SELECT", "COPY"], "with the key")


def test_common_types_of_a_new_table_are_not_asked_for(folder):
    make(folder, "typed", "(a int, b numeric(12, 2), c varchar(20), d timestamptz, e char(3), f text)")

    def up_to_making(table):
        found = asked(folder, SERVER.options(schema=schema(folder)), None,
                      {"name": "typed", "as": table, "mode": "append"})
        return found[:1 + [query.split()[-1] for query in found].index("CREATE")]

    tap.equal(up_to_making("first"), ["BEGIN SET SELECT SELECT", "ROLLBACK", "BEGIN SET CREATE"])
    tap.equal(up_to_making("common"), ["BEGIN SET SELECT SELECT", "CREATE"])
    SERVER.run("ALTER TABLE %s.typed ADD g inet, ADD h int[]" % schema(folder))
    tap.equal(up_to_making("others"), ["BEGIN SET SELECT SELECT", "SAVEPOINT SELECT RELEASE", "CREATE"])


def test_many_parts_are_asked_for_in_pieces(folder):
    """As each COPY lists the columns, thousands of them would be too much to keep at once."""
    wide = ", ".join("%s_%02d int" % ("c" * 60, i) for i in range(60))
    parts = ["CREATE TABLE %s.part_%02d PARTITION OF %s.parted FOR VALUES IN (%d)" %
             (schema(folder), i, schema(folder), i) for i in range(40)]
    make(folder, "parted", "(id int, %s) PARTITION BY LIST (id)" % wide)
    SERVER.run("; ".join(parts), "INSERT INTO %s.parted (id) SELECT i %% 40 FROM generate_series(1, 400) i" %
               schema(folder))
    run = listen(folder, None, SERVER.options(schema=schema(folder)),
                 {"name": "parted", "as": "whole", "mode": "append"})
    copies = [query for query in run.queries if "COPY" in query]
    tap.equal(sum(query.count("COPY (") for query in copies), 40)
    tap.equal(2 < len(copies) < 10, True, "%d messages" % len(copies))
    tap.equal(max(map(len, copies)) < 80000, True)
    tap.equal(SERVER.value("SELECT count(*), sum(id) FROM %s.whole" % schema(folder)), "400\t7800")


if __name__ == "__main__":
    with postgres.server() as SERVER:
        try:
            tap.main(globals())
        finally:
            for made in SCHEMAS:
                SERVER.run("DROP SCHEMA %s CASCADE" % made)
