/*
 * shim - one call of a program fails, as the environment says; LD_PRELOAD brings it in.
 *
 *     TIDE_FAULT_TALLY=FILE   what happened is told there; without it nothing is done
 *     TIDE_FAULT_KINDS=alloc,io,net
 *     TIDE_FAULT_AT=N         the N-th call of these kinds fails, from 1; 0: none does
 *     TIDE_FAULT_STAYS=1      and every later call of the same function
 *     TIDE_FAULT_SHORT=1      none fails; every transfer moves few bytes
 *     TIDE_FAULT_PROGRAM=NAME the program meant; those that it starts run undisturbed
 *
 * Allocations count when a plugin or its library makes them: the engine ends its process
 * by design when it is out of memory, and a plugin must not.  All else counts whoever
 * calls it, but for the dynamic loader.
 */
#ifndef TIDE_TESTS_FAULTS_SHIM_H
#define TIDE_TESTS_FAULTS_SHIM_H

#include <stdbool.h>
#include <stddef.h>

enum fault_kind { FAULT_ALLOC = 1, FAULT_IO = 2, FAULT_NET = 4 };

/** Whose code an address is. */
enum fault_owner { OWNER_OTHER = 0, OWNER_PLUGIN, OWNER_LIBRARY, OWNER_LOADER };

/** Whether this call is to fail; it is counted. */
bool fault_strikes(int kind, const char *function, const void *caller);
/** What a transfer of so many bytes is cut to. */
size_t fault_cut(size_t length);

enum fault_owner fault_owner_of(const void *address);
/** "csv.so+0x1234". */
void fault_name_address(const void *address, char *out, size_t size);

/** Blocks that plugins hold. */
void fault_note_block(const void *block, const void *caller);
void fault_forget_block(const void *block);
/** Count and name what is left. */
void fault_tell_blocks(void);
/** True until the shim is told to do nothing. */
bool fault_is_on(void);
struct tally *fault_tally(void);

#endif
