/*
 * reject_list - see reject_list.h.
 */
#include "cli/reject_list.h"

#include <inttypes.h>
#include <json-c/printbuf.h>
#include <string.h>

#include "base/json.h"
#include "base/json_reader.h"

/* Where the list is in a run: of a line of an item, and of what is in it. */
#define ITEM "      "
#define MEMBER "        "

static void add_value(struct tide_text *text, const char *key, struct json_object *value)
{
    const char *string = NULL;
    size_t length = 0;

    if (json_object_is_type(value, json_type_int)) {
        tide_text_appendf(text, "%" PRId64, json_object_get_int64(value));
        return;
    }
    if (!value) {
        tide_text_append(text, "null");
        return;
    }
    string = json_object_get_string(value);
    length = (size_t)json_object_get_string_len(value);
    if (strcmp(key, "row") == 0) {
        tide_text_append_n(text, string, length);
    } else {
        tide_text_append_json(text, string, length);
    }
}

void tide_reject_list_add(struct tide_reject_list *list, struct json_object *event)
{
    static const char *const keys[] = {"table",  "step",     "code", "message",
                                       "origin", "position", "row",  "raw"};
    struct tide_text *text = &list->text;

    tide_text_append(text, list->count > 0 ? ",\n" : "[\n");
    tide_text_appendf(text, ITEM "{\n" MEMBER "\"ordinal\": %" PRId64, ++list->count);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct json_object *value = tide_json_member(event, keys[i]);
        bool is_unknown = json_object_is_type(value, json_type_int) &&
                          json_object_get_int64(value) == 0;

        tide_text_append(text, ",\n" MEMBER "\"");
        tide_text_append(text, keys[i]);
        tide_text_append(text, "\": ");
        add_value(text, keys[i], is_unknown ? NULL : value);
    }
    tide_text_append(text, "\n" ITEM "}");
}

static int print_list(struct json_object *object, struct printbuf *out, int level,
                      int flags)
{
    const char *text = json_object_get_userdata(object);

    (void)level;
    (void)flags;
    return printbuf_memappend(out, text, (int)strlen(text));
}

struct json_object *tide_reject_list_take(struct tide_reject_list *list)
{
    struct json_object *array = tide_json_made(json_object_new_array_ext(1));

    tide_text_append(&list->text, list->count > 0 ? "\n    ]" : "[]");
    json_object_set_serializer(array, print_list, tide_text_take(&list->text),
                               json_object_free_userdata);
    list->count = 0;
    return array;
}

void tide_reject_show(struct json_object *event)
{
    const char *origin = tide_json_text(event, "origin");

    (void)fprintf(stderr, "rejected %s:%" PRId64 " at %s: %s: %s\n",
                  origin ? origin : tide_json_text(event, "table"),
                  tide_json_int(event, "position", 0), tide_json_text(event, "step"),
                  tide_json_text(event, "code"), tide_json_text(event, "message"));
}
