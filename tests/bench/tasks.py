"""The tasks: each with its reference, the bar that Tidemill has to reach, and what both run.

The work of most is two renames, one column left out, a regular expression and a literal find-and-replace; psql, the
reference for PostgreSQL, does none of that.
"""
import json
import os

from data import Data
from measure import Claim, Program, Task
from outputs import File, Table
from programs import OUT, WORK
from server import Server

DUCKDB_WORK = ("COPY (SELECT id, email, first_name AS given_name, last_name AS family_name, "
               "regexp_replace(phone, '[^0-9]+', '', 'g') AS phone, created_at, amount, is_active, "
               "replace(notes, 'refund', 'credit note') AS notes FROM %s) TO '%s' (FORMAT %s)")
DUCKDB_TYPES = ("{'id':'BIGINT','email':'VARCHAR','first_name':'VARCHAR','last_name':'VARCHAR','phone':'VARCHAR',"
                "'country':'VARCHAR','created_at':'VARCHAR','amount':'DECIMAL(12,2)','is_active':'BOOLEAN',"
                "'notes':'VARCHAR'}")
DUCKDB_SCANS = {"csv-csv": "read_csv('%s', header=true, all_varchar=true)",
                "csv-jsonl": "read_csv('%s', header=true, columns=" + DUCKDB_TYPES + ")",
                "jsonl-jsonl": "read_json('%s', format='newline_delimited', columns=" + DUCKDB_TYPES + ")"}
MILLER_WORK = ["rename", "first_name,given_name,last_name,family_name", "then", "cut", "-x", "-f", "country", "then",
               "put", '$phone = gsub($phone, "[^0-9]+", ""); $notes = gssub($notes, "refund", "credit note")']
RENAMES = [{"type": "rename_fields", "config": {"mapping": {"first_name": "given_name", "last_name": "family_name"}}},
           {"type": "exclude_fields", "config": {"fields": ["country"]}}]
STEPS = {"none": [], "renames": RENAMES, "all": RENAMES + [
    {"type": "find_and_replace", "config": {"field": "phone", "find": "[^0-9]+", "replace": ""}},
    {"type": "find_and_replace", "config": {"field": "notes", "find": "refund", "regex": False,
                                            "replace": "credit note"}}]}
STEPS["good"] = STEPS["all"]
TYPES = {"id": "int64", "amount": "decimal", "is_active": "bool"}
MERGE_BY_HAND = ["BEGIN", "CREATE TEMP TABLE staged (LIKE merged_raw) ON COMMIT DROP",
                 "\\copy staged from '%s' with (format csv, header)",
                 "INSERT INTO merged_raw SELECT * FROM staged ON CONFLICT (id) DO UPDATE SET email = excluded.email, "
                 "first_name = excluded.first_name, last_name = excluded.last_name, phone = excluded.phone, "
                 "country = excluded.country, created_at = excluded.created_at, amount = excluded.amount, "
                 "is_active = excluded.is_active, notes = excluded.notes", "COMMIT"]
MEMORY = 32                             # MiB
SAME = 1.1                              # of times that have to be the same: what noise is allowed
SAME_MEMORY = 1.2                       # of a peak of about 10 MiB, to which the threads' turns give or take 1

# Where rows come from and go to, and the bars against the reference.
TRANSFERS = {
    "csv-csv": ("csv", "csv", [Claim("wall", 0.25), Claim("cpu", 0.2)]),
    "csv-jsonl": ("csv", "jsonl", [Claim("wall", 0.3)]),
    "jsonl-jsonl": ("jsonl", "jsonl", [Claim("wall", 0.4)]),
    "csv-postgres": ("csv", "postgres", [Claim("wall", 0.7)]),
    "postgres-csv": ("postgres", "csv", [Claim("wall", 0.85)]),
    "postgres-postgres": ("postgres", "postgres", [Claim("wall", 1.1)]),
    "keyed-postgres": ("keyed", "postgres", [Claim("wall", 1.1)]),
    "merge-postgres": ("csv", "merge", [Claim("wall", 1.1)]),
}
OTHERS = ["rename-exclude", "bad-rows", "bad-rows-postgres", "refused-rows-postgres", "start-files", "start-postgres",
          "first-byte", "memory", "control"]
NAMES = [*TRANSFERS, *OTHERS, "growth"]


def shell(*commands):
    """A pipeline of them, as text."""
    return " | ".join(" ".join("'" + word.replace("'", "'\\''") + "'" for word in argv) for argv in commands)


class Tasks:
    """Makes tasks by name; starts the server for the first that needs it."""

    def __init__(self, programs, data, running=None):
        self.programs, self.data, self.running = programs, data, running

    def close(self):
        if self.running:
            self.running.stop()
        self.data.clean()

    @property
    def server(self):
        if not self.running:
            self.running = Server(self.data.rows)
        return self.running

    def make(self, name):
        """The tasks of that name that can run here."""
        if not self.can(name):
            return []
        if name in TRANSFERS:
            return [self.transfer(name)]
        return list(getattr(self, name.replace("-", "_"))())

    def can(self, name):
        return "postgres" not in name or self.programs.has_postgres

    def task(self, name, programs, claims, **more):
        for program in programs:
            program.rows = program.rows or self.data.rows
        return Task(name, programs, claims, self.data, server=self.server if "postgres" in name else None, **more)

    # ---- Tidemill ----

    def endpoint(self, kind, folder):
        if kind in ("csv", "jsonl"):
            return {"plugin": "file", "options": {"path": folder, "format": kind}}
        return {"plugin": "postgres", "options": {"url": self.server.url}}

    def tidemill(self, name, source, target, entry, output, work="all", **more):
        """Writes a definition; the program that runs it."""
        path = "%s/%s.json" % (WORK, name)
        document = {
            "definition_version": 1, "name": name, "sync": {"frequency": 60}, "tables": [entry],
            "source": {"connection": self.endpoint(source, WORK)},
            "destination": {"connection": self.endpoint(target, OUT)}, "transformations": STEPS[work]}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
        command = [self.programs.tidemill, "run", "--json", path]
        return Program("tidemill", command, output, work, has_ledger=True, **more)

    def ours(self, name, times=1, label="tidemill", work="all"):
        """A transfer of so many times the rows."""
        source, target, _ = TRANSFERS[name]
        alias = "%s-%s-%d" % (name, work, times)
        if source in ("postgres", "keyed"):
            entry = {"name": self.server.source(self.data.csv, times, "id" if source == "keyed" else "")}
        else:
            entry = {"name": os.path.basename(self.data.file(source, times))}
        if name == "csv-jsonl":
            entry["types"] = TYPES
        if target in ("csv", "jsonl"):
            output = File(target, "%s/%s.%s" % (OUT, alias, target))
            entry.update({"as": alias, "mode": "replace"})
        elif target == "merge":
            output = Table(self.server, "merged", self.server.source(self.data.csv, times))
            entry.update({"as": "merged", "mode": "merge", "key": ["id"]})
        else:
            output = Table(self.server, "done")
            entry.update({"as": "done", "mode": "append"})
        program = self.tidemill(alias, source, target, entry, output, work, rows=self.data.rows * times, scale=times)
        program.name = label
        return program

    # ---- the references ----

    def reference(self, name):
        """What a transfer is measured against, or None when it is not installed."""
        if name in DUCKDB_SCANS:
            return self.duckdb(name) if self.programs.duckdb else None
        return getattr(self, "psql_" + name.replace("-", "_"))()

    def duckdb(self, name):
        source, target, _ = TRANSFERS[name]
        made = "%s/duckdb.%s" % (OUT, target)
        form = "csv, HEADER" if target == "csv" else "json"
        scan = DUCKDB_SCANS[name] % self.data.file(source)
        return Program("DuckDB, 2 threads", [self.programs.duckdb, "2", DUCKDB_WORK % (scan, made, form)],
                       File(target, made))

    def psql_csv_postgres(self):
        copy = "\\copy raw from '%s' with (format csv, header)" % self.data.csv
        return Program("psql \\copy", self.server.psql(copy), Table(self.server, "raw"), "none")

    def psql_postgres_csv(self):
        made = OUT + "/psql.csv"
        copy = "\\copy %s to '%s' with (format csv, header)" % (self.server.source(self.data.csv), made)
        return Program("psql \\copy", self.server.psql(copy), File("csv", made), "none")

    def psql_keyed_postgres(self):
        return self.psql_postgres_postgres("id")

    def psql_postgres_postgres(self, key=""):
        out = "COPY %s TO STDOUT WITH (FORMAT binary)" % self.server.source(self.data.csv, key=key)
        pipe = shell(self.server.psql(out), self.server.psql("COPY raw FROM STDIN WITH (FORMAT binary)"))
        return Program("psql | psql, binary", pipe, Table(self.server, "raw"), "none")

    def psql_merge_postgres(self):
        commands = [command.replace("%s", self.data.csv) for command in MERGE_BY_HAND]
        return Program("psql, staging by hand", self.server.psql(*commands),
                       Table(self.server, "merged_raw", self.server.source(self.data.csv)), "none")

    # ---- the tasks ----

    def transfer(self, name):
        _, _, claims = TRANSFERS[name]
        reference, ours = self.reference(name), self.ours(name)
        return self.task(name, [reference, ours], claims) if reference else self.task(name, [ours], [])

    def rename_exclude(self):
        copy = self.ours("csv-csv", label="tidemill, copy alone", work="none")
        more = self.ours("csv-csv", label="tidemill, rename + exclude", work="renames")
        yield self.task("rename-exclude", [copy, more], [Claim("cpu", 1.03)], times=2)

    def with_bad(self, label, name, clean, **changes):
        """The same run, with one bad row in a thousand."""
        count = len(range(7, self.data.rows + 1, 1000))
        bad = self.tidemill(name, rows=self.data.rows, bad=count, work="good", **changes)
        bad.name = label
        return self.task(name, [clean, bad], [Claim("wall", SAME)])

    def bad_rows(self):
        entry = {"name": os.path.basename(self.data.bad()), "as": "bad", "mode": "replace", "types": TYPES}
        yield self.with_bad("tidemill, 0.1 % bad", "bad-rows", self.ours("csv-jsonl", label="tidemill, clean"),
                            source="csv", target="jsonl", entry=entry, output=File("jsonl", OUT + "/bad.jsonl"))

    def bad_rows_postgres(self):
        entry = {"name": os.path.basename(self.data.bad()), "as": "done", "mode": "append"}
        clean = self.ours("csv-postgres", label="tidemill, clean")
        yield self.with_bad("tidemill, 0.1 % bad", "bad-rows-postgres", clean,
                            source="csv", target="postgres", entry=entry, output=Table(self.server, "done"))

    def refused_rows_postgres(self):
        """Rows that are refused by a constraint of the server, and so by batch."""
        entry = {"name": os.path.basename(self.data.csv), "as": "checked_clean", "mode": "append"}
        clean = self.tidemill("checked-postgres", "csv", "postgres", entry, Table(self.server, "checked_clean"),
                              rows=self.data.rows)
        clean.name = "tidemill, clean"
        yield self.with_bad("tidemill, 0.1 % refused", "refused-rows-postgres", clean, source="csv", target="postgres",
                            entry=dict(entry, **{"as": "checked"}), output=Table(self.server, "checked"))

    def miller(self):
        return Program("Miller", [self.programs.miller, "-S", "--csv", *MILLER_WORK, self.data.csv], None, stdout="-")

    def start_files(self):
        if self.programs.miller:
            small = Tasks(self.programs, Data(10))
            yield small.task("start-files", [small.miller(), small.ours("csv-csv")], [Claim("wall", 0.6)], times=4)

    def start_postgres(self):
        small = Tasks(self.programs, Data(10), self.server)
        yield small.task("start-postgres", [small.psql_csv_postgres(), small.ours("csv-postgres")],
                         [Claim("wall", 1.0)], times=4)

    def first_byte(self):
        if self.programs.miller:
            ours = self.ours("csv-csv")
            ours.watch = OUT
            yield self.task("first-byte", [self.miller(), ours], [Claim("first", 1.0)])

    def memory(self):
        """Of each transfer, of the rows and of five times as many."""
        for name in filter(self.can, TRANSFERS):
            programs = [self.ours(name), self.ours(name, 5, "tidemill, 5 times the rows")]
            claims = [Claim("peak", MEMORY, is_ratio=False), Claim("peak", SAME_MEMORY)]
            yield self.task("memory " + name, programs, claims, once=True)

    def copy(self, times, label):
        """The file itself, copied and made durable: what the machine alone makes of so many times the bytes."""
        made = OUT + "/copy.csv"
        command = "rm -f %s && cat %s > %s && sync %s" % (made, self.data.file("csv", times), made, made)
        return Program(label, command, None, rows=self.data.rows * times, scale=times)

    def growth(self):
        copies = [self.copy(1, "cat"), self.copy(20, "cat, 20 times the rows")]
        yield self.task("growth copy", copies, [Claim("wall", 0), Claim("cpu", 0)], once=True)
        for name in filter(self.can, ["csv-csv", "postgres-postgres"]):
            programs = [self.ours(name), self.ours(name, 20, "tidemill, 20 times the rows")]
            claims = [Claim("wall", SAME), Claim("cpu", SAME), Claim("peak", SAME_MEMORY)]
            yield self.task("growth " + name, programs, claims, once=True)

    def control(self):
        """The same command twice: what is noise."""
        programs = [self.ours("csv-csv"), self.ours("csv-csv", label="tidemill, again")]
        yield self.task("control", programs, [Claim("wall", 0), Claim("cpu", 0)])
