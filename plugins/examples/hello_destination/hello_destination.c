/* hello_destination - a destination in 45 lines: column 0 goes to the run's log. */
#include <tidemill/plugin.h>
#include <tidemill/row.h>

struct hi {
    const struct tide_host *host;
    const struct tide_schema *schema;
};

static int hi_open(const void *options, const struct tide_destination_request *request,
                   const struct tide_host *host, void **state,
                   struct tide_schema *accepted, char **position, struct tide_error *err)
{
    struct hi *hi = host->allocate(host, sizeof *hi);

    if (!hi || tide_schema_copy(request->schema, accepted) != TIDE_OK) {
        free(hi);
        return tide_error_memory(err);
    }
    *hi = (struct hi){host, request->schema};
    *state = hi;
    return TIDE_OK;
}

static int hi_write(void *state, const struct tide_batch *batch, struct tide_error *err)
{
    struct hi *hi = state;
    struct tide_row_reader row = tide_rows_of(batch, hi->schema);
    char text[200];

    while (tide_row_next(&row)) {
        hi->host->log(hi->host, TIDE_LOG_INFO, tide_row_show(&row, 0, text, sizeof text));
    }
    return TIDE_OK;
}

static int hi_keep(void *state, const char *to, bool final, struct tide_error *err)
{
    return final ? TIDE_OK : TIDE_MORE;
}
static const struct tide_destination hi = {
    sizeof hi, TIDE_DESTINATION_APPEND, NULL, hi_open, hi_write, hi_keep, .close = free};
TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "hello_destination", "1.0", "Logs column 0."),
    .destination = &hi};
