/* Rejects: the lines that tell of them, and the row that is made of one when it is run
 * again.  The row has the columns asked for and keeps the rules of a batch, or a word
 * says why it does not fit. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/memory.h"
#include "batch/batch_ops.h"
#include "run/replay_row.h"
#include "supervise/events.h"

static int add_column(struct tide_schema *schema, int type)
{
    return tide_schema_add(schema, tide_type_name(type), type, 0);
}

/* The columns that a row is to have, and the same as the row was kept with. */
static const struct tide_schema *columns(void)
{
    static struct tide_schema schema;

    for (int type = 0; schema.column_count < TIDE_TYPE_COUNT; type++) {
        TIDE_REQUIRE(add_column(&schema, type) == TIDE_OK);
    }
    return &schema;
}

static void fit(const struct tide_replay_row *row, const struct tide_schema *schema)
{
    const struct tide_table table = {.name = "t", .as = "t"};
    struct tide_batch batch = {0};
    struct tide_misfit misfit = {0};
    struct tide_error err = {0};
    int rc = tide_replay_row_fit(row, &table, schema, &batch, &misfit, &err);

    if (rc == TIDE_OK) {
        TIDE_INVARIANT(batch.array.length == 1);
        TIDE_INVARIANT(tide_batch_validate(&batch, schema, &err) == TIDE_OK);
    } else {
        TIDE_INVARIANT(rc != TIDE_E_DATA || (misfit.code && misfit.message[0] != '\0'));
        TIDE_INVARIANT(!batch.array.release);
    }
    tide_batch_release(&batch);
}

static void run_again(struct json_object *event)
{
    struct tide_replay_row row;
    struct tide_text bytes = {0};
    struct tide_schema one = {0};

    tide_replay_row_read(event, &row);
    tide_replay_row_bytes(&row, &bytes);
    TIDE_INVARIANT(!row.raw || bytes.length <= strlen(row.raw));
    if (row.row && row.types) {
        TIDE_REQUIRE(add_column(&one, TIDE_TYPE_STRING) == TIDE_OK);
        fit(&row, columns());
        fit(&row, &one);
    }
    tide_schema_clear(&one);
    tide_text_fini(&bytes);
}

static void take(void *arg, const char *name, struct json_object *event)
{
    struct tide_reject_bag *bag = arg;

    TIDE_INVARIANT(name);
    run_again(event);
    if (strcmp(name, "reject") == 0 && tide_reject_take(bag, event, 1000, 1 << 20)) {
        tide_reject_empty(bag);
    }
    TIDE_INVARIANT(bag->count < TIDE_REJECT_BATCH && bag->kept <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tide_reject_bag *bag = tide_alloc(sizeof *bag);
    struct tide_event_reader reader = {0};
    struct tide_error err = {0};
    size_t half = size / 2;

    if (tide_event_feed(&reader, (const char *)data, half, take, bag, &err) == TIDE_OK &&
        tide_event_feed(&reader, (const char *)data + half, size - half, take, bag,
                        &err) == TIDE_OK) {
        TIDE_INVARIANT(reader.line.length <= size);
    } else {
        TIDE_INVARIANT(err.message[0] != '\0');
    }
    tide_event_reader_fini(&reader);
    tide_reject_empty(bag);
    free(bag);
    return 0;
}
