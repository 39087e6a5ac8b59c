#!/usr/bin/python3
"""The formats csv and jsonl, judged by Python's csv and json modules."""
import csv
import io
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from tap import equal                                                # noqa: E402

CONVERT = os.path.join(tap.BUILD, "tests", "integration", "convert")
PIECES = ["a", "b", " ", ",", ";", '"', '""', "\n", "\t", "'", "\\", "é", "東京", "👍", "\u2028", "0", "NULL", "x" * 40]


def convert(data, source, source_options, target, target_options):
    """The bytes that come out, and the rejects."""
    done = subprocess.run([CONVERT, source, json.dumps(source_options), target, json.dumps(target_options)], input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60)
    equal(done.returncode, 0, done.stderr.decode())
    return done.stdout, done.stderr.decode().split()


def value(rnd, pieces):
    return "".join(rnd.choice(pieces) for _ in range(rnd.choice((0, 1, 1, 2, 3, 8))))


def table(rnd, rows, columns, pieces):
    return [[value(rnd, pieces) for _ in range(columns)] for _ in range(rows)]


def test_what_python_writes_as_csv_is_read_value_for_value(folder):
    rnd = random.Random(1)
    for delimiter in (",", ";", "\t"):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
            for end in ("\n", "\r\n"):
                pieces = PIECES + (["\r"] if quoting == csv.QUOTE_ALL or end == "\r\n" else [])
                rows = table(rnd, 400, 4, pieces)
                text = io.StringIO(newline="")
                writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
                writer.writerow(["a", "b", "c", "d"])
                writer.writerows(rows)
                out, rejects = convert(text.getvalue().encode(), "csv", {"delimiter": delimiter}, "jsonl", {})
                equal(rejects, [])
                empty = "" if quoting == csv.QUOTE_ALL else None
                got = [list(json.loads(line).values()) for line in out.decode().split("\n")[:-1]]
                equal(got, [[v or empty for v in row] for row in rows])


def test_what_we_write_as_csv_python_reads_value_for_value(folder):
    rnd = random.Random(2)
    for delimiter in (",", ";", "\t"):
        for end in ("lf", "crlf"):
            rows = table(rnd, 400, 3, PIECES + ["\r"])
            lines = "".join(json.dumps(dict(zip("abc", row)), ensure_ascii=rnd.random() < 0.5) + "\n" for row in rows)
            out, rejects = convert(lines.encode(), "jsonl", {}, "csv", {"delimiter": delimiter, "line_ending": end})
            equal(rejects, [])
            got = list(csv.reader(io.StringIO(out.decode(), newline=""), delimiter=delimiter, strict=True))
            equal(got, [["a", "b", "c"]] + rows)


def test_with_an_escape_of_its_own_python_reads_the_same(folder):
    rnd = random.Random(5)
    rows = table(rnd, 600, 3, PIECES + ["\r", "\\N", "\\,"])
    lines = "".join(json.dumps(dict(zip(("a", "b\\", "c"), row))) + "\n" for row in rows)
    out, rejects = convert(lines.encode(), "jsonl", {}, "csv", {"escape": "\\"})
    equal(rejects, [])
    got = list(csv.reader(io.StringIO(out.decode(), newline=""), escapechar="\\", doublequote=False, strict=True))
    equal(got, [["a", "b\\", "c"]] + rows)
    back, rejects = convert(out, "csv", {"escape": "\\"}, "jsonl", {})
    equal((back.decode(), rejects), ("".join(json.dumps(dict(zip(("a", "b\\", "c"), row)), ensure_ascii=False,
                                                        separators=(",", ":")) + "\n" for row in rows), []))


def test_null_and_empty_stay_apart_through_csv(folder):
    lines = b'{"a":null,"b":""}\n{"a":"","b":null}\n{"a":"NULL","b":"x"}\n'
    for null in ("", "NULL"):
        text, _ = convert(lines, "jsonl", {}, "csv", {"null_string": null})
        equal(convert(text, "csv", {"null_string": null}, "jsonl", {}), (lines, []))


def document(rnd, depth):
    kind = rnd.randrange(9 if depth else 7)
    if kind == 7:
        return [document(rnd, depth - 1) for _ in range(rnd.randrange(4))]
    if kind == 8:
        return {value(rnd, PIECES): document(rnd, depth - 1) for _ in range(rnd.randrange(4))}
    return (None, True, False, rnd.randrange(-10 ** rnd.randrange(1, 30), 10 ** 18), rnd.uniform(-1e9, 1e9),
            rnd.random() * 10.0 ** rnd.randrange(-300, 300), value(rnd, PIECES + ["\x00", "\x1f", "\r"]))[kind]


def exactly(text):
    """A JSON text with its numbers as they are written."""
    return json.loads(text, parse_int=lambda n: "int " + n, parse_float=lambda n: "float " + n,
                      object_pairs_hook=lambda pairs: ("object", pairs))


def test_json_lines_come_out_exactly_as_they_went_in(folder):
    rnd = random.Random(3)
    for indent in ((",", ":"), (", ", ": "), (" ,\t", " : ")):
        rows = [{key: document(rnd, 4) for key in ("one", "two", "k\"ey", "été")} for _ in range(500)]
        lines = "".join(json.dumps(row, ensure_ascii=rnd.random() < 0.5, separators=indent) + "\n" for row in rows)
        out, rejects = convert(lines.encode(), "jsonl", {}, "jsonl", {})
        equal(rejects, [])
        got, want = out.decode().split("\n")[:-1], lines.split("\n")[:-1]
        equal(len(got), len(want))
        for one, other in zip(got, want):
            equal(exactly(one), exactly(other))


def has_lone_surrogate(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def accepts(line):
    """Whether Python takes the line for an object, by the letter of RFC 8259."""
    def refuse(_):
        raise ValueError("no JSON")

    def texts(thing):
        if isinstance(thing, str):
            yield thing
        elif isinstance(thing, dict):
            for key, inner in thing.items():
                yield key
                yield from texts(inner)
        elif isinstance(thing, list):
            for inner in thing:
                yield from texts(inner)

    try:
        thing = json.loads(line, parse_constant=refuse)
    except ValueError:
        return False
    return isinstance(thing, dict) and not any(map(has_lone_surrogate, texts(thing)))


def test_we_and_python_agree_on_what_is_json(folder):
    rnd = random.Random(4)
    seeds = ['{"a": [1, -2.5e+3, {"b": "x\\n\\u00e9\\ud83d\\ude00"}], "c": null, "d": true, "e": false}',
             '{"a":0.1,"b":"\\\\\\"","c":[[],{}]}', '{ "a" : "\\ud83d\\ude00" , "b" : 1E5 }']
    lines = []
    for _ in range(6000):
        text = list(rnd.choice(seeds))
        for _ in range(rnd.randrange(1, 3)):
            at = rnd.randrange(len(text))
            text[at:at + rnd.randrange(3)] = rnd.choice(list('{}[]",:\\ue0123456789.+-truefalsn ') + [""])
        lines.append("".join(text))
    lines = [line for line in lines if line.strip(" ")]
    out, rejects = convert("\n".join(lines).encode(), "jsonl", {}, "jsonl", {})
    refused = {int(reject.split("@")[1]) for reject in rejects
               if reject.split("@")[0] in ("malformed_json", "not_an_object")}
    for number, line in enumerate(lines, 1):
        equal(number not in refused, accepts(line), line)
    assert out and refused


if __name__ == "__main__":
    tap.main(globals())
