/*
 * parts_files - the names of parts, and the removal of those that are no more wanted.
 */
#include <inttypes.h>

#include "parts.h"

/* ---- names ---- */

#define PREFIX "part-"

/* The number in "part-00001.csv"; 0: it is no part. */
static int64_t part_number(const char *name)
{
    size_t length = strlen(PREFIX);
    char *end;
    intmax_t number;

    if (strncmp(name, PREFIX, length) != 0 || name[length] < '0' || name[length] > '9') {
        return 0;
    }
    number = strtoimax(name + length, &end, 10);
    return *end == '.' && number < INT64_MAX ? number : 0;
}

char *part_name(const struct parts *parts, int64_t number)
{
    size_t size = strlen(parts->suffix) + 40;
    char *name = malloc(size);

    if (name) {
        (void)snprintf(name, size, PREFIX "%05" PRId64 "%s", number, parts->suffix);
    }
    return name;
}

int64_t parts_highest(const struct manifest_parts *parts)
{
    int64_t number = 0;

    for (size_t i = 0; i < parts->count; i++) {
        int64_t other = part_number(parts->items[i].name);

        number = other > number ? other : number;
    }
    return number;
}

static bool has_part(const struct manifest_parts *parts, const char *name)
{
    for (size_t i = 0; i < parts->count; i++) {
        if (strcmp(parts->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- removing ---- */

int part_remove(const struct writer *writer, const char *name, struct tide_error *err)
{
    char *path = manifest_join(writer, name);
    int rc = path ? writer_storage(writer)->remove(writer->options->storage.options,
                                                   writer->host, writer->options->path,
                                                   path, err)
                  : tide_error_memory(err);

    free(path);
    return rc;
}

bool part_try_remove(const struct writer *writer, const char *name)
{
    struct tide_error problem = {0};
    int rc = part_remove(writer, name, &problem);

    if (rc != TIDE_OK) {
        writer->host->log(writer->host, TIDE_LOG_WARNING, problem.message);
    }
    return rc == TIDE_OK;
}

bool parts_remove(const struct writer *writer, const struct manifest_parts *parts)
{
    bool all = true;

    for (size_t i = 0; i < parts->count; i++) {
        all &= part_try_remove(writer, parts->items[i].name);
    }
    return all;
}

struct search {
    const struct writer *writer;
    struct manifest_parts strays;
};

static int note_stray(void *arg, const char *name, int64_t size)
{
    struct search *search = arg;
    struct manifest_part part = {.bytes = size};

    name += strlen(search->writer->name) + 1;
    if (part_number(name) == 0 ||
        has_part(&search->writer->parts->manifest.parts, name)) {
        return TIDE_OK;
    }
    part.name = strdup(name);
    if (part.name && manifest_parts_add(&search->strays, &part) != TIDE_OK) {
        free(part.name);
        part.name = NULL;
    }
    if (!part.name) {
        return TIDE_E_LIMIT;
    }
    free(part.name);
    return TIDE_OK;
}

/* The folder's name with what a pattern would take for wildcards escaped. */
static char *make_pattern(const struct writer *writer)
{
    static const char tail[] = "/" PREFIX "*";
    char *pattern = malloc(2 * strlen(writer->name) + sizeof tail);
    char *to = pattern;

    for (const char *at = writer->name; pattern && *at; at++) {
        if (strchr("*?[\\", *at)) {
            *to++ = '\\';
        }
        *to++ = *at;
    }
    if (pattern) {
        memcpy(to, tail, sizeof tail);
    }
    return pattern;
}

static int list_strays(struct search *search, struct tide_error *err)
{
    const struct writer *writer = search->writer;
    char *pattern = make_pattern(writer);
    int rc = pattern ? writer_storage(writer)->list(writer->options->storage.options,
                                                    writer->host, writer->options->path,
                                                    pattern, note_stray, search, err)
                     : tide_error_memory(err);

    free(pattern);
    if (rc == TIDE_E_LIMIT) {
        return tide_error_memory(err);
    }
    return rc == TIDE_E_NOT_FOUND ? TIDE_OK : rc;
}

int parts_clear_strays(struct writer *writer, bool has_manifest, struct tide_error *err)
{
    struct search search = {.writer = writer};
    int rc = list_strays(&search, err);

    if (rc == TIDE_OK && search.strays.count > 0 && !has_manifest) {
        rc = tide_error_set(err, TIDE_E_CONFLICT,
                            "%s/%s has a file %s and no %s: it was filled by something "
                            "else; choose another folder",
                            writer->options->path, writer->name,
                            search.strays.items[0].name, MANIFEST_NAME);
    } else if (rc == TIDE_OK) {
        (void)parts_remove(writer, &search.strays);
    }
    manifest_parts_clear(&search.strays);
    return rc;
}
