/*
 * tuning - the process's memory as runs want it.
 */
#include <malloc.h>

#include "run/run.h"

/* Batches are a few megabytes, made by one thread and freed by another, all the time.
 * One arena lets each be made where the last one was; never mapping and never trimming
 * keeps the pages, which would else be given back, cleared and faulted in for every
 * batch. */
void tide_run_tune_memory(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 256 * 1024 * 1024);
    (void)mallopt(M_TOP_PAD, 1024 * 1024);
}
