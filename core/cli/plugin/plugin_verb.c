/*
 * plugin_verb - `tidemill plugin`: for authors of plugins.
 */
#include "cli/plugin/plugin_verb.h"

#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

static const struct tide_arg plugin_args_table[] = {
    {"table", TIDE_ARG_TEXT, "NAME", offsetof(struct tide_plugin_args, table),
     "the table to read or write"},
    {"cursor", TIDE_ARG_TEXT, "COLUMN", offsetof(struct tide_plugin_args, cursor),
     "the column by which a source resumes"},
    {"columns", TIDE_ARG_TEXT, "NAME:TYPE,...",
     offsetof(struct tide_plugin_args, columns),
     "the rows given to a transform or destination"},
    {"timeout", TIDE_ARG_COUNT, "SECONDS", offsetof(struct tide_plugin_args, timeout),
     "the time that each promise may take"},
    {0},
};

static int plugin(const void *values, const char *const *operands, size_t count)
{
    if (strcmp(operands[0], "test") == 0) {
        return tide_plugin_test(values, operands + 1, count - 1);
    }
    (void)fprintf(stderr, "tidemill: plugin: \"%s\" is not test\n", operands[0]);
    return TIDE_EXIT_USAGE;
}

const struct tide_verb tide_verb_plugin = {
    .name = "plugin",
    .operands = "test FILE [OPTION=VALUE ...]",
    .least = 2,
    .most = 64,
    .summary = "Hold a plugin against its promises.",
    .details =
        "Each promise is put to the plugin in a process of its own, and is a line:\n"
        "  tidemill plugin test ./upper.so column=name --columns name:string\n"
        "Without --columns the rows have a column of each type, named like it.  Without\n"
        "--table a source reads the first table it discovers, and a destination fills\n"
        "tidemill_plugin_test_MODE, which stays.  Each promise has 30 seconds.",
    .args = plugin_args_table,
    .size = sizeof(struct tide_plugin_args),
    .run = plugin,
};
