/*
 * decoding - a file read back through a format under test; see coding.h.
 *
 * What was read is cast to the types that were written, as a run would do with declared
 * columns, and compared as text: a format may read a date as text, and not as another
 * day.
 */
#include "cli/plugin/coding.h"

#include <stdlib.h>
#include <string.h>

#include "batch/batch_ops.h"
#include "batch/cast.h"
#include "cli/plugin/sample.h"

#define BATCH_BYTES (INT64_C(4) << 20)

static const struct tide_format *format_of(const struct tide_kit *kit)
{
    return kit->entry->format;
}

/* ---- reading ------------------------------------------------------------------------*/

struct reader {
    struct tide_kit *kit;
    struct tide_decoding *decoding;
    struct tide_decoder_request request;
    uint8_t *bytes; /**< owned; padded */
    size_t length;
    size_t start, end; /**< of what the decoder has in hand */
    void *state;
    struct tide_schema schema;
    bool failed; /**< and was allowed to */
    bool at_end;
};

static struct tide_span span_of(const struct reader *reader)
{
    return (struct tide_span){.data = reader->bytes + reader->start,
                              .length = reader->end - reader->start,
                              .last = reader->end == reader->length};
}

/* The next piece; false: there is none. */
static bool extend(struct reader *reader)
{
    size_t piece = reader->decoding->piece;
    size_t rest = reader->length - reader->end;

    reader->end += piece > 0 && piece < rest ? piece : rest;
    return rest > 0;
}

/* What the decoder answered; a failure ends the reading. */
static int judge(struct reader *reader, int answer)
{
    struct tide_kit *kit = reader->kit;
    int rc = tide_kit_answer(kit, answer);

    if (rc == TIDE_OK && answer < 0) {
        reader->failed = true;
        if (!reader->decoding->may_fail) {
            rc = tide_kit_success(kit, answer);
        }
    }
    return rc;
}

static int open_decoder(struct reader *reader)
{
    struct tide_kit *kit = reader->kit;

    tide_kit_enter(kit, "decoder_open");
    return judge(reader, format_of(kit)->decoder_open(kit->options, &reader->request,
                                                      &kit->host.host, &reader->state,
                                                      &kit->err));
}

static int find_columns(struct reader *reader)
{
    struct tide_kit *kit = reader->kit;
    int answer = TIDE_MORE, rc = TIDE_OK;

    tide_schema_clear(&reader->schema);
    while (rc == TIDE_OK && answer == TIDE_MORE) {
        struct tide_span span;

        (void)extend(reader);
        span = span_of(reader);
        tide_kit_enter(kit, "decoder_schema");
        answer = format_of(kit)->decoder_schema(reader->state, &span, &reader->schema,
                                                &kit->err);
        rc = judge(reader, answer);
        if (rc == TIDE_OK && answer == TIDE_MORE && span.last) {
            rc = tide_kit_broken(kit, "decoder_schema asks for more, and there is none");
        }
    }
    return rc;
}

static void close_decoder(struct reader *reader)
{
    if (reader->state) {
        tide_kit_enter(reader->kit, "decoder_close");
        format_of(reader->kit)->decoder_close(reader->state);
    }
    reader->state = NULL;
}

static int begin(struct reader *reader)
{
    int rc = open_decoder(reader);

    return rc == TIDE_OK && !reader->failed ? find_columns(reader) : rc;
}

/* Another decoder, at the mark of this one; where there is none, this one goes on. */
static int change_decoder(struct reader *reader)
{
    struct tide_kit *kit = reader->kit;
    const struct tide_format *format = format_of(kit);
    size_t start = reader->start, end = reader->end;
    int64_t mark = 0;
    int rc = TIDE_OK;

    tide_kit_enter(kit, "decoder_mark");
    if (format->decoder_mark(reader->state, &mark) != TIDE_OK) {
        return TIDE_OK;
    }
    close_decoder(reader);
    reader->start = reader->end = 0;
    rc = begin(reader);
    reader->start = start;
    reader->end = end;
    if (rc == TIDE_OK) {
        tide_kit_enter(kit, "decoder_resume");
        rc = judge(reader, format->decoder_resume(reader->state, mark, &kit->err));
    }
    return rc;
}

/* ---- what was read ------------------------------------------------------------------*/

struct misread {
    struct tide_kit *kit;
    const char *column;
};

static int note_misread(void *arg, int64_t row, const char *code, const char *message)
{
    const struct misread *misread = arg;

    (void)code;
    return tide_kit_broken(misread->kit,
                           "column \"%s\", row %lld of a batch: what was read is not of "
                           "the type that was written: %s",
                           misread->column, (long long)row + 1, message);
}

/* As the columns that were declared, in their order. */
static int cast_batch(struct reader *reader, struct tide_batch *batch)
{
    const struct tide_schema *declared = reader->decoding->declared;
    struct tide_kit *kit = reader->kit;
    int rc = TIDE_OK;

    if (reader->schema.column_count != declared->column_count) {
        return tide_kit_broken(kit, "%zu columns were written and %zu are read",
                               declared->column_count, reader->schema.column_count);
    }
    for (size_t i = 0; rc == TIDE_OK && i < declared->column_count; i++) {
        const struct tide_column *from = &reader->schema.columns[i];
        struct tide_column to = declared->columns[i];
        struct misread misread = {kit, to.name};

        if (strcmp(from->name, to.name) != 0) {
            return tide_kit_broken(kit, "column \"%s\" was written and \"%s\" is read",
                                   to.name, from->name);
        }
        to.flags = 0;
        if (from->type != to.type && to.type != TIDE_TYPE_NULL) {
            rc = tide_cast_column(batch, i, from, &to, NULL, note_misread, &misread);
        }
    }
    return rc;
}

static int take_batch(struct reader *reader, struct tide_batch *batch)
{
    struct tide_decoding *decoding = reader->decoding;
    struct tide_kit *kit = reader->kit;
    struct tide_error err = {0};

    if (tide_batch_validate(batch, &reader->schema, &err) != TIDE_OK) {
        return tide_kit_broken(kit, "a batch breaks the rules: %s", err.message);
    }
    if (batch->array.length > decoding->batch_rows) {
        return tide_kit_broken(kit, "a batch has %lld rows, and %lld were asked for",
                               (long long)batch->array.length,
                               (long long)decoding->batch_rows);
    }
    decoding->rows += batch->array.length;
    if (decoding->declared && !decoding->may_fail && batch->array.length > 0) {
        int rc = cast_batch(reader, batch);

        if (rc != TIDE_OK) {
            return rc;
        }
        tide_kit_show_batch(batch, decoding->declared, &decoding->seen);
    }
    return TIDE_OK;
}

/* One call; *more: it wants a longer stretch. */
static int decode_once(struct reader *reader, bool *more)
{
    struct tide_kit *kit = reader->kit;
    struct tide_span span = span_of(reader);
    struct tide_batch batch = {0};
    size_t consumed = 0;
    int answer = TIDE_OK, rc = TIDE_OK;

    tide_kit_enter(kit, "decode");
    answer = format_of(kit)->decode(reader->state, &span, &consumed, &batch, &kit->err);
    rc = judge(reader, answer);
    *more = answer == TIDE_MORE;
    reader->at_end = answer == TIDE_END;
    if (rc == TIDE_OK && answer == TIDE_OK) {
        if (consumed > span.length) {
            rc = tide_kit_broken(kit, "decode consumed %zu bytes of %zu", consumed,
                                 span.length);
        } else if (consumed == 0 && batch.array.length == 0) {
            rc = tide_kit_broken(kit, "decode gave no row and consumed nothing");
        } else {
            reader->start += consumed;
        }
    }
    if (rc == TIDE_OK && answer == TIDE_END && batch.array.release) {
        rc = tide_kit_broken(kit, "decode filled a batch and returned TIDE_END");
    }
    if (rc == TIDE_OK && batch.array.release) {
        rc = take_batch(reader, &batch);
    }
    tide_batch_release(&batch);
    return rc;
}

static int decode_all(struct reader *reader)
{
    int rc = TIDE_OK;

    while (rc == TIDE_OK && !reader->at_end && !reader->failed) {
        bool more = false;

        rc = decode_once(reader, &more);
        if (rc == TIDE_OK && more && !extend(reader)) {
            rc = tide_kit_broken(reader->kit, "decode asks for more, and there is none");
        }
        if (rc == TIDE_OK && !more && reader->decoding->goes_on && !reader->at_end &&
            !reader->failed) {
            rc = change_decoder(reader);
        }
    }
    return rc;
}

int tide_kit_decode(struct tide_kit *kit, struct tide_decoding *decoding,
                    const struct tide_text *file)
{
    struct reader reader = {.kit = kit, .decoding = decoding, .length = file->length};
    int rc = TIDE_OK;

    decoding->rows = 0;
    tide_text_reset(&decoding->seen);
    if (decoding->batch_rows == 0) {
        decoding->batch_rows = TIDE_SAMPLE_FULL;
    }
    reader.request = (struct tide_decoder_request){.size = sizeof reader.request,
                                                   .batch_rows = decoding->batch_rows,
                                                   .batch_bytes = BATCH_BYTES,
                                                   .origin = "the test's file",
                                                   .declared = decoding->declared};
    reader.bytes = tide_alloc(file->length + TIDE_PADDING);
    if (file->length > 0) {
        memcpy(reader.bytes, file->data, file->length);
    }
    rc = begin(&reader);
    if (rc == TIDE_OK && !reader.failed) {
        rc = decode_all(&reader);
    }
    close_decoder(&reader);
    tide_schema_clear(&reader.schema);
    free(reader.bytes);
    return rc;
}

void tide_decoding_fini(struct tide_decoding *decoding)
{
    tide_text_fini(&decoding->seen);
}
