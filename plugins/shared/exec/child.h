/*
 * child - a program that is run beside us: started, spoken to, listened to, and ended.
 *
 * It is the leader of a process group, so that what it starts ends with it.  What it
 * writes on stderr goes to the run's log line by line, and the last line is kept to
 * explain why it failed.  Each wait looks at the run's cancel flag now and then.
 *
 * Layer: plugins, uses the SDK.  A child is used by one thread at a time.
 */
#ifndef TIDE_SHARED_CHILD_H
#define TIDE_SHARED_CHILD_H

#include <sys/types.h>
#include <tidemill/plugin.h>

/* The longest line of stderr that is passed on whole. */
#define CHILD_LINE_MAX 1000

/** The options of a plugin that runs a program. */
struct child_options {
    struct tide_list command;
    struct tide_map environment;
    const char *directory;
    int64_t timeout; /**< microseconds from the end of its work to its exit */
};

#define CHILD_FIELD_(name) offsetof(struct child_options, name)

/** The rows of its table of options, for a struct whose first member is a struct
 * child_options; `example` is a command. */
#define CHILD_OPTIONS(example_)                                                          \
    {.name = "command",                                                                  \
     .type = TIDE_OPTION_LIST,                                                           \
     .required = true,                                                                   \
     .offset = CHILD_FIELD_(command),                                                    \
     .help = "The program and its arguments; no shell is between.",                      \
     .example = (example_)},                                                             \
        {.name = "environment",                                                          \
         .type = TIDE_OPTION_MAP,                                                        \
         .offset = CHILD_FIELD_(environment),                                            \
         .help = "Variables that the program gets beside ours."},                        \
    {                                                                                    \
        .name = "directory", .type = TIDE_OPTION_PATH,                                   \
        .offset = CHILD_FIELD_(directory),                                               \
        .help = "The folder that the program is started in."                             \
    }

/** A stream of the child that only the log is interested in. */
struct child_lines {
    int fd; /**< -1: closed */
    int level;
    size_t length;
    char line[CHILD_LINE_MAX + 1];
};

struct child {
    const struct child_options *options;
    const struct tide_host *host;
    pid_t pid;                     /**< 0: none is running */
    int in;                        /**< write end of its stdin, or -1 */
    int out;                       /**< read end of its stdout, or -1 */
    struct child_lines errors;     /**< its stderr */
    struct child_lines chatter;    /**< its stdout, where nobody reads it */
    char last[CHILD_LINE_MAX + 1]; /**< the last line of stderr that is not blank */
};

/** Whether a program is named.  TIDE_E_CONFIG. */
TIDE_MUST_CHECK
int child_check(const struct child_options *options, struct tide_error *err);

void child_init(struct child *child, const struct child_options *options,
                const struct tide_host *host);

/** Start the program with `more` (ended by NULL, or NULL) behind its arguments.  takes:
 * it is written to, and what it says goes to the log; else its stdin is empty, and its
 * stdout is read. */
TIDE_MUST_CHECK
int child_start(struct child *child, const char *const *more, bool takes,
                struct tide_error *err);

/** Up to capacity bytes of its stdout; *length 0 at the end. */
TIDE_MUST_CHECK
int child_read(struct child *child, uint8_t *data, size_t capacity, size_t *length,
               struct tide_error *err);

/** Write all of it to its stdin. */
TIDE_MUST_CHECK
int child_write(struct child *child, const uint8_t *data, size_t length,
                struct tide_error *err);

/** Close its stdin and wait for its exit: TIDE_OK is exit status 0, with nothing left
 * unread. */
TIDE_MUST_CHECK
int child_finish(struct child *child, struct tide_error *err);

/** End it and all it started, if it still runs, and close all pipes.  May be called
 * twice. */
void child_stop(struct child *child);

/* ---- between the files of this module ---- */

/** Wait up to `wait_ms` until fd (-1: none) is ready for `events`; what comes for the log
 * meanwhile is passed on.  *ready tells.  TIDE_E_CANCELLED when the run is to stop. */
TIDE_MUST_CHECK
int child_wait(struct child *child, int fd, short events, int wait_ms, bool *ready,
               struct tide_error *err);

/** Pass on what is there for the log, without waiting. */
void child_drain(struct child *child);

/** Describe how the program ended, by its wait status; TIDE_OK for exit status 0. */
TIDE_MUST_CHECK
int child_judge(const struct child *child, int status, struct tide_error *err);

/** The error of a program that is content with less than all rows. */
TIDE_MUST_CHECK
int child_left_rows(const struct child *child, struct tide_error *err);

/** Just before its stdin is closed: a read end that keeps what is in there, for
 * child_has_unread(), or -1. */
int child_keep_unread(const struct child *child);

/** After its end and that of its group: whether something was left in its stdin that
 * nobody reads any more.  What else has the stdin open may read on.  Closes *kept. */
bool child_has_unread(int *kept);

#endif
