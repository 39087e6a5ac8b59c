/*
 * export - a schema as the struct ArrowSchema that other Arrow software reads.
 *
 * What Arrow has no format for goes into a field's metadata under our own names:
 * "tidemill.type" (decimal, uuid, json ...) and "tidemill.logical".
 */
#include <string.h>

#include "base/memory.h"
#include "batch/batch_ops.h"

/* Everything here is small and allocated by functions that abort, so nothing fails
 * half-way. */
static void release_field(struct ArrowSchema *field)
{
    for (int64_t i = 0; i < field->n_children; i++) {
        if (field->children[i]->release) {
            field->children[i]->release(field->children[i]);
        }
        free(field->children[i]);
    }
    free(field->children);
    free(field->private_data);
    field->release = NULL;
}

/* Arrow's encoding: an int32 length in the machine's order, then the bytes. */
static char *put_text(char *at, const char *text)
{
    int32_t length = (int32_t)strlen(text);

    memcpy(at, &length, sizeof length);
    memcpy(at + sizeof length, text, (size_t)length);
    return at + sizeof length + length;
}

/* Name and metadata of a field in one block, which private_data frees. */
static void describe(struct ArrowSchema *field, const struct tide_column *column)
{
    const char *type = tide_type_name(column->type);
    int32_t pairs = column->logical ? 2 : 1;
    size_t name = strlen(column->name) + 1;
    size_t logical = column->logical ? strlen(column->logical) : 0;
    char *block = tide_alloc(name + logical + strlen(type) + 64), *at = block + name;

    memcpy(block, column->name, name);
    memcpy(at, &pairs, sizeof pairs);
    at = put_text(at + sizeof pairs, "tidemill.type");
    at = put_text(at, type);
    if (column->logical) {
        at = put_text(at, "tidemill.logical");
        (void)put_text(at, column->logical);
    }
    field->name = block;
    field->metadata = block + name;
    field->private_data = block;
}

int tide_schema_export(const struct tide_schema *schema, struct ArrowSchema *out)
{
    *out = (struct ArrowSchema){.format = "+s", .name = "", .release = release_field};
    out->children = tide_alloc_array(schema->column_count, sizeof(struct ArrowSchema *));
    for (size_t i = 0; i < schema->column_count; i++) {
        const struct tide_column *column = &schema->columns[i];
        struct ArrowSchema *field = tide_alloc(sizeof *field);

        field->format = tide_type_format(column->type);
        field->flags = column->flags & TIDE_COLUMN_REQUIRED ? 0 : ARROW_FLAG_NULLABLE;
        field->release = release_field;
        describe(field, column);
        out->children[out->n_children++] = field;
    }
    return TIDE_OK;
}
