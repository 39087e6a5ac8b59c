/*
 * accept - which of the media types on offer a client wants.
 *
 * Layer: plain C.
 */
#ifndef TIDE_API_ACCEPT_H
#define TIDE_API_ACCEPT_H

/** The index of the type in `offered` (ended by NULL) that an Accept header likes most,
 * the first of equals; -1 when it likes none.  NULL likes all. */
int tide_accept_choose(const char *header, const char *const *offered);

#endif
