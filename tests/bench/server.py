"""A private PostgreSQL server with the benchmark's tables, and the processor time of all its processes.

It has PostgreSQL's own settings, which sync to disk, but for two: neither a checkpoint nor autovacuum falls into a run.
"""
import os
import time

import rows
from programs import OUT, TOP, WORK, output_of, sh

TICKS = os.sysconf("SC_CLK_TCK")
SETTINGS = """
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 128MB
max_wal_size = 4GB
checkpoint_timeout = 30min
autovacuum = off
"""
COLUMNS = ("id bigint, email text, {0} text, {1} text, phone text,{2} created_at timestamptz, amount numeric(12,2), "
           "is_active boolean, notes text")
RAW = COLUMNS.format("first_name", "last_name", " country text,")
DONE = COLUMNS.format("given_name", "family_name", "")
TABLES = {"raw": RAW, "done": DONE, "merged_raw": RAW + ", PRIMARY KEY (id)", "merged": DONE + ", PRIMARY KEY (id)",
          "checked": DONE + ", CHECK (id % 1000 <> 7)", "checked_clean": DONE + ", CHECK (id % 1000 <> 1007)"}
PREPARED = "TRUNCATE " + ", ".join(TABLES)
OLD_ROWS = ("INSERT INTO merged{0} SELECT id, 'old', 'old', 'old', 'old',{1} now(), 0, false, 'old' FROM {2} "
            "WHERE id % 2 = 0")


def ticks(pid, fields):
    with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
        return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:11 + fields]))


class Server:
    def __init__(self, count):
        self.rows = count
        self.folder = os.path.join(WORK, "postgres")
        self.script = os.path.join(TOP, "tests/support/postgres.sh")
        version = sorted(os.listdir("/usr/lib/postgresql"), key=float)[-1]
        self.program = "/usr/lib/postgresql/%s/bin/psql" % version    # not Debian's, which is a script around it
        self.url = output_of("sh", self.script, "start", self.folder, str(os.getpid()),
                             env=dict(os.environ, TIDEMILL_POSTGRES_SETTINGS=SETTINGS)).splitlines()[-1]
        with open(self.value("SHOW data_directory") + "/postmaster.pid", encoding="ascii") as file:
            self.pid = int(file.readline())
        for name, columns in TABLES.items():
            self.value("CREATE TABLE %s (%s)" % (name, columns))

    def stop(self):
        sh("sh", self.script, "stop", self.folder)

    # ---- asking it ----

    def psql(self, *commands):
        argv = [self.program, "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", self.url]
        for command in commands:
            argv += ["-c", command]
        return argv

    def value(self, sql):
        return output_of(*self.psql(sql))

    def count(self, table):
        return int(self.value("SELECT count(*) FROM " + table))

    def export(self, table):
        """The table in a CSV file."""
        name = "%s/%s.csv" % (OUT, table)
        sh(*self.psql("SET timezone = 'UTC'", "\\copy %s to '%s' with (format csv, header)" % (table, name)))
        return name

    def tally(self, table):
        """Rows, the sum of the ids and a sum of what else is in them, each over any order."""
        columns = self.value("SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attnum > 1 AND "
                             "attrelid = '%s'::regclass" % table)
        answer = self.value("SELECT count(*), sum(id), sum(hashtextextended(ROW(%s)::text, 0)) FROM %s"
                            % (columns, table))
        return [int(number or 0) for number in answer.split("|")]

    # ---- its tables ----

    def source(self, csv, times=1, key=""):
        """The table to read from, with a primary key or without, made when it is not there."""
        name = "src%s_%d" % (key and "_keyed", times)
        if self.value("SELECT to_regclass('%s')" % name):
            return name
        self.value("CREATE TABLE %s (%s)" % (name, RAW))
        if times == 1:
            sh(*self.psql("\\copy %s from '%s' with (format csv, header)" % (name, csv)))
        else:
            for turn in range(times):
                self.value("INSERT INTO %s SELECT id + %d, %s FROM %s"
                           % (name, self.rows * turn, ", ".join(rows.COLUMNS[1:]), self.source(csv)))
        if key:
            self.value("ALTER TABLE %s ADD PRIMARY KEY (%s)" % (name, key))
        sh(*self.psql("VACUUM ANALYZE " + name))
        return name

    def prepare(self, old_rows_of=None):
        """Empty tables before a run; half of the keys are in those to merge into when told whose."""
        sh(*self.psql(PREPARED))
        if old_rows_of:
            sh(*self.psql(OLD_ROWS.format("_raw", " 'XX',", old_rows_of), OLD_ROWS.format("", "", old_rows_of),
                          "ANALYZE merged_raw, merged"))
        sh(*self.psql("CHECKPOINT"))

    # ---- its processor time ----

    def children(self):
        with open("/proc/%d/task/%d/children" % (self.pid, self.pid), encoding="ascii") as file:
            return file.read().split()

    def processes(self):
        return len(self.children())

    def cpu(self, settled=None):
        """Seconds so far; waits until no more than that many processes are left, whose time is then their parent's."""
        end = time.monotonic() + 1
        while settled is not None and self.processes() > settled and time.monotonic() < end:
            time.sleep(0.005)
        total = ticks(self.pid, 4)
        for child in self.children():
            try:
                total += ticks(int(child), 2)
            except OSError:
                pass
        return total / TICKS
