#!/usr/bin/python3
"""The benchmark over few rows: that it runs, checks what it says that it checks, and prints its tables.

No time is judged here, and a peer that is not installed is left out.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from tap import contains, equal, write                               # noqa: E402

BENCH = os.path.join(tap.TOP, "tests", "bench", "run")


def bench(folder, *args, tidemill=tap.TIDEMILL):
    environment = dict(os.environ, TIDEMILL=tidemill, TIDEMILL_BENCH_DIR=folder)
    return subprocess.run([sys.executable, BENCH, "--quick", *args], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=900)


def test_every_task_runs_and_every_output_is_right(folder):
    done = bench(folder, "--rows", "20000", "--growth")
    equal(done.returncode, 0, done.stdout + done.stderr)
    titles = ["CSV → CSV", "CSV → JSONL", "JSONL → JSONL", "rename + exclude on top of a copy", "memory, CSV → JSONL",
              "growth, CSV → CSV", "control: the same command twice"]
    if os.path.isdir("/usr/lib/postgresql"):
        titles += ["CSV → PostgreSQL", "PostgreSQL → CSV", "PostgreSQL → PostgreSQL", "merge into PostgreSQL",
                   "PostgreSQL, primary key → PostgreSQL",
                   "a run of 10 rows, PostgreSQL", "memory, merge into PostgreSQL", "growth, PostgreSQL → PostgreSQL"]
    _, claims, figures = done.stdout.split("\n\n")[:3]
    for title in titles:
        contains(figures, "\n" + title)
    contains(claims, "\nmemory, CSV → CSV")
    equal([line for line in figures.splitlines()[1:] if not line.endswith(" ok")], [])
    equal(os.listdir(os.path.join(folder, "out")), [], "what is left")


def test_a_table_in_markdown_has_as_many_cells_in_each_line(folder):
    done = bench(folder, "--rows", "1000", "--task", "control", "--markdown")
    equal(done.returncode, 0, done.stderr)
    for part in done.stdout.split("\n\n")[1:3]:
        lines = part.splitlines()
        equal({line.count("|") for line in lines}, {lines[0].count("|")})


def broken(folder, change):
    """A Tidemill that does this when its run is over."""
    script = write(folder, "tidemill", """#!/bin/sh
        cd %s
        %s "$@" >run.txt
        out=out/csv-csv-all-1.csv
        %s
        cat run.txt
        """ % (folder, tap.TIDEMILL, change))
    os.chmod(script, 0o755)
    done = bench(folder, "--rows", "1000", "--task", "csv-csv", tidemill=script)
    equal(done.returncode, 1, done.stderr)
    return done.stdout


def test_a_lost_row_is_found(folder):
    contains(broken(folder, "sed -i '$d' $out"), "999 rows are at the destination, the run counted 1000")


def test_a_changed_value_is_found(folder):
    contains(broken(folder, "sed -i 's/^7,/1007,/' $out"), "the rows are 1000 ")


def test_a_ledger_that_does_not_add_up_is_found(folder):
    contains(broken(folder, "sed -i 's/^    1000,/    1001,/' run.txt"),
             "1000 rows came to a step, 1001 passed and 0 failed")


if __name__ == "__main__":
    tap.main(globals())
