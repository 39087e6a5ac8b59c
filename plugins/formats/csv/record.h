/*
 * record - one CSV record, read byte by byte by the full rules.
 *
 * It takes over where the scan stops: records longer than a window, the last one of a
 * file, those with quotes in odd places, and every record when the escape is not the
 * quote.  The reading can be interrupted anywhere and continues when more bytes are
 * there.
 *
 *   - A quote inside an unquoted field is a character like any other.
 *   - After a closing quote come a delimiter or the end of the record; anything else
 *     makes the record malformed, up to the end of the line in which that was found.
 *   - CR LF and LF end a record, and so does the end of the file; a CR in front of it
 *     belongs to it.
 */
#ifndef CSV_RECORD_H
#define CSV_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scan.h"

enum csv_outcome {
    CSV_MORE,         /**< the record continues behind the data */
    CSV_COMPLETE,     /**< fields and length are set */
    CSV_MALFORMED,    /**< length is set, fault is where it went wrong */
    CSV_UNTERMINATED, /**< the file ends inside quotes */
    CSV_NOTHING       /**< the file ends in front of the record */
};

/** What stands between the quotes, or the whole of an unquoted field. */
struct csv_field {
    size_t start, end;
    bool quoted;
};

/** Zeroed at first; csv_record_reset for the next record. */
struct csv_record {
    struct csv_field *fields; /**< owned; the first `keep` of them */
    size_t capacity;
    size_t keep;        /**< more fields than this are counted, not kept */
    size_t field_count; /**< of the record */
    size_t length;      /**< bytes of the record with its line end */
    size_t fault;
    int state;
    size_t position; /**< up to here the data was read */
    size_t start;    /**< of the field in hand */
    size_t end;      /**< of the quoted field in hand */
};

/** Forget the record in hand; keeps the memory. */
void csv_record_reset(struct csv_record *record);
void csv_record_fini(struct csv_record *record);

/**
 * Read on.  data begins with the record and may only have grown since the last call that
 * gave CSV_MORE.  last: the file ends behind length.  Returns an enum csv_outcome, or
 * TIDE_E_LIMIT when memory is out.
 */
int csv_record_read(struct csv_record *record, const struct csv_syntax *syntax,
                    const uint8_t *data, size_t length, bool last);

/** Copy what stands between quotes, escapes resolved; returns the length. */
size_t csv_unescape(uint8_t *to, const uint8_t *from, size_t length,
                    const struct csv_syntax *syntax);

#endif
