"""What programs write, and how it is counted and compared."""
import dataclasses
import os

import rows


@dataclasses.dataclass
class File:
    kind: str
    name: str

    def clear(self):
        if os.path.exists(self.name):
            os.unlink(self.name)

    def count(self):
        return rows.count_rows(self.kind, self.name)

    def export(self):
        return self.name

    def tally(self):
        """What is_grown() compares with: the file itself."""
        return self.name

    def is_grown(self, small, count, times):
        return rows.is_grown(self.kind, small, count, times, self.name)


@dataclasses.dataclass
class Table:
    server: object
    name: str
    old_rows_of: str = ""           # of a merge: the table, half of whose keys are there before
    kind = "csv"

    def clear(self):
        self.server.prepare(self.old_rows_of)

    def count(self):
        return self.server.count(self.name)

    def export(self):
        return self.server.export(self.name)

    def tally(self):
        return self.server.tally(self.name)

    def is_grown(self, small, count, times):
        """By the sums of the server's own query."""
        total, ids, rest = small
        return self.tally() == [total * times, ids * times + count * total * times * (times - 1) // 2, rest * times]
