"""The input files of the benchmark, and whether what came out is what has to come out."""
import hashlib
import os

import rows
from programs import OUT, WORK


class Wrong(Exception):
    """What came out is not what has to come out."""


class Data:
    """So many rows as files, made when they are not there."""

    def __init__(self, count):
        self.rows, self.made, self.small = count, [], None
        self.sums = {}                  # of files that were read, by their digest
        self.csv, self.jsonl = ("%s/rows-%d.%s" % (WORK, count, kind) for kind in ("csv", "jsonl"))
        if not (os.path.exists(self.csv) and os.path.exists(self.jsonl)):
            rows.make(count, WORK)

    def file(self, kind, times=1):
        """The rows, several times, each time with ids of their own."""
        small = self.csv if kind == "csv" else self.jsonl
        if times == 1:
            return small
        name = "%s/rows-%d-times-%d.%s" % (WORK, self.rows, times, kind)
        if not os.path.exists(name):
            self.made.append(name)
            rows.grow(kind, small, self.rows, times, name)
        return name

    def bad(self):
        """The rows with a bad value in one of a thousand."""
        name = "%s/bad-%d.csv" % (WORK, self.rows)
        if not os.path.exists(name):
            rows.spoil(self.csv, name)
        return name

    def clean(self):
        """Remove what is large and quickly made again."""
        for name in [*self.made, *(os.path.join(OUT, name) for name in os.listdir(OUT))]:
            os.unlink(name)

    # ---- what comes out ----

    def expected(self, work):
        """The sum that the work has to lead to; kept beside the rows."""
        cache = "%s.%s" % (self.csv, work)
        if not os.path.exists(cache):
            total = rows.judge(work, "csv", self.csv)
            with open(cache, "w", encoding="ascii") as file:
                file.write(total)
        with open(cache, encoding="ascii") as file:
            return file.read()

    def sum_of(self, kind, name):
        """Of a file; files of the same bytes are read once."""
        with open(name, "rb") as file:
            digest = hashlib.file_digest(file, "blake2b").digest()
        if digest not in self.sums:
            self.sums[digest] = rows.judge("none", kind, name)
        return self.sums[digest]

    def check(self, program):
        """Fail unless the program's output has each row, with the values that the work leads to.

        Output of grown rows has to be that of the small ones, which is checked first, grown.
        """
        output = program.output
        if program.scale > 1:
            if not output.is_grown(self.small, self.rows, program.scale):
                raise Wrong("the output is not that of fewer rows, grown")
            return
        self.small = output.tally()
        got, want = self.sum_of(output.kind, output.export()), self.expected(program.work)
        if got != want:
            raise Wrong("the rows are %s, not %s" % (got, want))
