/*
 * position - written and read.
 */
#include "position.h"

#include <inttypes.h>
#include <tidemill/utf8.h>

/* ---- writing ---- */

/* What is no text cannot be kept by a destination. */
static void add_name(struct json_out *out, const char *name)
{
    json_out_string(out, name);
    out->failed |= !tide_is_utf8((const uint8_t *)name, strlen(name));
}

static void add_hash(struct json_out *out, const char *name, uint64_t hash)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%016" PRIx64, hash);
    json_out_raw(out, name);
    json_out_string(out, text);
}

static void add_spot(struct json_out *out, const char *name, const struct place *place)
{
    json_out_raw(out, "\"file\": ");
    add_name(out, name);
    json_out_raw(out, ", \"offset\": ");
    json_out_int(out, place->offset);
    add_hash(out, ", \"tail\": ", place->tail);
    add_hash(out, ", \"head\": ", place->head);
}

static void add_done(struct json_out *out, const char *name, const struct place *end)
{
    if (!end->has_head) {
        add_name(out, name);
        return;
    }
    json_out_raw(out, "{");
    add_spot(out, name, end);
    json_out_raw(out, "}");
}

static void add_place(struct json_out *out, const char *name, const struct place *place)
{
    json_out_raw(out, ", \"mark\": ");
    json_out_int(out, place->mark);
    json_out_raw(out, ", ");
    add_spot(out, name, place);
}

const char *position_write(struct position_text *position, const char *path,
                           const struct names *names, const struct place *ends,
                           size_t count, const struct place *place,
                           const struct xxh64 *all)
{
    struct json_out *done = &position->done, *text = &position->text;

    if (!done->text) {
        json_out_raw(done, "{\"path\": ");
        add_name(done, path);
        json_out_raw(done, ", \"done\": [");
    }
    for (; position->count < count; position->count++) {
        json_out_raw(done, position->count > 0 ? ", " : "");
        add_done(done, names->items[position->count], &ends[position->count]);
    }
    if (done->failed) {
        return NULL;
    }
    json_out_reset(text);
    json_out_bytes(text, done->text, done->length);
    json_out_raw(text, "]");
    if (place) {
        add_place(text, names->items[count], place);
    }
    if (all) {
        add_hash(text, ", \"all\": ", xxh64_value(all));
    }
    json_out_raw(text, "}");
    return text->failed ? NULL : text->text;
}

void position_text_fini(struct position_text *position)
{
    json_out_fini(&position->done);
    json_out_fini(&position->text);
}

/* ---- reading ---- */

static bool read_hash(const struct json_value *root, const char *name, uint64_t *hash)
{
    char *text = json_member_string(root, name);
    char *end = text;

    if (text) {
        *hash = strtoumax(text, &end, 16);
    }
    free(text);
    return end != text;
}

static bool read_spot(const struct json_value *object, struct place *place)
{
    struct json_value head;

    place->has_head = json_member(object, "head", &head);
    return json_member_int(object, "offset", &place->offset) && place->offset >= 0 &&
           read_hash(object, "tail", &place->tail) &&
           (!place->has_head || read_hash(object, "head", &place->head));
}

/* Takes the name, or NULL for one that could not be read. */
static bool keep_done(struct position *position, char *name, const struct place *end)
{
    size_t count = position->done.count;
    struct place *ends = realloc(position->ends, (count + 1) * sizeof *ends);
    bool is_kept = ends && name && names_add(&position->done, name, 0) == TIDE_OK;

    if (ends) {
        position->ends = ends;
    }
    if (is_kept) {
        ends[count] = *end;
    }
    free(name);
    return is_kept;
}

static bool read_done(const struct json_value *root, struct position *position)
{
    struct json_value list, element;
    struct json_text at = {0};

    if (!json_member_array(root, "done", &list)) {
        return false;
    }
    while (json_element(&list, &at, &element)) {
        bool is_name = element.kind == JSON_STRING;
        struct place end = {0};

        if ((!is_name && !read_spot(&element, &end)) ||
            !keep_done(position,
                       is_name ? json_string(&element)
                               : json_member_string(&element, "file"),
                       &end)) {
            return false;
        }
    }
    return !at.fault;
}

/* Nothing is half read, or its place is whole. */
static bool read_place(const struct json_value *root, struct position *position)
{
    struct json_value file;

    if (!json_member(root, "file", &file)) {
        return true;
    }
    position->file = json_string(&file);
    return position->file && read_spot(root, &position->place) &&
           json_member_int(root, "mark", &position->place.mark);
}

static bool read_all(const struct json_value *root, struct position *position)
{
    struct json_value all;

    position->has_all = json_member(root, "all", &all);
    return !position->has_all || read_hash(root, "all", &position->all);
}

static int check_path(const struct json_value *root, const char *path,
                      struct tide_error *err)
{
    char *before = json_member_string(root, "path");
    int rc = TIDE_OK;

    if (!before || strcmp(before, path) != 0) {
        rc = tide_error_at(err, TIDE_E_CONFIG, "path",
                           "the interrupted run read files in %s, and path is %s now: "
                           "set it back, or run with --full to start over",
                           before ? before : "no folder", path);
    }
    free(before);
    return rc;
}

int position_parse(const char *text, const char *path, struct position *position,
                   struct tide_error *err)
{
    struct json_document document;
    const char *fault = json_document_open(&document, text, strlen(text));
    int rc = TIDE_OK;

    if (!fault &&
        (!read_done(&document.root, position) || !read_place(&document.root, position) ||
         !read_all(&document.root, position))) {
        fault = "it is not one of this source";
    }
    if (fault) {
        rc = tide_error_set(err, TIDE_E_CONFIG,
                            "cannot resume where the last run was interrupted, at "
                            "%.400s: %s; run with --full to start over",
                            text, fault);
    } else {
        rc = check_path(&document.root, path, err);
    }
    json_document_close(&document);
    return rc;
}

void position_clear(struct position *position)
{
    names_clear(&position->done);
    free(position->ends);
    free(position->file);
    memset(position, 0, sizeof *position);
}
