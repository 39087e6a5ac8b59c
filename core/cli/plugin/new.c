/*
 * new - `tidemill plugin new`: a folder with a plugin that compiles and keeps its
 * promises, to be changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/plugin/plugin_verb.h"
#include "cli/plugin/skeleton.h"
#include "plugin/entry.h"
#include "plugin/info.h"

struct skeleton {
    uint32_t kind;
    const char *code;
    const char *check; /* the options that its test gives it */
};

static const struct skeleton skeletons[] = {
    {TIDE_KIND_SOURCE, tide_skeleton_source, "rows=100"},
    {TIDE_KIND_TRANSFORM, tide_skeleton_transform, "column=string"},
    {TIDE_KIND_DESTINATION, tide_skeleton_destination, "path=."},
};

static const struct skeleton *find_skeleton(const char *kind_name)
{
    uint32_t kind = 0;

    if (!kind_name || tide_plugin_kind_parse(kind_name, &kind) != TIDE_OK) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof skeletons / sizeof skeletons[0]; i++) {
        if (skeletons[i].kind == kind) {
            return &skeletons[i];
        }
    }
    return NULL;
}

/* The value of a place "@NAME@" at text, or NULL; *length is that of the place. */
static const char *place_value(const char *text, const struct skeleton *skeleton,
                               const char *name, size_t *length)
{
    const struct {
        const char *place, *value;
    } places[] = {{"@NAME@", name},
                  {"@KIND@", tide_plugin_kind_name(skeleton->kind)},
                  {"@CHECK@", skeleton->check}};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (tide_text_starts(text, places[i].place)) {
            *length = strlen(places[i].place);
            return places[i].value;
        }
    }
    return NULL;
}

static int write_file(const struct skeleton *skeleton, const char *name, const char *file,
                      const char *pattern, struct tide_error *err)
{
    char *path = tide_path_join(name, file);
    struct tide_text text = {0};
    int rc;

    while (*pattern) {
        size_t length = 1;
        const char *value = place_value(pattern, skeleton, name, &length);

        if (value) {
            tide_text_append(&text, value);
        } else {
            tide_text_append_char(&text, *pattern);
        }
        pattern += length;
    }
    rc = tide_file_write(path, text.data, text.length, 0644, err);
    tide_text_fini(&text);
    free(path);
    return rc;
}

/* So that the next attempt is not told that it is there. */
static void take_away(const char *name, const char *code)
{
    const char *const files[] = {code, "Makefile"};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = tide_strf("%s/%s", name, files[i]);

        (void)unlink(path);
        free(path);
    }
    (void)rmdir(name);
}

static int write_all(const struct skeleton *skeleton, const char *name,
                     struct tide_error *err)
{
    char *code = tide_strf("%s.c", name);
    int rc = TIDE_OK;

    if (mkdir(name, 0755) != 0) {
        rc = tide_error_at(err, TIDE_E_IO, name, "cannot be made: %s%s", strerror(errno),
                           errno == EEXIST ? "; nothing is overwritten" : "");
        free(code);
        return rc;
    }
    rc = write_file(skeleton, name, code, skeleton->code, err);
    if (rc == TIDE_OK) {
        rc = write_file(skeleton, name, "Makefile", tide_skeleton_makefile, err);
    }
    if (rc != TIDE_OK) {
        take_away(name, code);
    }
    free(code);
    return rc;
}

static void complain_of_kind(const char *given)
{
    const char *names[sizeof skeletons / sizeof skeletons[0]];
    const char *nearest = NULL;
    size_t count = 0;

    for (; count < sizeof skeletons / sizeof skeletons[0]; count++) {
        names[count] = tide_plugin_kind_name(skeletons[count].kind);
    }
    if (given) {
        nearest = tide_text_nearest(given, names, count);
    }
    (void)fprintf(
        stderr, "tidemill: --kind has to be source, transform or destination%s%s%s\n",
        nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

int tide_plugin_new(const struct tide_plugin_args *args, const char *name)
{
    const struct skeleton *skeleton = find_skeleton(args->kind);
    struct tide_error err = {0};

    if (!skeleton) {
        complain_of_kind(args->kind);
        return TIDE_EXIT_USAGE;
    }
    if (!tide_name_is_valid(name)) {
        (void)fprintf(stderr,
                      "tidemill: \"%s\" cannot name a plugin: use a lower-case letter, "
                      "then lower-case letters, digits and _\n",
                      name);
        return TIDE_EXIT_USAGE;
    }
    if (write_all(skeleton, name, &err) != TIDE_OK) {
        tide_cli_complain(&err);
        return TIDE_EXIT_FAILED;
    }
    printf("%s/%s.c and %s/Makefile are written; make -C %s check\n", name, name, name,
           name);
    return TIDE_EXIT_OK;
}
