/*
 * singer - a table as the messages that a Singer target reads.
 */
#include "../../shared/json/text.h"
#include "exec.h"

/* Messages are written when there is so much of them. */
#define PIECE ((size_t)65536)

static int put_n(struct writer *writer, const void *data, size_t length)
{
    if (length > writer->capacity - writer->length) {
        size_t capacity = (writer->length + length) * 2 + PIECE;
        uint8_t *text = realloc(writer->text, capacity + TIDE_PADDING);

        if (!text) {
            return TIDE_E_LIMIT;
        }
        writer->text = text;
        writer->capacity = capacity;
    }
    memcpy(writer->text + writer->length, data, length);
    writer->length += length;
    return TIDE_OK;
}

static int put(struct writer *writer, const char *text)
{
    return put_n(writer, text, strlen(text));
}

static int put_string(struct writer *writer, const char *text)
{
    size_t length = strlen(text);
    uint8_t *inside = malloc(6 * length + TIDE_PADDING);
    const uint8_t *end;
    int rc = inside ? put(writer, "\"") : TIDE_E_LIMIT;

    if (rc == TIDE_OK) {
        end = json_escape_portable(inside, (const uint8_t *)text, length);
        rc = put_n(writer, inside, (size_t)(end - inside));
    }
    free(inside);
    return rc == TIDE_OK ? put(writer, "\"") : rc;
}

static int send_text(struct writer *writer, int rc, struct tide_error *err)
{
    if (rc != TIDE_OK) {
        return tide_error_memory(err);
    }
    rc = child_write(&writer->child, writer->text, writer->length, err);
    writer->length = 0;
    return rc;
}

/* What JSON schema says of values as the jsonl format writes them. */
static const char *property_of(int type)
{
    switch (type) {
    case TIDE_TYPE_BOOL:
        return "{\"type\":[\"null\",\"boolean\"]}";
    case TIDE_TYPE_INT64:
        return "{\"type\":[\"null\",\"integer\"]}";
    case TIDE_TYPE_FLOAT64:
    case TIDE_TYPE_DECIMAL:
        return "{\"type\":[\"null\",\"number\"]}";
    case TIDE_TYPE_DATE:
        return "{\"type\":[\"null\",\"string\"],\"format\":\"date\"}";
    case TIDE_TYPE_TIMESTAMP:
        return "{\"type\":[\"null\",\"string\"],\"format\":\"date-time\"}";
    case TIDE_TYPE_JSON:
    case TIDE_TYPE_NULL:
        return "{}";
    default:
        return "{\"type\":[\"null\",\"string\"]}";
    }
}

static int put_property(struct writer *writer, const struct tide_column *column,
                        bool is_first)
{
    int rc = is_first ? TIDE_OK : put(writer, ",");

    if (rc == TIDE_OK) {
        rc = put_string(writer, column->name);
    }
    if (rc == TIDE_OK) {
        rc = put(writer, ":");
    }
    return rc == TIDE_OK ? put(writer, property_of(column->type)) : rc;
}

static int put_keys(struct writer *writer)
{
    const struct tide_schema *schema = writer->request->schema;
    bool is_first = true;
    int rc = put(writer, "}},\"key_properties\":[");

    for (size_t i = 0; rc == TIDE_OK && i < schema->column_count; i++) {
        if (!(schema->columns[i].flags & TIDE_COLUMN_KEY)) {
            continue;
        }
        rc = is_first ? TIDE_OK : put(writer, ",");
        if (rc == TIDE_OK) {
            rc = put_string(writer, schema->columns[i].name);
        }
        is_first = false;
    }
    return rc == TIDE_OK ? put(writer, "]}\n") : rc;
}

int singer_write_schema(struct writer *writer, struct tide_error *err)
{
    int rc = put(writer, "{\"type\":\"SCHEMA\",\"stream\":");

    if (rc == TIDE_OK) {
        rc = put_string(writer, writer->request->table);
    }
    if (rc == TIDE_OK) {
        rc = put(writer, ",\"schema\":{\"type\":\"object\",\"properties\":{");
    }
    for (size_t i = 0; rc == TIDE_OK && i < writer->schema.column_count; i++) {
        rc = put_property(writer, &writer->schema.columns[i], i == 0);
    }
    return send_text(writer, rc == TIDE_OK ? put_keys(writer) : rc, err);
}

static int put_record(struct writer *writer, const uint8_t *line, size_t length)
{
    int rc = put(writer, "{\"type\":\"RECORD\",\"stream\":");

    if (rc == TIDE_OK) {
        rc = put_string(writer, writer->request->table);
    }
    if (rc == TIDE_OK) {
        rc = put(writer, ",\"record\":");
    }
    if (rc == TIDE_OK) {
        rc = put_n(writer, line, length);
    }
    return rc == TIDE_OK ? put(writer, "}\n") : rc;
}

int singer_write_records(struct writer *writer, const uint8_t *lines, size_t length,
                         struct tide_error *err)
{
    const uint8_t *end = lines + length;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && lines < end) {
        const uint8_t *feed = memchr(lines, '\n', (size_t)(end - lines));
        size_t size = (size_t)((feed ? feed : end) - lines);

        rc = put_record(writer, lines, size);
        lines += size + (feed != NULL);
        if (rc == TIDE_OK && writer->length >= PIECE) {
            rc = send_text(writer, rc, err);
            if (rc != TIDE_OK) {
                return rc;
            }
        }
    }
    return send_text(writer, rc, err);
}

int singer_write_state(struct writer *writer, const char *position,
                       struct tide_error *err)
{
    int rc = put(writer, "{\"type\":\"STATE\",\"value\":{\"position\":");

    if (rc == TIDE_OK) {
        rc = put_string(writer, position);
    }
    return send_text(writer, rc == TIDE_OK ? put(writer, "}}\n") : rc, err);
}
