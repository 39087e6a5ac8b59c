#!/usr/bin/python3
"""`tidemill plugin test` of formats, storages and what speaks to programs and servers: ours keep their promises, and
each kind of broken format or storage is found out."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import postgres                                                      # noqa: E402
import tap                                                           # noqa: E402
from plugin_kit_test import NO_CURSOR, keeps_all, kit, need, need_plain_program, plugin    # noqa: E402
from tap import TOP, contains, equal, write                          # noqa: E402

# ---- ours ----


def test_csv_keeps_its_promises(folder):
    keeps_all(plugin("format", "csv"))
    keeps_all(plugin("format", "csv"), "delimiter=;", "line_ending=crlf", "null_string=NULL", "escape=\\")
    keeps_all(plugin("format", "csv"), "header=false", 'columns=["id", "value"]', "--columns", "id:int64,value:string")


def test_jsonl_keeps_its_promises(folder):
    keeps_all(plugin("format", "jsonl"))


def test_the_local_storage_keeps_its_promises(folder):
    keeps_all(plugin("storage", "local"))
    keeps_all(plugin("storage", "local"), "--table", folder,
              skipped=["shows nobody a file that is not published", "lists files by pattern, in order"])


def test_programs_keep_their_promises(folder):
    write(folder, "rows.jsonl", "".join('{"id":%d,"name":"n"}\n' % i for i in range(100)))
    done = kit(plugin("source", "exec"), 'command=["cat", "%s/rows.jsonl"]' % folder, timeout=300)
    equal(done.returncode, 0, done.stdout + done.stderr)
    done = kit(plugin("destination", "exec"), 'command=["sh", "-c", "cat >/dev/null"]', timeout=300)
    equal(done.returncode, 0, done.stdout + done.stderr)


def test_the_postgres_source_keeps_its_promises(folder):
    need(plugin("source", "postgres"))
    with postgres.server() as server:
        server.run("DROP TABLE IF EXISTS kit_people", "CREATE TABLE kit_people (id int PRIMARY KEY, name text)",
                   "INSERT INTO kit_people SELECT i, 'name ' || i FROM generate_series(1, 40) i", "ANALYZE kit_people")
        keeps_all(plugin("source", "postgres"), "url=" + server.url, "--table", "kit_people", skipped=NO_CURSOR,
                  timeout=300)


def test_the_postgres_destination_keeps_its_promises(folder):
    need(plugin("destination", "postgres"))
    with postgres.server() as server:
        server.run("DROP SCHEMA IF EXISTS kit CASCADE", "CREATE SCHEMA kit")
        keeps_all(plugin("destination", "postgres"), "url=" + server.url, "schema=kit", timeout=300)
        equal(server.value("SELECT count(*) FROM kit.tidemill_plugin_test_merge"), "16384")


# ---- a format with a fault ----

FORMAT = r"""
#include <stdio.h>
#include <tidemill/plugin.h>
#include <tidemill/row.h>
struct writer { char *text; size_t length; int64_t rows; };
static int w_open(const void *o, const struct tide_schema *s, const struct tide_host *h, void **state,
                  struct tide_error *err)
{
    (void)o; (void)h;
    if (s->column_count != 1 || s->columns[0].type != TIDE_TYPE_INT64) {
        return tide_error_set(err, TIDE_E_CONFIG, "one column of numbers is all it writes");
    }
    *state = calloc(1, sizeof(struct writer));
    return *state ? TIDE_OK : tide_error_memory(err);
}
static int w_begin(void *state, bool resumes, struct tide_error *err)
{
    struct writer *w = state;
    (void)err;
    w->rows = resumes ? 1 : 0;
    return TIDE_OK;
}
static int w_encode(void *state, const struct tide_batch *batch, const uint8_t **data, size_t *length,
                    struct tide_error *err)
{
    struct writer *w = state;
    int64_t rows = batch ? batch->array.length : 0;
    (void)err;
    free(w->text);
    w->text = calloc((size_t)rows + 1, 24);
    if (!w->text) { return tide_error_memory(err); }
    w->length = 0;
    if (w->rows == 0 && !batch) { w->length += (size_t)sprintf(w->text, "id\n"); }
    if (w->rows == 0 && rows > 0) { w->length += (size_t)sprintf(w->text, "id\n"); }
    for (int64_t row = 0; row < rows; row++, w->rows++) {
        const struct ArrowArray *ids = batch->array.children[0];
        %(write)s
        if (tide_array_is_null(ids, row)) { w->length += (size_t)sprintf(w->text + w->length, "-\n"); }
        else { w->length += (size_t)sprintf(w->text + w->length, "%%lld\n", (long long)tide_array_int64(ids, row)); }
    }
    *data = (const uint8_t *)w->text;
    *length = w->length;
    return TIDE_OK;
}
static void w_close(void *state)
{
    struct writer *w = state;
    if (w) { %(close)s free(w->text); free(w); }
}
struct reader { int64_t most; bool begun; };
static int r_open(const void *o, const struct tide_decoder_request *r, const struct tide_host *h, void **state,
                  struct tide_error *err)
{
    struct reader *reader = calloc(1, sizeof *reader);
    (void)o; (void)h;
    if (!reader) { return tide_error_memory(err); }
    reader->most = r->batch_rows;
    *state = reader;
    return TIDE_OK;
}
static int r_schema(void *state, const struct tide_span *span, struct tide_schema *schema, struct tide_error *err)
{
    (void)state; (void)err;
    if (!memchr(span->data, '\n', span->length) && !span->last) { return TIDE_MORE; }
    return tide_schema_add(schema, "id", TIDE_TYPE_INT64, 0);
}
static int r_decode(void *state, const struct tide_span *span, size_t *consumed, struct tide_batch *batch,
                    struct tide_error *err)
{
    struct reader *reader = state;
    struct tide_builder ids;
    int64_t rows = 0;
    int rc = TIDE_OK;
    (void)err;
    tide_builder_init(&ids, TIDE_TYPE_INT64);
    while (rc == TIDE_OK && rows < reader->most) {
        const char *at = (const char *)span->data + *consumed;
        const char *end = memchr(at, '\n', span->length - *consumed);
        if (!end) { break; }
        *consumed += (size_t)(end + 1 - at);
        if (!reader->begun) { reader->begun = true; continue; }
        %(read)s
        rc = *at == '-' && at[1] == '\n' ? tide_append_null(&ids) : tide_append_int64(&ids, strtoll(at, NULL, 10));
        rows++;
    }
    if (*consumed == 0) {
        tide_builder_clear(&ids);
        if (span->last && span->length > 0) { return tide_error_set(err, TIDE_E_DATA, "the last line has no end"); }
        return span->last ? TIDE_END : TIDE_MORE;
    }
    %(end)s
    if (rc == TIDE_OK) { rc = tide_builder_reserve(&ids, 1, 0); }
    if (rc == TIDE_OK) { rc = tide_batch_init(batch, 1, rows); }
    if (rc == TIDE_OK) { rc = tide_builder_finish(&ids, batch->array.children[0]); }
    return rc == TIDE_OK ? rc : tide_error_set(err, rc, "out of memory");
}
static const struct tide_format it = {.size = sizeof it, .extension = "ids", .decoder_open = r_open,
    .decoder_schema = r_schema, .decode = r_decode, .decoder_close = free, .encoder_open = w_open,
    .encoder_begin = w_begin, .encode = w_encode, .encoder_close = w_close};
TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_FORMAT, "broken", "1", "Breaks a promise."), .format = &it};
"""


def findings(folder, source, *args):
    need_plain_program()
    path = write(folder, "broken.c", source)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-fvisibility=hidden",
                    "-I" + os.path.join(TOP, "core", "include"), "-o", folder + "/broken.so", path], check=True)
    done = kit(folder + "/broken.so", "--timeout", "5", *args)
    return done.returncode, dict(re.findall(r"^not ok \d+ - (.*)\n# (.*)$", done.stdout, re.M))


def format_with(folder, **faults):
    parts = dict({"write": "", "close": "", "read": "", "end": ""}, **faults)
    return findings(folder, FORMAT % parts, "--columns", "id:int64")


def test_a_format_without_fault_has_no_findings(folder):
    equal(format_with(folder), (0, {}))


def test_a_format_that_loses_or_changes_rows_is_found(folder):
    _, why = format_with(folder, write="if (w->rows == 16000) { continue; }")
    equal(list(why), ["gives back one row, and full batches"])
    contains(why["gives back one row, and full batches"], "is read")
    _, why = format_with(folder, read="if (*at == '-') { at = \"0\"; }")
    contains(why["gives back nulls"], "null| was written and =0| is read")
    assert "gives back one row, and full batches" not in why, why


def test_a_header_in_the_middle_is_found(folder):
    # The header is written again where a file goes on.
    source = (FORMAT % {"write": "", "close": "", "read": "", "end": ""}).replace("resumes ? 1 : 0", "0")
    _, why = findings(folder, source, "--columns", "id:int64")
    equal(list(why), ["writes behind the rows of a file"])


def test_a_decoder_that_needs_the_whole_file_at_once_is_found(folder):
    _, why = format_with(folder, end="if (rows > 0 && !span->last) { *consumed = 0; tide_builder_clear(&ids);"
                                     " return TIDE_OK; }")
    contains(why["reads a file in pieces and batches of any size"], "gave no row and consumed nothing")


def test_a_decoder_that_reads_behind_the_end_is_found(folder):
    _, why = format_with(folder, read="*consumed += at[0] == '3' ? 9 : 0;")
    assert "gives back one row, and full batches" in why, why


def test_a_crash_at_a_cut_file_is_found(folder):
    _, why = format_with(folder, end="if (span->last && span->data[span->length - 1] != '\\n') { abort(); }")
    contains(why["survives a truncated file"], "crashed in decode")


def test_what_a_format_leaves_is_found(folder):
    _, why = format_with(folder, close="w->text = NULL;")
    equal(list(why), ["leaves nothing behind when it is closed"])


# ---- a storage with a fault ----

STORAGE = r"""
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <tidemill/plugin.h>
struct file { FILE *stream; char path[300], hidden[300]; };
static int no(struct tide_error *err) { return tide_error_set(err, TIDE_E_IO, "%%s", strerror(errno)); }
static void path_of(char *path, const char *root, const char *name) { (void)snprintf(path, 300, "%%s/%%s", root, name); }
static int s_list(const void *o, const struct tide_host *h, const char *root, const char *pattern, tide_list_fn emit,
                  void *arg, struct tide_error *err)
{
    char command[900], line[300];
    FILE *names;
    (void)o; (void)h;
    (void)snprintf(command, sizeof command,
                   "cd '%%s' && for f in %%s; do [ ! -f \"$f\" ] || echo \"$f $(wc -c <\"$f\")\"; done", root, pattern);
    names = popen(command, "r");
    if (!names) { return no(err); }
    while (fgets(line, sizeof line, names)) {
        char *space = strrchr(line, ' ');
        *space = '\0';
        (void)emit(arg, line, %(size)s);
    }
    (void)pclose(names);
    return TIDE_OK;
}
static int r_open(const void *o, const struct tide_host *h, const char *root, const char *name, void **file,
                  struct tide_error *err)
{
    struct file *f = calloc(1, sizeof *f);
    (void)o; (void)h;
    path_of(f->path, root, name);
    f->stream = fopen(f->path, "r");
    if (!f->stream) { free(f); return %(missing)s; }
    *file = f;
    return TIDE_OK;
}
static int r_read(void *file, uint8_t *data, size_t capacity, size_t *length, struct tide_error *err)
{
    (void)err;
    *length = fread(data, 1, %(capacity)s, ((struct file *)file)->stream);
    return TIDE_OK;
}
static void r_close(void *file) { if (file) { (void)fclose(((struct file *)file)->stream); free(file); } }
static int w_open(const void *o, const struct tide_host *h, const char *root, const char *name, const char *run,
                  bool append, void **file, int64_t *existing, struct tide_error *err)
{
    struct file *f = calloc(1, sizeof *f);
    FILE *before = NULL;
    int letter = 0;
    (void)o; (void)h; (void)run;
    *existing = 0;
    path_of(f->path, root, name);
    (void)snprintf(f->hidden, sizeof f->hidden, "%%s/%(hidden)s", root, name);
    before = append ? fopen(f->path, "r") : NULL;
    f->stream = fopen(f->hidden, "w");
    if (!f->stream) { free(f); return no(err); }
    while (before && (letter = fgetc(before)) != EOF) { (void)fputc(letter, f->stream); ++*existing; }
    if (before) { (void)fclose(before); }
    (void)fflush(f->stream);
    *file = f;
    return TIDE_OK;
}
static int w_write(void *file, const uint8_t *data, size_t length, struct tide_error *err)
{
    struct file *f = file;
    if (fwrite(data, 1, length, f->stream) != length || fflush(f->stream) != 0) { return no(err); }
    return TIDE_OK;
}
static int w_publish(void *file, struct tide_error *err)
{
    struct file *f = file;
    (void)fclose(f->stream);
    f->stream = NULL;
    return rename(f->hidden, f->path) == 0 ? TIDE_OK : no(err);
}
static void w_close(void *file)
{
    struct file *f = file;
    if (!f) { return; }
    if (f->stream) { (void)fclose(f->stream); %(unpublished)s; }
    free(f);
}
static const struct tide_storage it = {.size = sizeof it, .list = s_list, .read_open = r_open, .read = r_read,
    .read_close = r_close, .write_open = w_open, .write = w_write, .publish = w_publish, .write_close = w_close};
TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_STORAGE, "broken", "1", "Breaks a promise."), .storage = &it};
"""


def storage_with(folder, **faults):
    parts = {"size": "atoll(space + 1)", "missing": "no(err)", "capacity": "capacity", "hidden": ".new.%s",
             "unpublished": "(void)unlink(f->hidden)"}
    return findings(folder, STORAGE % dict(parts, **faults))


def test_a_storage_without_fault_has_no_findings(folder):
    equal(storage_with(folder), (0, {}))


def test_files_that_show_before_they_are_published_are_found(folder):
    status, why = storage_with(folder, hidden="%s")
    equal(status, 1)
    contains(why["shows nobody a file that is not published"], "nobody published it")
    assert "puts a file in the place of another at once" in why, why


def test_what_is_left_of_a_file_that_was_not_published_is_found(folder):
    _, why = storage_with(folder, unpublished="(void)f")
    equal(list(why), ["shows nobody a file that is not published"])
    contains(why["shows nobody a file that is not published"], ".new.tidemill_plugin_test.a")


def test_a_storage_that_gives_other_bytes_or_sizes_is_found(folder):
    _, why = storage_with(folder, capacity="capacity > 4000 && ftell(((struct file *)file)->stream) > 9999 ? 0 : capacity")
    contains(why["gives back a file as it was published"], "others are read")
    _, why = storage_with(folder, size="1")
    equal(list(why), ["lists files by pattern, in order"])


def test_a_missing_file_without_a_word_is_found(folder):
    _, why = storage_with(folder, missing="(void)err, TIDE_E_NOT_FOUND")
    contains(why["says why it cannot read a file"], "without a message")


if __name__ == "__main__":
    tap.main(globals())
