/*
 * check - asserts that stay on in production.  Never on outside input.
 */
#ifndef TIDE_BASE_CHECK_H
#define TIDE_BASE_CHECK_H

/** Say what was broken and where on stderr, and abort. */
_Noreturn void tide_check_failed(const char *kind, const char *text, const char *file,
                                 int line);

/** A promise of the caller, written in the header. */
#define TIDE_REQUIRE(condition)                                                          \
    ((condition) ? (void)0                                                               \
                 : tide_check_failed("requirement", #condition, __FILE__, __LINE__))

/** A promise of this module to itself. */
#define TIDE_INVARIANT(condition)                                                        \
    ((condition) ? (void)0                                                               \
                 : tide_check_failed("invariant", #condition, __FILE__, __LINE__))

#endif
