#!/usr/bin/python3
"""`tidemill plugin test`: our own plugins keep their promises, and each kind of broken one is found out."""
import os
import re
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import postgres                                                      # noqa: E402
import tap                                                           # noqa: E402
from tap import BUILD, TOP, contains, equal, tidemill, write         # noqa: E402

COMMON = 6


def plugin(kind, name):
    return os.path.join(BUILD, "plugins", kind + "s", name, name + ".so")


def kit(*args, **more):
    return tidemill("plugin", "test", *args, **more)


def keeps_all(*args, skipped=(), **more):
    """Every promise is kept; those named in skipped could not be seen."""
    done = kit(*args, **more)
    equal(done.returncode, 0, done.stdout + done.stderr)
    lines = done.stdout.splitlines()
    count = int(re.fullmatch(r"1\.\.(\d+)", lines[0])[1])
    findings = [line for line in lines if re.match(r"(not )?ok ", line)]
    equal(len(findings), count)
    assert count > COMMON, done.stdout
    equal([re.search(r"- (.*) # SKIP", f)[1] for f in findings if "# SKIP" in f], list(skipped), "skipped")
    contains(lines[-1], " 0 broken, %d skipped" % len(skipped))


NO_CURSOR = ["resumes at a position and loses no row"]
NO_PLACE = NO_CURSOR + ["resumes after any batch with the remaining rows"]
NO_POSITION = ["gives back the position that was committed", "resumes a replacing load from its staged rows"]


def people(folder):
    path = os.path.join(folder, "people.db")
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)")
    base.executemany("INSERT INTO people VALUES (?, ?)", [(i, "name %d" % i) for i in range(1, 40)])
    base.commit()
    base.close()
    return path


def test_generate_keeps_its_promises(folder):
    keeps_all(plugin("source", "generate"), "rows=2000", "nulls=0.2", skipped=NO_PLACE)


def test_the_file_source_keeps_its_promises(folder):
    write(folder, "in/a.csv", "id,name\n" + "".join("%d,x\n" % i for i in range(100)))
    keeps_all(plugin("source", "file"), "path=" + folder + "/in", "format=csv", skipped=NO_CURSOR)
    write(folder, "in/b.jsonl", "".join('{"id":%d}\n' % i for i in range(100)))
    keeps_all(plugin("source", "file"), "path=" + folder + "/in", "format=jsonl", "--table", "b.jsonl",
              skipped=NO_CURSOR)


def need(file):
    if not os.path.exists(file):
        raise tap.Skip("not built")


def test_the_sqlite_source_keeps_its_promises(folder):
    need(plugin("source", "sqlite"))
    keeps_all(plugin("source", "sqlite"), "path=" + people(folder), "--cursor", "id")


def test_the_sqlite_destination_keeps_its_promises(folder):
    need(plugin("destination", "sqlite"))
    keeps_all(plugin("destination", "sqlite"), "path=%s/out.db" % folder)
    rows = sqlite3.connect(folder + "/out.db").execute("SELECT count(*) FROM tidemill_plugin_test_merge").fetchone()
    equal(rows, (16384,), "a merge puts rows of the same key in place of one another")


def test_the_postgres_source_keeps_its_promises(folder):
    need(plugin("source", "postgres"))
    with postgres.server() as pg:
        pg.run("CREATE TABLE people (id int PRIMARY KEY, name text)",
               "INSERT INTO people SELECT n, 'name ' || n FROM generate_series(1, 500) n",
               "CREATE TABLE plain AS SELECT mod(n, 7) AS id, 'name ' || n AS name FROM generate_series(1, 500) n")
        for table in ("people", "plain"):
            keeps_all(plugin("source", "postgres"), "url=" + pg.url, "--table", table, "--cursor", "id")


def test_the_postgres_destination_keeps_its_promises(folder):
    need(plugin("destination", "postgres"))
    with postgres.server() as pg:
        keeps_all(plugin("destination", "postgres"), "url=" + pg.url)


def test_parts_keep_their_promises(folder):
    keeps_all(plugin("destination", "file"), "path=" + folder + "/out", "format=csv", "part_size=1MiB",
              skipped=NO_POSITION)


def test_null_keeps_its_promises(folder):
    keeps_all(plugin("destination", "null"), skipped=NO_POSITION)


def test_the_file_destination_keeps_its_promises(folder):
    for form in ("csv", "jsonl"):
        keeps_all(plugin("destination", "file"), "path=" + folder + "/out", "format=" + form, skipped=NO_POSITION)


def test_the_transforms_keep_their_promises(folder):
    keeps_all(plugin("transform", "rename_fields"), 'mapping={"string":"text"}')
    keeps_all(plugin("transform", "exclude_fields"), 'fields=["json", "bool"]')
    keeps_all(plugin("transform", "find_and_replace"), "field=string", "find=[0-9]+", "replace=<$0>")


def test_the_examples_keep_their_promises(folder):
    for kind, skipped in (("source", NO_PLACE), ("transform", []), ("destination", NO_POSITION)):
        name = "hello_" + kind
        keeps_all(os.path.join(BUILD, "plugins", "examples", name, name + ".so"), skipped=skipped)


def test_every_plugin_exports_one_symbol(folder):
    found = 0
    for parent, _, names in os.walk(os.path.join(BUILD, "plugins")):
        for name in names:
            if name.endswith(".so"):
                listing = subprocess.run(["nm", "-D", "--defined-only", os.path.join(parent, name)], check=True,
                                         stdout=subprocess.PIPE, text=True).stdout
                symbols = [line.split()[-1].split("@")[0] for line in listing.splitlines()]
                equal([s for s in symbols if not s.startswith("__")], ["tide_plugin_entry"], name)
                found += 1
    assert found >= 10, found


# ---- plugins that break a promise ----

SOURCE = """
#include <tidemill/plugin.h>
#include <tidemill/row.h>
%(extra)s
static int open_it(const void *o, const struct tide_source_request *r, const struct tide_host *h, void **state,
                   struct tide_schema *schema, struct tide_error *err)
{
    struct tide_row_builder *rows;
    (void)o; (void)h; (void)err;
    if (tide_schema_add(schema, "id", TIDE_TYPE_INT64, 0) != TIDE_OK) { return TIDE_E_LIMIT; }
    rows = tide_row_builder_create(schema, r->batch_rows, r->batch_bytes);
    *state = rows;
    %(open)s
    return TIDE_OK;
}
static int read_it(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct tide_row_builder *rows = state;
    int rc;
    (void)err;
    %(read)s
    if (rows->total >= 20) { return TIDE_END; }
    while (rows->total < 20 && !tide_row_builder_is_full(rows)) {
        tide_row_set_int64(rows, 0, rows->total);
        (void)tide_row_end(rows);
    }
    rc = tide_row_builder_finish(rows, batch);
    %(finish)s
    return rc;
}
static const struct tide_source it = {.size = sizeof it, .open = open_it, .read = read_it, .close = %(close)s%(more)s};
TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "broken", "1", "Breaks a promise."), .source = &it%(entry)s};
"""


def need_plain_program():
    """AddressSanitizer makes a crash an exit, and counts memory its own way."""
    with open(tap.TIDEMILL, "rb") as file:
        if b"__asan_init" in file.read():
            raise tap.Skip("built with AddressSanitizer")


def broken(folder, flags=(), **parts):
    """The findings of a source with such parts: (exit status, {promise: why})."""
    need_plain_program()
    values = dict(extra="", open="", read="", finish="", close="tide_row_builder_destroy", more="", entry="")
    source = write(folder, "broken.c", SOURCE % dict(values, **parts))
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", *(flags or ["-fvisibility=hidden"]),
                    "-I" + os.path.join(TOP, "core", "include"), "-o", folder + "/broken.so", source], check=True)
    done = kit(folder + "/broken.so", "--timeout", "5")
    findings = re.findall(r"^not ok \d+ - (.*)\n# (.*)$", done.stdout, re.M)
    return done.returncode, dict(findings)


def test_a_source_without_fault_has_no_findings(folder):
    equal(broken(folder), (0, {}))


def test_a_second_symbol_is_found(folder):
    status, why = broken(folder, extra="int more(void); int more(void) { return 1; }", flags=["-O1"])
    equal(status, 1)
    equal(list(why), ["exports tide_plugin_entry and nothing else"])
    contains(why["exports tide_plugin_entry and nothing else"], "more")


def test_rows_made_again_keep_the_rules_too(folder):
    again = """
static int again(void *state, const struct tide_reject *reject, struct tide_batch *batch, struct tide_error *err)
{
    (void)state; (void)reject; (void)err;
    %s
}
"""
    promise = "takes what it rejected again, or says why not"
    status, why = broken(folder, extra=again % "return tide_batch_init(batch, 0, 1);", more=", .again = again")
    equal((status, list(why)), (1, [promise]))
    contains(why[promise], "again: ")
    status, why = broken(folder, extra=again % "(void)batch; return TIDE_E_DATA;", more=", .again = again")
    equal((status, list(why)), (1, [promise]))
    equal(broken(folder, extra=again % "(void)batch; return TIDE_OK;", more=", .again = again"), (0, {}))


def test_a_check_keeps_to_what_works(folder):
    check = """
static int check(const void *options, const struct tide_host *host, struct tide_error *err)
{
    (void)options; (void)host; (void)err;
    %s
}
"""
    def findings(body, **more):
        status, why = broken(folder, extra=check % body, **more)
        equal(status, 1 if why else 0)
        return why
    entry = dict(entry=", .check = check")
    equal(findings("return TIDE_OK;", **entry), {})
    refused = findings('return tide_error_at(err, TIDE_E_CONFIG, "rows", "too many");', **entry)
    equal(refused, {"refuses no options that it works with": "check refuses options that it works with: rows: too many"})
    silent = findings("return TIDE_E_CONFIG;", **entry)
    equal(len(silent), 2)
    contains(silent["refuses no options that it works with"], "check returned config without a message")
    leaks = findings("return malloc(100) ? TIDE_OK : TIDE_E_LIMIT;", **entry)
    equal(list(leaks), ["leaves nothing behind when it is asked of its options"])
    # Options that do not work are no finding.
    refuses = dict(entry, open='tide_row_builder_destroy(rows); *state = NULL; '
                               'return tide_error_set(err, TIDE_E_CONFIG, "no");')
    why = findings('return tide_error_set(err, TIDE_E_CONFIG, "no");', **refuses)
    assert "refuses no options that it works with" not in why, why


def test_a_crash_is_a_finding_and_not_the_end(folder):
    status, why = broken(folder, read="raise(SIGSEGV);", extra="#include <signal.h>")
    equal(status, 1)
    contains(why["reads batches that keep the rules"], "crashed in read: Segmentation fault")
    assert "closes what was never opened" not in why, why


def test_a_hang_is_a_finding(folder):
    status, why = broken(folder, extra="#include <unistd.h>\n",
                         open="while (strlen(r->table) > 10) { (void)pause(); }")
    equal(status, 1)
    equal(list(why), ["says why it cannot open a table"])
    contains(why["says why it cannot open a table"], "nothing came of it in 5 seconds")


def test_a_process_that_is_ended_is_a_finding(folder):
    _, why = broken(folder, read="exit(3);")
    contains(why["reads batches that keep the rules"], "ended the process in read, with status 3")


def test_a_leak_is_found(folder):
    status, why = broken(folder, open="{ char *lost = malloc(40); if (lost) { *(volatile char *)lost = 1; } }")
    equal(status, 1)
    equal(list(why), ["leaves nothing behind when it is closed"])


def test_a_file_left_open_is_found(folder):
    _, why = broken(folder, extra="#include <fcntl.h>", open='(void)!open("/dev/null", O_RDONLY);')
    contains(why["leaves nothing behind when it is closed"], "files stayed open")


def test_a_failure_without_a_message_is_found(folder):
    _, why = broken(folder, open="if (strlen(r->table) > 10) { return TIDE_E_NOT_FOUND; }")
    contains(why["says why it cannot open a table"], "without a message")


def test_a_close_that_needs_a_state_is_found(folder):
    _, why = broken(folder, close="hard",
                    extra="static void hard(void *s) { *(volatile char *)s = 0; tide_row_builder_destroy(s); }")
    contains(why["closes what was never opened"], "crashed in close(NULL)")


def test_batches_against_the_rules_are_found(folder):
    _, why = broken(folder, finish="batch->array.children[0]->length--;")
    contains(why["reads batches that keep the rules"], "a batch breaks the rules")
    _, why = broken(folder, finish="rc = rows->total >= 20 ? TIDE_END : rc;")
    contains(why["reads batches that keep the rules"], "the last rows would be lost")


def test_rows_behind_an_end_that_was_told_are_found(folder):
    status, why = broken(folder, extra="static bool over(void *state) { (void)state; return true; }",
                         more=", .at_end = over")
    equal(status, 1)
    contains(why["gives the same rows in batches of any size"], "at_end said that no rows are left")


def test_batches_longer_than_asked_for_are_found(folder):
    _, why = broken(folder, open="rows->row_limit = 100;")
    contains(why["gives the same rows in batches of any size"], "a batch has 20 rows, and 1 were asked for")


def resumable(folder, begin):
    """What is found of a source that goes on with the row at `begin`, an expression of the position."""
    return broken(folder, open="if (r->position) { rows->total = %s; }" % begin,
                  more=", .flags = TIDE_SOURCE_RESUMABLE, .position = place",
                  extra="""#include <stdio.h>
static const char *place(void *state)
{
    static char text[32];
    (void)snprintf(text, sizeof text, "%d", (int)((struct tide_row_builder *)state)->total);
    return text;
}""")


def test_rows_that_are_lost_or_come_again_after_a_cut_are_found(folder):
    equal(resumable(folder, "atoi(r->position)"), (0, {}))
    for begin in ("atoi(r->position) + 1", "atoi(r->position) - 1", "0"):
        status, why = resumable(folder, begin)
        equal((status, list(why)), (1, NO_PLACE[1:]), begin)
        contains(why[NO_PLACE[1]], "they are not the 20 of the table")


def broken_destination(folder, name, change):
    """hello_destination with a fault."""
    need_plain_program()
    with open(os.path.join(TOP, "plugins", "examples", "hello_destination", "hello_destination.c"),
              encoding="utf-8") as file:
        source = write(folder, name + ".c", change(file.read()))
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-fvisibility=hidden",
                    "-I" + os.path.join(TOP, "core", "include"), "-o", "%s/%s.so" % (folder, name), source],
                   check=True)
    done = kit("%s/%s.so" % (folder, name))
    equal(done.returncode, 1)
    return done.stdout


def test_a_final_commit_that_is_put_off_is_found(folder):
    found = broken_destination(folder, "puts_off", lambda text: text.replace("final ? TIDE_OK : TIDE_MORE", "TIDE_MORE"))
    contains(found, "# commit returned TIDE_MORE, which is none of its answers")


def test_a_checkpoint_that_is_taken_and_forgotten_is_found(folder):
    def forget(text):
        text = text.replace("final ? TIDE_OK : TIDE_MORE", "TIDE_OK")
        text = text.replace("TIDE_DESTINATION_APPEND", "TIDE_DESTINATION_APPEND | TIDE_DESTINATION_REPLACE | "
                            "TIDE_DESTINATION_STAGES").replace(".close = free", ".close = free, .resume = hi_resume")
        return text.replace("static const struct tide_destination",
                            "static int hi_resume(void *state, struct tide_error *err)\n{\n    return TIDE_OK;\n}\n"
                            "static const struct tide_destination")
    found = broken_destination(folder, "forgets", forget)
    contains(found, "- keeps a checkpoint that it took\n# it took a checkpoint (TIDE_OK, not TIDE_MORE), "
                          "and open gave none")
    contains(found, "- resumes a replacing load from its staged rows\n# rows were staged at a checkpoint, "
                          "and open gave none")


def test_what_does_not_load_is_one_finding(folder):
    done = kit(write(folder, "text.so", "no plugin"))
    equal(done.returncode, 1)
    contains(done.stdout, "1..1\nnot ok 1 - loads")


def test_wrong_options_and_operands_are_bad_usage(folder):
    wrong = kit(plugin("transform", "exclude_fields"), "feilds=x")
    equal(wrong.returncode, 2)
    contains(wrong.stderr, '"fields"')
    equal(kit(plugin("transform", "exclude_fields"), 'fields=["a"]', "--columns", "a:strnig").returncode, 2)
    equal(tidemill("plugin", "tset", "x.so").returncode, 2)


if __name__ == "__main__":
    tap.main(globals())
