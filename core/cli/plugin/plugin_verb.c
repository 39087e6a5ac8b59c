/*
 * plugin_verb - `tidemill plugin`: for authors of plugins.
 */
#include "cli/plugin/plugin_verb.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/verbs.h"

static const struct tide_arg plugin_args_table[] = {
    {"kind", TIDE_ARG_TEXT, "KIND", offsetof(struct tide_plugin_args, kind),
     "of a new plugin: source, transform or destination"},
    {"table", TIDE_ARG_TEXT, "NAME", offsetof(struct tide_plugin_args, table),
     "the table to read or write, or a storage's root"},
    {"cursor", TIDE_ARG_TEXT, "COLUMN", offsetof(struct tide_plugin_args, cursor),
     "the column by which a source resumes"},
    {"columns", TIDE_ARG_TEXT, "NAME:TYPE,...",
     offsetof(struct tide_plugin_args, columns),
     "the rows given to a transform, destination or format"},
    {"timeout", TIDE_ARG_COUNT, "SECONDS", offsetof(struct tide_plugin_args, timeout),
     "the time that each promise may take"},
    {0},
};

static int complain(const char *given)
{
    static const char *const known[] = {"test", "new"};
    const char *nearest = tide_text_nearest(given, known, 2);

    if (nearest && strcmp(nearest, given) != 0) {
        (void)fprintf(stderr, "tidemill: no \"plugin %s\"; did you mean \"%s\"?\n", given,
                      nearest);
    }
    (void)fprintf(stderr, "usage: tidemill plugin test FILE [OPTION=VALUE ...]\n"
                          "       tidemill plugin new NAME --kind KIND\n");
    return TIDE_EXIT_USAGE;
}

static int plugin(const void *values, const char *const *operands, size_t count)
{
    if (strcmp(operands[0], "test") == 0) {
        return tide_plugin_test(values, operands + 1, count - 1);
    }
    if (strcmp(operands[0], "new") == 0 && count == 2) {
        return tide_plugin_new(values, operands[1]);
    }
    return complain(operands[0]);
}

const struct tide_verb tide_verb_plugin = {
    .name = "plugin",
    .operands = "test FILE [OPTION=VALUE ...] | new NAME --kind KIND",
    .least = 2,
    .most = 64,
    .summary = "Test whether a plugin keeps its promises, or create a new one.",
    .details =
        "Each promise is tested in a process of its own and reported as a line:\n"
        "  tidemill plugin test ./upper.so column=name --columns name:string\n"
        "Without --columns the rows have a column of each type, named like it.  Without\n"
        "--table a source reads the first table it discovers, and a destination fills\n"
        "tidemill_plugin_test_MODE, which is not removed.  A storage writes into a\n"
        "temporary folder, or below --table, where its files stay.  An option's value\n"
        "is JSON if it parses as JSON: command='[\"cat\"]'.  Each promise has 30 s.\n\n"
        "A new plugin is a folder with its code, a Makefile and a test:\n"
        "  tidemill plugin new upper --kind transform && make -C upper check",
    .args = plugin_args_table,
    .size = sizeof(struct tide_plugin_args),
    .run = plugin,
};
