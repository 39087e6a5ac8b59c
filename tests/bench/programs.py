"""The programs that are timed: Tidemill, built when need be, the peers that are installed, and the stopwatch.

TIDEMILL_BENCH_DIR is where everything is kept, build/bench of the source tree by default; TIDEMILL names a program to
time instead of building one.
"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
WORK = os.environ.get("TIDEMILL_BENCH_DIR", os.path.join(TOP, "build", "bench"))
OUT = os.path.join(WORK, "out")


def sh(*argv, **options):
    return subprocess.run(argv, check=True, **options)


def output_of(*argv, **options):
    return sh(*argv, stdout=subprocess.PIPE, text=True, **options).stdout.strip()


def build_tidemill():
    if os.environ.get("TIDEMILL"):
        return os.environ["TIDEMILL"]
    build = os.path.join(WORK, "build")
    os.makedirs(build, exist_ok=True)
    if not os.path.exists(os.path.join(TOP, "configure")):
        sh("sh", os.path.join(TOP, "autogen.sh"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not os.path.exists(os.path.join(build, "Makefile")):
        sh(os.path.join(TOP, "configure"), "-q", "CFLAGS=-O2 -g", cwd=build, stdout=subprocess.DEVNULL)
    sh("make", "-s", "-j2", cwd=build, stdout=subprocess.DEVNULL)
    return os.path.join(build, "tidemill")


def compile_tool(name, *libraries):
    out, source = os.path.join(WORK, name), os.path.join(HERE, name + ".c")
    if not os.path.exists(out) or os.path.getmtime(out) < os.path.getmtime(source):
        sh("cc", "-O2", "-o", out, source, *libraries)
    return out


def find_duckdb(install):
    """DuckDB's library in a program of ours, or None."""
    package = os.path.join(WORK, "node_modules/@duckdb/node-bindings-linux-x64")
    if install and not shutil.which("npm"):
        sys.exit("--install-peers needs npm: install the package npm, or leave DuckDB out")
    if install and not os.path.isdir(package):
        sh("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", WORK, "@duckdb/node-api",
           stdout=subprocess.DEVNULL)
    if not os.path.exists(package + "/libduckdb.so"):
        return None
    return compile_tool("duckdb_sql", "-L" + package, "-lduckdb", "-Wl,-rpath," + package)


class Programs:
    """Where each of them is; None for a peer that is not installed."""

    def __init__(self, install_peers):
        os.makedirs(OUT, exist_ok=True)
        self.tidemill = build_tidemill()
        self.stopwatch = compile_tool("stopwatch")
        self.duckdb = find_duckdb(install_peers)
        self.miller = shutil.which("mlr")
        self.has_postgres = os.path.isdir("/usr/lib/postgresql")

    def missing(self):
        """What is not there, and how it comes."""
        if not self.duckdb:
            yield "DuckDB", "run again with --install-peers"
        if not self.miller:
            yield "Miller", "install the package miller"
        if not self.has_postgres:
            yield "PostgreSQL", "install the package postgresql"
