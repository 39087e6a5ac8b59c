/*
 * standard_files - standard input, output and error are there, whoever started us.
 */
#ifndef TIDE_BASE_STANDARD_FILES_H
#define TIDE_BASE_STANDARD_FILES_H

/** Open /dev/null in the place of those that are closed: the first file that is opened
 * would else become one of them, and have in it what anybody prints.  First thing in
 * main(); ends the process where it cannot be done. */
void tide_standard_files_open(void);

#endif
