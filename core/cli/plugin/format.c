/*
 * format - what a format promises.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/plugin/coding.h"
#include "cli/plugin/sample.h"

/* Cuts of a file that are tried. */
#define CUTS 64

static const int64_t no_rows[] = {-1}, one_row[] = {1, -1}, some_rows[] = {5, 0, 4, -1},
                     full_batches[] = {1, TIDE_SAMPLE_FULL, 77, -1};

/* The bytes of a file of the test's columns.  A format that takes not all of them is
 * tried with those given by --columns. */
static int make_file(struct tide_kit *kit, const struct tide_encoding *encoding,
                     struct tide_text *file)
{
    bool refused = false;
    int rc = tide_kit_encode(kit, encoding, file, &refused);

    if (rc == TIDE_OK && refused) {
        rc = tide_kit_skip(kit,
                           "it does not write such columns (%s); name others with "
                           "--columns",
                           kit->err.message);
    }
    return rc;
}

/* The first line that differs, for people: cut, and its marks made visible. */
static void show_line(const char *line, char *out, size_t size)
{
    size_t length = strcspn(line, "\n");

    length = length < size ? length : size - 1;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)line[i];

        out[i] = byte == 0x1f ? '|' : (char)(byte < ' ' || byte > '~' ? '?' : byte);
    }
    out[length] = '\0';
}

static int compare(struct tide_kit *kit, const struct tide_text *wrote,
                   const struct tide_text *read)
{
    const char *a = wrote->data ? wrote->data : "", *b = read->data ? read->data : "";
    char one[300], other[300];
    long row = 1;

    if (wrote->length == read->length && memcmp(a, b, wrote->length) == 0) {
        return TIDE_OK;
    }
    while (*a && *b && strcspn(a, "\n") == strcspn(b, "\n") &&
           memcmp(a, b, strcspn(a, "\n")) == 0) {
        a += strcspn(a, "\n") + 1;
        b += strcspn(b, "\n") + 1;
        row++;
    }
    show_line(a, one, sizeof one);
    show_line(b, other, sizeof other);
    return tide_kit_broken(kit, "line %ld of the values: %s was written and %s is read",
                           row, *a ? one : "nothing", *b ? other : "nothing");
}

/* Write, read in such a way, and compare. */
static int round_trip(struct tide_kit *kit, const struct tide_encoding *encoding,
                      struct tide_decoding *decoding)
{
    struct tide_text file = {0}, wrote = {0};
    int rc = make_file(kit, encoding, &file);

    decoding->declared = encoding->schema;
    if (rc == TIDE_OK) {
        rc = tide_kit_show_rows(kit, encoding, &wrote);
    }
    if (rc == TIDE_OK) {
        rc = tide_kit_decode(kit, decoding, &file);
    }
    if (rc == TIDE_OK && kit->host.rejected > 0) {
        rc = tide_kit_broken(kit, "it refuses %lld rows that it wrote",
                             (long long)kit->host.rejected);
    }
    if (rc == TIDE_OK) {
        rc = compare(kit, &wrote, &decoding->seen);
    }
    tide_decoding_fini(decoding);
    tide_text_fini(&wrote);
    tide_text_fini(&file);
    return rc;
}

/* ---- promises -----------------------------------------------------------------------*/

static int gives_back(struct tide_kit *kit, const int64_t *sizes, bool nulls)
{
    const struct tide_encoding encoding = {kit->subject->columns, sizes, nulls, false};
    struct tide_decoding decoding = {0};

    return round_trip(kit, &encoding, &decoding);
}

static int gives_back_no_rows(struct tide_kit *kit)
{
    return gives_back(kit, no_rows, false);
}

static int gives_back_rows(struct tide_kit *kit)
{
    int rc = gives_back(kit, one_row, false);

    return rc == TIDE_OK ? gives_back(kit, full_batches, false) : rc;
}

static int gives_back_nulls(struct tide_kit *kit)
{
    return gives_back(kit, some_rows, true);
}

static int try_type(struct tide_kit *kit, int type, bool nulls)
{
    struct tide_schema schema = {0};
    struct tide_text file = {0};
    const struct tide_encoding encoding = {&schema, some_rows, nulls, false};
    struct tide_decoding decoding = {0};
    bool refused = false;
    int rc = tide_schema_add(&schema, "id", TIDE_TYPE_INT64, TIDE_COLUMN_REQUIRED);

    if (rc == TIDE_OK) {
        rc = tide_schema_add(&schema, "value", type, 0);
    }
    if (rc == TIDE_OK) {
        rc = tide_kit_encode(kit, &encoding, &file, &refused);
    }
    if (rc == TIDE_OK && !refused) {
        rc = round_trip(kit, &encoding, &decoding);
    }
    tide_text_fini(&file);
    tide_schema_clear(&schema);
    return rc;
}

static int answers_each_type(struct tide_kit *kit)
{
    int rc = TIDE_OK;

    for (int type = 0; rc == TIDE_OK && type < TIDE_TYPE_COUNT; type++) {
        rc = try_type(kit, type, false);
        if (rc == TIDE_OK) {
            rc = try_type(kit, type, true);
        }
    }
    return rc;
}

/* Whatever the pieces and batches are, the rows are the same. */
static int reads_in_pieces(struct tide_kit *kit)
{
    static const size_t pieces[] = {1, 7, 4096};
    const struct tide_encoding encoding = {kit->subject->columns, some_rows, true, false};
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < sizeof pieces / sizeof pieces[0]; i++) {
        for (int64_t rows = 1; rc == TIDE_OK && rows <= 3; rows += 2) {
            struct tide_decoding decoding = {.piece = pieces[i], .batch_rows = rows};

            rc = round_trip(kit, &encoding, &decoding);
        }
    }
    return rc;
}

static int goes_on_at_a_mark(struct tide_kit *kit)
{
    const struct tide_encoding encoding = {kit->subject->columns, some_rows, true, false};
    struct tide_decoding decoding = {.batch_rows = 2, .goes_on = true};

    if (!kit->entry->format->decoder_mark || !kit->entry->format->decoder_resume) {
        return tide_kit_skip(kit, "it has no decoder_mark() and decoder_resume()");
    }
    return round_trip(kit, &encoding, &decoding);
}

/* Two files, one behind the other, are one. */
static int writes_behind_rows(struct tide_kit *kit)
{
    const struct tide_schema *schema = kit->subject->columns;
    const struct tide_encoding first = {schema, some_rows, false, false};
    const struct tide_encoding second = {schema, some_rows, true, true};
    struct tide_decoding decoding = {.declared = schema};
    struct tide_text file = {0}, wrote = {0};
    bool refused = false;
    int rc = make_file(kit, &first, &file);

    if (rc == TIDE_OK) {
        rc = tide_kit_encode(kit, &second, &file, &refused);
    }
    if (rc == TIDE_OK && refused) {
        rc = tide_kit_skip(kit, "it does not: %s", kit->err.message);
    }
    if (rc == TIDE_OK) {
        rc = tide_kit_show_rows(kit, &first, &wrote);
    }
    if (rc == TIDE_OK) {
        rc = tide_kit_show_rows(kit, &second, &wrote);
    }
    if (rc == TIDE_OK) {
        rc = tide_kit_decode(kit, &decoding, &file);
    }
    if (rc == TIDE_OK) {
        rc = compare(kit, &wrote, &decoding.seen);
    }
    tide_decoding_fini(&decoding);
    tide_text_fini(&wrote);
    tide_text_fini(&file);
    return rc;
}

/* The file up to each of many places: some rows, or a failure that says why. */
static int read_cut(struct tide_kit *kit, struct tide_text *file, int64_t rows)
{
    size_t whole = file->length;
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < CUTS; i++) {
        struct tide_decoding decoding = {.declared = kit->subject->columns,
                                         .may_fail = true};

        file->length = whole * i / CUTS;
        rc = tide_kit_decode(kit, &decoding, file);
        if (rc == TIDE_OK && decoding.rows > rows) {
            rc = tide_kit_broken(
                kit, "truncated at byte %zu of %zu, it has %lld rows of %lld",
                file->length, whole, (long long)decoding.rows, (long long)rows);
        }
        tide_decoding_fini(&decoding);
    }
    return rc;
}

static int bears_a_cut_file(struct tide_kit *kit)
{
    const struct tide_encoding encoding = {kit->subject->columns, some_rows, true, false};
    struct tide_text file = {0};
    int rc = make_file(kit, &encoding, &file);

    if (rc == TIDE_OK) {
        rc = read_cut(kit, &file, 9);
    }
    tide_text_fini(&file);
    return rc;
}

/* Bytes of every kind, the same each time. */
static int bears_what_is_no_file(struct tide_kit *kit)
{
    struct tide_text file = {0};
    uint32_t state = 1;
    int rc = TIDE_OK;

    for (int round = 0; rc == TIDE_OK && round < CUTS; round++) {
        struct tide_decoding decoding = {.declared = kit->subject->columns,
                                         .may_fail = true};

        for (int i = 0; i < 40; i++) {
            state = state * 1664525 + 1013904223;
            tide_text_append_char(&file, (char)(uint8_t)(state >> 24));
        }
        rc = tide_kit_decode(kit, &decoding, &file);
        tide_decoding_fini(&decoding);
    }
    tide_text_fini(&file);
    return rc;
}

/* Any answer will do, if it says why. */
static int write_and_read(struct tide_kit *kit)
{
    const struct tide_encoding encoding = {kit->subject->columns, some_rows, true, false};
    struct tide_decoding decoding = {.declared = kit->subject->columns, .may_fail = true};
    struct tide_text file = {0};
    bool refused = false;
    int rc = tide_kit_encode(kit, &encoding, &file, &refused);

    if (rc == TIDE_OK) {
        rc = tide_kit_decode(kit, &decoding, &file);
    }
    tide_decoding_fini(&decoding);
    tide_text_fini(&file);
    return rc;
}

const struct tide_promise tide_format_promises[] = {
    {"gives back a file without rows", gives_back_no_rows, tide_kit_once},
    {"gives back one row, and full batches", gives_back_rows, tide_kit_once},
    {"gives back nulls", gives_back_nulls, tide_kit_once},
    {"gives back values of each type, or says why not", answers_each_type, tide_kit_once},
    {"reads a file in pieces and batches of any size", reads_in_pieces, tide_kit_once},
    {"resumes at the mark of another decoder", goes_on_at_a_mark, tide_kit_once},
    {"writes behind the rows of a file", writes_behind_rows, tide_kit_once},
    {"survives a truncated file", bears_a_cut_file, tide_kit_once},
    {"bears bytes that are no file", bears_what_is_no_file, tide_kit_once},
    {"returns when the run is cancelled", write_and_read, tide_kit_cancelled},
    {"leaves nothing behind when it is closed", write_and_read, tide_kit_leaks},
    {"bears allocations that fail", write_and_read, tide_kit_short_of_memory},
    {0},
};
