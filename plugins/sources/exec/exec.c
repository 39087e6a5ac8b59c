/*
 * exec - source: any program that writes JSON lines, or Singer's messages, on its stdout.
 *
 * The program is started for each table and each run.  A STATE message is kept as the
 * position, and given back in a file when the table is read incrementally.
 */
#include "exec.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "singer.h"

static const char *const protocol_words[] = {"auto", "jsonl", "singer", NULL};

static const struct tide_option exec_option_table[] = {
    CHILD_OPTIONS("[tap-shop, --fast]"),
    {.name = "protocol",
     .type = TIDE_OPTION_ENUM,
     .offset = offsetof(struct exec_options, protocol),
     .default_value = "auto",
     .choices = protocol_words,
     .help = "Rows as lines, or messages of Singer; auto goes by the first line."},
    {.name = "config",
     .type = TIDE_OPTION_PATH,
     .offset = offsetof(struct exec_options, config),
     .help = "A file that the program is given behind --config."},
    {.name = "state_argument",
     .type = TIDE_OPTION_STRING,
     .offset = offsetof(struct exec_options, state_argument),
     .default_value = "--state",
     .help = "The argument in front of the file with the last run's STATE, which is kept "
             "when the table has a cursor."},
    {.name = "timeout",
     .type = TIDE_OPTION_DURATION,
     .offset = offsetof(struct exec_options, child.timeout),
     .default_value = "30s",
     .maximum = INT64_C(86400000000),
     .help = "How long the program may take to end after its output has."},
    {.name = "format",
     .type = TIDE_OPTION_COMPONENT,
     .component_kind = TIDE_KIND_FORMAT,
     .offset = offsetof(struct exec_options, format),
     .default_value = "jsonl",
     .help = "What the program writes; the format's own options stand beside these."},
    {0},
};

int exec_check_format(const struct exec_options *options, struct tide_error *err)
{
    if (strcmp(options->format.plugin->name, "jsonl") != 0) {
        return tide_error_at(err, TIDE_E_CONFIG, "format",
                             "Singer messages are of format jsonl");
    }
    return TIDE_OK;
}

static int exec_check(const void *options, const struct tide_host *host,
                      struct tide_error *err)
{
    const struct exec_options *exec = options;
    int rc = child_check(&exec->child, err);

    (void)host;
    return rc == TIDE_OK && exec->protocol == EXEC_SINGER ? exec_check_format(exec, err)
                                                          : rc;
}

static void exec_close(void *state)
{
    struct reader *reader = state;

    if (!reader) {
        return;
    }
    child_stop(&reader->child);
    if (reader->decoder) {
        exec_format(reader)->decoder_close(reader->decoder);
    }
    singer_close(reader->singer);
    if (reader->state_file[0]) {
        (void)unlink(reader->state_file);
    }
    free(reader->input.data);
    free(reader);
}

/* The last run's STATE, in a file that only we and the program may read. */
static int write_state(struct reader *reader, struct tide_error *err)
{
    const char *state = reader->request->position;
    size_t length = strlen(state);
    int file;
    bool is_good;

    (void)snprintf(reader->state_file, sizeof reader->state_file,
                   "/tmp/tidemill-state-XXXXXX");
    file = mkostemp(reader->state_file, O_CLOEXEC);
    if (file < 0) {
        reader->state_file[0] = '\0';
        return tide_error_set(err, TIDE_E_IO, "cannot make a file for the state in /tmp");
    }
    is_good = write(file, state, length) == (ssize_t)length;
    is_good = close(file) == 0 && is_good;
    return is_good ? TIDE_OK
                   : tide_error_set(err, TIDE_E_IO, "cannot write the state to %s",
                                    reader->state_file);
}

static int start(struct reader *reader, struct tide_error *err)
{
    const struct exec_options *options = reader->options;
    const char *more[5] = {NULL};
    size_t count = 0;
    int rc = TIDE_OK;

    if (options->config) {
        more[count++] = "--config";
        more[count++] = options->config;
    }
    if (reader->request->position && options->protocol != EXEC_JSONL) {
        rc = write_state(reader, err);
        more[count++] = options->state_argument;
        more[count++] = reader->state_file;
    }
    return rc == TIDE_OK ? child_start(&reader->child, more, false, err) : rc;
}

/* Whether the first line, which is there now, is a message. */
static bool begins_as_singer(const struct reader *reader)
{
    const struct buffer *input = &reader->input;
    const uint8_t *data = input->data + input->start;
    const uint8_t *end = memchr(data, '\n', input->length);
    struct json_text json = {.at = data, .end = end ? end : data + input->length};
    struct message message;

    return message_parse(&json, &message) && message.kind != MESSAGE_OTHER;
}

static int find_protocol(struct reader *reader, bool *is_singer, struct tide_error *err)
{
    const struct buffer *input = &reader->input;
    int rc = TIDE_OK;

    if (reader->options->protocol != EXEC_AUTO) {
        *is_singer = reader->options->protocol == EXEC_SINGER;
        return exec_fill(reader, err);
    }
    do {
        rc = exec_fill(reader, err);
    } while (rc == TIDE_OK && !reader->is_ended &&
             !memchr(input->data + input->start, '\n', input->length));
    *is_singer = rc == TIDE_OK && begins_as_singer(reader);
    return rc;
}

static int exec_open(const void *options, const struct tide_source_request *request,
                     const struct tide_host *host, void **state,
                     struct tide_schema *schema, struct tide_error *err)
{
    struct reader *reader = calloc(1, sizeof *reader);
    bool is_singer = false;
    int rc;

    if (!reader) {
        return tide_error_memory(err);
    }
    reader->options = options;
    reader->request = request;
    reader->host = host;
    child_init(&reader->child, &reader->options->child, host);
    rc = start(reader, err);
    if (rc == TIDE_OK) {
        rc = find_protocol(reader, &is_singer, err);
    }
    if (rc == TIDE_OK) {
        rc = is_singer ? singer_open(reader, schema, err)
                       : plain_open(reader, schema, err);
    }
    if (rc != TIDE_OK) {
        exec_close(reader);
        return rc;
    }
    *state = reader;
    return TIDE_OK;
}

static int exec_read(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct reader *reader = state;

    return reader->singer ? singer_read(reader, batch, err)
                          : plain_read(reader, batch, err);
}

static const char *exec_position(void *state)
{
    const struct reader *reader = state;

    return reader->singer ? reader->singer->position : NULL;
}

static const struct tide_source exec_source = {
    .size = sizeof exec_source,
    .flags = TIDE_SOURCE_INCREMENTAL,
    .open = exec_open,
    .read = exec_read,
    .position = exec_position,
    .close = exec_close,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "exec", "1.0",
                     "Reads what a program writes: JSON lines or Singer messages."),
    .options = exec_option_table,
    .options_size = sizeof(struct exec_options),
    .source = &exec_source,
    .check = exec_check,
};
