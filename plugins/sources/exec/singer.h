/*
 * singer - the messages of a Singer tap, and the rows of one of its streams.
 *
 * The records of the stream are put together as JSON lines for the format's decoder, in
 * pieces of about a batch; the number of the line that each came in is kept beside them.
 */
#ifndef EXEC_SINGER_H
#define EXEC_SINGER_H

#include "../../shared/json/json.h"
#include "exec.h"

enum message_kind { MESSAGE_OTHER, MESSAGE_SCHEMA, MESSAGE_RECORD, MESSAGE_STATE };

/** A message; members that it has not are of kind JSON_NULL with text NULL. */
struct message {
    int kind;
    struct json_value type, stream, schema, keys, record, value;
};

/** The host as the decoder sees it: its rejects are put where their line is. */
struct singer_host {
    struct tide_host host; /**< a copy; first, for the decoder hands it back */
    const struct tide_host *real;
    const struct singer *singer;
};

struct singer {
    struct singer_host host;
    struct tide_schema columns; /**< of the stream, as its SCHEMA has them */
    struct tide_schema taken;   /**< the same as the decoder reads them */
    struct tide_schema others;  /**< a column for each other stream: for its name alone */
    struct buffer records;      /**< lines for the decoder */
    int64_t *lines;             /**< owned: of the records in hand, where they stood */
    size_t line_count, line_capacity;
    int64_t line_base; /**< records before those in hand */
    int64_t line;      /**< number of the line in hand, from 1 */
    size_t searched;   /**< bytes of the input known to have no line feed */
    char *pending;     /**< owned: STATE that stands among the records in hand */
    char *position;    /**< owned: the last STATE before them */
    bool is_warned;    /**< that STATE is not kept */
};

/** Whether the line is a JSON object; else *json has the fault, or is at something that
 * is no object. */
bool message_parse(struct json_text *json, struct message *message);

/** Whether a value is the string `text`. */
bool message_is(const struct json_value *value, const char *text);

/** The text of a string, malloc'ed and terminated, and its length (or NULL), for it may
 * hold NULs; NULL when memory is out. */
char *message_text(const struct json_value *value, size_t *length);

/** Within an array, as json_next_item() within an object. */
int message_next_element(struct json_text *json, bool *first);

/** The columns of a SCHEMA message.  schema is empty on entry. */
TIDE_MUST_CHECK
int columns_of(const struct message *message, struct tide_schema *schema,
               struct tide_error *err);

/** Take one line of the input.  TIDE_END: there are no more. */
TIDE_MUST_CHECK
int singer_next_line(struct reader *reader, struct tide_error *err);

/** The program's line of a record in hand, by its number from 1 on; 0: unknown. */
int64_t singer_line_of(const struct singer *singer, int64_t ordinal);

/** Whether a column is read as text and then becomes instants. */
bool singer_is_instant(const struct singer *singer, size_t column);

/** Read up to the stream's SCHEMA. */
TIDE_MUST_CHECK
int singer_open(struct reader *reader, struct tide_schema *schema,
                struct tide_error *err);
TIDE_MUST_CHECK
int singer_read(struct reader *reader, struct tide_batch *batch, struct tide_error *err);
void singer_close(struct singer *singer);

#endif
