/*
 * main - `tidemill VERB ...`: picks the verb.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/standard_files.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "config.h"

/* What tidemill-client does; its verbs' own help is there. */
static const struct {
    const char *name, *operands, *summary;
} client_verbs[] = {
    {"apply", "FILE", "Create or replace a pipeline in the daemon."},
    {"list", "", "List the daemon's pipelines."},
    {"trigger", "NAME", "Start a run now."},
    {"runs", "[NAME]", "List runs, newest first."},
    {"run-status", "ID", "Show one run, or follow it to its end."},
    {"rejects", "ID", "List the rows a run rejected, and why."},
    {"replay", "ID", "Run those rows again, through the definition as it is now."},
};

static const struct tide_verb *const engine_verbs[] = {
    &tide_verb_run,     &tide_verb_validate, &tide_verb_preview,
    &tide_verb_plugins, &tide_verb_discover, &tide_verb_plugin,
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void print_verb(const char *name, const char *operands, const char *summary)
{
    char left[64];

    (void)snprintf(left, sizeof left, "%s %s", name, operands);
    if (strlen(left) > 20) {
        printf("  %s\n  %-20s %s\n", left, "", summary);
    } else {
        printf("  %-20s %s\n", left, summary);
    }
}

static void print_help(void)
{
    printf("usage: tidemill VERB [OPERANDS] [OPTIONS]\n\n"
           "Moves rows from a source through transforms into a destination, on a "
           "schedule or\n"
           "on request, and counts what passed and what failed at each step.\n\n"
           "here and now, without a daemon:\n");
    for (size_t i = 0; i < COUNT(engine_verbs); i++) {
        print_verb(engine_verbs[i]->name, engine_verbs[i]->operands,
                   engine_verbs[i]->summary);
    }
    printf("\nwith the daemon (TIDEMILL_URL, TIDEMILL_KEY):\n");
    for (size_t i = 0; i < COUNT(client_verbs); i++) {
        print_verb(client_verbs[i].name, client_verbs[i].operands,
                   client_verbs[i].summary);
    }
    printf("\ntidemill help VERB tells more.  Exit status: 0 succeeded, 1 failed,\n"
           "2 bad usage or definition, 3 succeeded with rejected rows.\n");
}

static int hand_over(char **argv)
{
    char *program = tide_program_path("tidemill-client");

    execv(program, argv);
    perror(program);
    return TIDE_EXIT_FAILED;
}

static int unknown_verb(const char *name)
{
    const char *names[COUNT(engine_verbs) + COUNT(client_verbs) + 1] = {"help"};
    const char *nearest;
    size_t count = 1;

    for (size_t i = 0; i < COUNT(engine_verbs); i++) {
        names[count++] = engine_verbs[i]->name;
    }
    for (size_t i = 0; i < COUNT(client_verbs); i++) {
        names[count++] = client_verbs[i].name;
    }
    nearest = tide_text_nearest(name, names, count);
    if (nearest) {
        (void)fprintf(stderr, "tidemill: no verb \"%s\"; did you mean \"%s\"?\n", name,
                      nearest);
    } else {
        (void)fprintf(stderr, "tidemill: no verb \"%s\"; tidemill --help lists them\n",
                      name);
    }
    return TIDE_EXIT_USAGE;
}

static int run_verb(int argc, char **argv)
{
    for (size_t i = 0; i < COUNT(engine_verbs); i++) {
        if (strcmp(argv[1], engine_verbs[i]->name) == 0) {
            return tide_verb_main(engine_verbs[i], argc - 2, argv + 2);
        }
    }
    for (size_t i = 0; i < COUNT(client_verbs); i++) {
        if (strcmp(argv[1], client_verbs[i].name) == 0) {
            return hand_over(argv);
        }
    }
    return unknown_verb(argv[1]);
}

/* "help VERB" is "VERB --help". */
static int help(char **argv)
{
    char option[] = "--help";
    char *asked[] = {argv[0], argv[2], option, NULL};

    if (argv[2] && argv[2][0] != '-') {
        return run_verb(COUNT(asked) - 1, asked);
    }
    print_help();
    return TIDE_EXIT_OK;
}

static int answer(int argc, char **argv)
{
    if (argc < 2) {
        print_help();
        return TIDE_EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0) {
        return help(argv);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return TIDE_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("tidemill %s\n", PACKAGE_VERSION);
        return TIDE_EXIT_OK;
    }
    return run_verb(argc, argv);
}

int main(int argc, char **argv)
{
    tide_standard_files_open();
    tide_log_init("tidemill", TIDE_LOG_LOGFMT, TIDE_LOG_WARNING);
    return tide_cli_end(answer(argc, argv));
}
