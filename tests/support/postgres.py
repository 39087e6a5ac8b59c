"""A private PostgreSQL for tests: started by postgres.sh, and stopped when the test's process is gone.

    with postgres.server() as pg:            # tap.Skip when no server is installed
        pg.run("CREATE TABLE t (n int)", "INSERT INTO t VALUES (1)")
        equal(pg.value("SELECT count(*) FROM t"), "1")
        equal(pg.rows("SELECT 1, NULL"), [["1", None]])
"""
import contextlib
import glob
import os
import shutil
import subprocess
import tempfile

import tap

SCRIPT = os.path.join(os.environ.get("top_srcdir", "."), "tests", "support", "postgres.sh")
NULL = "\x01null\x01"


def _psql_program():
    """The server package's own: a distribution's wrapper may be slow."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"))
    return found[-1] if found else shutil.which("psql") or "psql"


class Postgres:
    def __init__(self, url):
        self.url = url
        self.program = _psql_program()

    def argv(self, *options):
        return [self.program, "-qX", "-v", "ON_ERROR_STOP=1", "-d", self.url, *options]

    def run(self, *statements, text=None):
        """Run statements, each by itself; the output of the last.  text is its standard input."""
        options = [word for statement in statements for word in ("-c", statement)]
        done = subprocess.run(self.argv("-At", "-F", "\t", "-P", "null=" + NULL, *options), check=False,
                              input=None if text is None else text.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def session(self, *options):
        """A psql that reads statements from its standard input until that is closed."""
        return subprocess.Popen(self.argv(*options), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def value(self, statement):
        return self.run(statement).rstrip("\n")

    def rows(self, statement):
        """Lists of texts, None for null; no value may hold a tab or a line feed."""
        return [[None if value == NULL else value for value in line.split("\t")]
                for line in self.run(statement).split("\n")[:-1]]

    def options(self, **more):
        """What a definition's connection says."""
        return {"plugin": "postgres", "options": dict({"url": self.url}, **more)}


@contextlib.contextmanager
def server():
    given = os.environ.get("TIDEMILL_TEST_POSTGRES_URL")
    if given:
        yield Postgres(given)
        return
    folder = tempfile.mkdtemp(prefix="tidemill-test-pg-", dir="/tmp")
    started = subprocess.run(["sh", SCRIPT, "start", folder, str(os.getpid())], stdout=subprocess.PIPE, text=True,
                             check=False)
    try:
        if started.returncode == 77:
            raise tap.Skip("no PostgreSQL server is installed")
        assert started.returncode == 0, "the PostgreSQL server does not start"
        yield Postgres(started.stdout.strip().splitlines()[-1])
    finally:
        subprocess.run(["sh", SCRIPT, "stop", folder], check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)
