/*
 * find_and_replace - transform that replaces all matches in string values.
 *
 * A column is searched as a whole and written anew only when something in it matched.
 * All columns of a batch are searched before the first is put in its place, because a
 * row may be refused only while the batch is as it came.
 */
#include <tidemill/plugin.h>

#include "pattern.h"
#include "shared/column/column.h"

struct find_and_replace {
    const char *field;
    struct tide_list fields;
    const char *find;
    const char *replace;
    bool regex;
    bool case_sensitive;
};

struct target {
    size_t column;
    char *name;            /**< owned: for messages */
    struct ArrowArray out; /**< the column written anew; release is NULL when it was not
                              hit */
};

struct replace_state {
    const struct tide_host *host;
    struct pattern *pattern;
    struct target *targets;
    size_t target_count;
    const struct target *current; /**< the one being searched */
};

static const struct tide_option find_and_replace_options[] = {
    {.name = "field",
     .type = TIDE_OPTION_STRING,
     .offset = offsetof(struct find_and_replace, field),
     .help = "The field to search; or \"fields\".",
     .example = "maintainer"},
    {.name = "fields",
     .type = TIDE_OPTION_LIST,
     .offset = offsetof(struct find_and_replace, fields),
     .help = "The fields to search; or \"field\".",
     .example = "[maintainer, homepage]"},
    {.name = "find",
     .type = TIDE_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct find_and_replace, find),
     .help = "What to look for: a regular expression (PCRE2), or a text.",
     .example = "<[^>]*>"},
    {.name = "replace",
     .type = TIDE_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct find_and_replace, replace),
     .help = "What to put in its place; \\1 and $1 are groups of a regular expression.",
     .example = "$1"},
    {.name = "regex",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct find_and_replace, regex),
     .default_value = "true",
     .help = "Whether \"find\" is a regular expression; else it is a text."},
    {.name = "case_sensitive",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct find_and_replace, case_sensitive),
     .default_value = "true",
     .help = "Whether letters match only in the same case."},
    {0},
};

static void replace_close(void *arg)
{
    struct replace_state *state = arg;

    if (!state) {
        return;
    }
    for (size_t i = 0; i < state->target_count; i++) {
        free(state->targets[i].name);
    }
    free(state->targets);
    pattern_destroy(state->pattern);
    free(state);
}

/* ---- binding ------------------------------------------------------------------------*/

static int add_target(struct replace_state *state, struct tide_schema *schema,
                      const char *name, struct tide_error *err)
{
    size_t column = tide_schema_find(schema, name);
    struct target *target = &state->targets[state->target_count];

    if (column == TIDE_NO_COLUMN) {
        return column_absent(schema, name, err);
    }
    if (schema->columns[column].type != TIDE_TYPE_STRING) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "column \"%s\" is of type %s; only string columns can be "
                              "searched",
                              name, tide_type_name(schema->columns[column].type));
    }
    for (size_t i = 0; i < state->target_count; i++) {
        if (state->targets[i].column == column) {
            return TIDE_OK;
        }
    }
    target->column = column;
    target->name = strdup(name);
    if (!target->name) {
        return tide_error_memory(err);
    }
    schema->columns[column].flags |= TIDE_COLUMN_REWRITTEN;
    state->target_count++;
    return TIDE_OK;
}

static int add_targets(struct replace_state *state,
                       const struct find_and_replace *options, struct tide_schema *schema,
                       struct tide_error *err)
{
    int rc = TIDE_OK;

    state->targets = calloc(options->fields.count + 1, sizeof *state->targets);
    if (!state->targets) {
        return tide_error_memory(err);
    }
    if (options->field) {
        return add_target(state, schema, options->field, err);
    }
    for (size_t i = 0; rc == TIDE_OK && i < options->fields.count; i++) {
        rc = add_target(state, schema, options->fields.items[i], err);
    }
    return rc;
}

static int check_fields(const struct find_and_replace *options, struct tide_error *err)
{
    if (options->field && options->fields.count > 0) {
        return tide_error_at(err, TIDE_E_CONFIG, "fields",
                             "\"field\" and \"fields\" are both given: keep one");
    }
    if (!options->field && options->fields.count == 0) {
        return tide_error_at(err, TIDE_E_CONFIG, "field",
                             "neither \"field\" nor \"fields\" is given: name what to "
                             "search");
    }
    return TIDE_OK;
}

static int replace_check(const void *options, const struct tide_host *host,
                         struct tide_error *err)
{
    const struct find_and_replace *wanted = options;
    struct pattern *pattern = NULL;
    int rc = check_fields(wanted, err);

    (void)host;
    if (rc == TIDE_OK) {
        rc = pattern_create(wanted->find, wanted->replace, wanted->regex,
                            wanted->case_sensitive, &pattern, err);
    }
    pattern_destroy(pattern);
    return rc;
}

static int replace_bind(const void *options, const struct tide_host *host,
                        struct tide_schema *schema, void **out, struct tide_error *err)
{
    const struct find_and_replace *wanted = options;
    struct replace_state *state = NULL;
    int rc = check_fields(wanted, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    state = calloc(1, sizeof *state);
    if (!state) {
        return tide_error_memory(err);
    }
    state->host = host;
    rc = add_targets(state, wanted, schema, err);
    if (rc == TIDE_OK) {
        rc = pattern_create(wanted->find, wanted->replace, wanted->regex,
                            wanted->case_sensitive, &state->pattern, err);
    }
    if (rc != TIDE_OK) {
        replace_close(state);
        return rc;
    }
    *out = state;
    return TIDE_OK;
}

/* ---- batches ------------------------------------------------------------------------*/

static int refuse_row(void *arg, int64_t row, const char *reason)
{
    const struct replace_state *state = arg;
    char message[256];

    (void)snprintf(message, sizeof message,
                   "the search in \"%s\" was given up: %s; simplify \"find\"",
                   state->current->name, reason);
    return state->host->reject_row(state->host, row, "match_limit", message);
}

static int search_column(struct replace_state *state, struct target *target,
                         const struct tide_batch *batch)
{
    struct rewrite rewrite;
    int rc = TIDE_OK;

    state->current = target;
    rewrite_begin(&rewrite, batch->array.children[target->column]);
    rc = pattern_apply(state->pattern, &rewrite, refuse_row, state);
    if (rc == TIDE_OK && rewrite.started) {
        rc = rewrite_finish(&rewrite, &target->out);
    }
    rewrite_abandon(&rewrite);
    return rc;
}

static void settle_columns(struct replace_state *state, struct tide_batch *batch)
{
    for (size_t i = 0; i < state->target_count; i++) {
        struct target *target = &state->targets[i];

        if (target->out.release) {
            tide_batch_set_column(batch, target->column, &target->out);
        }
    }
}

static void drop_columns(struct replace_state *state)
{
    for (size_t i = 0; i < state->target_count; i++) {
        struct ArrowArray *out = &state->targets[i].out;

        if (out->release) {
            out->release(out);
        }
    }
}

static int replace_apply(void *arg, struct tide_batch *batch, struct tide_error *err)
{
    struct replace_state *state = arg;
    int rc = TIDE_OK;

    if (batch->array.length == 0) {
        return TIDE_OK;
    }
    for (size_t i = 0; rc == TIDE_OK && i < state->target_count; i++) {
        rc = search_column(state, &state->targets[i], batch);
    }
    if (rc != TIDE_OK) {
        drop_columns(state);
        return tide_error_set(err, rc,
                              rc == TIDE_E_LIMIT
                                  ? "memory is out, or a column would pass 2 GiB"
                                  : "a refused row ended the run");
    }
    settle_columns(state, batch);
    return TIDE_OK;
}

static const struct tide_transform find_and_replace = {
    .size = sizeof find_and_replace,
    .flags = TIDE_TRANSFORM_MARKS,
    .bind = replace_bind,
    .apply = replace_apply,
    .close = replace_close,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "find_and_replace", "1.0",
                     "Replaces all matches of a regular expression or text in string "
                     "values."),
    .options = find_and_replace_options,
    .options_size = sizeof(struct find_and_replace),
    .transform = &find_and_replace,
    .check = replace_check,
};
