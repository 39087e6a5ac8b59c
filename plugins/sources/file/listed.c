/*
 * listed - see listed.h.
 *
 * The manifest is read behind the names of the files, so it may know parts that came
 * since: the parts are taken from it, as far as they match.
 */
#include "listed.h"

#include <fnmatch.h>

#include "../../shared/json/document.h"
#include "../../shared/storage/whole.h"

#define PREFIX "part-"
#define MANIFEST "manifest.json"

/* The walk through the names. */
struct filter {
    const struct file_options *options;
    const struct tide_host *host;
    const char *pattern;
    struct names kept;
    struct names listed; /* folders, each with its slash, that have a manifest */
    struct names plain;  /* and those that have none */
};

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* The folder of a part with its slash, malloc'ed into *folder; NULL for what is none. */
static int folder_of_part(const char *name, char **folder, struct tide_error *err)
{
    const char *slash = strrchr(name, '/');

    *folder = NULL;
    if (!slash || strncmp(slash + 1, PREFIX, strlen(PREFIX)) != 0) {
        return TIDE_OK;
    }
    *folder = strndup(name, (size_t)(slash - name) + 1);
    return *folder ? TIDE_OK : tide_error_memory(err);
}

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 1;
    char *path = malloc(size);

    if (path) {
        (void)snprintf(path, size, "%s%s", folder, name);
    }
    return path;
}

static int keep_part(struct filter *filter, const char *folder,
                     const struct json_value *part, struct tide_error *err)
{
    char *name = json_member_string(part, "name");
    char *path = name ? join(folder, name) : NULL;
    int rc = TIDE_OK;

    if (!name || strchr(name, '/')) {
        rc = TIDE_E_DATA;
    } else if (!path) {
        rc = tide_error_memory(err);
    } else if (fnmatch(filter->pattern, path, FNM_PATHNAME | FNM_PERIOD) == 0 &&
               names_add(&filter->kept, path, 0) != TIDE_OK) {
        rc = tide_error_memory(err);
    }
    free(path);
    free(name);
    return rc;
}

/* TIDE_E_DATA, without words: the text is no manifest. */
static int keep_parts(struct filter *filter, const char *folder,
                      const struct json_out *text, struct tide_error *err)
{
    struct json_document document;
    struct json_value list, part;
    struct json_text place = {0};
    int rc = TIDE_E_DATA;

    if (!json_document_open(&document, text->text, text->length) &&
        json_member_array(&document.root, "parts", &list)) {
        rc = TIDE_OK;
        while (rc == TIDE_OK && json_element(&list, &place, &part)) {
            rc = keep_part(filter, folder, &part, err);
        }
        if (rc == TIDE_OK && place.fault) {
            rc = TIDE_E_DATA;
        }
    }
    json_document_close(&document);
    return rc;
}

/* A folder that was not looked at yet. */
static int look_at(struct filter *filter, const char *folder, struct tide_error *err)
{
    const struct file_options *options = filter->options;
    struct json_out text = {0};
    char *name = join(folder, MANIFEST);
    int rc = name ? storage_read_whole(&options->storage, filter->host, options->path,
                                       name, &text, err)
                  : tide_error_memory(err);
    bool found = rc == TIDE_OK;

    if (found) {
        rc = keep_parts(filter, folder, &text, err);
    }
    if (rc == TIDE_E_DATA) {
        rc = tide_error_set(err, TIDE_E_DATA,
                            "%s/%s cannot be read: it does not list parts; put it back, "
                            "or remove it to read all files",
                            options->path, name);
    }
    if (rc == TIDE_OK || rc == TIDE_E_NOT_FOUND) {
        rc = names_add(found ? &filter->listed : &filter->plain, folder, 0);
        rc = rc == TIDE_OK ? rc : tide_error_memory(err);
    }
    json_out_fini(&text);
    free(name);
    return rc;
}

static int judge(struct filter *filter, const char *name, struct tide_error *err)
{
    char *folder = NULL;
    int rc = folder_of_part(name, &folder, err);

    if (rc == TIDE_OK && folder && !has_name(&filter->listed, folder) &&
        !has_name(&filter->plain, folder)) {
        rc = look_at(filter, folder, err);
    }
    if (rc == TIDE_OK && !(folder && has_name(&filter->listed, folder)) &&
        names_add(&filter->kept, name, 0) != TIDE_OK) {
        rc = tide_error_memory(err);
    }
    free(folder);
    return rc;
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

int names_keep_listed(struct names *names, const char *pattern,
                      const struct file_options *options, const struct tide_host *host,
                      struct tide_error *err)
{
    struct filter filter = {.options = options, .host = host, .pattern = pattern};
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < names->count; i++) {
        rc = judge(&filter, names->items[i], err);
    }
    if (rc == TIDE_OK) {
        struct names before = *names;

        *names = filter.kept;
        filter.kept = before;
    }
    if (rc == TIDE_OK && names->count > 0) {
        qsort(names->items, names->count, sizeof *names->items, by_text);
    }
    names_clear(&filter.kept);
    names_clear(&filter.listed);
    names_clear(&filter.plain);
    return rc;
}
