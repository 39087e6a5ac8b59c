/*
 * compile_tables - what is moved, under which name, how, and which part of it.
 */
#include <string.h>

#include "base/json.h"
#include "pipeline/compile.h"
#include "pipeline/keys.h"

/* ---- names ---- */

static bool is_glob(const char *name)
{
    return strpbrk(name, "*?[") != NULL;
}

/* A file's name without its folders and its extensions ("in/people.csv.gz": "people"). */
static const char *name_of_file(struct tide_compile *compile, const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    const char *dot = strchr(base + 1, '.');

    return tide_arena_strndup(compile->parts->arena, base,
                              dot ? (size_t)(dot - base) : strlen(base));
}

static bool names_files(const struct tide_plugin_info *source)
{
    for (size_t i = 0; source && i < source->option_count; i++) {
        if (source->options[i].type == TIDE_OPTION_COMPONENT &&
            source->options[i].component_kind == TIDE_KIND_FORMAT) {
            return true;
        }
    }
    return false;
}

static void compile_names(struct tide_compile *compile, const struct tide_place *place,
                          struct tide_table *table)
{
    table->name = tide_compile_text(compile, place->value, "name");
    table->as = tide_compile_text(compile, place->value, "as");
    if (!table->name || table->as) {
        return;
    }
    if (!names_files(compile->source)) {
        table->as = table->name;
    } else if (is_glob(table->name)) {
        tide_place_key_problem(
            place, "as", TIDE_PROBLEM_MEANING,
            "required with a glob: what the destination calls the files "
            "of \"%.100s\" together",
            table->name);
    } else {
        table->as = name_of_file(compile, table->name);
    }
}

static void check_doubles(struct tide_compile *compile, const struct tide_place *place)
{
    const struct tide_pipeline *pipeline = compile->pipeline;

    for (size_t i = 1; i < pipeline->table_count; i++) {
        struct tide_place element = tide_place_element(place, i);

        for (size_t j = 0; j < i; j++) {
            const struct tide_table *a = &pipeline->tables[j], *b = &pipeline->tables[i];

            if (a->name && b->name && strcmp(a->name, b->name) == 0) {
                tide_place_key_problem(&element, "name", TIDE_PROBLEM_MEANING,
                                       "table \"%.100s\" is tables[%zu] already", b->name,
                                       j);
            } else if (a->as && b->as && strcmp(a->as, b->as) == 0) {
                tide_place_key_problem(&element, "as", TIDE_PROBLEM_MEANING,
                                       "tables[%zu] goes into \"%.100s\" already", j,
                                       b->as);
            }
        }
    }
}

/* ---- mode and key ---- */

static const struct {
    const char *word;
    int mode;
    uint32_t flag;
} modes[] = {
    {"append", TIDE_MODE_APPEND, TIDE_DESTINATION_APPEND},
    {"replace", TIDE_MODE_REPLACE, TIDE_DESTINATION_REPLACE},
    {"merge", TIDE_MODE_MERGE, TIDE_DESTINATION_MERGE},
};

#define MODES (sizeof modes / sizeof modes[0])

static int mode_of(const char *word)
{
    for (size_t i = 0; word && i < MODES; i++) {
        if (strcmp(modes[i].word, word) == 0) {
            return modes[i].mode;
        }
    }
    return 0;
}

static bool offers(const struct tide_plugin_info *destination, int mode)
{
    return !destination || destination->flags & modes[mode - TIDE_MODE_APPEND].flag;
}

static int standard_mode(const struct tide_compile *compile,
                         const struct tide_table *table)
{
    const struct tide_plugin_info *destination = compile->destination;

    if (table->key && offers(destination, TIDE_MODE_MERGE)) {
        return TIDE_MODE_MERGE;
    }
    return offers(destination, TIDE_MODE_REPLACE) ? TIDE_MODE_REPLACE : TIDE_MODE_APPEND;
}

static void check_offered(const struct tide_compile *compile,
                          const struct tide_place *place, const struct tide_table *table)
{
    struct tide_text offered = {0};

    if (offers(compile->destination, table->mode)) {
        return;
    }
    for (size_t i = 0; i < MODES; i++) {
        if (offers(compile->destination, modes[i].mode)) {
            tide_text_appendf(&offered, "%s%s", offered.length ? ", " : "",
                              modes[i].word);
        }
    }
    tide_place_key_problem(place, "mode", TIDE_PROBLEM_MEANING,
                           "destination \"%s\" does not offer %s; it offers %s",
                           compile->destination->name,
                           modes[table->mode - TIDE_MODE_APPEND].word, offered.data);
    tide_text_fini(&offered);
}

static void compile_mode(struct tide_compile *compile, const struct tide_place *place,
                         struct tide_table *table)
{
    bool append_only = tide_json_bool(place->value, "append_only", false);
    const char *word = tide_json_text(place->value, "mode");
    int written = mode_of(word);

    table->key = tide_compile_texts(compile, tide_json_member(place->value, "key"));
    if (word && !written) {
        table->mode = TIDE_MODE_MERGE; /* misspelt, and noted: say nothing that follows */
        return;
    }
    if (append_only && written && written != TIDE_MODE_APPEND) {
        tide_place_key_problem(place, "append_only", TIDE_PROBLEM_MEANING,
                               "is mode append, and mode says otherwise");
    }
    table->mode = append_only ? TIDE_MODE_APPEND
                  : written   ? written
                              : standard_mode(compile, table);
    check_offered(compile, place, table);
    if (table->mode == TIDE_MODE_MERGE && !table->key && compile->source &&
        compile->source->flags & TIDE_SOURCE_KEYLESS) {
        tide_place_key_problem(place, "key", TIDE_PROBLEM_MEANING,
                               "required for merge: source \"%s\" knows no primary key",
                               compile->source->name);
    }
    if (table->mode != TIDE_MODE_MERGE && table->key) {
        tide_place_key_problem(place, "key", TIDE_PROBLEM_MEANING,
                               offers(compile->destination, TIDE_MODE_MERGE)
                                   ? "is for mode merge alone"
                                   : "is for mode merge, which destination \"%s\" does "
                                     "not offer",
                               compile->destination ? compile->destination->name : "");
    }
}

/* ---- columns ---- */

static bool has_text(const char *const *list, const char *text)
{
    for (; list && *list; list++) {
        if (strcmp(*list, text) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_left_out(const struct tide_table *table, const char *column)
{
    return has_text(table->exclude, column) ||
           (table->include && !has_text(table->include, column));
}

static void compile_columns(struct tide_compile *compile, const struct tide_place *place,
                            struct tide_table *table)
{
    struct tide_place columns = tide_place_member(place, "columns");

    if (!json_object_is_type(columns.value, json_type_object)) {
        return;
    }
    table->include =
        tide_compile_texts(compile, tide_json_member(columns.value, "include"));
    table->exclude =
        tide_compile_texts(compile, tide_json_member(columns.value, "exclude"));
    if (!tide_json_member(columns.value, "include") ==
        !tide_json_member(columns.value, "exclude")) {
        tide_place_problem(
            &columns, TIDE_PROBLEM_MEANING, "give either include or exclude, not %s",
            tide_json_member(columns.value, "include") ? "both" : "neither");
    }
    for (size_t i = 0; table->mode == TIDE_MODE_MERGE && table->key && table->key[i];
         i++) {
        if (is_left_out(table, table->key[i])) {
            tide_place_problem(&columns, TIDE_PROBLEM_MEANING,
                               "leaves out \"%.100s\", which is part of the key",
                               table->key[i]);
        }
    }
}

static int type_of(const char *word)
{
    for (int type = TIDE_TYPE_BOOL; type < TIDE_TYPE_COUNT; type++) {
        if (strcmp(tide_type_name(type), word) == 0) {
            return type;
        }
    }
    return 0;
}

static void unknown_type(const struct tide_place *place, const char *word)
{
    const char *words[TIDE_TYPE_COUNT];
    struct tide_text advice = {0};

    for (int type = TIDE_TYPE_BOOL; type < TIDE_TYPE_COUNT; type++) {
        words[type - TIDE_TYPE_BOOL] = tide_type_name(type);
    }
    words[TIDE_TYPE_COUNT - 1] = NULL;
    tide_word_advice(words, word, &advice);
    tide_place_problem(place, TIDE_PROBLEM_MEANING, "%s", advice.data);
    tide_text_fini(&advice);
}

static void compile_types(const struct tide_place *place, struct tide_table *table)
{
    struct tide_place types = tide_place_member(place, "types");

    if (!json_object_is_type(types.value, json_type_object)) {
        return;
    }
    json_object_object_foreach(types.value, column, value)
    {
        struct tide_place member = tide_place_member(&types, column);
        const char *word = json_object_is_type(value, json_type_string)
                               ? json_object_get_string(value)
                               : NULL;
        int type = word ? type_of(word) : 0;

        if (word && !type) {
            unknown_type(&member, word);
        } else if (type && is_left_out(table, column)) {
            tide_place_problem(&member, TIDE_PROBLEM_MEANING, "columns leaves it out");
        } else if (type && tide_schema_add(&table->types, column, type, 0) != TIDE_OK) {
            tide_place_problem(&member, TIDE_PROBLEM_MEANING, "no memory is left");
        }
    }
}

static void compile_cursor(struct tide_compile *compile, const struct tide_place *place,
                           struct tide_table *table)
{
    struct tide_place cursor = tide_place_member(place, "cursor");

    table->cursor = tide_compile_text(compile, place->value, "cursor");
    if (!table->cursor) {
        return;
    }
    if (compile->source && !(compile->source->flags & TIDE_SOURCE_INCREMENTAL)) {
        tide_place_problem(&cursor, TIDE_PROBLEM_MEANING,
                           "source \"%s\" cannot read from where it left off",
                           compile->source->name);
    }
    if (is_left_out(table, table->cursor)) {
        tide_place_problem(&cursor, TIDE_PROBLEM_MEANING, "columns leaves it out");
    }
    if (table->mode == TIDE_MODE_REPLACE) {
        tide_place_problem(
            &cursor, TIDE_PROBLEM_MEANING,
            "reads new rows alone, and mode replace would drop the others; "
            "use merge or append");
    }
}

static void compile_verify(struct tide_compile *compile, const struct tide_place *place,
                           struct tide_table *table)
{
    const struct tide_plugin_info *destination = compile->destination;
    const char *word = tide_json_text(place->value, "verify");

    table->verify = word && strcmp(word, "checksum") == 0;
    if (!table->verify) {
        return;
    }
    if (destination && !(destination->flags & TIDE_DESTINATION_READABLE)) {
        tide_place_key_problem(place, "verify", TIDE_PROBLEM_MEANING,
                               "destination \"%s\" cannot be read again",
                               destination->name);
    } else if (table->mode == TIDE_MODE_MERGE) {
        tide_place_key_problem(place, "verify", TIDE_PROBLEM_MEANING,
                               "is for mode append or replace: a merged table holds rows "
                               "of other runs too");
    }
}

/* ---- the list ---- */

static void compile_table(struct tide_compile *compile, const struct tide_place *place,
                          struct tide_table *table)
{
    struct tide_place filter = tide_place_member(place, "filter");

    if (!json_object_is_type(place->value, json_type_object)) {
        return;
    }
    compile_names(compile, place, table);
    compile_mode(compile, place, table);
    compile_columns(compile, place, table);
    compile_types(place, table);
    compile_cursor(compile, place, table);
    compile_verify(compile, place, table);
    table->filter = tide_compile_filter(compile, &filter, &table->types);
}

void tide_compile_tables(struct tide_compile *compile, const struct tide_place *place)
{
    struct tide_pipeline *pipeline = compile->pipeline;
    size_t count;

    if (!json_object_is_type(place->value, json_type_array)) {
        return;
    }
    count = json_object_array_length(place->value);
    pipeline->tables =
        tide_arena_alloc(compile->parts->arena, (count + 1) * sizeof *pipeline->tables);
    pipeline->table_count = count;
    for (size_t i = 0; i < count; i++) {
        struct tide_place element = tide_place_element(place, i);

        compile_table(compile, &element, &pipeline->tables[i]);
    }
    check_doubles(compile, place);
}
