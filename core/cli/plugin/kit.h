/*
 * kit - the promises of a plugin, and what it takes to see whether one is kept.
 *
 * Each promise is put to the plugin in a process of its own, which loads it afresh: a
 * crash or a hang is a finding, and one finding does not hide the next.  What is found
 * lies in memory that both processes share.
 *
 * Layer: uses core/base, core/batch, core/plugin.
 */
#ifndef TIDE_CLI_PLUGIN_KIT_H
#define TIDE_CLI_PLUGIN_KIT_H

#include <json-c/json.h>
#include <tidemill/plugin.h>

#include "base/memory.h"

/** What is tested; borrowed for the whole test. */
struct tide_kit_subject {
    const char *file;          /**< absolute */
    const char *plugin_folder; /**< where its components are */
    const char *base_folder;   /**< of relative paths in options */
    struct json_object *options;
    const char *table;                 /**< or NULL: the first it discovers */
    const char *cursor;                /**< or NULL */
    const struct tide_schema *columns; /**< of the rows that a transform or a destination
                                          is given */
    unsigned seconds;                  /**< that one promise may take */
};

enum tide_kit_verdict {
    TIDE_KIT_NONE = 0, /**< the process ended before there was one */
    TIDE_KIT_KEPT,
    TIDE_KIT_BROKEN,
    TIDE_KIT_SKIPPED, /**< it cannot be seen here; `why` says what is missing */
    TIDE_KIT_USAGE    /**< the options given are wrong; told on stderr already */
};

struct tide_kit_finding {
    int verdict;   /**< an enum tide_kit_verdict */
    uint32_t kind; /**< of the plugin, once it is loaded */
    char name[64];
    char doing[64]; /**< the call that was made last */
    char why[1400];
};

/** The host as the plugin sees it, and what it is made to answer. */
struct tide_kit_host {
    struct tide_host host;
    bool cancelled;
    int reject_answer;    /**< of reject and reject_row */
    int64_t rows_in_hand; /**< of the batch that reject_row speaks of */
    int64_t rejected;
    int64_t misplaced;   /**< rows refused that are not in hand */
    int64_t allocations; /**< asked for so far */
    int64_t failing;     /**< the allocation that fails, from 1; 0: none */
};

/** One promise under test, in its own process. */
struct tide_kit {
    const struct tide_kit_subject *subject;
    struct tide_kit_finding *finding;
    struct tide_arena *arena;
    const struct tide_plugin_entry *entry;
    const void *options;
    struct tide_kit_host host;
    struct tide_error err; /**< handed to the plugin's functions */
    void *bench; /**< what the trial works on, when its way prepares something */
};

/** One try of the plugin.  TIDE_OK: it did well; else what tide_kit_broken() or
 * tide_kit_skip() gave. */
typedef int (*tide_trial_fn)(struct tide_kit *kit);

/** A trial and the way it is made: once, many times, short of memory. */
struct tide_promise {
    const char *words; /**< "keeps the number of rows" */
    tide_trial_fn trial;
    int (*way)(struct tide_kit *kit, tide_trial_fn trial);
};

/** The promises of every plugin, and those of its kind; each ends with {0}. */
extern const struct tide_promise tide_promises[];
extern const struct tide_promise tide_source_promises[];
extern const struct tide_promise tide_transform_promises[];
extern const struct tide_promise tide_destination_promises[];
extern const struct tide_promise tide_format_promises[];
extern const struct tide_promise tide_storage_promises[];
const struct tide_promise *tide_promises_of(uint32_t kind);

/** Put a promise (NULL: only load the plugin and bind its options) to the plugin in a
 * process of its own, and wait for it.  finding is memory shared with children. */
void tide_kit_run(const struct tide_kit_subject *subject,
                  const struct tide_promise *promise, struct tide_kit_finding *finding);

/** Note why a promise is broken; the code to return. */
TIDE_PRINTF(2, 3) int tide_kit_broken(struct tide_kit *kit, const char *format, ...);
/** Note what is missing to see whether it is kept; the code to return. */
TIDE_PRINTF(2, 3) int tide_kit_skip(struct tide_kit *kit, const char *format, ...);

/** Before a call: what it is, for a crash in it; clears kit->err. */
void tide_kit_enter(struct tide_kit *kit, const char *call);
/** After it: a result that is no known code, or a failure without a message, breaks the
 * promise.  TIDE_OK when the answer is a proper one, failure or not. */
int tide_kit_answer(struct tide_kit *kit, int rc);
/** The same, and the call has to succeed: with TIDE_OK, or what else may come. */
int tide_kit_success(struct tide_kit *kit, int rc);
int tide_kit_success_with(struct tide_kit *kit, int rc, int may_come);

void tide_kit_host_init(struct tide_kit_host *host);

/* ---- ways ---- */

int tide_kit_once(struct tide_kit *kit, tide_trial_fn trial);
/** In a run that was cancelled. */
int tide_kit_cancelled(struct tide_kit *kit, tide_trial_fn trial);
/** Many times, to see whether memory or files stay behind. */
int tide_kit_leaks(struct tide_kit *kit, tide_trial_fn trial);
/** With each of the first host allocations failing in turn: that the trial may fail is
 * its own matter, that it says why is checked by tide_kit_answer(). */
int tide_kit_short_of_memory(struct tide_kit *kit, tide_trial_fn trial);

/** Names of the symbols that a shared object exports, beside those reserved to the
 * compiler: count, and the first that is not `expected` in `other` (cut to size).
 * TIDE_E_DATA: no ELF file that can be read. */
TIDE_MUST_CHECK
int tide_elf_exports(const char *file, const char *expected, size_t *count, char *other,
                     size_t size, struct tide_error *err);

#endif
