/*
 * library - a shared library that is loaded when it is first needed.
 *
 * Most files are not compressed: a run that meets none does not wait for the linker to
 * bring in what it will not call.
 */
#ifndef COMPRESSION_LIBRARY_H
#define COMPRESSION_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <tidemill/error.h>

/** Where a function's address goes: `place` points at a pointer to a function. */
struct library_function {
    const char *name;
    void *place;
};

struct library {
    const char *file;                         /**< as the linker looks for it */
    const char *purpose;                      /**< for the message */
    const struct library_function *functions; /**< ended by a name that is NULL */
    pthread_mutex_t lock;
    bool is_loaded;
};

/** Load it, once, and fill in its functions.  TIDE_E_CONFIG says what is missing. */
TIDE_MUST_CHECK
int library_load(struct library *library, struct tide_error *err);

#endif
