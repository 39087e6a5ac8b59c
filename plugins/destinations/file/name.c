/*
 * name - placeholders and extensions.
 *
 * Times are UTC at the start of the run, so all tables of a run agree.
 */
#include "name.h"

#include <inttypes.h>
#include <time.h>

#define LONGEST_NAME 4096
#define SECOND_US INT64_C(1000000)

struct text {
    char bytes[LONGEST_NAME];
    size_t length;
};

static int add(struct text *text, const char *bytes, size_t length,
               struct tide_error *err)
{
    if (length >= sizeof text->bytes - text->length) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "the file's name is longer than %d bytes",
                              LONGEST_NAME - 1);
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return TIDE_OK;
}

static bool is_word(const char *at, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(at, word, length) == 0;
}

static int add_placeholder(struct text *text, const char *name, size_t length,
                           const struct tide_destination_request *request,
                           struct tide_error *err)
{
    int64_t seconds = request->started_at / SECOND_US;
    time_t moment = (time_t)seconds;
    struct tm utc;
    char value[64] = "";

    (void)gmtime_r(&moment, &utc);
    if (is_word(name, length, "today")) {
        (void)strftime(value, sizeof value, "%Y-%m-%d", &utc);
    } else if (is_word(name, length, "now")) {
        (void)strftime(value, sizeof value, "%Y%m%dT%H%M%SZ", &utc);
    } else if (is_word(name, length, "unix")) {
        (void)snprintf(value, sizeof value, "%" PRId64, seconds);
    } else if (is_word(name, length, "run")) {
        return add(text, request->run, strlen(request->run), err);
    } else {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "table \"%s\": there is no placeholder ${%.*s}; known are "
                              "${today}, ${now}, ${unix} and ${run}",
                              request->table, (int)length, name);
    }
    return add(text, value, strlen(value), err);
}

static int expand(struct text *text, const struct tide_destination_request *request,
                  struct tide_error *err)
{
    const char *at = request->table;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && *at) {
        const char *begin = strstr(at, "${");
        const char *end = begin ? strchr(begin, '}') : NULL;

        if (!end) {
            return add(text, at, strlen(at), err);
        }
        rc = add(text, at, (size_t)(begin - at), err);
        if (rc == TIDE_OK) {
            rc =
                add_placeholder(text, begin + 2, (size_t)(end - begin - 2), request, err);
        }
        at = end + 1;
    }
    return rc;
}

static bool ends_with(const struct text *text, const char *tail)
{
    size_t length = strlen(tail);

    return text->length > length &&
           memcmp(text->bytes + text->length - length, tail, length) == 0;
}

static int add_extensions(struct text *text, const char *extension, enum compression kind,
                          struct tide_error *err)
{
    char dotted[64];
    int rc = TIDE_OK;

    (void)snprintf(dotted, sizeof dotted, ".%s", extension);
    text->length = compression_stem_length(kind, text->bytes);
    text->bytes[text->length] = '\0';
    if (!ends_with(text, dotted)) {
        rc = add(text, dotted, strlen(dotted), err);
    }
    if (rc == TIDE_OK) {
        const char *outer = compression_extension(kind);

        rc = add(text, outer, strlen(outer), err);
    }
    return rc;
}

int file_name_make(const struct tide_destination_request *request, const char *extension,
                   enum compression *kind, char **out, struct tide_error *err)
{
    struct text text = {.length = 0};
    enum compression decided = *kind;
    int rc = expand(&text, request, err);

    if (decided == COMPRESSION_AUTO) {
        decided = compression_of_name(text.bytes);
    }
    if (rc == TIDE_OK) {
        rc = add_extensions(&text, extension, decided, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    *out = strdup(text.bytes);
    if (!*out) {
        return tide_error_memory(err);
    }
    *kind = decided;
    return TIDE_OK;
}

static void drop_last_slashes(struct text *text)
{
    while (text->length > 1 && text->bytes[text->length - 1] == '/') {
        text->bytes[--text->length] = '\0';
    }
}

int folder_name_make(const struct tide_destination_request *request,
                     const char *extension, enum compression *kind, char **folder,
                     char **suffix, struct tide_error *err)
{
    struct text text = {.length = 0};
    char extensions[80];
    int rc = expand(&text, request, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    drop_last_slashes(&text);
    if (*kind == COMPRESSION_AUTO) {
        *kind = compression_of_name(text.bytes);
    }
    (void)snprintf(extensions, sizeof extensions, ".%.60s%s", extension,
                   compression_extension(*kind));
    *folder = strdup(text.bytes);
    *suffix = strdup(extensions);
    if (!*folder || !*suffix) {
        free(*folder);
        free(*suffix);
        *folder = *suffix = NULL;
        return tide_error_memory(err);
    }
    return TIDE_OK;
}

void file_name_resolve(char *name)
{
    char *to = name;
    const char *at = name;

    while (*at) {
        size_t length = strcspn(at, "/");

        if (length > 0 && !is_word(at, length, ".")) {
            if (to > name) {
                *to++ = '/';
            }
            memmove(to, at, length);
            to += length;
        }
        at += length + (at[length] == '/');
    }
    *to = '\0';
}
