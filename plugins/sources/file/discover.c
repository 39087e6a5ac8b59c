/*
 * discover - the files of a connection's folder and the columns of each.
 *
 * Each file is opened as far as its format needs to know the columns.  One that cannot be
 * read as this format is left out, with a warning.
 */
#include "file.h"

struct search {
    const char *extension;
    struct names matching;
    struct names others;
};

/* "orders.csv.gz" has the extension "csv". */
static bool has_extension(const char *name, const char *extension)
{
    size_t length = compression_stem_length(compression_of_name(name), name);
    size_t tail = strlen(extension);

    return length > tail + 1 && name[length - tail - 1] == '.' &&
           strncmp(name + length - tail, extension, tail) == 0;
}

static int sort_out(void *arg, const char *name, int64_t size)
{
    struct search *search = arg;

    return names_add(has_extension(name, search->extension) ? &search->matching
                                                            : &search->others,
                     name, size);
}

static int discover_one(struct part *part, const char *name, tide_discover_fn emit,
                        void *arg)
{
    struct tide_error problem = {0};
    char message[sizeof problem.message + 32];
    int rc = part_open(part, name, NULL, &problem);

    if (rc != TIDE_OK) {
        (void)snprintf(message, sizeof message, "left out: %s", problem.message);
        part->host->log(part->host, TIDE_LOG_WARNING, message);
        return TIDE_OK;
    }
    rc = emit(arg, name, &part->schema);
    part_close(part);
    return rc;
}

int file_discover(const void *options, const struct tide_host *host,
                  tide_discover_fn emit, void *arg, struct tide_error *err)
{
    const struct file_options *file = options;
    struct search search = {.extension = file->format.plugin->format->extension};
    const struct names *names;
    struct part part;
    int rc = file->storage.plugin->storage->list(file->storage.options, host, file->path,
                                                 "*", sort_out, &search, err);

    part_init(&part, file, host);
    names = search.matching.count > 0 ? &search.matching : &search.others;
    for (size_t i = 0; rc >= 0 && i < names->count; i++) {
        rc = host->cancelled(host) ? tide_error_cancelled(err)
                                   : discover_one(&part, names->items[i], emit, arg);
    }
    part_fini(&part);
    names_clear(&search.matching);
    names_clear(&search.others);
    return rc < 0 ? rc : TIDE_OK;
}
