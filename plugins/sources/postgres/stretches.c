/*
 * stretches - the pieces in which a table is read as it lies on disk.
 */
#include "stretches.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a block, as most servers are built: another size makes other stretches. */
#define BLOCK 8192
/* Blocks of a stretch, blocks from which on a table has several, and how many at most. */
#define STRETCH 1024
#define LARGE 4096
#define STRETCHES_MAX 2048

/* All tables that have the rows of one.  What a part shows by itself must be what it
 * shows as a part: policies of the one or the other would make a difference. */
#define PARTS                                                                            \
    "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid"              \
    " FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid) "                          \
    "SELECT c.oid, format('%I.%I', n.nspname, c.relname), pg_relation_size(c.oid),"      \
    " has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')"     \
    " AND NOT row_security_active(c.oid) AND NOT row_security_active($1::oid)"           \
    " FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n"                         \
    " ON n.oid = c.relnamespace WHERE c.relkind = 'r' ORDER BY c.oid"

enum { PART_OID, PART_NAME, PART_SIZE, PART_READABLE };

static uint32_t blocks_of(const char *size)
{
    return (uint32_t)(strtoll(size, NULL, 10) / BLOCK);
}

/* ---- parts ----------------------------------------------------------------------- */

static bool can_be_read(const PGresult *result)
{
    int rows = PQntuples(result);
    bool readable = rows > 0 && rows <= STRETCHES_MAX;

    for (int row = 0; readable && row < rows; row++) {
        readable = PQgetvalue(result, row, PART_READABLE)[0] == 't';
    }
    return readable;
}

static int take_parts(struct pg_stretches *stretches, const PGresult *result,
                      struct tide_error *err)
{
    size_t count = (size_t)PQntuples(result);
    bool complete;

    stretches->parts = calloc(count, sizeof *stretches->parts);
    complete = stretches->parts != NULL;
    for (size_t i = 0; complete && i < count; i++) {
        struct pg_part *part = &stretches->parts[stretches->part_count++];

        part->oid = (uint32_t)strtoul(PQgetvalue(result, (int)i, PART_OID), NULL, 10);
        part->name = strdup(PQgetvalue(result, (int)i, PART_NAME));
        part->blocks = blocks_of(PQgetvalue(result, (int)i, PART_SIZE));
        complete = part->name != NULL;
    }
    return complete ? TIDE_OK : tide_error_set(err, TIDE_E_LIMIT, "no memory for tables");
}

int pg_stretches_find_parts(struct pg_stretches *stretches, struct tide_pg *pg,
                            const struct tide_pg_table *table, struct tide_error *err)
{
    const char *params[] = {table->oid};
    PGresult *result = NULL;
    int rc = tide_pg_query(pg, PARTS, params, 1, &result, err);

    if (rc == TIDE_OK && can_be_read(result)) {
        rc = take_parts(stretches, result, err);
    }
    PQclear(result);
    return rc;
}

void pg_stretches_clear(struct pg_stretches *stretches)
{
    for (size_t i = 0; i < stretches->part_count; i++) {
        free(stretches->parts[i].name);
    }
    free(stretches->parts);
    memset(stretches, 0, sizeof *stretches);
}

/* ---- pieces ---------------------------------------------------------------------- */

/* How many pieces a part has from a block on. */
static uint32_t pieces_of(const struct pg_stretches *stretches, uint32_t blocks,
                          uint32_t first)
{
    if (!stretches->cuts || blocks < LARGE || blocks <= first) {
        return 1;
    }
    return (blocks - first) / stretches->blocks + 1;
}

static uint32_t block_of(const char *row)
{
    return row ? (uint32_t)strtoul(row + 1, NULL, 10) : 0;
}

/* A part that is gone is passed over; the caller has seen that none is. */
static void begin_in_part(struct pg_stretches *stretches, const char *part)
{
    uint32_t oid = part ? (uint32_t)strtoul(part, NULL, 10) : 0;

    while (stretches->part + 1 < stretches->part_count &&
           stretches->parts[stretches->part].oid < oid) {
        stretches->part++;
    }
}

static void choose_size(struct pg_stretches *stretches, int64_t blocks)
{
    stretches->blocks = (uint32_t)(blocks / STRETCHES_MAX);
    stretches->blocks = stretches->blocks > STRETCH ? stretches->blocks : STRETCH;
}

static void cut_parts(struct pg_stretches *stretches, const char *part)
{
    int64_t blocks = 0;
    uint32_t first = stretches->first;

    for (size_t i = 0; i < stretches->part_count; i++) {
        blocks += stretches->parts[i].blocks;
    }
    choose_size(stretches, blocks);
    begin_in_part(stretches, part);
    for (size_t i = stretches->part; i < stretches->part_count; i++) {
        stretches->count += pieces_of(stretches, stretches->parts[i].blocks, first);
        first = 0;
    }
}

void pg_stretches_cut(struct pg_stretches *stretches, int64_t size, const char *part,
                      const char *row)
{
    int64_t blocks = size / BLOCK;

    stretches->first = block_of(row);
    if (stretches->parts) {
        cut_parts(stretches, part);
    } else if (stretches->cuts && blocks >= LARGE) {
        stretches->size = (uint32_t)blocks;
        choose_size(stretches, blocks);
        stretches->count = pieces_of(stretches, stretches->size, stretches->first);
    }
}

static struct pg_stretch piece(const struct pg_stretches *stretches, uint32_t first,
                               uint32_t i, uint32_t pieces)
{
    struct pg_stretch stretch = {.first = first + i * stretches->blocks};

    stretch.end = i + 1 < pieces ? stretch.first + stretches->blocks : 0;
    return stretch;
}

struct pg_stretch pg_stretches_at(const struct pg_stretches *stretches, uint32_t i)
{
    uint32_t first = stretches->first;
    struct pg_stretch stretch;

    if (!stretches->parts) {
        return piece(stretches, first, i, stretches->count);
    }
    for (size_t k = stretches->part; k < stretches->part_count; k++) {
        const struct pg_part *part = &stretches->parts[k];
        uint32_t pieces = pieces_of(stretches, part->blocks, first);

        if (i < pieces) {
            stretch = piece(stretches, first, i, pieces);
            stretch.part = part;
            return stretch;
        }
        i -= pieces;
        first = 0;
    }
    return (struct pg_stretch){0};
}
