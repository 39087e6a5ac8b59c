"""Timing and checking the programs of a task, in rounds: A, B, A, B, so that a bad minute meets all of them."""
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time

from data import Wrong
from programs import WORK

CORES = os.cpu_count()
TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Program:
    """A command, and what has to come out of it."""
    name: str
    command: object                 # a list, or a text for the shell
    output: object                  # a File, a Table (outputs.py) or None: only timed
    work: str = "all"               # what the rows have to be after; see rows.py
    rows: int = 0                   # that come in
    bad: int = 0                    # that have to be rejected
    scale: int = 1                  # how many times the rows of the task without growth come in
    stdout: str = os.devnull        # "-": a pipe whose first byte is timed
    watch: str = "-"                # the folder in whose files the first byte is looked for
    has_ledger: bool = False        # prints a run of ours on standard output


@dataclasses.dataclass
class Claim:
    """A bar: the last program against the first, or against a number."""
    measure: str                    # wall, cpu, first or peak
    limit: float
    is_ratio: bool = True


@dataclasses.dataclass
class Task:
    name: str
    programs: list
    claims: list
    data: object                    # where the rows come from and what they have to be
    times: int = 1                  # rounds for each that the user asks for
    server: object = None           # its processor time counts too
    once: bool = False              # one round is enough


def busy():
    """Processor seconds that this machine has used so far."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(number) for number in file.readline().split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / TICKS


def wait_until_quiet(patience=60):
    """Until others use less than a sixth of a core."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        used, began = busy(), time.monotonic()
        time.sleep(0.5)
        if (busy() - used) / (time.monotonic() - began) < 0.16:
            return


def check_ledger(program, run):
    """In = passed + failed at each step, and what the last step passed is at the destination."""
    for ledger in [run, *run["tables"]]:
        came = program.rows
        for passed, failed in zip(ledger["passed"], ledger["failed"]):
            if came != passed + failed:
                raise Wrong("%d rows came to a step, %d passed and %d failed" % (came, passed, failed))
            came = passed
    if sum(run["failed"]) != program.bad:
        raise Wrong("%d rows were rejected, not %d" % (sum(run["failed"]), program.bad))
    there = program.output.count()
    if there != run["passed"][-1]:
        raise Wrong("%d rows are at the destination, the run counted %d" % (there, run["passed"][-1]))


class Meter:
    """Runs programs under the stopwatch."""

    def __init__(self, programs, runs, quiet):
        self.stopwatch, self.runs, self.quiet = programs.stopwatch, runs, quiet
        self.result, self.ledger = WORK + "/result.json", WORK + "/run.json"

    def once(self, program, server):
        if program.output:
            program.output.clear()
        os.sync()
        if self.quiet:
            wait_until_quiet()
        command = ["sh", "-c", program.command] if isinstance(program.command, str) else program.command
        stdout = self.ledger if program.has_ledger else program.stdout
        settled = server.processes() if server else 0
        spent, used = server.cpu() if server else 0, busy()
        done = subprocess.run([self.stopwatch, self.result, stdout, program.watch, *command], stderr=subprocess.PIPE,
                              text=True, check=False)
        used = busy() - used
        with open(self.result, encoding="ascii") as file:
            figures = json.load(file)
        figures["server"] = server.cpu(settled) - spent if server else 0
        figures["total"] = figures["cpu"] + figures["server"]
        figures["others"] = max(0.0, used - figures["total"])
        if done.returncode != 0 or figures["status"] != (3 if program.bad else 0):
            sys.exit("%s ended with %s:\n%s" % (command, figures["status"], done.stderr))
        return figures

    def check(self, task, program):
        """The ledger, and each value of each row."""
        if program.has_ledger:
            with open(self.ledger, encoding="utf-8") as file:
                check_ledger(program, json.load(file))
        if program.output:
            task.data.check(program)

    def measure(self, task):
        """The figures of each program, round by round, and what was wrong with it."""
        figures, wrong = [[] for _ in task.programs], [""] * len(task.programs)
        for _ in range(1 if task.once else self.runs * task.times):
            for i, program in enumerate(task.programs):
                figures[i].append(self.once(program, task.server))
                try:
                    self.check(task, program)
                except Wrong as why:
                    wrong[i] = str(why)
        return figures, wrong


def median(figures, measure):
    return statistics.median(run[measure] for run in figures)


def per_row(program, run, measure):
    return run[measure] if measure == "peak" else run[measure] / program.scale


def ratio(task, figures, measure, which=-1):
    """Of a program, the last unless told, to the first; round by round."""
    first, other = task.programs[0], task.programs[which]
    return statistics.median(per_row(other, b, measure) / max(per_row(first, a, measure), 1e-6)
                             for a, b in zip(figures[0], figures[which]))


def reached(task, figures, claim):
    if claim.is_ratio:
        return ratio(task, figures, claim.measure)
    return max(median(runs, claim.measure) for runs in figures)


def bound(task, figures):
    """What the last program of a task waits for, from its own figures."""
    runs = figures[-1]
    client, server, thread, others = (statistics.median(run[measure] / run["wall"] for run in runs)
                                      for measure in ("cpu", "server", "thread", "others"))
    if median(runs, "wall") < 0.05:
        return "start-up"
    if client + server >= 0.9 * CORES:
        return "all cores"
    if client + server + others >= 0.9 * CORES:
        return "cores, others use %.1f" % others
    if server >= 0.85:
        return "the server"
    return "one thread" if thread >= 0.85 else "waiting for disk or locks"
