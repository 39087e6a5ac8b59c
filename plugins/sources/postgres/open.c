/*
 * open - a table is looked at, and how to read it is decided.
 */
#include <stdlib.h>
#include <string.h>

#include "moment.h"
#include "options.h"
#include "source.h"

/* Bytes of a batch, unless it is asked for one of so many. */
#define BATCH ((int64_t)256 * 1024)
#define LARGE_BATCH ((int64_t)2 << 20)

static int open_moment(struct pg_source *source, const char *schema,
                       const struct tide_source_request *request, const char *question,
                       PGresult **answer, struct tide_error *err)
{
    struct tide_pg_table *table = &source->table;
    int rc = tide_pg_name_parse(request->table, schema, &table->name, err);

    return rc == TIDE_OK ? pg_moment_open(source->pg, table, question, answer, err) : rc;
}

/* Not all servers tell all roles which one they are: then it is done without. */
static int ask_less(struct pg_source *source, const char *schema,
                    const struct tide_source_request *request, PGresult **answer,
                    struct tide_error *err)
{
    int rc = tide_pg_exec(source->pg, "ROLLBACK", NULL, err);

    tide_pg_table_clear(&source->table);
    source->table = (struct tide_pg_table){0};
    return rc == TIDE_OK ? open_moment(source, schema, request,
                                       pg_relation_lesser_question, answer, err)
                         : rc;
}

/* The table, and what decides how it can be read. */
static int load_table(struct pg_source *source, const char *schema,
                      const struct tide_source_request *request, struct tide_error *err)
{
    const char *question = pg_plan_needs_relation(request) ? pg_relation_question : NULL;
    PGresult *answer = NULL;
    int rc = open_moment(source, schema, request, question, &answer, err);

    if (rc != TIDE_OK && source->table.oid[0] != '\0' &&
        pg_relation_is_untold(source->pg)) {
        rc = ask_less(source, schema, request, &answer, err);
    }
    if (rc == TIDE_OK && question) {
        rc = pg_relation_load(source->pg, &source->table, answer, &source->relation, err);
    }
    PQclear(answer);
    return rc;
}

/* Tell the schema and get the builders ready. */
static int make_columns(struct pg_source *source, struct tide_schema *schema,
                        struct tide_error *err)
{
    const struct pg_selection *selection = &source->selection;
    int rc = pg_decoder_init(&source->decoder, selection->count, err);

    source->decoder.check_utf8 = pg_moment_has_no_encoding(source->pg);

    for (size_t i = 0; rc == TIDE_OK && i < selection->count; i++) {
        struct pg_decode_column *decode = &source->decoder.columns[i];
        const struct tide_pg_column *column =
            &source->table.columns[selection->columns[i]];

        decode->name = column->name;
        decode->type = column->type;
        tide_builder_init(&decode->builder, column->type.type);
        if (i < selection->visible && tide_pg_schema_add(schema, column) != TIDE_OK) {
            rc = tide_error_set(err, TIDE_E_LIMIT, "no memory for columns");
        }
    }
    return rc;
}

/* Decide how to read the table, and where to begin. */
static int make_plan(struct pg_source *source, const struct pg_source_options *options,
                     const struct tide_source_request *request, struct tide_error *err)
{
    const struct pg_plan_facts facts = {.pg = source->pg,
                                        .table = &source->table,
                                        .relation = &source->relation,
                                        .request = request,
                                        .position = &source->position,
                                        .by_cursor_alone = options->incremental ==
                                                           PG_INCREMENTAL_CURSOR};
    int rc = pg_position_parse(&source->position, source->pg, request->position, err);

    if (rc == TIDE_OK) {
        rc = pg_plan_make(&facts, &source->plan, err);
    }
    if (rc == TIDE_OK) {
        rc = pg_progress_begin(&source->progress, &source->plan, &source->table,
                               &source->position, err);
    }
    pg_selection_order(&source->selection, &source->plan);
    return rc;
}

/* Open the snapshot and prepare all but the reading itself, which waits for read(): a
 * look at the columns costs the server nothing. */
static int prepare_reading(struct pg_source *source,
                           const struct pg_source_options *options,
                           const struct tide_source_request *request,
                           struct tide_schema *schema, struct tide_error *err)
{
    int rc = load_table(source, options->connection.schema, request, err);

    if (rc == TIDE_OK) {
        rc = pg_selection_make(&source->table, request, &source->selection, err);
    }
    if (rc == TIDE_OK) {
        rc = make_plan(source, options, request, err);
    }
    if (rc == TIDE_OK) {
        rc = make_columns(source, schema, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    source->done = source->plan.nothing;
    source->row_limit = request->row_limit;
    return TIDE_OK;
}

void pg_source_close(void *state)
{
    struct pg_source *source = state;

    if (!source) {
        return;
    }
    tide_pg_close(source->pg);
    pg_decoder_clear(&source->decoder);
    pg_selection_clear(&source->selection);
    pg_progress_clear(&source->progress);
    pg_plan_clear(&source->plan);
    pg_position_clear(&source->position);
    tide_pg_sql_clear(&source->copy);
    tide_pg_table_clear(&source->table);
    free(source->origin);
    free(source);
}

/* Rows come one by one: a small batch costs little, and a run whose threads do not keep
 * step then holds little.  Who asks for large ones has a reason. */
static int64_t choose_batch_bytes(int64_t asked)
{
    return asked < LARGE_BATCH && asked > BATCH ? BATCH : asked;
}

int pg_source_open(const void *options, const struct tide_source_request *request,
                   const struct tide_host *host, void **state, struct tide_schema *schema,
                   struct tide_error *err)
{
    const struct pg_source_options *given = options;
    struct pg_source *source = host->allocate(host, sizeof *source);
    int rc;

    if (!source) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for a source");
    }
    source->host = host;
    source->batch_rows = request->batch_rows;
    source->batch_bytes = choose_batch_bytes(request->batch_bytes);
    source->origin = strdup(request->table);
    rc = source->origin ? tide_pg_open(&given->connection, host, &source->pg, err)
                        : tide_error_set(err, TIDE_E_LIMIT, "no memory for a source");
    if (rc == TIDE_OK) {
        rc = prepare_reading(source, given, request, schema, err);
    }
    if (rc != TIDE_OK) {
        tide_schema_clear(schema);
        pg_source_close(source);
        return rc;
    }
    *state = source;
    return TIDE_OK;
}
