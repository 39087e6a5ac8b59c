/*
 * main - the verbs of `tidemill` that talk to a daemon; `tidemill` hands over to this
 * program.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/standard_files.h"
#include "cli/verbs.h"

static const struct tide_verb *const verbs[] = {
    &tide_verb_apply,      &tide_verb_list,    &tide_verb_trigger, &tide_verb_runs,
    &tide_verb_run_status, &tide_verb_rejects, &tide_verb_replay,
};

int main(int argc, char **argv)
{
    int status = TIDE_EXIT_USAGE;

    tide_standard_files_open();
    tide_log_init("tidemill", TIDE_LOG_AUTO, TIDE_LOG_WARNING);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)fputs("tidemill: libcurl does not start\n", stderr);
        return TIDE_EXIT_FAILED;
    }
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i]->name) == 0) {
            status = tide_verb_main(verbs[i], argc - 2, argv + 2);
        }
    }
    curl_global_cleanup();
    return tide_cli_end(status);
}
