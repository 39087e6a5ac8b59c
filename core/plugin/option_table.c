/*
 * option_table - the options that a plugin declares, checked before any is used.
 */
#include "plugin/option_table.h"

#include <string.h>

#include "base/text.h"
#include "plugin/entry.h"
#include "plugin/value.h"

/* A table without its end runs into other memory; this many are surely a mistake. */
#define MOST_OPTIONS 256

struct field {
    size_t size, alignment;
};

/* The field in which a value of each type is stored. */
static const struct field fields[] = {
    [TIDE_OPTION_BOOL] = {sizeof(bool), _Alignof(bool)},
    [TIDE_OPTION_INT] = {sizeof(int64_t), _Alignof(int64_t)},
    [TIDE_OPTION_FLOAT] = {sizeof(double), _Alignof(double)},
    [TIDE_OPTION_STRING] = {sizeof(char *), _Alignof(char *)},
    [TIDE_OPTION_ENUM] = {sizeof(int64_t), _Alignof(int64_t)},
    [TIDE_OPTION_LIST] = {sizeof(struct tide_list), _Alignof(struct tide_list)},
    [TIDE_OPTION_MAP] = {sizeof(struct tide_map), _Alignof(struct tide_map)},
    [TIDE_OPTION_PATH] = {sizeof(char *), _Alignof(char *)},
    [TIDE_OPTION_DURATION] = {sizeof(int64_t), _Alignof(int64_t)},
    [TIDE_OPTION_SIZE] = {sizeof(int64_t), _Alignof(int64_t)},
    [TIDE_OPTION_CHAR] = {sizeof(char), _Alignof(char)},
    [TIDE_OPTION_COMPONENT] = {sizeof(struct tide_component),
                               _Alignof(struct tide_component)}};

static int refuse(const struct tide_option *option, const char *why,
                  struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CONFIG, "its option \"%.64s\" %s", option->name,
                          why);
}

static int check_name(const struct tide_option *options, size_t i, struct tide_error *err)
{
    if (!tide_name_is_valid(options[i].name)) {
        return refuse(&options[i],
                      "is not named by a lower-case letter followed by lower-case "
                      "letters, digits and _",
                      err);
    }
    for (size_t k = 0; k < i; k++) {
        if (strcmp(options[k].name, options[i].name) == 0) {
            return refuse(&options[i], "is declared twice", err);
        }
    }
    if (!options[i].help ||
        !tide_text_is_utf8(options[i].help, strlen(options[i].help))) {
        return refuse(&options[i], "has no help", err);
    }
    return TIDE_OK;
}

static int check_field(const struct tide_option *options, size_t i, size_t struct_size,
                       struct tide_error *err)
{
    const struct tide_option *option = &options[i];
    const struct field *field = &fields[option->type];
    size_t end;

    if (__builtin_add_overflow(option->offset, field->size, &end) || end > struct_size) {
        return refuse(option,
                      "lies outside of its struct: check .offset and .options_size", err);
    }
    if (option->offset % field->alignment != 0) {
        return refuse(option, "has an .offset that does not suit its type", err);
    }
    for (size_t k = 0; k < i; k++) {
        if (option->offset < options[k].offset + fields[options[k].type].size &&
            options[k].offset < end) {
            return refuse(option, "has the field of another option: check .offset", err);
        }
    }
    return TIDE_OK;
}

static int check_type(const struct tide_option *option, struct tide_error *err)
{
    if (option->type < TIDE_OPTION_BOOL || option->type > TIDE_OPTION_COMPONENT) {
        return refuse(option, "has no type that is known", err);
    }
    if (option->type == TIDE_OPTION_ENUM && (!option->choices || !option->choices[0])) {
        return refuse(option, "has no .choices", err);
    }
    if (option->type == TIDE_OPTION_COMPONENT &&
        option->component_kind != TIDE_KIND_FORMAT &&
        option->component_kind != TIDE_KIND_STORAGE) {
        return refuse(option, "has a .component_kind that is neither format nor storage",
                      err);
    }
    return option->minimum > option->maximum
               ? refuse(option, "has a .minimum above its .maximum", err)
               : TIDE_OK;
}

static int check_default(const struct tide_option *option, struct tide_error *err)
{
    struct tide_option_info *info = tide_option_info_of(option);
    struct tide_value_problem problem;
    struct json_object *value;
    int rc = TIDE_OK;

    if (option->default_value) {
        value = tide_value_of_text(option->type, option->default_value);
        if (!tide_value_check(info, value, &problem)) {
            rc = tide_error_set(err, TIDE_E_CONFIG, "the default of its option \"%s\" %s",
                                option->name, problem.message);
        }
        json_object_put(value);
    }
    tide_option_info_destroy(info);
    return rc;
}

int tide_option_table_check(const struct tide_option *options, size_t options_size,
                            struct tide_error *err)
{
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && options && options[i].name; i++) {
        if (i == MOST_OPTIONS) {
            return tide_error_set(
                err, TIDE_E_CONFIG,
                "has more than %d options: does the table end with {0}?", MOST_OPTIONS);
        }
        rc = check_name(options, i, err);
        rc = rc == TIDE_OK ? check_type(&options[i], err) : rc;
        rc = rc == TIDE_OK ? check_field(options, i, options_size, err) : rc;
        rc = rc == TIDE_OK ? check_default(&options[i], err) : rc;
    }
    return rc;
}
