/*
 * variables - ${NAME} in the scalar values of options.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "pipeline/pipeline.h"

struct expansion {
    const char *(*variable)(void *arg, const char *name);
    void *arg;
    struct tide_text out;
};

static const char *look_up(const struct expansion *expansion, const char *name)
{
    return expansion->variable ? expansion->variable(expansion->arg, name) : getenv(name);
}

static size_t name_length(const char *text)
{
    size_t length = 0;

    while (isalnum((unsigned char)text[length]) || text[length] == '_') {
        length++;
    }
    return isdigit((unsigned char)*text) ? 0 : length;
}

/* What stands between "${" and "}"; length is without them. */
static int expand_one(struct expansion *expansion, const char *inside, size_t length,
                      struct tide_error *err)
{
    size_t name_end = name_length(inside);
    char *name = tide_strndup(inside, name_end);
    const char *value = look_up(expansion, name);
    char *rest = tide_strndup(inside + name_end, length - name_end);
    int rc = TIDE_OK;

    if (name_end == 0 ||
        (*rest && strncmp(rest, ":-", 2) != 0 && strncmp(rest, ":?", 2) != 0)) {
        rc = tide_error_set(
            err, TIDE_E_CONFIG,
            "what stands in \"${}\" is no variable; write ${NAME}, ${NAME:-default} or "
            "${NAME:?message}, and $$ for a dollar");
    } else if (value && (*value || !*rest)) {
        tide_text_append(&expansion->out, value);
    } else if (strncmp(rest, ":-", 2) == 0) {
        tide_text_append(&expansion->out, rest + 2);
    } else if (strncmp(rest, ":?", 2) == 0) {
        rc = tide_error_set(err, TIDE_E_CONFIG, "variable %s: %s", name,
                            rest[2] ? rest + 2 : "not set");
    } else {
        rc = tide_error_set(err, TIDE_E_CONFIG,
                            "variable %s is not set; set it, or write ${%s:-default}",
                            name, name);
    }
    free(rest);
    free(name);
    return rc;
}

static int expand(struct expansion *expansion, const char *text, struct tide_error *err)
{
    while (*text) {
        const char *end;
        int rc;

        if (text[0] == '$' && text[1] == '$') {
            tide_text_append_char(&expansion->out, '$');
            text += 2;
        } else if (text[0] != '$' || text[1] != '{') {
            tide_text_append_char(&expansion->out, *text++);
        } else if (!(end = strchr(text, '}'))) {
            return tide_error_set(err, TIDE_E_CONFIG, "\"${\" without its \"}\"");
        } else {
            rc = expand_one(expansion, text + 2, (size_t)(end - text - 2), err);
            if (rc != TIDE_OK) {
                return rc;
            }
            text = end + 1;
        }
    }
    return TIDE_OK;
}

int tide_variables_expand(const char *text,
                          const char *(*variable)(void *arg, const char *name), void *arg,
                          char **out, struct tide_error *err)
{
    struct expansion expansion = {.variable = variable, .arg = arg};
    int rc = expand(&expansion, text, err);

    if (rc == TIDE_OK) {
        *out = tide_text_take(&expansion.out);
    }
    tide_text_fini(&expansion.out);
    return rc;
}
