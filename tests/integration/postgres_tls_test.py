#!/usr/bin/env python3
"""PostgreSQL over TLS: the same rows, whatever the sizes of its records, and no server but the one that was meant."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import postgres  # noqa: E402
import tap  # noqa: E402

# The server makes them itself, in its own folder: they have to be its own.
MAKE_CERTIFICATE = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test "
                    "-addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.crt 2>/dev/null "
                    "&& chmod 600 server.key")
CERTIFICATES = []
SUMS = "SELECT count(*), sum(n), sum(length(v)), md5(string_agg(md5(v), '' ORDER BY n)) FROM "


def turn_on():
    """TLS, with a new certificate, for who connects from now on; the certificate."""
    mark = "%%m %d" % len(CERTIFICATES)
    SERVER.run("COPY (SELECT 1) TO PROGRAM '%s'" % ("cat >/dev/null && " + MAKE_CERTIFICATE).replace("'", "''"),
               "ALTER SYSTEM SET ssl = on", "ALTER SYSTEM SET log_line_prefix = '%s'" % mark, "SELECT pg_reload_conf()")
    while SERVER.value("SHOW log_line_prefix") != mark:
        pass
    tap.equal(SERVER.value("SHOW ssl"), "on", "the server does not take its certificate")
    CERTIFICATES.append(SERVER.run("SELECT pg_read_file('server.crt')"))
    return CERTIFICATES[-1]


def run(folder, source, destination, table):
    path = tap.write(folder, "run.json", json.dumps({
        "definition_version": 1, "name": "tls", "sync": {"frequency": 60}, "tables": [table],
        "source": {"connection": source}, "destination": {"connection": destination}}))
    return tap.tidemill("run", path)


def succeed(*args):
    done = run(*args)
    tap.equal(done.returncode, 0, done.stderr)


def files(folder):
    return {"plugin": "file", "options": {"path": folder, "format": "jsonl"}}


def test_rows_of_all_sizes_come_over_tls_and_go_back(folder):
    way = SERVER.options(sslmode="require")
    SERVER.run("CREATE TABLE sizes AS SELECT n, repeat(md5(n::text), n * 2) AS v FROM generate_series(1, 2000) n",
               "CREATE TABLE back (n int, v text)")
    succeed(folder, way, files(folder), {"name": "sizes", "mode": "replace"})
    succeed(folder, files(folder), way, {"name": "sizes.jsonl", "as": "back", "mode": "append"})
    tap.equal(SERVER.rows(SUMS + "back"), SERVER.rows(SUMS + "sizes"))
    succeed(folder, way, way, {"name": "sizes", "as": "again", "mode": "replace"})
    tap.equal(SERVER.rows(SUMS + "again"), SERVER.rows(SUMS + "sizes"))


def test_a_read_ends_wherever_its_last_row_does(folder):
    way = SERVER.options(sslmode="require")
    SERVER.run("CREATE TABLE ends (v text)")
    for size in (1, 4000, 8100, 8150, 8192, 8200, 16300, 16384, 16400, 32768, 65536, 200000):
        SERVER.run("TRUNCATE ends", "INSERT INTO ends VALUES (repeat('x', %d))" % size)
        succeed(folder, way, files(folder), {"name": "ends", "mode": "replace"})
        tap.equal(len(json.loads(tap.read(folder, "ends.jsonl"))["v"]), size)


def test_another_certificate_than_the_one_trusted_is_refused(folder):
    SERVER.run("CREATE TABLE trusted (n int)", "INSERT INTO trusted VALUES (1)")
    root = tap.write(folder, "root.crt", CERTIFICATES[-1])
    way = {"plugin": "postgres", "options": {"url": "%s?sslmode=verify-full&sslrootcert=%s" % (SERVER.url, root)}}
    succeed(folder, way, files(folder), {"name": "trusted", "mode": "replace"})
    turn_on()
    SERVER.run("INSERT INTO trusted VALUES (2)")
    done = run(folder, way, files(folder), {"name": "trusted", "mode": "replace"})
    tap.equal(done.returncode, 1)
    tap.contains(done.stdout, "certificate verify failed")
    tap.equal(tap.read(folder, "trusted.jsonl"), '{"n":1}\n', "the file is as it was")


if __name__ == "__main__":
    os.environ.pop("TIDEMILL_TEST_POSTGRES_URL", None)      # its settings are changed: only one of its own will do
    with postgres.server() as SERVER:
        turn_on()
        tap.main(globals())
