/*
 * describe - reads a plugin's description in a process that may die of it.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_PLUGIN_DESCRIBE_H
#define TIDE_PLUGIN_DESCRIBE_H

#include "plugin/info.h"

/** What `tidemill-worker --describe FILE` does: load the file within limits and print its
 * description as one line of JSON on standard output, whatever the plugin itself prints.
 * The exit status. */
int tide_describe_main(const char *file);

/** Have a helper process describe a file; never fails, a file that is refused is
 * described as that.  *passing tells of a refusal that may pass though the file stays as
 * it is: a library that is missing, a machine too busy.  The caller destroys the result.
 * Any thread. */
struct tide_plugin_info *tide_describe(const char *helper, const char *file,
                                       bool *passing);

#endif
