/*
 * definition - the definition file named on the command line.
 *
 * Layer: uses core/base, core/plugin, core/pipeline.
 */
#ifndef TIDE_CLI_DEFINITION_H
#define TIDE_CLI_DEFINITION_H

#include "pipeline/pipeline.h"

/** The cache of plugin descriptions of this user, malloc'ed; NULL when there is no
 * home. */
char *tide_cli_cache_file(void);

/** Read all plugins, usable and refused; complains itself.  NULL when the folder cannot
 * be read. */
struct tide_catalog *tide_cli_catalog(void);

/** Read, check and compile a file ("-" is standard input); problems are printed to
 * stderr.  The caller destroys both; the catalog outlives the pipeline.  Returns an exit
 * status. */
int tide_cli_load(const char *file, struct tide_catalog **catalog,
                  struct tide_pipeline **pipeline);

#endif
