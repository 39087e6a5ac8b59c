/*
 * binding - whether a plugin's file has what it calls looked up when it is loaded.
 *
 * Layer: uses nothing of ours.
 */
#ifndef TIDE_PLUGIN_BINDING_H
#define TIDE_PLUGIN_BINDING_H

#include <stdbool.h>

/** Whether it was linked with -z now.  A file that cannot be read was not. */
bool tide_binds_now(const char *path);

#endif
