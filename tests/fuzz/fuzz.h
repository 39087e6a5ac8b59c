/*
 * fuzz - what a fuzz target exports, to libFuzzer or to the replay of its corpus.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** Try one input; ends the process when a promise is broken.  Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
