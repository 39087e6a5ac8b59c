/*
 * front_find - whether the rows in front of a place are those that were read.
 */
#include "front.h"
#include "query_text.h"
#include "reader.h"

/* What a position says. */
enum told { TOLD_NOTHING, TOLD_KEYS, TOLD_SUM };

/* ---- what was ------------------------------------------------------------------------*/

static int parse_keys(const char *text, struct front *known)
{
    size_t count = strlen(text) / 16;

    known->keys = calloc(count + 1, sizeof *known->keys);
    if (!known->keys) {
        return TIDE_E_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        char digits[17] = {0};

        memcpy(digits, text + 16 * i, 16);
        known->keys[i] = strtoull(digits, NULL, 16);
        known->sum += known->keys[i];
    }
    known->capacity = (int64_t)count + 1;
    known->count = (int64_t)count;
    return TIDE_OK;
}

static void parse_sum(const char *text, struct front *known)
{
    char *end = NULL;

    known->count = strtoll(text, &end, 10);
    known->sum = *end == '.' ? strtoull(end + 1, NULL, 16) : 0;
}

static int read_text(const struct reader *reader, const char *path, char **text,
                     struct tide_error *err)
{
    sqlite3_stmt *part = NULL;
    int rc = place_part(reader, path, &part, err);
    const char *kept = rc == TIDE_OK ? (const char *)sqlite3_column_text(part, 1) : NULL;

    *text = kept ? strdup(kept) : NULL;
    if (kept && !*text) {
        rc = tide_error_memory(err);
    }
    (void)sqlite3_finalize(part);
    return rc;
}

static int read_known(struct reader *reader, enum told *told, struct tide_error *err)
{
    char *keys = NULL, *sum = NULL;
    int rc = reader->request->cursor ? read_text(reader, "$.keys", &keys, err) : TIDE_OK;

    *told = TOLD_NOTHING;
    if (rc == TIDE_OK && !keys) {
        rc = read_text(reader, "$.front", &sum, err);
    }
    reader->known.limit = INT64_MAX;
    if (rc == TIDE_OK && keys) {
        *told = TOLD_KEYS;
        rc = parse_keys(keys, &reader->known) == TIDE_OK ? rc : tide_error_memory(err);
    } else if (rc == TIDE_OK && sum) {
        *told = TOLD_SUM;
        parse_sum(sum, &reader->known);
    }
    free(keys);
    free(sum);
    return rc;
}

/* ---- what is -------------------------------------------------------------------------*/

/* Let the place be that of the position. */
static int restore_place(struct reader *reader, struct tide_error *err)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_stmt *values = NULL;
    int rc;

    for (size_t i = 0; i < reader->place_count; i++) {
        sqlite3_str_appendf(sql, "%s?%d", i == 0 ? "SELECT " : ", ", (int)i + 1);
    }
    rc = database_prepare(&reader->database, sqlite3_str_finish(sql), "read the position",
                          &values, err);
    if (rc == TIDE_OK) {
        rc = place_bind(reader, values, err);
    }
    if (rc == TIDE_OK && sqlite3_step(values) != SQLITE_ROW) {
        rc = database_failed(&reader->database, "read the position", err);
    }
    if (rc == TIDE_OK) {
        rc = place_note(reader, values, 0, err);
    }
    (void)sqlite3_finalize(values);
    return rc;
}

/* The keys that stand in front of the place now; *others: of those that are not known. */
static int read_present(struct reader *reader, const struct place_columns *columns,
                        int64_t *others, struct tide_error *err)
{
    int count = (int)columns->count - (reader->request->cursor ? 1 : 0);
    sqlite3_stmt *rows = NULL;
    int result = SQLITE_DONE;
    int rc = database_prepare(&reader->database, front_text(reader->request, columns),
                              "read the keys", &rows, err);

    *others = 0;
    if (rc == TIDE_OK) {
        rc = place_bind(reader, rows, err);
    }
    while (rc == TIDE_OK && (result = sqlite3_step(rows)) == SQLITE_ROW) {
        uint64_t hash = front_hash(rows, 0, count);

        *others += !front_has(&reader->known, hash);
        rc = front_add(&reader->present, hash) == TIDE_OK ? rc : tide_error_memory(err);
    }
    if (rc == TIDE_OK && result != SQLITE_DONE) {
        rc = database_failed(&reader->database, "read the keys", err);
    }
    (void)sqlite3_finalize(rows);
    return rc;
}

/* ---- what to do ----------------------------------------------------------------------*/

static int refuse(const struct reader *reader, struct tide_error *err)
{
    const char *table = reader->request->table, *path = reader->options->path;
    long long before = reader->known.count, now = reader->present.count;

    if (reader->request->cursor) {
        return tide_error_set(
            err, TIDE_E_CONFLICT,
            "rows came to table \"%s\" of %s with the cursor of the last "
            "row read and a key below its own: %lld were there, and "
            "%lld are; of so many it is not known which are new: read "
            "the table with mode merge, or empty the destination and "
            "run with --full",
            table, path, before, now);
    }
    return tide_error_set(
        err, TIDE_E_CONFLICT,
        "since the last run was interrupted, rows of table \"%s\" of %s "
        "came, went or got other keys among the %lld that were read "
        "(now %lld): going on would lose or double some; empty the "
        "destination and run with --full",
        table, path, before, now);
}

/* Where there are too many to know each one. */
static int judge_sum(const struct reader *reader, struct tide_error *err)
{
    const struct front *known = &reader->known, *present = &reader->present;

    if (present->count == known->count && present->sum == known->sum) {
        return TIDE_OK;
    }
    if (!reader->request->cursor || present->count >= known->count) {
        return refuse(reader, err);
    }
    reader->host->log(reader->host, TIDE_LOG_WARNING,
                      "some of the rows with the cursor of the last row read are gone; "
                      "there are too many to tell whether others came, which are not "
                      "read then");
    return TIDE_OK;
}

/* The rows at the cursor are read first, those that are known left out. */
static int begin_in_front(struct reader *reader, struct tide_error *err)
{
    reader->front.limit = INT64_MAX;
    for (int64_t i = 0; i < reader->known.count; i++) {
        if (front_add(&reader->front, reader->known.keys[i]) != TIDE_OK) {
            return tide_error_memory(err);
        }
    }
    return TIDE_OK;
}

int front_find(struct reader *reader, const struct place_columns *columns,
               enum place_start start, bool *has_others, struct tide_error *err)
{
    bool goes_on = start == PLACE_AFTER_KEY || start == PLACE_AFTER_NULL;
    int64_t others = 0;
    enum told told = TOLD_NOTHING;
    int rc = TIDE_OK;

    *has_others = false;
    reader->front.limit = reader->request->cursor ? FRONT_KEYS : -1;
    reader->present.limit = reader->front.limit;
    if (!reader->tells_front || !goes_on) {
        return TIDE_OK;
    }
    rc = read_known(reader, &told, err);
    if (rc == TIDE_OK) {
        front_sort(&reader->known);
        rc = restore_place(reader, err);
    }
    if (rc == TIDE_OK) {
        rc = read_present(reader, columns, &others, err);
    }
    if (rc == TIDE_OK && told == TOLD_SUM) {
        rc = judge_sum(reader, err);
    }
    *has_others = rc == TIDE_OK && told == TOLD_KEYS && others > 0;
    if (rc != TIDE_OK || *has_others) {
        return rc == TIDE_OK ? begin_in_front(reader, err) : rc;
    }
    front_end(reader);
    return TIDE_OK;
}
