/*
 * kit - one promise put to a plugin in a process of its own; see kit.h.
 */
#include "cli/plugin/kit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/pairs.h"
#include "plugin/load.h"
#include "plugin/options.h"

static int TIDE_PRINTF(3, 0)
    note(struct tide_kit *kit, int verdict, const char *format, va_list args)
{
    kit->finding->verdict = verdict;
    (void)vsnprintf(kit->finding->why, sizeof kit->finding->why, format, args);
    return TIDE_E_DATA;
}

int tide_kit_broken(struct tide_kit *kit, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)note(kit, TIDE_KIT_BROKEN, format, args);
    va_end(args);
    return TIDE_E_DATA;
}

int tide_kit_skip(struct tide_kit *kit, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)note(kit, TIDE_KIT_SKIPPED, format, args);
    va_end(args);
    return TIDE_E_DATA;
}

void tide_kit_enter(struct tide_kit *kit, const char *call)
{
    (void)snprintf(kit->finding->doing, sizeof kit->finding->doing, "%s", call);
    memset(&kit->err, 0, sizeof kit->err);
}

int tide_kit_answer(struct tide_kit *kit, int rc)
{
    const char *call = kit->finding->doing;

    if (rc > TIDE_MORE || rc < TIDE_E_CONFLICT) {
        return tide_kit_broken(kit, "%s returned %d, which is no enum tide_code", call,
                               rc);
    }
    if (rc < 0 && kit->err.message[0] == '\0') {
        return tide_kit_broken(kit,
                               "%s returned %s without a message: fill it with "
                               "tide_error_set()",
                               call, tide_code_name(rc));
    }
    return TIDE_OK;
}

int tide_kit_success(struct tide_kit *kit, int rc)
{
    return tide_kit_success_with(kit, rc, TIDE_OK);
}

int tide_kit_success_with(struct tide_kit *kit, int rc, int may_come)
{
    int answer = tide_kit_answer(kit, rc);

    if (answer == TIDE_OK && rc > 0 && rc != may_come) {
        return tide_kit_broken(kit, "%s returned %s, which is none of its answers",
                               kit->finding->doing,
                               rc == TIDE_END ? "TIDE_END" : "TIDE_MORE");
    }
    if (answer == TIDE_OK && rc < 0) {
        return tide_kit_broken(kit, "%s failed (%s): %s%s%s", kit->finding->doing,
                               tide_code_name(rc), kit->err.where,
                               kit->err.where[0] ? ": " : "", kit->err.message);
    }
    return answer;
}

int tide_kit_once(struct tide_kit *kit, tide_trial_fn trial)
{
    return trial(kit);
}

int tide_kit_cancelled(struct tide_kit *kit, tide_trial_fn trial)
{
    kit->host.cancelled = true;
    return trial(kit);
}

/* ---- the child ----------------------------------------------------------------------*/

static int check_options(struct tide_kit *kit, struct tide_plugin_info *info)
{
    const struct tide_kit_subject *subject = kit->subject;
    struct tide_catalog *catalog = tide_catalog_of_loaded(subject->plugin_folder);
    int problems = tide_options_check(catalog, info, subject->options,
                                      tide_cli_report_option, info->name);

    tide_catalog_close(catalog);
    if (problems > 0) {
        kit->finding->verdict = TIDE_KIT_USAGE;
        return TIDE_E_CONFIG;
    }
    return TIDE_OK;
}

static int load(struct tide_kit *kit)
{
    const struct tide_kit_subject *subject = kit->subject;
    struct tide_plugin_info *info;
    int rc;

    tide_kit_enter(kit, "dlopen");
    if (tide_plugin_load_file(subject->file, &kit->entry, &kit->err) != TIDE_OK) {
        return tide_kit_broken(kit, "it %s", kit->err.message);
    }
    kit->finding->kind = kit->entry->kind;
    (void)snprintf(kit->finding->name, sizeof kit->finding->name, "%s", kit->entry->name);
    info = tide_plugin_info_of(kit->entry, subject->file);
    rc = check_options(kit, info);
    tide_plugin_info_destroy(info);
    if (rc == TIDE_OK &&
        tide_options_bind(subject->plugin_folder, kit->entry, subject->options,
                          subject->base_folder, kit->arena, &kit->options,
                          &kit->err) != TIDE_OK) {
        rc = tide_kit_broken(kit, "its options cannot be bound: %s", kit->err.message);
    }
    return rc;
}

/* What the plugin prints must not look like a finding. */
static void prepare_process(const struct tide_kit_subject *subject)
{
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    (void)alarm(subject->seconds);
}

static void be_child(const struct tide_kit_subject *subject,
                     const struct tide_promise *promise, struct tide_kit_finding *finding)
{
    struct tide_kit kit = {.subject = subject, .finding = finding};
    int rc;

    prepare_process(subject);
    kit.arena = tide_arena_create();
    tide_kit_host_init(&kit.host);
    rc = load(&kit);
    if (rc == TIDE_OK && promise) {
        rc = promise->way(&kit, promise->trial);
    }
    if (rc == TIDE_OK) {
        finding->verdict = TIDE_KIT_KEPT;
    }
    tide_arena_destroy(kit.arena);
}

/* ---- the parent ---------------------------------------------------------------------*/

static void judge_end(const struct tide_kit_subject *subject, int status,
                      struct tide_kit_finding *finding)
{
    bool signalled = WIFSIGNALED(status);
    int number = signalled ? WTERMSIG(status) : 0;

    if (!signalled && finding->verdict != TIDE_KIT_NONE) {
        return;
    }
    finding->verdict = TIDE_KIT_BROKEN;
    if (number == SIGALRM) {
        (void)snprintf(finding->why, sizeof finding->why,
                       "%.63s: nothing came of it in %u seconds", finding->doing,
                       subject->seconds);
    } else if (signalled) {
        (void)snprintf(finding->why, sizeof finding->why, "crashed in %.63s: %s",
                       finding->doing, strsignal(number));
    } else {
        (void)snprintf(finding->why, sizeof finding->why,
                       "ended the process in %.63s, with status %d", finding->doing,
                       WEXITSTATUS(status));
    }
}

void tide_kit_run(const struct tide_kit_subject *subject,
                  const struct tide_promise *promise, struct tide_kit_finding *finding)
{
    int status = 0;
    pid_t child;

    memset(finding, 0, sizeof *finding);
    (void)fflush(NULL);
    child = fork();
    if (child == 0) {
        be_child(subject, promise, finding);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        finding->verdict = TIDE_KIT_BROKEN;
        (void)snprintf(finding->why, sizeof finding->why, "no process for it: %s",
                       strerror(errno));
        return;
    }
    judge_end(subject, status, finding);
}
