#!/usr/bin/python3
"""The benchmark's rows, and what they must be after the work: deterministic, standard library only.

    rows.py make COUNT FOLDER              writes rows-COUNT.csv and rows-COUNT.jsonl there
    rows.py sum WORK csv|jsonl [FILE]      prints the number of rows and a sum of what they mean after the work: none,
                                           renames (and the column left out), all, good (all, without the bad rows)

Ten columns: id, email, first_name, last_name, phone, country, created_at, amount, is_active, notes.  Some phones are
null and the others are written in several ways; notes hold commas, quotes, line feeds, backslashes and letters beyond
ASCII; about a fifth of them say "refund".  The sum adds a hash of each row, so the order does not count; null and the
empty text are one, and numbers, booleans and instants are put in one spelling.
"""
import csv
import decimal
import hashlib
import json
import random
import re
import sys
import time

NAMES = "Ada Alan Barbara Claude Dennis Edsger Frances Grace Jürgen Kurt Łucja Margaret Niklaus Ole-Johan Renée Zoë".split()
FAMILIES = "Allen Böhm Church Dijkstra Goldberg Hamilton Hopper Iverson Knuth Lamport Nygaard O'Hearn Perlis Šimek".split()
PLACES = "AT BE CH CZ DE DK ES FI FR GB IE IT NL NO PL PT SE US".split()
WORDS = ("asked about the late delivery and wants it resent before friday said that the invoice was paid twice "
         "prefers a call in the morning changed the address to the new office closed by the night shift").split()
SPICE = ["“quoted”", "naïve", "日本", "größer", "Ωmega", "€20", "🙂"]
PHONES = ["({a}) {b}-{c:04d}", "+1 {a} {b} {c:04d}", "{a}.{b}.{c:04d}", "+43 {a}/{b}{c:04d}", "{a}{b}{c:04d}",
          "0{a} {b} {c:04d} ext. {d}"]
RENAMES = {"first_name": "given_name", "last_name": "family_name"}
COLUMNS = ["id", "email", "first_name", "last_name", "phone", "country", "created_at", "amount", "is_active", "notes"]


def note(rnd):
    kind = rnd.random()
    if kind < 0.1:
        return None if kind < 0.08 else ""
    words = rnd.choices(WORDS, k=rnd.randrange(4, 11))
    if rnd.random() < 0.2:
        words.insert(rnd.randrange(len(words)), "refund")
    kind = rnd.random()
    if kind < 0.12:
        words[0] += ","
    elif kind < 0.2:
        words.append('said "no"')
    elif kind < 0.3:
        words.append(rnd.choice(SPICE))
    elif kind < 0.305:
        words[0] += "\nand then"
    elif kind < 0.315:
        words.append("C:\\orders\\7")
    return " ".join(words)


def rows(count):
    rnd = random.Random(7)
    for i in range(1, count + 1):
        phone = None if rnd.random() < 0.05 else rnd.choice(PHONES).format(
            a=rnd.randrange(100, 999), b=rnd.randrange(100, 999), c=rnd.randrange(10000), d=rnd.randrange(10, 99))
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1500000000 + rnd.randrange(200000000)))
        cents = rnd.randrange(1000000)
        amount = None if rnd.random() < 0.02 else "%d.%02d" % divmod(cents, 100)
        yield (i, "user.%d@example.com" % rnd.randrange(10**7), rnd.choice(NAMES), rnd.choice(FAMILIES), phone,
               rnd.choice(PLACES), created, amount, rnd.random() < 0.7, note(rnd))


def csv_text(value):
    if value is None:
        return ""
    if value == "":
        return '""'
    if any(c in value for c in ',"\n\r'):
        return '"' + value.replace('"', '""') + '"'
    return value


def make(count, folder):
    quote = json.encoder.encode_basestring
    with open("%s/rows-%d.csv" % (folder, count), "w", encoding="utf-8", newline="") as c, \
            open("%s/rows-%d.jsonl" % (folder, count), "w", encoding="utf-8", newline="") as j:
        c.write(",".join(COLUMNS) + "\n")
        for row in rows(count):
            texts = [str(row[0]), *row[1:8], "true" if row[8] else "false", row[9]]
            c.write(",".join(map(csv_text, texts)) + "\n")
            values = ["null" if v is None else v if n in ("id", "amount", "is_active") else quote(v)
                      for n, v in zip(COLUMNS, texts)]
            j.write("{" + ",".join('"%s":%s' % p for p in zip(COLUMNS, values)) + "}\n")


def spell(name, value):
    if value is None or value == "":
        return ""
    if name == "amount":
        return format(decimal.Decimal(value).normalize(), "f")
    if name == "is_active":
        return "true" if value in (True, "true", "t", "1") else "false"
    if name == "created_at":
        return value.replace(" ", "T").replace("+00", "Z").rstrip("Z")
    return str(value)


def add_up(records):
    total = count = 0
    for record in records:
        text = "\x1f".join("%s=%s" % (name, spell(name, record[name])) for name in sorted(record))
        total += int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
        count += 1
    return "%d %016x" % (count, total & (1 << 64) - 1)


def read(kind, stream):
    if kind == "csv":
        return csv.DictReader(stream)
    return (json.loads(line, parse_float=decimal.Decimal) for line in stream)


# ---- the work, as the judge does it ---------------------------------------------------------------------------

def renames(records):
    for record in records:
        yield {RENAMES.get(name, name): value for name, value in record.items() if name != "country"}


def everything(records):
    for record in renames(records):
        if record["phone"]:
            record["phone"] = "".join(c for c in record["phone"] if c in "0123456789")
        if record["notes"]:
            record["notes"] = record["notes"].replace("refund", "credit note")
        yield record


def good(records):
    return everything(record for record in records if not is_bad(int(record["id"])))


WORKS = {"none": iter, "renames": renames, "all": everything, "good": good}


def judge(work, kind, name):
    """The sum of a file's rows after the work."""
    csv.field_size_limit(1 << 30)
    with open(name, encoding="utf-8", newline="") as stream:
        return add_up(WORKS[work](read(kind, stream)))


# ---- rows made of rows ----------------------------------------------------------------------------------------

IDS = {"csv": re.compile(rb"(\d+),"), "jsonl": re.compile(rb'\{"id":(\d+),')}


def is_bad(number):
    """One row in a thousand."""
    return number % 1000 == 7


def spoil(name, to):
    """A CSV file again, with an amount that is no number in each bad row."""
    with open(name, "rb") as source, open(to, "wb") as target:
        for line in source:
            number = IDS["csv"].match(line)
            if number and is_bad(int(number[1])):
                fields = line.split(b",", 8)
                line = b",".join(fields[:7] + [b"n/a"] + fields[8:])
            target.write(line)


def moved(kind, name, count, times):
    """The lines of a file of so many rows, several times, each time with ids of its own."""
    for turn in range(times):
        with open(name, "rb") as source:
            if kind == "csv" and next(source) and turn == 0:
                source.seek(0)
            for line in source:
                number = IDS[kind].match(line)
                if number:
                    line = line[:number.start(1)] + b"%d" % (int(number[1]) + turn * count) + line[number.end(1):]
                yield line


def grow(kind, name, count, times, to):
    with open(to, "wb") as target:
        target.writelines(moved(kind, name, count, times))


def is_grown(kind, name, count, times, grown):
    """Whether a file has the lines of the other one, grown, in any order."""
    def tally(lines):
        total = number = 0
        for line in lines:
            total += hash(line)
            number += 1
        return number, total

    with open(grown, "rb") as stream:
        return tally(stream) == tally(moved(kind, name, count, times))


def count_rows(kind, name):
    """The rows of a file, by its line ends outside quotes: quick, for each run."""
    total, quoted = (0, 0) if kind == "jsonl" else (-1, 0)
    with open(name, "rb") as stream:
        while chunk := stream.read(1 << 22):
            pieces = chunk.split(b'"') if kind == "csv" else [chunk]
            total += sum(piece.count(b"\n") for piece in pieces[quoted::2])
            quoted ^= (len(pieces) - 1) % 2
    return total


def main():
    if sys.argv[1:2] == ["make"] and len(sys.argv) == 4:
        make(int(sys.argv[2]), sys.argv[3])
    elif sys.argv[1:2] == ["sum"] and len(sys.argv) in (4, 5) and sys.argv[2] in WORKS:
        print(judge(*sys.argv[2:4], sys.argv[4] if len(sys.argv) == 5 else "/dev/stdin"))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
