/*
 * rows - from the statement's rows to batches.
 */
#include "reader.h"

static int64_t row_position(const struct reader *reader)
{
    return reader->has_row_numbers ? sqlite3_column_int64(reader->rows, 0)
                                   : reader->row_count;
}

static int tell_reject(const struct reader *reader, const struct tide_column *column,
                       const char *code, const char *problem, struct tide_error *err)
{
    char message[512];
    char *json = row_as_json(reader);
    struct tide_reject reject = {
        .code = code,
        .message = message,
        .origin = reader->request->table,
        .position = row_position(reader),
        .raw = json,
        .raw_length = json ? strlen(json) : 0,
    };
    int rc;

    (void)snprintf(
        message, sizeof message,
        "column \"%s\" is read as %s: %s; declare another type under \"types\"",
        column->name, tide_type_name(column->type), problem);
    rc = reader->host->reject(reader->host, &reject);
    sqlite3_free(json);
    return rc == TIDE_OK ? TIDE_OK : tide_error_set(err, rc, "%s", message);
}

/* Append the row at hand as row number `row` of the batch.  One that does not fit is
 * rejected, and leaves no value behind. */
static int take_row(struct reader *reader, int64_t row, struct tide_error *err)
{
    for (size_t i = 0; i < reader->schema.column_count; i++) {
        const char *code = NULL, *problem = NULL;
        int rc = value_append(reader, i, &code, &problem);

        if (rc == TIDE_E_DATA) {
            rc = tell_reject(reader, &reader->schema.columns[i], code, problem, err);
            while (i > 0) {
                tide_builder_truncate(&reader->builders[--i], row);
            }
            return rc;
        }
        if (rc != TIDE_OK) {
            return tide_error_set(err, rc, "out of memory for a row of table \"%s\"",
                                  reader->request->table);
        }
    }
    return TIDE_OK;
}

static int64_t bytes_held(const struct reader *reader)
{
    int64_t bytes = 0;

    for (size_t i = 0; i < reader->schema.column_count; i++) {
        bytes += (int64_t)reader->builders[i].data_length +
                 reader->builders[i].length * (int64_t)sizeof(int64_t);
    }
    return bytes;
}

/* From the rows that came in front of the place to those behind it. */
static void go_behind(struct reader *reader)
{
    (void)sqlite3_finalize(reader->rows);
    reader->rows = reader->behind;
    reader->behind = NULL;
    front_end(reader);
}

static int step(struct reader *reader)
{
    int result;

    do {
        result = sqlite3_step(reader->rows);
        if (result == SQLITE_DONE && reader->behind) {
            go_behind(reader);
            result = sqlite3_step(reader->rows);
        }
    } while (result == SQLITE_ROW && front_was_read(reader));
    return result;
}

static int next_row(struct reader *reader, struct tide_error *err)
{
    int result = step(reader);

    if (result == SQLITE_ROW) {
        reader->row_count++;
        return TIDE_OK;
    }
    if (result == SQLITE_DONE) {
        rows_end(reader);
        return TIDE_END;
    }
    return database_failed(&reader->database, "read the table", err);
}

/* Rows that came in front of the place leave it where it is. */
static int note_place(struct reader *reader, struct tide_error *err)
{
    return reader->behind ? TIDE_OK
                          : place_note(reader, reader->rows,
                                       (int)reader->schema.column_count + 1, err);
}

/* Read until the batch is full or the table ends. */
static int fill(struct reader *reader, int64_t *positions, struct tide_error *err)
{
    const struct tide_source_request *request = reader->request;
    int64_t row = 0;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && row < request->batch_rows &&
           bytes_held(reader) < request->batch_bytes) {
        rc = next_row(reader, err);
        if (rc == TIDE_OK) {
            positions[row] = row_position(reader);
            rc = take_row(reader, row, err);
        }
        if (rc == TIDE_OK) {
            rc = front_note(reader, err);
        }
        if (rc == TIDE_OK && request->cursor) {
            rc = note_place(reader, err);
        }
        row = reader->builders[0].length;
    }
    if (rc == TIDE_OK && !request->cursor) {
        rc = note_place(reader, err);
    }
    return rc < 0 ? rc : TIDE_OK;
}

static int finish(struct reader *reader, struct tide_batch *batch, struct tide_error *err)
{
    size_t count = reader->schema.column_count;
    int rc = tide_batch_init(batch, count, reader->builders[0].length);

    for (size_t i = 0; rc == TIDE_OK && i < count; i++) {
        rc = tide_builder_finish(&reader->builders[i], batch->array.children[i]);
    }
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
        return tide_error_set(err, rc, "out of memory");
    }
    batch->flags = TIDE_BATCH_WRITABLE;
    return place_make(reader, err);
}

int rows_read(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct reader *reader = state;
    int64_t *positions;
    int rc;

    if (!reader->rows) {
        return TIDE_END;
    }
    positions = calloc((size_t)reader->request->batch_rows, sizeof *positions);
    if (!positions) {
        return tide_error_memory(err);
    }
    rc = fill(reader, positions, err);
    if (rc == TIDE_OK) {
        rc = finish(reader, batch, err);
    }
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
        free(positions);
        return rc;
    }
    batch->positions = positions;
    batch->origin = reader->request->table;
    return TIDE_OK;
}

bool rows_at_end(void *state)
{
    const struct reader *reader = state;

    return !reader->rows;
}

void rows_end(struct reader *reader)
{
    (void)sqlite3_finalize(reader->rows);
    (void)sqlite3_finalize(reader->behind);
    reader->rows = NULL;
    reader->behind = NULL;
    if (reader->database.handle) {
        (void)sqlite3_exec(reader->database.handle, "ROLLBACK", NULL, NULL, NULL);
    }
}
