/*
 * list - the files below a folder that match a glob.
 *
 * The pattern is taken apart at its slashes, so "*" never matches "/".  Names that begin
 * with a dot match only a pattern that begins with one: temporary files of running
 * pipelines stay out.
 */
#include <errno.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include "local.h"

struct found {
    char *name;
    int64_t size;
};

struct listing {
    const char *root;
    struct found *files;
    size_t count, capacity;
    struct tide_error *err;
};

static int add_file(struct listing *listing, const char *name, int64_t size)
{
    if (listing->count == listing->capacity) {
        size_t wanted = listing->capacity ? listing->capacity * 2 : 16;
        struct found *files = realloc(listing->files, wanted * sizeof *files);

        if (!files) {
            return tide_error_memory(listing->err);
        }
        listing->files = files;
        listing->capacity = wanted;
    }
    listing->files[listing->count].name = strdup(name);
    if (!listing->files[listing->count].name) {
        return tide_error_memory(listing->err);
    }
    listing->files[listing->count++].size = size;
    return TIDE_OK;
}

static int walk(struct listing *listing, const char *prefix, const char *pattern);

/* `name` matched one component of the pattern; `rest` is what follows it, or NULL. */
static int visit(struct listing *listing, const char *name, const char *rest)
{
    struct stat status;
    char *path = local_join(listing->root, name);
    int rc = TIDE_OK;

    if (!path) {
        return tide_error_memory(listing->err);
    }
    /* A link that leads nowhere, or a file that is gone since, is none. */
    if (stat(path, &status) != 0) {
        rc = errno == ENOENT ? TIDE_OK : local_error(listing->err, "open", path, errno);
    } else if (rest && S_ISDIR(status.st_mode)) {
        rc = walk(listing, name, rest);
    } else if (!rest && S_ISREG(status.st_mode)) {
        rc = add_file(listing, name, status.st_size);
    }
    free(path);
    return rc;
}

static int visit_below(struct listing *listing, const char *prefix, const char *entry,
                       const char *rest)
{
    char *name = prefix[0] ? local_join(prefix, entry) : strdup(entry);
    int rc = name ? visit(listing, name, rest) : tide_error_memory(listing->err);

    free(name);
    return rc;
}

/* A folder that is being walked; path is its own, prefix what it has below the root. */
struct walked {
    DIR *folder;
    const char *path, *prefix;
};

/* Match one component of the pattern against the entries of an open folder. */
static int walk_entries(struct listing *listing, const struct walked *walked,
                        const char *component, const char *rest)
{
    const struct dirent *entry = NULL;
    int rc = local_next_entry(walked->folder, walked->path, &entry, listing->err);

    while (rc == TIDE_OK && entry) {
        if (fnmatch(component, entry->d_name, FNM_PERIOD) == 0) {
            rc = visit_below(listing, walked->prefix, entry->d_name, rest);
        }
        if (rc == TIDE_OK) {
            rc = local_next_entry(walked->folder, walked->path, &entry, listing->err);
        }
    }
    return rc;
}

static int walk_folder(struct listing *listing, const char *prefix, const char *component,
                       const char *rest)
{
    char *path = local_join(listing->root, prefix);
    struct walked walked = {.path = path, .prefix = prefix};
    int rc;

    if (!path) {
        return tide_error_memory(listing->err);
    }
    walked.folder = opendir(path);
    if (walked.folder) {
        rc = walk_entries(listing, &walked, component, rest);
        (void)closedir(walked.folder);
    } else {
        rc = local_error(listing->err, "list", path, errno);
    }
    free(path);
    return rc;
}

/* Match the first component of the pattern below the folder prefix. */
static int walk(struct listing *listing, const char *prefix, const char *pattern)
{
    const char *slash = strchr(pattern, '/');
    char *component =
        slash ? strndup(pattern, (size_t)(slash - pattern)) : strdup(pattern);
    int rc = component ? walk_folder(listing, prefix, component, slash ? slash + 1 : NULL)
                       : tide_error_memory(listing->err);

    free(component);
    return rc;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct found *)left)->name,
                  ((const struct found *)right)->name);
}

static int check_root(const char *root, struct tide_error *err)
{
    struct stat status;

    if (stat(root, &status) < 0) {
        return local_error(err, "open the folder", root, errno);
    }
    if (!S_ISDIR(status.st_mode)) {
        return tide_error_at(err, TIDE_E_CONFIG, "path",
                             "%s is a file; path names its folder, and the table names "
                             "the file",
                             root);
    }
    return TIDE_OK;
}

/* Nothing of that name can be there. */
static bool means_absent(int number)
{
    return number == ENOENT || number == ENOTDIR || number == ENAMETOOLONG;
}

/* Whether a file of exactly that name is there: it wins over what the name would mean as
 * a pattern.  *size is -1 where there is none. */
static int find_plain_file(const char *root, const char *name, int64_t *size,
                           struct tide_error *err)
{
    struct stat status;
    char *path = local_join(root, name);
    int rc = TIDE_OK;

    if (!path) {
        return tide_error_memory(err);
    }
    *size = -1;
    if (stat(path, &status) == 0) {
        *size = S_ISDIR(status.st_mode) ? -1 : status.st_size;
    } else if (!means_absent(errno)) {
        rc = local_error(err, "open", path, errno);
    }
    free(path);
    return rc;
}

/* A name without wildcards that is not there: say what the system says of it. */
static int missing_file(const char *root, const char *name, struct tide_error *err)
{
    struct stat status;
    char *path = local_join(root, name);
    int rc;

    if (!path) {
        return tide_error_memory(err);
    }
    if (stat(path, &status) == 0) {
        rc = tide_error_set(err, TIDE_E_CONFIG,
                            "%s is a folder; name its files, as in \"%s/*\"", path, name);
    } else {
        rc = local_error(err, "open", path, errno);
    }
    free(path);
    return rc;
}

int local_list(const void *options, const struct tide_host *host, const char *root,
               const char *pattern, tide_list_fn emit, void *arg, struct tide_error *err)
{
    struct listing listing = {.root = root, .err = err};
    int64_t size = -1;
    int rc = local_check_name(pattern, err);

    (void)options;
    (void)host;
    if (rc == TIDE_OK) {
        rc = check_root(root, err);
    }
    if (rc == TIDE_OK) {
        rc = find_plain_file(root, pattern, &size, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    if (size >= 0) {
        rc = emit(arg, pattern, size);
        return rc < 0 ? rc : TIDE_OK;
    }
    if (!strpbrk(pattern, "*?[")) {
        return missing_file(root, pattern, err);
    }
    rc = walk(&listing, "", pattern);
    if (listing.count > 0) {
        qsort(listing.files, listing.count, sizeof *listing.files, by_name);
    }
    for (size_t i = 0; i < listing.count; i++) {
        if (rc >= 0) {
            rc = emit(arg, listing.files[i].name, listing.files[i].size);
        }
        free(listing.files[i].name);
    }
    free(listing.files);
    return rc < 0 ? rc : TIDE_OK;
}
