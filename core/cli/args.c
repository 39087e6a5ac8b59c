/*
 * args - the command line of a verb, from one table.
 */
#include "cli/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define MAX_ARGS 16

static size_t count_args(const struct tide_arg *args)
{
    size_t count = 0;

    while (args && args[count].name) {
        count++;
    }
    return count;
}

static void print_help(const struct tide_verb *verb)
{
    size_t count = count_args(verb->args);

    printf("usage: tidemill %s%s%s%s\n\n%s\n", verb->name, *verb->operands ? " " : "",
           verb->operands, count ? " [OPTIONS]" : "", verb->summary);
    if (verb->details) {
        printf("\n%s\n", verb->details);
    }
    printf("\noptions:\n");
    for (size_t i = 0; i < count; i++) {
        char left[64];

        (void)snprintf(left, sizeof left, "--%s%s%s", verb->args[i].name,
                       verb->args[i].value ? " " : "",
                       verb->args[i].value ? verb->args[i].value : "");
        printf("  %-22s %s\n", left, verb->args[i].help);
    }
    printf("  %-22s %s\n", "--help", "show this");
}

static const struct tide_arg *find_arg(const struct tide_verb *verb, const char *name,
                                       size_t length)
{
    for (const struct tide_arg *arg = verb->args; arg && arg->name; arg++) {
        if (strlen(arg->name) == length && strncmp(arg->name, name, length) == 0) {
            return arg;
        }
    }
    return NULL;
}

static int unknown_arg(const struct tide_verb *verb, const char *word,
                       struct tide_error *err)
{
    const char *names[MAX_ARGS];
    size_t count = count_args(verb->args);
    char *name = tide_strndup(word + 2, strcspn(word + 2, "="));
    const char *nearest;

    for (size_t i = 0; i < count && i < MAX_ARGS; i++) {
        names[i] = verb->args[i].name;
    }
    nearest = tide_text_nearest(name, names, count);
    if (nearest) {
        tide_error_set(err, TIDE_E_CONFIG, "unknown option --%s; did you mean --%s?",
                       name, nearest);
    } else {
        tide_error_set(err, TIDE_E_CONFIG,
                       "unknown option --%s; tidemill %s --help lists them", name,
                       verb->name);
    }
    free(name);
    return TIDE_E_CONFIG;
}

static int store_count(const struct tide_arg *arg, const char *value, void *field,
                       struct tide_error *err)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(value, &end, 10);
    if (errno != 0 || end == value || *end || number < 1) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "--%s takes a whole number from 1, not \"%s\"", arg->name,
                              value);
    }
    *(int64_t *)field = number;
    return TIDE_OK;
}

/* One "--name", "--name value" or "--name=value"; *i moves on when a value was taken. */
static int take_option(const struct tide_verb *verb, int argc, char **argv, int *i,
                       char *values, struct tide_error *err)
{
    const char *word = argv[*i] + 2;
    size_t length = strcspn(word, "=");
    const struct tide_arg *arg = find_arg(verb, word, length);
    const char *value = word[length] ? word + length + 1 : NULL;

    if (!arg) {
        return unknown_arg(verb, argv[*i], err);
    }
    if (arg->type == TIDE_ARG_FLAG) {
        if (value) {
            return tide_error_set(err, TIDE_E_CONFIG, "--%s takes no value", arg->name);
        }
        *(bool *)(void *)(values + arg->offset) = true;
        return TIDE_OK;
    }
    if (!value && *i + 1 < argc) {
        value = argv[++*i];
    }
    if (!value) {
        return tide_error_set(err, TIDE_E_CONFIG, "--%s needs a value: --%s %s",
                              arg->name, arg->name, arg->value);
    }
    if (arg->type == TIDE_ARG_COUNT) {
        return store_count(arg, value, values + arg->offset, err);
    }
    *(const char **)(void *)(values + arg->offset) = value;
    return TIDE_OK;
}

static int parse(const struct tide_verb *verb, int argc, char **argv, char *values,
                 const char **operands, size_t *count, struct tide_error *err)
{
    bool only_operands = false;

    for (int i = 0; i < argc; i++) {
        int rc = TIDE_OK;

        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (!only_operands && strncmp(argv[i], "--", 2) == 0) {
            rc = take_option(verb, argc, argv, &i, values, err);
        } else if (!only_operands && argv[i][0] == '-' && argv[i][1]) {
            rc = tide_error_set(err, TIDE_E_CONFIG,
                                "unknown option %s; tidemill %s --help lists them",
                                argv[i], verb->name);
        } else {
            operands[(*count)++] = argv[i];
        }
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    if (*count < verb->least || *count > verb->most) {
        return tide_error_set(err, TIDE_E_CONFIG, "usage: tidemill %s %s", verb->name,
                              verb->operands);
    }
    return TIDE_OK;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int tide_verb_main(const struct tide_verb *verb, int argc, char **argv)
{
    struct tide_error err = {0};
    char *values = tide_alloc(verb->size ? verb->size : 1);
    const char **operands = tide_alloc_array((size_t)argc + 1, sizeof *operands);
    size_t count = 0;
    int status = TIDE_EXIT_USAGE;

    if (wants_help(argc, argv)) {
        print_help(verb);
        status = TIDE_EXIT_OK;
    } else if (parse(verb, argc, argv, values, operands, &count, &err) != TIDE_OK) {
        tide_cli_complain(&err);
    } else {
        status = verb->run(values, operands, count);
    }
    free(operands);
    free(values);
    return status;
}

int tide_cli_end(int status)
{
    bool is_complete = !ferror(stdout);

    errno = 0;
    if ((fflush(stdout) == 0 && is_complete) || errno == EPIPE) {
        return status; /* who closed the pipe has seen enough */
    }
    (void)fprintf(stderr, "tidemill: the output could not be written%s%s\n",
                  errno ? ": " : "", errno ? strerror(errno) : "");
    return status == TIDE_EXIT_USAGE ? status : TIDE_EXIT_FAILED;
}

void tide_cli_complain(const struct tide_error *err)
{
    (void)fprintf(stderr, "tidemill: %s%s%s\n", err->where, *err->where ? ": " : "",
                  err->message);
}
