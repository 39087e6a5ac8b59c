/*
 * whole - a small file of a storage, read as one text.
 */
#ifndef TIDE_SHARED_STORAGE_WHOLE_H
#define TIDE_SHARED_STORAGE_WHOLE_H

#include <tidemill/plugin.h>

#include "../json/document.h"

/**
 * Read a file to its end into text, which is zeroed at first and the caller's to free.
 * TIDE_E_NOT_FOUND when there is none; TIDE_E_LIMIT when it is longer than 1 GiB.
 */
TIDE_MUST_CHECK
int storage_read_whole(const struct tide_component *storage, const struct tide_host *host,
                       const char *root, const char *name, struct json_out *text,
                       struct tide_error *err);

#endif
