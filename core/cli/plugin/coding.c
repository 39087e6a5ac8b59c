/*
 * coding - rows written through a format under test; see coding.h.
 */
#include "cli/plugin/coding.h"

#include <stdlib.h>
#include <string.h>
#include <tidemill/row.h>

#include "batch/batch_ops.h"
#include "cli/plugin/sample.h"

static const struct tide_format *format_of(const struct tide_kit *kit)
{
    return kit->entry->format;
}

/* ---- rows as text -------------------------------------------------------------------*/

static void show_row(const struct tide_batch *batch, const struct tide_schema *schema,
                     int64_t row, struct tide_text *out)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        char buffer[TIDE_VALUE_TEXT_MAX];
        size_t length = 0;
        const char *value = tide_array_value(
            batch->array.children[i], schema->columns[i].type, row, buffer, &length);

        tide_text_append(out, value ? "=" : "null");
        tide_text_append_n(out, value ? value : "", length);
        tide_text_append_char(out, '\x1f');
    }
    tide_text_append_char(out, '\n');
}

void tide_kit_show_batch(const struct tide_batch *batch, const struct tide_schema *schema,
                         struct tide_text *out)
{
    for (int64_t row = 0; row < batch->array.length; row++) {
        show_row(batch, schema, row, out);
    }
}

int tide_kit_show_rows(struct tide_kit *kit, const struct tide_encoding *encoding,
                       struct tide_text *out)
{
    for (const int64_t *size = encoding->sizes; *size >= 0; size++) {
        struct tide_batch batch = {0};

        if (tide_sample_batch(encoding->schema, *size, encoding->nulls, &batch) !=
            TIDE_OK) {
            return tide_kit_skip(kit, "out of memory");
        }
        tide_kit_show_batch(&batch, encoding->schema, out);
        tide_batch_release(&batch);
    }
    return TIDE_OK;
}

/* ---- writing ------------------------------------------------------------------------*/

static int encode_batch(struct tide_kit *kit, void *state, const struct tide_batch *batch,
                        struct tide_text *out)
{
    const uint8_t *data = NULL;
    size_t length = 0;
    int rc = TIDE_OK;

    tide_kit_enter(kit, batch ? "encode" : "encode of the end");
    rc = tide_kit_success(
        kit, format_of(kit)->encode(state, batch, &data, &length, &kit->err));
    if (rc == TIDE_OK && length > 0) {
        tide_text_append_n(out, (const char *)data, length);
    }
    return rc;
}

static int encode_all(struct tide_kit *kit, const struct tide_encoding *encoding,
                      void *state, struct tide_text *out)
{
    int rc = TIDE_OK;

    for (const int64_t *size = encoding->sizes; rc == TIDE_OK && *size >= 0; size++) {
        struct tide_batch batch = {0};

        if (tide_sample_batch(encoding->schema, *size, encoding->nulls, &batch) !=
            TIDE_OK) {
            return tide_kit_skip(kit, "out of memory");
        }
        rc = encode_batch(kit, state, &batch, out);
        tide_batch_release(&batch);
    }
    return rc == TIDE_OK ? encode_batch(kit, state, NULL, out) : rc;
}

int tide_kit_encode(struct tide_kit *kit, const struct tide_encoding *encoding,
                    struct tide_text *out, bool *refused)
{
    const struct tide_format *format = format_of(kit);
    void *state = NULL;
    int answer = TIDE_OK, rc = TIDE_OK;

    tide_kit_enter(kit, "encoder_open");
    answer = format->encoder_open(kit->options, encoding->schema, &kit->host.host, &state,
                                  &kit->err);
    rc = tide_kit_answer(kit, answer);
    *refused = answer < 0;
    if (rc != TIDE_OK || *refused) {
        return rc;
    }
    tide_kit_enter(kit, "encoder_begin");
    answer = format->encoder_begin(state, encoding->resumes, &kit->err);
    rc = tide_kit_answer(kit, answer);
    *refused = answer < 0;
    if (rc == TIDE_OK && !*refused) {
        rc = encode_all(kit, encoding, state, out);
    }
    tide_kit_enter(kit, "encoder_close");
    format->encoder_close(state);
    return rc;
}
