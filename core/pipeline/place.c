/*
 * place - where in a document one stands, and what is wrong there.
 */
#include "pipeline/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

struct tide_place tide_place_root(struct tide_findings *findings,
                                  struct json_object *root)
{
    return (struct tide_place){.findings = findings, .value = root};
}

struct tide_place tide_place_member(const struct tide_place *up, const char *key)
{
    return (struct tide_place){.findings = up->findings,
                               .up = up,
                               .value = tide_json_member(up->value, key),
                               .key = key};
}

struct tide_place tide_place_element(const struct tide_place *up, size_t index)
{
    return (struct tide_place){.findings = up->findings,
                               .up = up,
                               .value = json_object_array_get_idx(up->value, index),
                               .index = index};
}

static void append_path(const struct tide_place *place, struct tide_text *path)
{
    if (!place->up) {
        return;
    }
    append_path(place->up, path);
    if (place->key) {
        tide_text_appendf(path, "%s%s", path->length ? "." : "", place->key);
    } else {
        tide_text_appendf(path, "[%zu]", place->index);
    }
}

/* The line of the value, or of what holds it when it is not there. */
static void find_line(const struct tide_place *place, unsigned *line, unsigned *column)
{
    const struct tide_document *document = place->findings->document;

    for (; place && *line == 0; place = place->up) {
        if (!place->up) {
            *line = *column = 1;
        } else if (place->up->value) {
            tide_document_where(document, place->up->value, place->key, place->index,
                                line, column);
        }
    }
}

TIDE_PRINTF(3, 0)
static void add(const struct tide_place *place, struct tide_problem problem,
                const char *format, va_list args)
{
    struct tide_problems *problems = place->findings->problems;
    char message[1600];

    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the callers have started it */
    (void)vsnprintf(message, sizeof message, format, args);
    problem.message = tide_strdup(message);
    problems->items =
        tide_realloc(problems->items, (problems->count + 1) * sizeof *problems->items);
    problems->items[problems->count++] = problem;
}

void tide_place_problem(const struct tide_place *place, enum tide_problem_kind kind,
                        const char *format, ...)
{
    struct tide_problem problem = {.kind = kind};
    struct tide_text path = {0};
    va_list args;

    append_path(place, &path);
    problem.path = tide_text_take(&path);
    find_line(place, &problem.line, &problem.column);
    va_start(args, format);
    add(place, problem, format, args);
    va_end(args);
}

void tide_place_key_problem(const struct tide_place *place, const char *key,
                            enum tide_problem_kind kind, const char *format, ...)
{
    struct tide_place member = tide_place_member(place, key);
    struct tide_problem problem = {.kind = kind};
    struct tide_text path = {0};
    va_list args;

    append_path(&member, &path);
    problem.path = tide_text_take(&path);
    tide_document_where_key(place->findings->document, place->value, key, &problem.line,
                            &problem.column);
    if (problem.line == 0) {
        find_line(place, &problem.line, &problem.column);
    }
    va_start(args, format);
    add(place, problem, format, args);
    va_end(args);
}

bool tide_place_has_problem(const struct tide_place *place, const char *key)
{
    const struct tide_problems *problems = place->findings->problems;
    struct tide_place member = tide_place_member(place, key);
    struct tide_text path = {0};
    bool found = false;

    append_path(&member, &path);
    for (size_t i = 0; i < problems->count; i++) {
        const char *other = problems->items[i].path;

        found = found || (strncmp(other, path.data, path.length) == 0 &&
                          strchr(".[", other[path.length]));
    }
    tide_text_fini(&path);
    return found;
}

/* ---- all of them ---- */

void tide_problems_fini(struct tide_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->items[i].path);
        free(problems->items[i].message);
    }
    free(problems->items);
    problems->items = NULL;
    problems->count = 0;
}

char *tide_problems_format(const struct tide_problems *problems, const char *file)
{
    struct tide_text out = {0};

    for (size_t i = 0; i < problems->count; i++) {
        const struct tide_problem *problem = &problems->items[i];

        if (file) {
            tide_text_appendf(&out, "%s:", file);
        }
        if (problem->line) {
            tide_text_appendf(&out, "%u:%u:", problem->line, problem->column);
        }
        tide_text_appendf(&out, "%s%s%s%s\n", out.length ? " " : "", problem->path,
                          *problem->path ? ": " : "", problem->message);
    }
    return tide_text_take(&out);
}
