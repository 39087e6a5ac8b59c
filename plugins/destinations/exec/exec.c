/*
 * exec - destination: any program that reads JSON lines, or Singer's messages, on its
 * stdin.
 *
 * At the commit its stdin is closed; that it then ends with status 0 says that the rows
 * are safe.  A run that fails before ends the program with a signal.
 */
#include "exec.h"

static const char *const protocol_words[] = {"jsonl", "singer", NULL};

static const struct tide_option exec_option_table[] = {
    CHILD_OPTIONS("[target-shop, --fast]"),
    {.name = "protocol",
     .type = TIDE_OPTION_ENUM,
     .offset = offsetof(struct exec_options, protocol),
     .default_value = "jsonl",
     .choices = protocol_words,
     .help = "Rows as lines, or messages of Singer."},
    {.name = "config",
     .type = TIDE_OPTION_PATH,
     .offset = offsetof(struct exec_options, config),
     .help = "A file that the program is given behind --config."},
    {.name = "timeout",
     .type = TIDE_OPTION_DURATION,
     .offset = offsetof(struct exec_options, child.timeout),
     .default_value = "5m",
     .maximum = INT64_C(86400000000),
     .help = "How long the program may take to end after its last row."},
    {.name = "format",
     .type = TIDE_OPTION_COMPONENT,
     .component_kind = TIDE_KIND_FORMAT,
     .offset = offsetof(struct exec_options, format),
     .default_value = "jsonl",
     .help = "What the program reads; the format's own options stand beside these."},
    {0},
};

static const struct tide_format *format_of(const struct writer *writer)
{
    return writer->options->format.plugin->format;
}

static int exec_check(const void *options, const struct tide_host *host,
                      struct tide_error *err)
{
    const struct exec_options *exec = options;

    (void)host;
    if (exec->protocol == EXEC_SINGER &&
        strcmp(exec->format.plugin->name, "jsonl") != 0) {
        return tide_error_at(err, TIDE_E_CONFIG, "format",
                             "Singer messages are of format jsonl");
    }
    return child_check(&exec->child, err);
}

static void exec_close(void *state)
{
    struct writer *writer = state;

    if (!writer) {
        return;
    }
    child_stop(&writer->child);
    if (writer->encoder) {
        format_of(writer)->encoder_close(writer->encoder);
    }
    tide_schema_clear(&writer->schema);
    free(writer->text);
    free(writer);
}

static int open_encoder(struct writer *writer, struct tide_error *err)
{
    const struct exec_options *options = writer->options;
    int rc = exec_check(options, writer->host, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (tide_schema_copy_types(writer->request->schema, &writer->schema) != TIDE_OK) {
        return tide_error_memory(err);
    }
    rc = format_of(writer)->encoder_open(options->format.options, &writer->schema,
                                         writer->host, &writer->encoder, err);
    return rc == TIDE_OK ? format_of(writer)->encoder_begin(writer->encoder, false, err)
                         : rc;
}

static int start(struct writer *writer, struct tide_error *err)
{
    const char *more[] = {"--config", writer->options->config, NULL};
    int rc =
        child_start(&writer->child, writer->options->config ? more : NULL, true, err);

    if (rc == TIDE_OK && writer->options->protocol == EXEC_SINGER) {
        rc = singer_write_schema(writer, err);
    }
    return rc;
}

static int exec_open(const void *options, const struct tide_destination_request *request,
                     const struct tide_host *host, void **state,
                     struct tide_schema *accepted, char **position,
                     struct tide_error *err)
{
    struct writer *writer = calloc(1, sizeof *writer);
    int rc;

    if (!writer) {
        return tide_error_memory(err);
    }
    writer->options = options;
    writer->request = request;
    writer->host = host;
    child_init(&writer->child, &writer->options->child, host);
    rc = open_encoder(writer, err);
    if (rc == TIDE_OK && tide_schema_copy(&writer->schema, accepted) != TIDE_OK) {
        rc = tide_error_memory(err);
    }
    if (rc == TIDE_OK) {
        rc = start(writer, err);
    }
    if (rc != TIDE_OK) {
        exec_close(writer);
        return rc;
    }
    *state = writer;
    *position = NULL;
    return TIDE_OK;
}

/* A batch, or with NULL what ends the rows. */
static int send_batch(struct writer *writer, const struct tide_batch *batch,
                      struct tide_error *err)
{
    const uint8_t *data = NULL;
    size_t length = 0;
    int rc = format_of(writer)->encode(writer->encoder, batch, &data, &length, err);

    if (rc != TIDE_OK || length == 0) {
        return rc;
    }
    return writer->options->protocol == EXEC_SINGER
               ? singer_write_records(writer, data, length, err)
               : child_write(&writer->child, data, length, err);
}

static int exec_write(void *state, const struct tide_batch *batch, struct tide_error *err)
{
    return send_batch(state, batch, err);
}

static int exec_commit(void *state, const char *position, bool final,
                       struct tide_error *err)
{
    struct writer *writer = state;
    int rc = TIDE_OK;

    if (!final) {
        return TIDE_MORE;
    }
    rc = send_batch(writer, NULL, err);
    if (rc == TIDE_OK && position && writer->options->protocol == EXEC_SINGER) {
        rc = singer_write_state(writer, position, err);
    }
    return rc == TIDE_OK ? child_finish(&writer->child, err) : rc;
}

static const struct tide_destination exec_destination = {
    .size = sizeof exec_destination,
    .flags = TIDE_DESTINATION_APPEND,
    .open = exec_open,
    .write = exec_write,
    .commit = exec_commit,
    .close = exec_close,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "exec", "1.0",
                     "Hands rows to a program: JSON lines or Singer messages."),
    .options = exec_option_table,
    .options_size = sizeof(struct exec_options),
    .destination = &exec_destination,
    .check = exec_check,
};
