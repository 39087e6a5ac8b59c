/*
 * first - a destination compiled against the first headers: lines of a file, and the
 * position in another, both there after the commit.
 */
#include <stdio.h>
#include <tidemill/plugin.h>
#include <tidemill/row.h>

struct first {
    const char *path;
};

static const struct tide_option first_options[] = {
    {.name = "path",
     .type = TIDE_OPTION_PATH,
     .required = true,
     .offset = offsetof(struct first, path),
     .help = "The file that the rows are appended to."},
    {0},
};

struct writing {
    const struct first *options;
    const struct tide_host *host;
    const struct tide_schema *schema;
    char position_path[4096];
    FILE *rows; /**< not yet committed */
};

static void first_close(void *state)
{
    struct writing *writing = state;

    if (writing && writing->rows) {
        (void)fclose(writing->rows);
    }
    free(writing);
}

/* What was committed last, malloc'ed, or NULL. */
static char *read_position(const struct writing *writing)
{
    char text[64];
    char *position = NULL;
    FILE *file = fopen(writing->position_path, "r");

    if (file && fgets(text, sizeof text, file)) {
        position = strdup(text);
    }
    if (file) {
        (void)fclose(file);
    }
    return position;
}

static int first_open(const void *options, const struct tide_destination_request *request,
                      const struct tide_host *host, void **state,
                      struct tide_schema *accepted, char **position,
                      struct tide_error *err)
{
    struct writing *writing = host->allocate(host, sizeof *writing);

    if (!writing || tide_schema_copy(request->schema, accepted) != TIDE_OK) {
        free(writing);
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    writing->options = options;
    writing->host = host;
    writing->schema = request->schema;
    (void)snprintf(writing->position_path, sizeof writing->position_path, "%s.position",
                   writing->options->path);
    writing->rows = tmpfile();
    if (!writing->rows) {
        tide_schema_clear(accepted);
        free(writing);
        return tide_error_set(err, TIDE_E_IO, "no temporary file");
    }
    *position = read_position(writing);
    *state = writing;
    return TIDE_OK;
}

static int first_write(void *state, const struct tide_batch *batch,
                       struct tide_error *err)
{
    struct writing *writing = state;
    struct tide_row_reader row = tide_rows_of(batch, writing->schema);
    char text[128];

    while (tide_row_next(&row)) {
        for (size_t i = 0; i < writing->schema->column_count; i++) {
            (void)fprintf(writing->rows, "%s%s", i > 0 ? " " : "",
                          tide_row_show(&row, i, text, sizeof text));
        }
        (void)fputc('\n', writing->rows);
    }
    return ferror(writing->rows) ? tide_error_set(err, TIDE_E_IO, "cannot write")
                                 : TIDE_OK;
}

static int write_position(const struct writing *writing, const char *position)
{
    FILE *file = NULL;

    if (!position) {
        (void)remove(writing->position_path);
        return TIDE_OK;
    }
    file = fopen(writing->position_path, "w");
    if (!file) {
        return TIDE_E_IO;
    }
    (void)fputs(position, file);
    return fclose(file) == 0 ? TIDE_OK : TIDE_E_IO;
}

static int first_commit(void *state, const char *position, bool final,
                        struct tide_error *err)
{
    struct writing *writing = state;
    FILE *file = NULL;
    int letter = 0;

    (void) final; /* a first source has no checkpoints */
    file = fopen(writing->options->path, "a");
    if (!file) {
        return tide_error_set(err, TIDE_E_IO, "cannot append to %s",
                              writing->options->path);
    }
    rewind(writing->rows);
    while ((letter = fgetc(writing->rows)) != EOF) {
        (void)fputc(letter, file);
    }
    if (fclose(file) != 0 || write_position(writing, position) != TIDE_OK) {
        return tide_error_set(err, TIDE_E_IO, "cannot write");
    }
    return TIDE_OK;
}

static const struct tide_destination first = {.size = sizeof first,
                                              .flags = TIDE_DESTINATION_APPEND |
                                                       TIDE_DESTINATION_TRANSACTIONAL,
                                              .open = first_open,
                                              .write = first_write,
                                              .commit = first_commit,
                                              .close = first_close};

TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "first", "1.0",
                                      "Writes lines, by the first headers."),
                     .options = first_options, .options_size = sizeof(struct first),
                     .destination = &first};
