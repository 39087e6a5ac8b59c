/*
 * front - what was read in front of a place.
 */
#include "front.h"

#include "../../shared/hash/xxh64.h"
#include "reader.h"

/* ---- sets of keys --------------------------------------------------------------------*/

void front_clear(struct front *front)
{
    free(front->keys);
    memset(front, 0, sizeof *front);
}

int front_add(struct front *front, uint64_t hash)
{
    if (front->count < front->limit && front->count == front->capacity) {
        int64_t capacity = front->capacity ? 2 * front->capacity : 16;
        uint64_t *keys = realloc(front->keys, (size_t)capacity * sizeof *keys);

        if (!keys) {
            return TIDE_E_LIMIT;
        }
        front->keys = keys;
        front->capacity = capacity;
    }
    if (front->count < front->limit) {
        front->keys[front->count] = hash;
    }
    front->count++;
    front->sum += hash;
    return TIDE_OK;
}

static void forget(struct front *front)
{
    front->count = 0;
    front->sum = 0;
}

static int compare(const void *left, const void *right)
{
    uint64_t one = *(const uint64_t *)left, other = *(const uint64_t *)right;

    return one < other ? -1 : one > other;
}

void front_sort(struct front *front)
{
    if (front->keys) {
        qsort(front->keys, (size_t)front->count, sizeof *front->keys, compare);
    }
}

bool front_has(const struct front *sorted, uint64_t hash)
{
    return sorted->keys && bsearch(&hash, sorted->keys, (size_t)sorted->count,
                                   sizeof hash, compare) != NULL;
}

/* ---- rows ----------------------------------------------------------------------------*/

/* Each bit of x reaches each bit of the result, and no two of them have the same one: the
 * end of MurmurHash3. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

/* The hash of the values in front, and this one. */
static uint64_t fold(uint64_t before, sqlite3_stmt *row, int column)
{
    int type = sqlite3_column_type(row, column);
    uint64_t value = 0;
    double real;

    if (type == SQLITE_INTEGER) {
        value = (uint64_t)sqlite3_column_int64(row, column);
    } else if (type == SQLITE_FLOAT) {
        real = sqlite3_column_double(row, column);
        memcpy(&value, &real, sizeof value);
    } else if (type != SQLITE_NULL) {
        const void *bytes = type == SQLITE_TEXT ? sqlite3_column_text(row, column)
                                                : sqlite3_column_blob(row, column);

        value = xxh64_of(bytes ? bytes : "", (size_t)sqlite3_column_bytes(row, column));
    }
    return mix(mix(before + (uint64_t)type) ^ value);
}

uint64_t front_hash(sqlite3_stmt *row, int first, int count)
{
    uint64_t hash = 0;

    for (int i = 0; i < count; i++) {
        hash = fold(hash, row, first + i);
    }
    return hash;
}

static uint64_t hash_at_hand(const struct reader *reader)
{
    int has_cursor = reader->request->cursor ? 1 : 0;

    return front_hash(reader->rows, (int)reader->schema.column_count + 1 + has_cursor,
                      (int)reader->place_count - has_cursor);
}

/* ---- ties ----------------------------------------------------------------------------*/

/* What SQLite takes for one: 1 and 1.0, and what the column's collation says. */
static int ask_same(struct reader *reader, sqlite3_value *other, bool *is_same,
                    struct tide_error *err)
{
    sqlite3_stmt *check = reader->tie_check;

    if (sqlite3_bind_value(check, 1, reader->place[0]) != SQLITE_OK ||
        sqlite3_bind_value(check, 2, other) != SQLITE_OK ||
        sqlite3_step(check) != SQLITE_ROW) {
        return database_failed(&reader->database, "compare cursors", err);
    }
    *is_same = sqlite3_column_int(check, 0) != 0;
    (void)sqlite3_reset(check);
    return TIDE_OK;
}

int front_prepare(struct reader *reader, struct tide_error *err)
{
    const char *collation = NULL;

    if (!reader->tells_front || !reader->request->cursor) {
        return TIDE_OK;
    }
    (void)sqlite3_table_column_metadata(reader->database.handle, NULL,
                                        reader->request->table, reader->request->cursor,
                                        NULL, &collation, NULL, NULL, NULL);
    collation = collation ? collation : "BINARY";
    reader->is_binary = sqlite3_stricmp(collation, "BINARY") == 0;
    return database_prepare(&reader->database,
                            sqlite3_mprintf("SELECT ?1 IS ?2 COLLATE \"%w\"", collation),
                            "compare cursors", &reader->tie_check, err);
}

/* Whether the row at hand has the cursor of the one noted last. */
static int find_tie(struct reader *reader, bool *is_same, struct tide_error *err)
{
    int column = (int)reader->schema.column_count + 1;
    sqlite3_value *now = sqlite3_column_value(reader->rows, column);
    sqlite3_value *before = reader->place[0];
    int type = sqlite3_value_type(now);

    *is_same = false;
    if (!before) {
        return TIDE_OK;
    }
    if (type == SQLITE_INTEGER && sqlite3_value_type(before) == type) {
        *is_same = sqlite3_value_int64(before) == sqlite3_value_int64(now);
        return TIDE_OK;
    }
    if (type == SQLITE_TEXT && sqlite3_value_type(before) == type && reader->is_binary) {
        const unsigned char *text = sqlite3_value_text(before);
        int length = sqlite3_value_bytes(before);

        *is_same =
            length == sqlite3_column_bytes(reader->rows, column) &&
            memcmp(text, sqlite3_column_text(reader->rows, column), (size_t)length) == 0;
        return TIDE_OK;
    }
    return ask_same(reader, now, is_same, err);
}

int front_note(struct reader *reader, struct tide_error *err)
{
    bool is_same = true;
    int rc = TIDE_OK;

    if (!reader->tells_front) {
        return TIDE_OK;
    }
    if (reader->request->cursor && !reader->behind) {
        rc = find_tie(reader, &is_same, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    if (!is_same) {
        forget(&reader->front);
    }
    return front_add(&reader->front, hash_at_hand(reader)) == TIDE_OK
               ? TIDE_OK
               : tide_error_memory(err);
}

bool front_was_read(const struct reader *reader)
{
    return reader->behind && front_has(&reader->known, hash_at_hand(reader));
}

void front_end(struct reader *reader)
{
    front_clear(&reader->front);
    reader->front = reader->present;
    memset(&reader->present, 0, sizeof reader->present);
}

void front_append(sqlite3_str *out, const struct reader *reader)
{
    const struct front *front = &reader->front;

    if (!reader->tells_front) {
        return;
    }
    if (front->count > front->limit) {
        sqlite3_str_appendf(out, ",\"front\":\"%lld.%016llx\"", (long long)front->count,
                            (unsigned long long)front->sum);
        return;
    }
    sqlite3_str_appendall(out, ",\"keys\":\"");
    for (int64_t i = 0; i < front->count; i++) {
        sqlite3_str_appendf(out, "%016llx", (unsigned long long)front->keys[i]);
    }
    sqlite3_str_appendchar(out, 1, '"');
}
