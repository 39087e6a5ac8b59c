/*
 * cancel - asking the server to stop what it does, without waiting for a dead one.
 *
 * libpq asks over a connection of its own, with calls that block as long as the network
 * likes: minutes, when nobody answers.  So a thread asks, which owns all that it works
 * with; one that takes too long is left to itself.
 */
#define _GNU_SOURCE /* pipe2 */

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "postgres/connection.h"

/* How long a server that can be reached may take. */
#define PATIENCE_MS 1000

/* Of its thread; what a run may use is counted. */
#define STACK_BYTES ((size_t)256 * 1024)

struct request {
    PGcancel *cancel; /* owned */
    int done;         /* owned: a pipe's end, closed when the server has been asked */
};

/* Who waits goes on with the last step, when all is freed. */
static void end_request(struct request *request)
{
    int done = request->done;

    PQfreeCancel(request->cancel);
    free(request);
    (void)close(done);
}

static void *ask(void *arg)
{
    struct request *request = arg;
    char reason[256];

    (void)PQcancel(request->cancel, reason, sizeof reason);
    end_request(request);
    return NULL;
}

/* The thread takes the request; signals are for others. */
static bool start(struct request *request, pthread_t *thread)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    bool has_started;

    (void)sigfillset(&all);
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    has_started = pthread_create(thread, &attributes, ask, request) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return has_started;
}

/* NULL: there is nothing to cancel, or no memory, or no pipe. */
static struct request *make_request(PGconn *conn, int *done)
{
    struct request *request = calloc(1, sizeof *request);
    int ends[2] = {-1, -1};

    if (!request) {
        return NULL;
    }
    request->cancel = PQgetCancel(conn);
    if (!request->cancel || pipe2(ends, O_CLOEXEC) != 0) {
        PQfreeCancel(request->cancel);
        free(request);
        return NULL;
    }
    *done = ends[0];
    request->done = ends[1];
    return request;
}

/* Without a request the server finds out when it has something to say. */
void tide_pg_cancel(struct tide_pg *pg)
{
    struct pollfd done = {.fd = -1, .events = POLLIN};
    struct request *request = make_request(pg->conn, &done.fd);
    pthread_t thread;

    pg->abandoned = true;
    if (!request) {
        return;
    }
    if (!start(request, &thread)) {
        end_request(request);
    } else if (poll(&done, 1, PATIENCE_MS) > 0) {
        (void)pthread_join(thread, NULL);
    } else {
        (void)pthread_detach(thread);
    }
    (void)close(done.fd);
}
