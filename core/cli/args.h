/*
 * args - the command line of a verb, from one table.
 *
 * The table parses, checks, and prints the help; a verb has no parsing code.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_CLI_ARGS_H
#define TIDE_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>

enum tide_arg_type {
    TIDE_ARG_FLAG, /**< bool */
    TIDE_ARG_TEXT, /**< const char *, borrowed from argv */
    TIDE_ARG_COUNT /**< int64_t, at least 1 */
};

/** An option ("--limit N").  A table ends with {0}. */
struct tide_arg {
    const char *name; /**< without its dashes */
    enum tide_arg_type type;
    const char *value; /**< what the help calls its value, or NULL for a flag */
    size_t offset;     /**< of the field in the verb's own struct */
    const char *help;
};

/** What a verb is; constant. */
struct tide_verb {
    const char *name;
    const char *operands; /**< as the help shows them: "FILE" or "[NAME]" */
    size_t least, most;   /**< how many operands there must be */
    const char *summary;  /**< one line */
    const char *details;  /**< more lines for --help, or NULL */
    const struct tide_arg *args;
    size_t size; /**< of the struct the offsets point into */
    /** The exit status.  args points at the filled struct. */
    int (*run)(const void *args, const char *const *operands, size_t count);
};

/** Exit statuses of every verb. */
enum {
    TIDE_EXIT_OK = 0,
    TIDE_EXIT_FAILED = 1,
    TIDE_EXIT_USAGE = 2,
    TIDE_EXIT_REJECTS = 3
};

/** Parse argv behind the verb's name, and run it; answers --help itself. */
int tide_verb_main(const struct tide_verb *verb, int argc, char **argv);

/** All was printed: the status to exit with, which is a failure's when standard output
 * could not take it. */
TIDE_MUST_CHECK
int tide_cli_end(int status);

/** "tidemill: message" and, where it is known, its place, on stderr. */
void tide_cli_complain(const struct tide_error *err);

#endif
