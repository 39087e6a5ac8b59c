/*
 * record - a destination for tests of the engine: writes down what it was given, once it
 * is committed, and refuses what it is told to.
 *
 * Compiled with RECORD_SETTLES it leaves all of it to settle(), and adds a line with the
 * number of rows to the file of that name with ".settled" behind it.
 *
 * The file has, for each commit, the mode, the key, each row as its id and name, then the
 * position.  The position is kept in a file of its own, whose name is the path's with
 * that of the table behind it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <tidemill/plugin.h>

struct record {
    const char *path;
    int64_t refuses_batch;
    int64_t refuses_row;
    int64_t name_length;
    const char *position;
    int64_t fails_commit;
    bool waits, waits_for_ever;
    bool takes_integers;
    bool is_empty, is_remade;
    const char *part_size;
};

static const struct tide_option record_options[] = {
    {.name = "path",
     .type = TIDE_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct record, path),
     .help = "The file to write."},
    {.name = "refuses_batch",
     .type = TIDE_OPTION_INT,
     .offset = offsetof(struct record, refuses_batch),
     .help = "Refuse every batch in which an id is a multiple of this."},
    {.name = "refuses_row",
     .type = TIDE_OPTION_INT,
     .offset = offsetof(struct record, refuses_row),
     .help = "Refuse each row whose id is a multiple of this."},
    {.name = "name_length",
     .type = TIDE_OPTION_INT,
     .offset = offsetof(struct record, name_length),
     .help = "Longest name that fits."},
    {.name = "position",
     .type = TIDE_OPTION_STRING,
     .offset = offsetof(struct record, position),
     .help = "The position it says it committed last."},
    {.name = "fails_commit",
     .type = TIDE_OPTION_INT,
     .offset = offsetof(struct record, fails_commit),
     .help = "Fail at the commit of this number, from 1."},
    {.name = "waits",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct record, waits),
     .help = "Keep all for the final commit."},
    {.name = "waits_for_ever",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct record, waits_for_ever),
     .help = "Keep all, also at the final commit."},
    {.name = "takes_integers",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct record, takes_integers),
     .help = "Have a column amount of type int64."},
    {.name = "is_empty",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct record, is_empty),
     .help = "Say that the table has no rows."},
    {.name = "is_remade",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct record, is_remade),
     .help = "Say that the table was made anew."},
    {.name = "part_size",
     .type = TIDE_OPTION_STRING,
     .offset = offsetof(struct record, part_size),
     .help = "What a destination of files would have; not looked at."},
    {0},
};

struct recording {
    const struct record *options;
    const struct tide_host *host;
    const struct tide_destination_request *request;
    size_t id, name;
    int64_t commits;
    FILE *rows; /**< not yet committed */
    const struct tide_batch *lent[1000];
    size_t lent_count;
};

static int accept_columns(const struct recording *recording, struct tide_schema *accepted)
{
    size_t amount = TIDE_NO_COLUMN;
    int rc = tide_schema_copy(recording->request->schema, accepted);

    if (rc != TIDE_OK) {
        return rc;
    }
    amount = tide_schema_find(accepted, "amount");
    if (recording->options->takes_integers && amount != TIDE_NO_COLUMN) {
        accepted->columns[amount].type = TIDE_TYPE_INT64;
    }
    if (recording->name != TIDE_NO_COLUMN) {
        accepted->columns[recording->name].max_length = recording->options->name_length;
    }
    return TIDE_OK;
}

static FILE *open_position(const struct recording *recording, const char *how)
{
    char path[300];

    (void)snprintf(path, sizeof path, "%s.%s", recording->options->path,
                   recording->request->table);
    return fopen(path, how);
}

/* The one kept, or else the one it was told to say; malloc'ed. */
static char *load_position(const struct recording *recording)
{
    char text[1000] = "";
    FILE *file = open_position(recording, "r");
    const char *told = recording->options->position;

    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        (void)fclose(file);
    }
    if (text[0]) {
        return strdup(text);
    }
    return told ? strdup(told) : NULL;
}

static void save_position(const struct recording *recording, const char *position)
{
    FILE *file = open_position(recording, "w");

    if (file) {
        (void)fputs(position ? position : "", file);
        (void)fclose(file);
    }
}

static int record_open(const void *options,
                       const struct tide_destination_request *request,
                       const struct tide_host *host, void **state,
                       struct tide_schema *accepted, char **position,
                       struct tide_error *err)
{
    struct recording *recording = calloc(1, sizeof *recording);

    if (!recording) {
        return tide_error_memory(err);
    }
    *state = recording;
    recording->options = options;
    recording->host = host;
    recording->request = request;
    recording->id = tide_schema_find(request->schema, "id");
    recording->name = tide_schema_find(request->schema, "name");
    recording->rows = tmpfile();
    if (!recording->rows || accept_columns(recording, accepted) != TIDE_OK) {
        return tide_error_set(err, TIDE_E_IO, "cannot begin to record");
    }
    *position = load_position(recording);
    return TIDE_OK;
}

static bool is_multiple(int64_t number, int64_t of)
{
    return of > 0 && number % of == 0;
}

static int64_t id_of(const struct recording *recording, const struct tide_batch *batch,
                     int64_t row)
{
    return tide_array_int64(batch->array.children[recording->id], row);
}

static void record_row(const struct recording *recording, const struct tide_batch *batch,
                       int64_t row)
{
    size_t length = 0;
    const char *name = "";

    if (recording->name != TIDE_NO_COLUMN) {
        name = tide_array_text(batch->array.children[recording->name], row, &length);
    }
    (void)fprintf(recording->rows, "%" PRId64 " %.*s\n", id_of(recording, batch, row),
                  (int)length, name);
}

/* first is the number of its first row among those that are lent. */
static int record_rows(const struct recording *recording, const struct tide_batch *batch,
                       int64_t first)
{
    int rc = TIDE_OK;

    for (int64_t row = 0; rc == TIDE_OK && row < batch->array.length; row++) {
        if (is_multiple(id_of(recording, batch, row), recording->options->refuses_row)) {
            rc = recording->host->reject_row(recording->host, first + row, "unwanted",
                                             "no row of that id");
        } else {
            record_row(recording, batch, row);
        }
    }
    return rc;
}

static int record_write(void *state, const struct tide_batch *batch,
                        struct tide_error *err)
{
    struct recording *recording = state;
    const struct record *options = recording->options;

    if (recording->request->lends) {
        recording->lent[recording->lent_count++] = batch;
        return TIDE_OK;
    }
    for (int64_t row = 0; row < batch->array.length; row++) {
        if (is_multiple(id_of(recording, batch, row), options->refuses_batch)) {
            return tide_error_set(err, TIDE_E_DATA, "id %" PRId64 " is taken",
                                  id_of(recording, batch, row));
        }
    }
    return record_rows(recording, batch, 0);
}

#ifdef RECORD_SETTLES
static int record_settle(void *state, struct tide_error *err)
{
    struct recording *recording = state;
    char path[300];
    FILE *file = NULL;
    int64_t first = 0;
    int rc = TIDE_OK;

    (void)snprintf(path, sizeof path, "%s.settled", recording->options->path);
    for (size_t i = 0; rc == TIDE_OK && i < recording->lent_count; i++) {
        rc = record_rows(recording, recording->lent[i], first);
        first += recording->lent[i]->array.length;
    }
    recording->lent_count = 0;
    file = fopen(path, "a");
    if (!file) {
        return tide_error_set(err, TIDE_E_IO, "cannot write %s", path);
    }
    (void)fprintf(file, "%" PRId64 "\n", first);
    (void)fclose(file);
    return rc;
}
#endif

static void copy_rows(FILE *from, FILE *to)
{
    char line[256];

    rewind(from);
    while (fgets(line, sizeof line, from)) {
        (void)fputs(line, to);
    }
}

static int record_commit(void *state, const char *position, bool final,
                         struct tide_error *err)
{
    struct recording *recording = state;
    FILE *file = NULL;

    if (++recording->commits == recording->options->fails_commit) {
        return tide_error_set(err, TIDE_E_IO, "the disk is full");
    }
    if ((!final && recording->options->waits) || recording->options->waits_for_ever) {
        return TIDE_MORE;
    }
    file = fopen(recording->options->path, "a");
    if (!file) {
        return tide_error_set(err, TIDE_E_IO, "cannot write %s",
                              recording->options->path);
    }
    (void)fprintf(file, "table %s mode %d key", recording->request->table,
                  recording->request->mode);
    for (size_t i = 0; recording->request->key && recording->request->key[i]; i++) {
        (void)fprintf(file, " %s", recording->request->key[i]);
    }
    (void)fputc('\n', file);
    copy_rows(recording->rows, file);
    (void)fprintf(file, "commit %s%s\n", position ? position : "-",
                  final ? " final" : "");
    (void)fclose(file);
    (void)fclose(recording->rows);
    recording->rows = tmpfile();
    save_position(recording, position);
    return recording->rows ? TIDE_OK
                           : tide_error_set(err, TIDE_E_IO, "cannot go on recording");
}

static int record_resume(void *state, struct tide_error *err)
{
    const struct recording *recording = state;
    FILE *file = fopen(recording->options->path, "a");

    if (!file) {
        return tide_error_set(err, TIDE_E_IO, "cannot write %s",
                              recording->options->path);
    }
    (void)fputs("resumed\n", file);
    (void)fclose(file);
    return TIDE_OK;
}

static void record_close(void *state)
{
    struct recording *recording = state;

    if (recording && recording->rows) {
        (void)fclose(recording->rows);
    }
    free(recording);
}

static bool record_is_remade(void *state)
{
    const struct recording *recording = state;

    return recording->options->is_remade;
}

static int record_is_empty(void *state, bool *is_empty, struct tide_error *err)
{
    const struct recording *recording = state;

    (void)err;
    *is_empty = recording->options->is_empty;
    return TIDE_OK;
}

static const struct tide_destination record_destination = {
    .size = sizeof record_destination,
    .flags = TIDE_DESTINATION_APPEND | TIDE_DESTINATION_REPLACE | TIDE_DESTINATION_MERGE |
             TIDE_DESTINATION_TRANSACTIONAL | TIDE_DESTINATION_STAGES,
    .open = record_open,
    .write = record_write,
    .commit = record_commit,
    .close = record_close,
    .is_remade = record_is_remade,
    .is_empty = record_is_empty,
    .resume = record_resume,
#ifdef RECORD_SETTLES
    .settle = record_settle,
#endif
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, RECORD_NAME, "1.0",
                     "Writes down what it was given, for tests."),
    .options = record_options,
    .options_size = sizeof(struct record),
    .destination = &record_destination,
};
