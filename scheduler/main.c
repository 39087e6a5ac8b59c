/*
 * main - tidemilld: reads its settings and runs the daemon.
 *
 * Exit status: 0 ended by a signal, 1 something refused to start, 2 bad usage or
 * settings.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/standard_files.h"
#include "daemon.h"
#include "settings.h"

static int fail(const struct tide_error *err)
{
    (void)fprintf(stderr, "tidemilld: %s\n", err->message);
    return err->code == TIDE_E_CONFIG ? 2 : 1;
}

static int run(const struct tide_settings *settings)
{
    struct tide_error err = {0};

    tide_log_init("tidemilld", (enum tide_log_format)settings->log_format,
                  (enum tide_log_level)settings->log_level);
    return tide_daemon_run(settings, &err) ? fail(&err) : 0;
}

int main(int argc, char **argv)
{
    struct tide_settings settings;
    struct tide_error err = {0};
    enum tide_settings_action action;
    int status = 0;

    tide_standard_files_open();
    if (tide_settings_load(argc, argv, getenv, &settings, &action, &err)) {
        status = fail(&err);
    } else if (action == TIDE_SETTING_HELP) {
        tide_settings_help(stdout);
    } else if (action == TIDE_SETTING_VERSION) {
        (void)printf("tidemilld %s\n", PACKAGE_VERSION);
    } else if (action == TIDE_SETTING_CHECK) {
        (void)printf("the configuration is valid%s%s\n", settings.file ? ": " : "",
                     settings.file ? settings.file : "; no file was read");
    } else {
        status = run(&settings);
    }
    tide_settings_fini(&settings);
    return status;
}
