/*
 * listed - folders of parts with a manifest, as the file destination writes them.
 *
 * What the manifest lists is the table.  Other parts in the folder belong to a run
 * that is writing, or to an interrupted one, and must not be read.
 */
#ifndef FILE_LISTED_H
#define FILE_LISTED_H

#include "file.h"

/** Of the names that a pattern matched, keep those parts that the manifests of their
 * folders list, and all that are no parts or have no manifest beside them. */
TIDE_MUST_CHECK
int names_keep_listed(struct names *names, const char *pattern,
                      const struct file_options *options, const struct tide_host *host,
                      struct tide_error *err);

#endif
