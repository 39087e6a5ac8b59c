/*
 * postgres_proxy - a way to the server that is cut when a COMMIT passes.
 */
#ifndef TIDE_TEST_POSTGRES_PROXY_H
#define TIDE_TEST_POSTGRES_PROXY_H

#include <stdint.h>

/** What happens to the COMMIT.  The client is cut off in each case but the last. */
enum proxy_fate {
    PROXY_FORWARDED, /**< the server gets it at once */
    PROXY_SWALLOWED, /**< the server never gets it, and the connection ends */
    PROXY_LATE,      /**< the server gets it once the client has asked for it, over a new
                        connection */
    PROXY_DEAF       /**< no client but the first is listened to; COMMITs pass */
};

struct proxy;

/** Start one, in a thread, in front of 127.0.0.1:port; the first `spared` COMMITs pass
 * unharmed, and so do those after the next one. */
struct proxy *proxy_start(int64_t port, enum proxy_fate fate, int spared);
/** The port that it listens on. */
int64_t proxy_port(const struct proxy *proxy);
/** Stop it; returns how many COMMITs were seen. */
int proxy_stop(struct proxy *proxy);

#endif
