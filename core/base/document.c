/*
 * document - a tree, and beside it a table of where each value stood.
 *
 * json-c has no room for a line in its objects, and null is no object at all; so places
 * are kept under (parent, key or index), hashed, in one array sorted when it is complete.
 * Two places of the same hash are as unlikely as harmless: a message would name another
 * line.
 */
#include "base/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/document_yaml.h"
#include "base/hash.h"
#include "base/json_reader.h"
#include "base/memory.h"

struct mark {
    uint64_t hash;
    struct tide_place place, key_place;
};

struct tide_document {
    struct json_object *root;
    struct mark *marks;
    size_t count, capacity;
};

static uint64_t hash_of(struct json_object *parent, const char *key, size_t index)
{
    uintptr_t address = (uintptr_t)parent;
    uint64_t hash = tide_hash_add(TIDE_HASH_START, &address, sizeof address);

    return key ? tide_hash_add(hash, key, strlen(key) + 1)
               : tide_hash_add(hash, &index, sizeof index);
}

static void add_mark(void *arg, struct json_object *parent, const char *key, size_t index,
                     struct tide_place place, struct tide_place key_place)
{
    struct tide_document *document = arg;

    if (document->count == document->capacity) {
        document->capacity = document->capacity ? document->capacity * 2 : 64;
        document->marks =
            tide_realloc(document->marks, document->capacity * sizeof *document->marks);
    }
    document->marks[document->count++] = (struct mark){
        .hash = hash_of(parent, key, index), .place = place, .key_place = key_place};
}

static int compare_marks(const void *a, const void *b)
{
    const struct mark *left = a, *right = b;

    return left->hash < right->hash ? -1 : left->hash > right->hash;
}

static int parse(struct tide_document *document, const char *text, size_t length,
                 enum tide_document_syntax syntax, struct tide_place *where,
                 struct tide_error *err)
{
    struct tide_placed_sink sink = {add_mark, document};

    if (length > TIDE_DOCUMENT_MAX) {
        *where = (struct tide_place){1, 1};
        return tide_error_set(err, TIDE_E_DATA, "longer than 1 MiB");
    }
    if (syntax == TIDE_DOCUMENT_YAML) {
        return tide_yaml_read(text, length, &sink, &document->root, where, err);
    }
    return tide_json_read(text, length, true, &sink, &document->root, where, err);
}

int tide_document_parse(const char *text, size_t length, enum tide_document_syntax syntax,
                        const char *name, struct tide_document **out,
                        struct tide_error *err)
{
    struct tide_document *document = tide_alloc(sizeof *document);
    struct tide_error failure = {0};
    struct tide_place where;
    int rc = parse(document, text, length, syntax, &where, &failure);

    if (rc != TIDE_OK) {
        (void)tide_place_error(where, name, &failure);
        if (!name) {
            failure.where[0] = '\0';
        }
        if (err) {
            *err = failure;
        }
        tide_document_destroy(document);
        return rc;
    }
    qsort(document->marks, document->count, sizeof *document->marks, compare_marks);
    *out = document;
    return TIDE_OK;
}

void tide_document_destroy(struct tide_document *document)
{
    if (document) {
        (void)json_object_put(document->root);
        free(document->marks);
        free(document);
    }
}

struct json_object *tide_document_root(const struct tide_document *document)
{
    return document->root;
}

static const struct mark *find_mark(const struct tide_document *document,
                                    struct json_object *parent, const char *key,
                                    size_t index)
{
    static const struct mark none;
    struct mark wanted = {.hash = hash_of(parent, key, index)};
    const struct mark *found = bsearch(&wanted, document->marks, document->count,
                                       sizeof *document->marks, compare_marks);

    return found ? found : &none;
}

void tide_document_where(const struct tide_document *document, struct json_object *parent,
                         const char *key, size_t index, unsigned *line, unsigned *column)
{
    const struct mark *mark = find_mark(document, parent, key, index);

    *line = mark->place.line;
    *column = mark->place.column;
}

void tide_document_where_key(const struct tide_document *document,
                             struct json_object *parent, const char *key, unsigned *line,
                             unsigned *column)
{
    const struct mark *mark = find_mark(document, parent, key, 0);

    *line = mark->key_place.line;
    *column = mark->key_place.column;
}
