"""The two tables: what is claimed and reached, and what each program took."""
from measure import bound, median, reached, ratio

TITLES = {
    "csv-csv": "CSV → CSV", "csv-jsonl": "CSV → JSONL", "jsonl-jsonl": "JSONL → JSONL",
    "csv-postgres": "CSV → PostgreSQL", "postgres-csv": "PostgreSQL → CSV",
    "postgres-postgres": "PostgreSQL → PostgreSQL", "keyed-postgres": "PostgreSQL, primary key → PostgreSQL",
    "merge-postgres": "merge into PostgreSQL",
    "rename-exclude": "rename + exclude on top of a copy", "bad-rows": "0.1 % bad rows, CSV → JSONL",
    "bad-rows-postgres": "0.1 % bad rows, CSV → PostgreSQL",
    "refused-rows-postgres": "0.1 % refused by a constraint of PostgreSQL",
    "start-files": "a run of 10 rows, files", "start-postgres": "a run of 10 rows, PostgreSQL",
    "first-byte": "first output byte", "copy": "the file alone, copied", "control": "control: the same command twice",
}
CLAIMS = ["task", "against", "measure", "bar", "reached", "", "what bounds it"]
FIGURES = ["task", "program", "k rows/s", "wall s", "cpu s", "thread s", "server s", "others s", "first ms",
           "peak MiB", "wall ratio", "cpu ratio", "output"]


def title(name):
    kind, _, rest = name.rpartition(" ")
    return "%s, %s" % (kind, TITLES[rest]) if kind else TITLES[name]


def number(value, digits):
    return "" if value is None else "%.*f" % (digits, value)


def claims_of(task, figures):
    for claim in task.claims:
        value = reached(task, figures, claim)
        against = task.programs[0].name if claim.is_ratio else ""
        digits = 2 if claim.is_ratio else 1
        verdict = "" if not claim.limit else "yes" if value <= claim.limit else "NO"
        unit = "" if claim.is_ratio else " MiB"
        yield [title(task.name), against, claim.measure, "≤ %g%s" % (claim.limit, unit) if claim.limit else "",
               number(value, digits) + unit, verdict, bound(task, figures)]


def figures_of(task, figures, wrong):
    for i, program in enumerate(task.programs):
        runs = figures[i]
        wall, first = median(runs, "wall"), median(runs, "first")
        yield [title(task.name), program.name, number(program.rows / wall / 1e3 if program.rows > 10 else None, 0),
               number(wall, 3), number(median(runs, "cpu"), 3), number(median(runs, "thread"), 2),
               number(median(runs, "server") if task.server else None, 2), number(median(runs, "others"), 2),
               number(first * 1e3 if first >= 0 else None, 1),
               number(median(runs, "peak"), 1), number(ratio(task, figures, "wall", i), 2),
               number(ratio(task, figures, "total", i), 2), wrong[i] or "ok"]


def show(heading, lines, markdown):
    table = [heading, *lines]
    if markdown:
        table.insert(1, ["---"] * len(heading))
        for line in table:
            print("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |")
    else:
        widths = [max(len(line[i]) for line in table) for i in range(len(heading))]
        for line in table:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print(flush=True)
