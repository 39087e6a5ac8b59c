/*
 * skeleton - the files of a new plugin, with places for its name; made from
 * core/cli/plugin/skeleton/ when the program is built.
 */
#ifndef TIDE_CLI_PLUGIN_SKELETON_H
#define TIDE_CLI_PLUGIN_SKELETON_H

extern const char tide_skeleton_source[];
extern const char tide_skeleton_transform[];
extern const char tide_skeleton_destination[];
extern const char tide_skeleton_makefile[];

#endif
