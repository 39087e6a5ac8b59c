/*
 * definition - the checking of a definition document that came as a request's body.
 *
 * Checking a large document takes tens of milliseconds, so it is done on the thread pool.
 *
 * Layer: scheduler/api.
 */
#ifndef TIDE_API_DEFINITION_H
#define TIDE_API_DEFINITION_H

#include "api/call.h"
#include "pipeline/pipeline.h"

/** A document on its way: from the body to the compiled pipeline. */
struct tide_definition {
    uv_work_t work;
    struct tide_call *call; /**< borrowed */
    struct tide_shared_catalog *catalog;
    const char *text; /**< the body, borrowed from the request */
    size_t length;
    enum tide_document_syntax syntax;
    int code;
    struct tide_pipeline *pipeline; /**< owned, when code is TIDE_OK */
    struct tide_problems problems;
    tide_call_fn done;
};
void tide_definition_destroy(struct tide_definition *definition);

/** Check the body, by its Content-Type; done(call) follows with call->definition when it
 * is sound, else it was answered: 415, 422 for what is no definition, 400 for one that
 * makes no sense. */
void tide_definition_check(struct tide_call *call, tide_call_fn done);
/** Answer with an error that names a field. */
TIDE_PRINTF(5, 6)
void tide_definition_refuse(struct tide_call *call, unsigned status, const char *code,
                            const char *field, const char *format, ...);

/** Whether a table of it can be read incrementally. */
bool tide_definition_has_cursor(const struct tide_pipeline *pipeline);

/* ---- secrets.c ---- */

#define TIDE_REDACTED "[redacted]"

/** Replace the values of secret options in a document by "[redacted]", and all that hold
 * text of a plugin that is not known or refused; a value that is nothing but a variable
 * ("${NAME}") is no secret. */
void tide_secrets_redact(struct json_object *document,
                         const struct tide_catalog *catalog);
/** Put back from `old` the secrets that a document carries as "[redacted]".  False when
 * there is one that `old` does not know; *field then names it (malloc'ed). */
bool tide_secrets_restore(struct json_object *document, struct json_object *old,
                          const struct tide_catalog *catalog, char **field);

#endif
