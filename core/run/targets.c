/*
 * targets - no two tables of a run go into one; see targets.h.
 */
#include "run/targets.h"

#include "run/plugin_host.h"

/* Malloc'ed, or NULL where it cannot be told: then opening the table tells why. */
static char *identify(struct tide_engine *engine, const struct tide_table *table)
{
    const struct tide_bound *bound = &engine->destination;
    const struct tide_run_request *run = engine->request;
    const struct tide_destination_request request = {
        .size = sizeof request,
        .mode = tide_engine_mode(engine, table),
        .table = table->as,
        .pipeline = run->pipeline_id ? run->pipeline_id : "",
        .run = run->run_id ? run->run_id : "",
        .started_at = run->started_at,
    };
    struct tide_plugin_host host;
    struct tide_error unused = {0};
    char *identity = NULL;
    int rc = TIDE_OK;

    tide_plugin_host_init(&host, NULL, TIDE_STEP_FINALIZE, TIDE_KIND_DESTINATION,
                          bound->entry->name);
    tide_plugin_host_enter(&host, "identify", &unused);
    rc =
        bound->entry->destination->identify(bound->options, &request, &identity, &unused);
    rc = tide_plugin_host_leave(&host, rc, &unused);
    tide_plugin_host_fini(&host);
    return rc == TIDE_OK ? identity : NULL;
}

static int compare(const struct tide_pipeline *pipeline, char *const *identities,
                   size_t table, struct tide_error *err)
{
    for (size_t i = 0; identities[table] && i < table; i++) {
        if (identities[i] && strcmp(identities[i], identities[table]) == 0) {
            const struct tide_table *one = &pipeline->tables[i];
            const struct tide_table *other = &pipeline->tables[table];

            return tide_error_set(err, TIDE_E_CONFIG,
                                  "tables %s and %s go into the same target, spelled "
                                  "\"%s\" and \"%s\": give one of them another name "
                                  "under as",
                                  one->name, other->name, one->as, other->as);
        }
    }
    return TIDE_OK;
}

int tide_targets_check(struct tide_engine *engine, struct tide_error *err)
{
    const struct tide_pipeline *pipeline = engine->pipeline;
    char **identities = NULL;
    int rc = TIDE_OK;

    if (pipeline->table_count < 2 || !engine->destination.entry->destination->identify) {
        return TIDE_OK;
    }
    identities = tide_alloc_array(pipeline->table_count, sizeof *identities);
    for (size_t i = 0; rc == TIDE_OK && i < pipeline->table_count; i++) {
        identities[i] = identify(engine, &pipeline->tables[i]);
        rc = compare(pipeline, identities, i, err);
    }
    for (size_t i = 0; i < pipeline->table_count; i++) {
        free(identities[i]);
    }
    free(identities);
    return rc;
}
