/*
 * test - `tidemill plugin test`: one line for each promise, as the Test Anything Protocol
 * has them, and a summary.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "cli/args.h"
#include "cli/pairs.h"
#include "cli/plugin/kit.h"
#include "cli/plugin/plugin_verb.h"
#include "cli/plugin/sample.h"
#include "plugin/info.h"

#define SECONDS 30

struct tally {
    int number, broken, skipped;
};

static void print_finding(struct tally *tally, const char *words,
                          const struct tide_kit_finding *finding)
{
    bool is_broken = finding->verdict == TIDE_KIT_BROKEN;

    printf("%sok %d - %s%s%s\n", is_broken ? "not " : "", ++tally->number, words,
           finding->verdict == TIDE_KIT_SKIPPED ? " # SKIP " : "",
           finding->verdict == TIDE_KIT_SKIPPED ? finding->why : "");
    if (is_broken) {
        printf("# %s\n", finding->why);
    }
    tally->broken += is_broken;
    tally->skipped += finding->verdict == TIDE_KIT_SKIPPED;
}

static void put(const struct tide_kit_subject *subject,
                const struct tide_promise *promises, struct tally *tally,
                struct tide_kit_finding *finding)
{
    for (; promises && promises->words; promises++) {
        tide_kit_run(subject, promises, finding);
        print_finding(tally, promises->words, finding);
    }
}

static int count(const struct tide_promise *promises)
{
    int number = 0;

    while (promises && promises[number].words) {
        number++;
    }
    return number;
}

static int put_all(const struct tide_kit_subject *subject,
                   struct tide_kit_finding *finding)
{
    struct tally tally = {0};
    const struct tide_promise *own;
    char name[sizeof finding->name];
    uint32_t kind;

    tide_kit_run(subject, NULL, finding);
    if (finding->verdict == TIDE_KIT_USAGE) {
        return TIDE_EXIT_USAGE;
    }
    own = finding->verdict == TIDE_KIT_KEPT ? tide_promises_of(finding->kind) : NULL;
    printf("1..%d\n",
           finding->verdict == TIDE_KIT_KEPT ? 1 + count(tide_promises) + count(own) : 1);
    kind = finding->kind;
    memcpy(name, finding->name, sizeof name);
    print_finding(&tally, "loads, with its tables and options in order", finding);
    if (tally.broken == 0) {
        put(subject, tide_promises, &tally, finding);
        put(subject, own, &tally, finding);
        printf("# %s %s: ", tide_plugin_kind_name(kind), name);
        printf("%d kept, %d broken, %d skipped\n",
               tally.number - tally.broken - tally.skipped, tally.broken, tally.skipped);
    }
    return tally.broken > 0 ? TIDE_EXIT_FAILED : TIDE_EXIT_OK;
}

static int make_columns(const struct tide_plugin_args *args, struct tide_schema *columns)
{
    struct tide_error err = {0};
    int rc = args->columns ? tide_sample_parse(args->columns, columns, &err)
                           : tide_sample_columns(columns);

    if (rc != TIDE_OK && args->columns) {
        tide_cli_complain(&err);
    }
    return rc;
}

int tide_plugin_test(const struct tide_plugin_args *args, const char *const *operands,
                     size_t operand_count)
{
    struct tide_schema columns = {0};
    struct tide_kit_finding *finding =
        mmap(NULL, sizeof *finding, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
             /* cppcheck-suppress invalidFunctionArg ; anonymous memory has no file */
             -1, 0);
    char *file = tide_path_absolute(operands[0]);
    char *here = tide_path_absolute("."), *folder = tide_plugin_folder();
    struct json_object *options = tide_cli_pairs(operands + 1, operand_count - 1);
    const struct tide_kit_subject subject = {
        .file = file,
        .plugin_folder = folder,
        .base_folder = here,
        .options = options,
        .table = args->table,
        .cursor = args->cursor,
        .columns = &columns,
        .seconds = args->timeout > 0 ? (unsigned)args->timeout : SECONDS,
    };
    int status = TIDE_EXIT_USAGE;

    if (finding != MAP_FAILED && make_columns(args, &columns) == TIDE_OK) {
        status = put_all(&subject, finding);
        (void)munmap(finding, sizeof *finding);
    }
    tide_schema_clear(&columns);
    json_object_put(options);
    free(folder);
    free(here);
    free(file);
    return status;
}
