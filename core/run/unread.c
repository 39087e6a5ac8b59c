/*
 * unread - columns of the source that nothing looks at before they are dropped.
 */
#include "run/unread.h"

#include "base/memory.h"
#include "run/flow.h"

/* Flags of a column that hold its number, from 1, while a transform is bound; the last of
 * all is the mark of the cursor. */
#define NUMBER_SHIFT 12
#define NUMBER_MAX ((UINT32_C(1) << 18) - 1)
#define NUMBER_BITS (NUMBER_MAX << NUMBER_SHIFT)

void tide_unread_begin(struct tide_unread *unread, size_t columns, const size_t *excluded,
                       size_t excluded_count)
{
    unread->left = tide_alloc_array(columns + 1, sizeof *unread->left);
    unread->is_known = columns <= NUMBER_MAX;
    for (size_t i = 0; i < columns; i++) {
        if (excluded_count > 0 && excluded[excluded_count - 1] == i) {
            excluded_count--;
        } else {
            unread->left[unread->count++] = i;
        }
    }
}

void tide_unread_enter(struct tide_unread *unread, const struct tide_transform *transform,
                       struct tide_schema *schema)
{
    unread->is_known =
        unread->is_known && (transform->flags & TIDE_TRANSFORM_COLUMNS_ALONE) != 0;
    for (size_t i = 0; unread->is_known && i < schema->column_count; i++) {
        schema->columns[i].flags |= (uint32_t)(unread->left[i] + 1) << NUMBER_SHIFT;
    }
}

/* One that brings a column of its own, or another order, is not what it says. */
void tide_unread_leave(struct tide_unread *unread, struct tide_schema *schema)
{
    bool is_kept = true;
    size_t before = 0;

    if (!unread->is_known) {
        return;
    }
    unread->count = 0;
    for (size_t i = 0; i < schema->column_count; i++) {
        uint32_t *flags = &schema->columns[i].flags;
        size_t number = (*flags & NUMBER_BITS) >> NUMBER_SHIFT;

        *flags &= ~NUMBER_BITS;
        is_kept = is_kept && number > before;
        before = number;
        if (is_kept) {
            unread->left[unread->count++] = number - 1;
        }
    }
    if (!is_kept) {
        tide_unread_fini(unread);
    }
}

/* Make *columns (malloc'ed) the columns of the source that are not left. */
static size_t find_dropped(const struct tide_flow *flow, size_t **columns)
{
    const struct tide_unread *unread = &flow->unread;
    size_t all = flow->source_schema.column_count;
    size_t dropped = 0;
    size_t next = 0;

    *columns = tide_alloc_array(all + 1, sizeof **columns);
    for (size_t i = 0; i < all; i++) {
        if (next < unread->count && unread->left[next] == i) {
            next++;
        } else {
            (*columns)[dropped++] = i;
        }
    }
    return dropped;
}

static bool is_looked_at(const struct tide_flow *flow)
{
    return flow->filter || !flow->input.is_free || flow->engine->request->check;
}

int tide_unread_tell(struct tide_flow *flow, struct tide_error *err)
{
    const struct tide_source *source = flow->engine->source.entry->source;
    size_t *columns = NULL;
    size_t count;
    int rc = TIDE_OK;

    if (!source->leave_out || !flow->unread.left || is_looked_at(flow)) {
        return TIDE_OK;
    }
    count = find_dropped(flow, &columns);
    if (count > 0) {
        tide_plugin_host_enter(&flow->source, "leave_out", err);
        rc = source->leave_out(flow->source_state, columns, count, err);
        rc = tide_plugin_host_leave(&flow->source, rc, err);
    }
    free(columns);
    return rc < 0 ? rc : TIDE_OK;
}

void tide_unread_fini(struct tide_unread *unread)
{
    free(unread->left);
    *unread = (struct tide_unread){0};
}
