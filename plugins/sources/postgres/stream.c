/*
 * stream - the rows of COPY ... TO STDOUT statements, one statement after the other.
 */
#include "stream.h"

#include <poll.h>
#include <sys/socket.h>

/* Bytes that gather before we are woken, and how long that may take.  The kernel keeps
 * twice as many, so that the server can go on meanwhile. */
#define GATHERED (64 * 1024)
#define GATHERING_MS 1
/* Bytes from which on rows are many: a short answer is not to wait for more. */
#define MANY ((int64_t)1 << 20)

/* Where the kernel knows no such thing it wakes us as ever. */
static void gather(struct pg_stream *stream, bool wanted)
{
    int bytes = wanted ? GATHERED : 1;

    if (stream->gathers != wanted) {
        stream->gathers = wanted;
        (void)setsockopt(PQsocket(stream->pg->conn), SOL_SOCKET, SO_RCVLOWAT, &bytes,
                         sizeof bytes);
    }
}

int pg_stream_begin(struct pg_stream *stream, const char *sql, struct tide_error *err)
{
    PGresult *result = NULL;
    int rc = tide_pg_exec(stream->pg, sql, &result, err);

    if (rc == TIDE_OK && PQresultStatus(result) != PGRES_COPY_OUT) {
        rc = tide_error_set(err, TIDE_E_INTERNAL, "%s did not begin a COPY",
                            stream->pg->place);
    }
    PQclear(result);
    return rc;
}

/* Whether much has gathered in a short time. */
static bool has_gathered(struct pg_stream *stream)
{
    struct pollfd socket = {.fd = PQsocket(stream->pg->conn), .events = POLLIN};

    gather(stream, true);
    return poll(&socket, 1, GATHERING_MS) > 0;
}

static int consume(struct pg_stream *stream, struct tide_error *err)
{
    return PQconsumeInput(stream->pg->conn) ? TIDE_OK : tide_pg_lost(stream->pg, err);
}

/* Take in what there is, and when that was not enough, what comes. */
static int take_in(struct pg_stream *stream, struct tide_error *err)
{
    if (!stream->is_drained) {
        stream->is_drained = true;
        return consume(stream, err);
    }
    stream->is_drained = false;
    if (stream->bytes >= MANY && has_gathered(stream)) {
        return consume(stream, err);
    }
    gather(stream, false);
    return tide_pg_wait_input(stream->pg, err);
}

int pg_stream_get(struct pg_stream *stream, char **data, size_t *length,
                  struct tide_error *err)
{
    int got;
    int rc;

    while ((got = PQgetCopyData(stream->pg->conn, data, 1)) == 0) {
        rc = take_in(stream, err);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    stream->is_drained = false;
    if (got > 0) {
        *length = (size_t)got;
        stream->bytes += got;
        return TIDE_OK;
    }
    gather(stream, false);
    rc = got == -1 ? tide_pg_receive(stream->pg, NULL, err)
                   : tide_pg_lost(stream->pg, err);
    return rc == TIDE_OK ? TIDE_END : rc;
}
