/*
 * part - one file, from bytes to rows.
 *
 * The decoder sees as much of the file as the window holds.  When it asks for more, the
 * window first moves what is left to its front, and grows only if it was full: a row
 * longer than the window.
 */
#include "file.h"

#define BATCH_ROWS 8192
#define BATCH_BYTES ((int64_t)1 << 20)

void part_init(struct part *part, const struct file_options *options,
               const struct tide_host *host)
{
    memset(part, 0, sizeof *part);
    part->options = options;
    part->host = host;
    part->request.size = sizeof part->request;
    part->request.batch_rows = BATCH_ROWS;
    part->request.batch_bytes = BATCH_BYTES;
    window_init(&part->window, options->storage.plugin->storage);
}

static const struct tide_format *format_of(const struct part *part)
{
    return part->options->format.plugin->format;
}

static int broken_format(const struct part *part, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_INTERNAL,
                          "the format \"%s\" asks for more at the end of the file",
                          part->options->format.plugin->name);
}

/* Give the decoder as much of the beginning as it wants. */
static int find_columns(struct part *part, struct tide_error *err)
{
    struct tide_span span;
    int rc;

    do {
        rc = window_fill(&part->window, err);
        if (rc != TIDE_OK) {
            return rc;
        }
        span = window_span(&part->window);
        rc = format_of(part)->decoder_schema(part->decoder, &span, &part->schema, err);
    } while (rc == TIDE_MORE && !span.last);
    return rc == TIDE_MORE ? broken_format(part, err) : rc;
}

static int locate(const struct part *part, struct tide_error *err)
{
    return tide_error_wrap(err, "%s/%s", part->options->path, part->request.origin);
}

static int open_window(struct part *part, struct tide_error *err)
{
    const struct file_options *options = part->options;

    return window_open(&part->window, (enum compression)options->compression,
                       options->storage.options, part->host, options->path,
                       part->request.origin, err);
}

/* A storage names the path in its own errors. */
static int open_parts(struct part *part, struct tide_error *err)
{
    const struct file_options *options = part->options;
    int rc = open_window(part, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    rc = format_of(part)->decoder_open(options->format.options, &part->request,
                                       part->host, &part->decoder, err);
    if (rc == TIDE_OK) {
        rc = find_columns(part, err);
    }
    return rc == TIDE_OK ? rc : locate(part, err);
}

int part_open(struct part *part, const char *name, const struct tide_schema *table,
              struct tide_error *err)
{
    int rc;

    part->request.origin = name;
    part->request.table = table;
    rc = open_parts(part, err);
    if (rc != TIDE_OK) {
        part_close(part);
    }
    return rc;
}

int part_pass(struct part *part, const char *name, struct tide_error *err)
{
    struct window *window = &part->window;
    int rc;

    part->request.origin = name;
    rc = open_window(part, err);
    while (rc == TIDE_OK && !window_is_done(window)) {
        rc = window_fill(window, err);
        window_consume(window, window_span(window).length);
        if (rc == TIDE_OK && part->host->cancelled(part->host)) {
            rc = tide_error_cancelled(err);
        }
    }
    window_close(window);
    return rc;
}

static int know(struct window *window, const struct place *place, struct tide_error *err)
{
    int64_t reach = place->offset;
    /* The first bytes, which a jump would pass over. */
    int rc = window_fill(window, err);

    if (reach > (int64_t)WINDOW_HEAD && !window_jumps(window)) {
        reach = (int64_t)WINDOW_HEAD;
    }
    if (rc == TIDE_OK) {
        rc = window_skip(window, reach, err);
    }
    if (rc == TIDE_OK &&
        (window_head(window) != place->head ||
         (reach == place->offset && window_tail(window) != place->tail))) {
        rc = TIDE_END;
    }
    return rc;
}

int part_know(struct part *part, const char *name, const struct place *place,
              struct tide_error *err)
{
    int rc;

    part->request.origin = name;
    rc = open_window(part, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    rc = know(&part->window, place, err);
    window_close(&part->window);
    return rc < 0 ? locate(part, err) : rc;
}

static int decode_some(struct part *part, struct tide_batch *batch,
                       struct tide_error *err)
{
    struct tide_span span = window_span(&part->window);
    size_t consumed = 0;
    int rc = format_of(part)->decode(part->decoder, &span, &consumed, batch, err);

    if (rc == TIDE_OK) {
        window_consume(&part->window, consumed);
        if (batch->array.release && batch->array.length == 0) {
            tide_batch_release(batch);
        }
    } else if (rc == TIDE_MORE && span.last) {
        rc = broken_format(part, err);
    }
    return rc;
}

int part_read(struct part *part, struct tide_batch *batch, struct tide_error *err)
{
    int rc = TIDE_OK;

    while (rc == TIDE_OK && !batch->array.release) {
        rc = decode_some(part, batch, err);
        if (rc == TIDE_MORE) {
            rc = window_fill(&part->window, err);
        }
    }
    if (rc < 0) {
        return locate(part, err);
    }
    if (rc == TIDE_OK) {
        batch->origin = part->request.origin;
    }
    return rc;
}

bool part_is_done(const struct part *part)
{
    return window_is_done(&part->window);
}

void part_tell_end(struct part *part, struct place *place)
{
    place->offset = part->window.offset;
    place->tail = window_tail(&part->window);
    place->head = window_head(&part->window);
    place->has_head = true;
}

bool part_tell(struct part *part, struct place *place)
{
    const struct tide_format *format = format_of(part);

    if (!format->decoder_mark || !format->decoder_resume ||
        format->decoder_mark(part->decoder, &place->mark) != TIDE_OK) {
        return false;
    }
    part_tell_end(part, place);
    return true;
}

/* Whether what stands in front of the place, which is where the window is, is what stood
 * there. */
static bool is_same(const struct part *part, const struct place *place)
{
    return window_tail(&part->window) == place->tail &&
           (!place->has_head || window_head(&part->window) == place->head);
}

int part_resume(struct part *part, const struct place *place, struct tide_error *err)
{
    const struct tide_format *format = format_of(part);
    int rc = TIDE_END;

    if (format->decoder_resume) {
        rc = window_skip(&part->window, place->offset, err);
    }
    if (rc == TIDE_OK && !is_same(part, place)) {
        rc = TIDE_END;
    }
    if (rc == TIDE_OK) {
        rc = format->decoder_resume(part->decoder, place->mark, err);
    }
    return rc < 0 ? locate(part, err) : rc;
}

void part_close(struct part *part)
{
    if (part->decoder) {
        format_of(part)->decoder_close(part->decoder);
    }
    part->decoder = NULL;
    tide_schema_clear(&part->schema);
    window_close(&part->window);
}

void part_fini(struct part *part)
{
    part_close(part);
    window_fini(&part->window);
}
