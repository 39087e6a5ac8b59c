/*
 * rows - the records of a Singer stream become batches.
 */
#include <tidemill/value.h>

#include "singer.h"

/* Records for about a batch. */
static int collect(struct reader *reader, struct tide_error *err)
{
    const struct tide_source_request *request = reader->request;
    struct singer *singer = reader->singer;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && (int64_t)singer->line_count < request->batch_rows &&
           (int64_t)singer->records.length < request->batch_bytes) {
        rc = singer_next_line(reader, err);
    }
    return rc == TIDE_END && singer->records.length > 0 ? TIDE_OK : rc;
}

/* All records in hand were given: the last STATE among them holds. */
static void pass_records(struct singer *singer)
{
    singer->line_base += (int64_t)singer->line_count;
    singer->line_count = 0;
    if (singer->pending) {
        free(singer->position);
        singer->position = singer->pending;
        singer->pending = NULL;
    }
}

/* What is no instant was rejected when its line was read. */
static int not_an_instant(const struct singer *singer, const struct tide_batch *batch,
                          size_t column, int64_t row, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_DATA, "line %lld: \"%s\" is no date-time",
                          (long long)tide_batch_position(batch, row),
                          singer->columns.columns[column].name);
}

static int convert_instants(const struct singer *singer, struct tide_batch *batch,
                            size_t column, struct tide_error *err)
{
    const struct ArrowArray *texts = batch->array.children[column];
    struct ArrowArray instants = {0};
    struct tide_builder builder;
    int rc = TIDE_OK;

    tide_builder_init(&builder, TIDE_TYPE_TIMESTAMP);
    for (int64_t row = 0; row < texts->length && rc == TIDE_OK; row++) {
        size_t length = 0;
        const char *text = tide_array_text(texts, row, &length);
        int64_t instant;

        if (tide_array_is_null(texts, row)) {
            rc = tide_append_null(&builder);
            continue;
        }
        if (tide_parse_timestamp(text, length, &instant) != TIDE_OK) {
            tide_builder_clear(&builder);
            return not_an_instant(singer, batch, column, row, err);
        }
        rc = tide_append_int64(&builder, instant);
    }
    if (rc == TIDE_OK) {
        rc = tide_builder_finish(&builder, &instants);
    }
    if (rc == TIDE_OK) {
        tide_batch_set_column(batch, column, &instants);
    }
    tide_builder_clear(&builder);
    return rc == TIDE_OK ? rc : tide_error_memory(err);
}

static int finish_batch(const struct singer *singer, struct tide_batch *batch,
                        struct tide_error *err)
{
    size_t rows = (size_t)batch->array.length;
    int64_t *positions = malloc(rows * sizeof *positions);
    int rc = positions ? TIDE_OK : tide_error_memory(err);

    for (size_t i = 0; positions && i < rows; i++) {
        positions[i] = singer_line_of(singer, tide_batch_position(batch, (int64_t)i));
    }
    free(batch->positions);
    batch->positions = positions;
    for (size_t i = 0; i < singer->columns.column_count && rc == TIDE_OK; i++) {
        rc = singer_is_instant(singer, i) ? convert_instants(singer, batch, i, err)
                                          : TIDE_OK;
    }
    return rc;
}

static int decode_records(struct reader *reader, struct tide_batch *batch,
                          struct tide_error *err)
{
    struct singer *singer = reader->singer;
    struct tide_span span = buffer_span(&singer->records, false);
    size_t consumed = 0;
    int rc = exec_format(reader)->decode(reader->decoder, &span, &consumed, batch, err);

    if (rc != TIDE_OK) {
        return rc < 0 ? rc
                      : tide_error_set(err, TIDE_E_INTERNAL,
                                       "the format does not take whole lines");
    }
    if (batch->array.length == 0) {
        tide_batch_release(batch);
    } else {
        rc = finish_batch(singer, batch, err);
    }
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
        return rc;
    }
    buffer_take(&singer->records, consumed);
    if (singer->records.length == 0) {
        pass_records(singer);
    }
    return TIDE_OK;
}

int singer_read(struct reader *reader, struct tide_batch *batch, struct tide_error *err)
{
    struct singer *singer = reader->singer;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && !batch->array.release) {
        if (singer->records.length == 0) {
            rc = collect(reader, err);
        }
        if (rc == TIDE_OK) {
            rc = decode_records(reader, batch, err);
        }
    }
    if (rc == TIDE_END) {
        pass_records(singer);
    }
    return rc;
}
