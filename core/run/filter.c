/*
 * filter - a tree of tests over whole batches, in three-valued logic; see filter.h.
 *
 * Each level of the tree has one mask, made once and used for every batch.
 */
#include "run/filter.h"

#include "base/memory.h"
#include "run/predicate.h"

struct node {
    int kind;                         /**< of struct tide_condition */
    struct tide_predicate *predicate; /**< of a test */
    struct node *children;
    size_t child_count;
};

struct tide_filter {
    struct node root;
    size_t depth;
    uint8_t *masks;   /**< depth masks, one behind the other */
    int64_t capacity; /**< rows of each mask */
};

static void clear_node(struct node *node)
{
    for (size_t i = 0; i < node->child_count; i++) {
        clear_node(&node->children[i]);
    }
    free(node->children);
    tide_predicate_destroy(node->predicate);
}

static int compile_node(const struct tide_condition *condition,
                        const struct tide_schema *schema, size_t level, size_t *depth,
                        struct node *out, struct tide_error *err)
{
    int rc = TIDE_OK;

    out->kind = (int)condition->kind;
    *depth = level > *depth ? level : *depth;
    if (condition->kind == TIDE_CONDITION_TEST) {
        return tide_predicate_create(condition, schema, &out->predicate, err);
    }
    out->children = tide_alloc_array(condition->child_count + 1, sizeof *out->children);
    for (size_t i = 0; rc == TIDE_OK && i < condition->child_count; i++) {
        out->child_count++;
        rc = compile_node(&condition->children[i], schema, level + 1, depth,
                          &out->children[i], err);
    }
    return rc;
}

int tide_filter_create(const struct tide_condition *condition,
                       const struct tide_schema *schema, struct tide_filter **out,
                       struct tide_error *err)
{
    struct tide_filter *filter = tide_alloc(sizeof *filter);
    int rc = compile_node(condition, schema, 1, &filter->depth, &filter->root, err);

    if (rc != TIDE_OK) {
        tide_filter_destroy(filter);
        return rc;
    }
    *out = filter;
    return TIDE_OK;
}

void tide_filter_destroy(struct tide_filter *filter)
{
    if (!filter) {
        return;
    }
    clear_node(&filter->root);
    free(filter->masks);
    free(filter);
}

static void take_least(uint8_t *into, const uint8_t *other, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        into[i] = other[i] < into[i] ? other[i] : into[i];
    }
}

static void take_greatest(uint8_t *into, const uint8_t *other, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        into[i] = other[i] > into[i] ? other[i] : into[i];
    }
}

/* truth is the mask of this level; the next level's lies behind it. */
static void evaluate(const struct tide_filter *filter, const struct node *node,
                     const struct tide_batch *batch, uint8_t *truth)
{
    int64_t rows = batch->array.length;
    uint8_t *below = truth + filter->capacity;

    if (node->kind == TIDE_CONDITION_TEST) {
        tide_predicate_apply(node->predicate, batch, truth);
        return;
    }
    memset(truth, node->kind == TIDE_CONDITION_AND ? TIDE_TRUE : TIDE_FALSE,
           (size_t)rows);
    for (size_t i = 0; i < node->child_count; i++) {
        evaluate(filter, &node->children[i], batch, below);
        if (node->kind == TIDE_CONDITION_AND) {
            take_least(truth, below, rows);
        } else {
            take_greatest(truth, below, rows);
        }
    }
}

int64_t tide_filter_apply(struct tide_filter *filter, const struct tide_batch *batch,
                          uint8_t *drop)
{
    int64_t rows = batch->array.length;
    int64_t dropped = 0;

    if (rows > filter->capacity) {
        free(filter->masks);
        filter->masks = tide_alloc_array(filter->depth, (size_t)rows);
        filter->capacity = rows;
    }
    if (rows == 0) {
        return 0;
    }
    evaluate(filter, &filter->root, batch, filter->masks);
    for (int64_t i = 0; i < rows; i++) {
        drop[i] = filter->masks[i] != TIDE_TRUE;
        dropped += drop[i];
    }
    return dropped;
}
