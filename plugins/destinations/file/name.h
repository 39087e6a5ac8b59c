/*
 * name - the file that a table of a destination becomes.
 */
#ifndef FILE_NAME_H
#define FILE_NAME_H

#include <tidemill/plugin.h>

#include "../../shared/compression/compression.h"

/**
 * Make the file's name from the table's: ${today}, ${now}, ${unix} and ${run} are put in,
 * then the extensions of format and compression are added where they are missing.
 * *kind goes in as the option says and comes out decided: COMPRESSION_AUTO goes by the
 * table's own extension.  *out is malloc'ed.  TIDE_E_CONFIG for an unknown placeholder.
 */
TIDE_MUST_CHECK
int file_name_make(const struct tide_destination_request *request, const char *extension,
                   enum compression *kind, char **out, struct tide_error *err);

/**
 * The same for a table that becomes a folder of parts: the table's name with its
 * placeholders put in, and the extensions of the parts, ".csv.gz".  Both are malloc'ed.
 */
TIDE_MUST_CHECK
int folder_name_make(const struct tide_destination_request *request,
                     const char *extension, enum compression *kind, char **folder,
                     char **suffix, struct tide_error *err);

/** Take steps that lead nowhere, as in "./a//b", out of a name, in place. */
void file_name_resolve(char *name);

#endif
