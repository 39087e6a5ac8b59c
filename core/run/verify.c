/*
 * verify - a table read again and summed.
 */
#include "run/verify.h"

#include <inttypes.h>

#include "base/check.h"
#include "base/json.h"
#include "batch/checksum.h"
#include "run/columns.h"

struct tide_verify {
    struct tide_schema columns; /* owned; those that are compared, as accepted */
    size_t *places;             /* owned; of each among the accepted columns */
    struct tide_checksum moved, before;
    struct tide_bound source; /* of the destination's name */
};

/* One reading of the table.  The host comes first: it is what its functions are given. */
struct reading {
    struct tide_plugin_host host;
    struct tide_source_request request;
    void *state;
    struct tide_schema schema; /* as it is read, the compared columns first */
    size_t *moves;             /* column i changes places with column moves[i] */
    struct tide_validation cast;
    uint8_t *drop; /* memory that is reused */
    size_t drop_capacity;
    int64_t unreadable;
    char why[256];
};

/* ---- the columns --------------------------------------------------------------------*/

/* A text that the destination spells its own way says nothing. */
static bool is_compared(const struct tide_column *column)
{
    return !(column->flags & TIDE_COLUMN_RESPELT);
}

static int choose_columns(struct tide_verify *verify, const struct tide_schema *accepted,
                          struct tide_error *err)
{
    int rc = tide_schema_copy(accepted, &verify->columns);
    size_t kept = 0;

    verify->places = tide_alloc_array(accepted->column_count + 1, sizeof(size_t));
    for (size_t i = 0; rc == TIDE_OK && i < accepted->column_count; i++) {
        if (is_compared(&accepted->columns[i])) {
            verify->places[kept] = i;
            verify->columns.columns[kept].flags = 0;
            verify->columns.columns[kept++].max_length = 0;
        } else {
            tide_schema_remove(&verify->columns, kept);
        }
    }
    return rc == TIDE_OK ? rc : tide_error_set(err, rc, "out of memory");
}

/* ---- reading the table again --------------------------------------------------------*/

static int note_reject(const struct tide_host *host, const struct tide_reject *reject)
{
    struct reading *reading = host->context;

    reading->unreadable++;
    (void)snprintf(reading->why, sizeof reading->why, "%s", reject->message);
    return TIDE_OK;
}

static int note_bad_value(void *arg, int64_t row, const char *code, const char *message)
{
    struct reading *reading = arg;

    (void)row;
    (void)code;
    reading->unreadable++;
    (void)snprintf(reading->why, sizeof reading->why, "%s", message);
    return TIDE_OK;
}

/* A table that knows no names, as a CSV file without a header, has as many columns as
 * were written, in their order. */
static bool goes_by_place(const struct reading *reading, const struct tide_verify *verify)
{
    const struct tide_schema *there = &reading->schema, *wanted = &verify->columns;
    bool has_all = true;

    for (size_t i = 0; has_all && i < wanted->column_count; i++) {
        has_all = tide_schema_find(there, wanted->columns[i].name) != TIDE_NO_COLUMN;
    }
    return !has_all && there->column_count == reading->host.flow->accepted.column_count;
}

/* Bring the compared columns to the front, in their order. */
static int arrange(struct reading *reading, const struct tide_verify *verify,
                   struct tide_error *err)
{
    struct tide_schema *schema = &reading->schema, front = {0};
    const struct tide_schema *wanted = &verify->columns;
    bool by_place = goes_by_place(reading, verify);
    int rc = TIDE_OK;

    reading->moves = tide_alloc_array(wanted->column_count + 1, sizeof(size_t));
    for (size_t i = 0; i < wanted->column_count; i++) {
        size_t place = by_place ? verify->places[i]
                                : tide_schema_find(schema, wanted->columns[i].name);
        struct tide_column moved;

        if (place == TIDE_NO_COLUMN) {
            return tide_columns_absent(schema, "verify", wanted->columns[i].name, err);
        }
        TIDE_INVARIANT(place >= i); /* no two of the wanted share a name */
        moved = schema->columns[i];
        schema->columns[i] = schema->columns[place];
        schema->columns[place] = moved;
        reading->moves[i] = place;
    }
    front = *schema;
    front.column_count = wanted->column_count;
    rc = tide_validation_init(&reading->cast, &front, wanted, err);
    return rc;
}

static int open_table(struct reading *reading, const struct tide_verify *verify,
                      const char **names, struct tide_error *err)
{
    struct tide_flow *flow = reading->host.flow;
    const struct tide_destination *destination =
        flow->engine->destination.entry->destination;
    const char *place =
        destination->location ? destination->location(flow->destination_state) : NULL;
    int rc;

    reading->request = (struct tide_source_request){
        .size = sizeof reading->request,
        .batch_rows = TIDE_FLOW_BATCH_ROWS,
        .batch_bytes = TIDE_FLOW_BATCH_BYTES,
        .table = place ? place : flow->table->as,
        .declared = &verify->columns,
        .include = names,
    };
    tide_plugin_host_enter(&reading->host, "verify", err);
    rc = verify->source.entry->source->open(verify->source.options, &reading->request,
                                            &reading->host.host, &reading->state,
                                            &reading->schema, err);
    return tide_plugin_host_leave(&reading->host, rc, err);
}

static int read_batch(struct reading *reading, const struct tide_verify *verify,
                      struct tide_batch *batch, struct tide_error *err)
{
    int rc;

    tide_plugin_host_enter(&reading->host, "verify", err);
    rc = verify->source.entry->source->read(reading->state, batch, err);
    return tide_plugin_host_leave_with(&reading->host, rc, TIDE_END, err);
}

static void close_table(struct reading *reading, const struct tide_verify *verify)
{
    struct tide_error unused;

    tide_plugin_host_enter(&reading->host, "verify", &unused);
    verify->source.entry->source->close(reading->state);
    (void)tide_plugin_host_leave(&reading->host, TIDE_OK, &unused);
}

static bool make_room(struct reading *reading, size_t rows)
{
    if (rows > reading->drop_capacity) {
        uint8_t *drop = realloc(reading->drop, rows);

        if (!drop) {
            return false;
        }
        reading->drop = drop;
        reading->drop_capacity = rows;
    }
    if (rows > 0) {
        memset(reading->drop, 0, rows);
    }
    return true;
}

static int sum_batch(struct reading *reading, const struct tide_verify *verify,
                     struct tide_batch *batch, struct tide_checksum *sum,
                     struct tide_error *err)
{
    int64_t failed = TIDE_E_LIMIT;

    for (size_t i = 0; i < verify->columns.column_count; i++) {
        struct ArrowArray *moved = batch->array.children[i];

        batch->array.children[i] = batch->array.children[reading->moves[i]];
        batch->array.children[reading->moves[i]] = moved;
    }
    if (make_room(reading, (size_t)batch->array.length)) {
        failed = tide_validation_apply(&reading->cast, batch, reading->drop,
                                       note_bad_value, reading);
    }
    if (failed < 0) {
        return tide_error_set(err, (int)failed, "out of memory");
    }
    tide_checksum_add(sum, batch, &verify->columns, NULL, reading->drop);
    return TIDE_OK;
}

static int sum_rows(struct reading *reading, const struct tide_verify *verify,
                    struct tide_checksum *sum, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (reading->schema.column_count > 0) {
        rc = arrange(reading, verify, err);
    } /* else an empty file, which has no rows */
    while (rc == TIDE_OK) {
        struct tide_batch batch = {0};

        rc = read_batch(reading, verify, &batch, err);
        if (rc == TIDE_OK && reading->schema.column_count == 0) {
            reading->unreadable += batch.array.length;
        } else if (rc == TIDE_OK) {
            rc = sum_batch(reading, verify, &batch, sum, err);
        }
        tide_batch_release(&batch);
        if (tide_flow_is_stopped(reading->host.flow)) {
            rc = tide_error_cancelled(err);
        }
    }
    if (rc == TIDE_END && reading->unreadable > 0) {
        rc = tide_error_set(err, TIDE_E_CONFLICT, "%" PRId64 " rows cannot be read: %s",
                            reading->unreadable, reading->why);
    }
    return rc == TIDE_END ? TIDE_OK : rc;
}

static const char **name_columns(const struct tide_schema *columns)
{
    const char **names = tide_alloc_array(columns->column_count + 1, sizeof *names);

    for (size_t i = 0; i < columns->column_count; i++) {
        names[i] = columns->columns[i].name;
    }
    return names;
}

/* Sum the table as it stands; one that is not there has no rows. */
static int sum_table(struct tide_flow *flow, struct tide_checksum *sum,
                     struct tide_error *err)
{
    const struct tide_verify *verify = flow->verify;
    const char **names = name_columns(&verify->columns);
    struct reading reading = {0};
    int rc;

    tide_plugin_host_init(&reading.host, flow, TIDE_STEP_RECEIVE, TIDE_KIND_SOURCE,
                          verify->source.entry->name);
    reading.host.host.reject = note_reject;
    rc = open_table(&reading, verify, names, err);
    if (rc == TIDE_OK) {
        rc = sum_rows(&reading, verify, sum, err);
    } else if (rc == TIDE_E_NOT_FOUND) {
        rc = TIDE_OK;
    }
    close_table(&reading, verify);
    tide_plugin_host_fini(&reading.host);
    tide_validation_fini(&reading.cast);
    tide_schema_clear(&reading.schema);
    free(reading.moves);
    free(reading.drop);
    free(names);
    return rc;
}

/* ---- begin, note, end ---------------------------------------------------------------*/

int tide_verify_begin(struct tide_flow *flow, struct tide_error *err)
{
    const struct tide_engine *engine = flow->engine;
    struct tide_verify *verify;
    int rc = TIDE_OK;

    if (!flow->table->verify || flow->source_schema.column_count == 0) {
        return TIDE_OK;
    }
    verify = tide_alloc(sizeof *verify);
    flow->verify = verify;
    rc = choose_columns(verify, &flow->accepted, err);
    if (rc == TIDE_OK) {
        rc = tide_engine_bind(engine->arena, engine->request->plugin_folder,
                              TIDE_KIND_SOURCE, engine->pipeline->destination.plugin,
                              engine->pipeline->destination.options,
                              engine->pipeline->base_folder, &verify->source, err);
    }
    tide_checksum_init(&verify->moved, verify->columns.column_count);
    tide_checksum_init(&verify->before, verify->columns.column_count);
    if (rc == TIDE_OK && flow->table->mode == TIDE_MODE_APPEND) {
        rc = sum_table(flow, &verify->before, err);
    } else if (rc == TIDE_OK && flow->table->mode == TIDE_MODE_REPLACE &&
               flow->is_resumed) {
        rc = sum_table(flow, &verify->moved, err);
    }
    return rc == TIDE_OK ? TIDE_OK : tide_error_wrap(err, "verify");
}

void tide_verify_note(struct tide_flow *flow, const struct tide_batch *batch,
                      const uint8_t *refused)
{
    struct tide_verify *verify = flow->verify;

    if (verify) {
        tide_checksum_add(&verify->moved, batch, &flow->accepted, verify->places,
                          flow->destination.refused_count > 0 ? refused : NULL);
    }
}

static int say_difference(const struct tide_verify *verify,
                          const struct tide_checksum *there, struct tide_error *err)
{
    struct tide_text names = {0};
    int rc;

    for (size_t i = 0; i < there->count; i++) {
        if (there->columns[i] != verify->moved.columns[i]) {
            tide_text_appendf(&names, "%s\"%s\"", names.length ? ", " : "",
                              verify->columns.columns[i].name);
        }
    }
    rc = tide_error_set(err, TIDE_E_CONFLICT,
                        "%" PRId64 " rows were moved and %" PRId64 " are there; %s%s: "
                        "something changed them, or wrote to the table at the same time",
                        verify->moved.rows, there->rows,
                        names.length ? "the sums differ in " : "values changed rows",
                        names.length ? names.data : "");
    tide_text_fini(&names);
    return rc;
}

static bool is_equal(const struct tide_checksum *a, const struct tide_checksum *b)
{
    return a->rows == b->rows && a->whole == b->whole &&
           memcmp(a->columns, b->columns, a->count * sizeof *a->columns) == 0;
}

/* What the end of the run says of the table. */
static void tell(struct tide_flow *flow)
{
    const struct tide_verify *verify = flow->verify;
    struct json_object *found = json_object_new_object();
    struct json_object *skipped = json_object_new_array();

    for (size_t i = 0; i < flow->accepted.column_count; i++) {
        if (!is_compared(&flow->accepted.columns[i])) {
            (void)json_object_array_add(
                skipped, json_object_new_string(flow->accepted.columns[i].name));
        }
    }
    tide_json_set_int(found, "rows", verify->moved.rows);
    tide_json_set_int(found, "columns", (int64_t)verify->columns.column_count);
    tide_json_set(found, "not_compared", skipped);
    flow->engine->verified[flow->table - flow->engine->pipeline->tables] = found;
}

int tide_verify_end(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_verify *verify = flow->verify;
    struct tide_checksum there;
    int rc = TIDE_OK;

    if (!verify) {
        return TIDE_OK;
    }
    tide_checksum_init(&there, verify->columns.column_count);
    rc = sum_table(flow, &there, err);
    tide_checksum_subtract(&there, &verify->before);
    if (rc == TIDE_OK && !is_equal(&there, &verify->moved)) {
        rc = say_difference(verify, &there, err);
    }
    tide_checksum_fini(&there);
    if (rc != TIDE_OK) {
        return tide_error_wrap(err, "verify");
    }
    tell(flow);
    return TIDE_OK;
}

void tide_verify_destroy(struct tide_verify *verify)
{
    if (verify) {
        tide_schema_clear(&verify->columns);
        tide_checksum_fini(&verify->moved);
        tide_checksum_fini(&verify->before);
        free(verify->places);
        free(verify);
    }
}
