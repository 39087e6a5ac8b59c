/*
 * script - a source for tests of the engine: rows by number, and each way to go wrong.
 *
 * Row n is {id: n, name: "name-n", amount: "n.5"}; positions are the number of the last
 * row read, and with one given the rows behind it come.  Built under several names, with
 * the flags that they say.
 */
#define _GNU_SOURCE /* gettid */

#include <inttypes.h>
#include <stdio.h>
#include <tidemill/plugin.h>
#include <time.h>
#include <unistd.h>

struct script {
    int64_t rows;
    int64_t batch;
    int64_t bad_every;
    int64_t fail_after;
    int64_t waits_after;
    int64_t prints_after;
    int64_t crashes_after;
    int64_t pads;
    int64_t ends_at;
    int64_t answers;
    bool breaks_batches;
    bool is_empty;
    bool forgets;
    bool fails_acknowledged;
    bool has_changed;
    const char *seen;
    const char *incremental;
    const char *only;
    const char *password;
};

/* Of a source that keeps an order each row has a place in it. */
#define KEY_FLAGS                                                                        \
    (SCRIPT_FLAGS & TIDE_SOURCE_ORDERED ? TIDE_COLUMN_KEY | TIDE_COLUMN_REQUIRED         \
                                        : TIDE_COLUMN_KEY)

#define NUMBER(name_, field_, help_)                                                     \
    {                                                                                    \
        .name = (name_), .type = TIDE_OPTION_INT,                                        \
        .offset = offsetof(struct script, field_), .default_value = "0", .help = (help_) \
    }

static const struct tide_option script_options[] = {
    NUMBER("rows", rows, "How many rows there are."),
    NUMBER("batch", batch, "Rows of a batch; 0: as many as are asked for."),
    NUMBER("bad_every", bad_every, "Every so many rows one is rejected instead."),
    NUMBER("fail_after", fail_after, "Fail once so many rows were read."),
    NUMBER("waits_after", waits_after, "Wait there for the run to be cancelled."),
    NUMBER("prints_after", prints_after, "Print to standard output there."),
    NUMBER("crashes_after", crashes_after, "Crash there."),
    NUMBER("pads", pads, "Make positions so long, and note when one is asked for."),
    NUMBER("ends_at", ends_at,
           "Say behind that row that it was the last, true or not; "
           "and note where the end was found."),
    NUMBER("answers", answers, "Return this at the end instead of TIDE_END."),
    {.name = "breaks_batches",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct script, breaks_batches),
     .help = "Hand over batches whose null count is wrong."},
    {.name = "is_empty",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct script, is_empty),
     .help = "Have no columns at all."},
    {.name = "forgets",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct script, forgets),
     .help = "Have no position once all rows are read."},
    {.name = "fails_acknowledged",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct script, fails_acknowledged),
     .help = "Fail once a position was acknowledged."},
    {.name = "has_changed",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct script, has_changed),
     .help = "Refuse to go on where it must be exact."},
    {.name = "seen",
     .type = TIDE_OPTION_STRING,
     .offset = offsetof(struct script, seen),
     .help = "A file to write what the source was told into."},
    {.name = "only",
     .type = TIDE_OPTION_STRING,
     .offset = offsetof(struct script, only),
     .help = "The one table that goes wrong."},
    {.name = "password",
     .type = TIDE_OPTION_STRING,
     .secret = true,
     .offset = offsetof(struct script, password),
     .help = "Nothing comes of it."},
    {.name = "incremental",
     .type = TIDE_OPTION_STRING,
     .offset = offsetof(struct script, incremental),
     .help = "What it says of rows that are committed late."},
    {0},
};

struct reading {
    const struct script *options;
    const struct tide_source_request *request;
    const struct tide_host *host;
    int64_t row; /**< the last one that was read */
    bool is_acknowledged;
    char position[8192];
};

static void note(const struct script *options, const char *what, const char *value)
{
    FILE *file = options->seen ? fopen(options->seen, "a") : NULL;

    if (file) {
        (void)fprintf(file, "%s %s\n", what, value ? value : "-");
        (void)fclose(file);
    }
}

static int script_discover(const void *options, const struct tide_host *host,
                           tide_discover_fn emit, void *arg, struct tide_error *err)
{
    struct tide_schema schema = {0};
    int rc = tide_schema_add(&schema, "id", TIDE_TYPE_INT64, TIDE_COLUMN_KEY);

    (void)options;
    (void)host;
    (void)err;
    if (rc == TIDE_OK) {
        rc = emit(arg, "numbers", &schema);
    }
    tide_schema_clear(&schema);
    return rc;
}

static int script_open(const void *options, const struct tide_source_request *request,
                       const struct tide_host *host, void **state,
                       struct tide_schema *schema, struct tide_error *err)
{
    struct reading *reading = calloc(1, sizeof *reading);
    char what[40];

    if (!reading) {
        return tide_error_memory(err);
    }
    reading->options = options;
    reading->request = request;
    reading->host = host;
    reading->row = request->position ? strtoll(request->position, NULL, 10) : 0;
    (void)snprintf(
        what, sizeof what, "%s%s%sposition", request->checkpoints ? "" : "plain ",
        request->may_repeat ? "repeatable " : "", request->exact ? "exact " : "");
    note(reading->options, what, request->position);
    if (request->exact && request->position && reading->options->has_changed) {
        free(reading);
        return tide_error_set(err, TIDE_E_CONFLICT, "rows were changed since");
    }
    *state = reading;
    if (reading->options->is_empty) {
        return TIDE_OK;
    }
    if (tide_schema_add(schema, "id", TIDE_TYPE_INT64, KEY_FLAGS) != TIDE_OK ||
        tide_schema_add(schema, "name", TIDE_TYPE_STRING, 0) != TIDE_OK ||
        tide_schema_add(schema, "amount", TIDE_TYPE_STRING, 0) != TIDE_OK) {
        return tide_error_memory(err);
    }
    return TIDE_OK;
}

/* Returns whether the row is reached now. */
static bool is_at(int64_t wanted, int64_t from, int64_t to)
{
    return wanted > from && wanted <= to;
}

static void wait_for_cancel(const struct tide_host *host)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    while (!host->cancelled(host)) {
        (void)nanosleep(&pause, NULL);
    }
}

static int misbehave(const struct reading *reading, int64_t to, struct tide_error *err)
{
    const struct script *options = reading->options;

    if (options->only && strcmp(options->only, reading->request->table) != 0) {
        return TIDE_OK;
    }
    if (is_at(options->prints_after, reading->row, to)) {
        puts("hello");
    }
    if (is_at(options->crashes_after, reading->row, to)) {
        abort();
    }
    if (is_at(options->waits_after, reading->row, to)) {
        wait_for_cancel(reading->host);
        return tide_error_set(err, TIDE_E_CANCELLED, "the source was asked to stop");
    }
    if (is_at(options->fail_after, reading->row, to) ||
        (options->fails_acknowledged && reading->is_acknowledged)) {
        return tide_error_set(err, TIDE_E_IO, "the source broke");
    }
    return TIDE_OK;
}

static int reject(const struct reading *reading, int64_t row)
{
    const struct tide_reject note_of_row = {.code = "bad_row",
                                            .message = "the script says so",
                                            .origin = "script",
                                            .position = row,
                                            .raw = "raw bytes",
                                            .raw_length = 9};

    return reading->host->reject(reading->host, &note_of_row);
}

static int append_row(struct tide_builder builders[3], int64_t row)
{
    char text[32];
    int rc = tide_append_int64(&builders[0], row);

    (void)snprintf(text, sizeof text, "name-%" PRId64, row);
    if (rc == TIDE_OK) {
        rc = tide_append_text(&builders[1], text);
    }
    (void)snprintf(text, sizeof text, "%" PRId64 ".5", row);
    return rc == TIDE_OK ? tide_append_text(&builders[2], text) : rc;
}

/* Rows behind reading->row up to `to`, but those that are bad. */
static int fill(struct reading *reading, int64_t to, struct tide_batch *batch)
{
    struct tide_builder builders[3];
    int64_t *positions = malloc((size_t)(to - reading->row) * sizeof *positions);
    int64_t every = reading->options->bad_every;
    int rc = positions ? TIDE_OK : TIDE_E_LIMIT;

    tide_builder_init(&builders[0], TIDE_TYPE_INT64);
    tide_builder_init(&builders[1], TIDE_TYPE_STRING);
    tide_builder_init(&builders[2], TIDE_TYPE_STRING);
    while (rc == TIDE_OK && reading->row < to) {
        int64_t row = ++reading->row;

        if (every > 0 && row % every == 0) {
            rc = reject(reading, row);
        } else {
            positions[builders[0].length] = row;
            rc = append_row(builders, row);
        }
    }
    if (rc == TIDE_OK) {
        rc = tide_batch_init(batch, 3, builders[0].length);
    }
    for (int i = 0; rc == TIDE_OK && i < 3; i++) {
        rc = tide_builder_finish(&builders[i], batch->array.children[i]);
    }
    for (int i = 0; i < 3; i++) {
        tide_builder_clear(&builders[i]);
    }
    batch->positions = positions;
    batch->origin = "script";
    batch->flags = TIDE_BATCH_WRITABLE;
    return rc;
}

static int script_read(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct reading *reading = state;
    int64_t step = reading->options->batch > 0 ? reading->options->batch
                                               : reading->request->batch_rows;
    int64_t to = reading->row + step;
    int rc = TIDE_OK;

    to = to > reading->options->rows ? reading->options->rows : to;
    if (reading->row >= reading->options->rows) {
        if (reading->options->ends_at != 0) {
            note(reading->options, "end", gettid() == getpid() ? "alone" : "in a thread");
        }
        return reading->options->answers > 0 ? (int)reading->options->answers : TIDE_END;
    }
    rc = misbehave(reading, to, err);
    if (rc == TIDE_OK) {
        rc = fill(reading, to, batch);
    }
    if (rc == TIDE_OK && reading->options->breaks_batches) {
        batch->array.children[0]->null_count = 1;
    }
    return rc;
}

static bool script_at_end(void *state)
{
    const struct reading *reading = state;

    return reading->row > 0 && reading->row == reading->options->ends_at;
}

static const char *script_position(void *state)
{
    struct reading *reading = state;

    if (reading->options->forgets && reading->row >= reading->options->rows) {
        return NULL;
    }
    if (reading->options->pads > 0) {
        note(reading->options, "ask", NULL);
    }
    (void)snprintf(reading->position, sizeof reading->position, "%0*" PRId64,
                   (int)reading->options->pads, reading->row);
    return reading->position;
}

static int script_acknowledge(void *state, const char *position, struct tide_error *err)
{
    struct reading *reading = state;

    (void)err;
    reading->is_acknowledged = true;
    note(reading->options, "acknowledge", position);
    return TIDE_OK;
}

/* They come all the same. */
static int script_leave_out(void *state, const size_t *columns, size_t count,
                            struct tide_error *err)
{
    struct reading *reading = state;
    char list[64] = "";

    (void)err;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(list);

        (void)snprintf(list + length, sizeof list - length, i > 0 ? ",%zu" : "%zu",
                       columns[i]);
    }
    note(reading->options, "leave_out", list);
    return TIDE_OK;
}

static void script_close(void *state)
{
    free(state);
}

static const struct tide_source script_source = {
    .size = sizeof script_source,
    .flags = SCRIPT_FLAGS,
    .discover = script_discover,
    .open = script_open,
    .read = script_read,
    .position = script_position,
    .acknowledge = script_acknowledge,
    .close = script_close,
    .leave_out = script_leave_out,
    .at_end = script_at_end,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, SCRIPT_NAME, "1.0", "Rows by number, for tests."),
    .options = script_options,
    .options_size = sizeof(struct script),
    .source = &script_source,
};
