/*
 * entry_test - what a plugin exports, held against the rules of the interface.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "plugin/binding.h"
#include "plugin/entry.h"
#include "plugin/load.h"

struct options {
    int64_t number;
    const char *text;
    bool yes;
};

static int bind(const void *options, const struct tide_host *host,
                struct tide_schema *schema, void **state, struct tide_error *err)
{
    (void)options;
    (void)host;
    (void)schema;
    (void)state;
    (void)err;
    return TIDE_OK;
}

static int apply(void *state, struct tide_batch *batch, struct tide_error *err)
{
    (void)state;
    (void)batch;
    (void)err;
    return TIDE_OK;
}

static const struct tide_transform good_table = {
    .size = sizeof good_table, .bind = bind, .apply = apply, .close = free};

static const struct tide_plugin_entry good = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "good", "1.0", "Does nothing."),
    .transform = &good_table};

static void expect_refused(const struct tide_plugin_entry *entry, const char *why)
{
    struct tide_plugin_entry *adopted = NULL;
    struct tide_error err = {0};

    assert_int_equal(tide_entry_adopt(entry, &adopted, &err), TIDE_E_CONFIG);
    assert_null(adopted);
    if (!strstr(err.message, why)) {
        fail_msg("\"%s\" does not say \"%s\"", err.message, why);
    }
}

static void a_good_entry_is_copied(void **state)
{
    struct tide_plugin_entry *adopted = NULL;

    (void)state;
    assert_int_equal(tide_entry_adopt(&good, &adopted, NULL), TIDE_OK);
    assert_string_equal(adopted->name, "good");
    assert_ptr_not_equal(adopted->transform, &good_table);
    assert_ptr_equal(adopted->transform->apply, apply);
    tide_entry_destroy(adopted);
}

static void an_entry_of_a_newer_header_is_taken_without_what_is_new(void **state)
{
    struct {
        struct tide_plugin_entry entry;
        int64_t appended[4];
    } newer = {.entry = good, .appended = {1, 2, 3, 4}};
    struct {
        struct tide_transform table;
        int64_t appended;
    } table = {.table = good_table, .appended = 1};
    struct tide_plugin_entry *adopted = NULL;

    (void)state;
    newer.entry.size = sizeof newer;
    table.table.size = sizeof table;
    newer.entry.transform = &table.table;
    assert_int_equal(tide_entry_adopt(&newer.entry, &adopted, NULL), TIDE_OK);
    assert_string_equal(adopted->name, "good");
    tide_entry_destroy(adopted);
}

static void the_head_is_checked_before_all_else(void **state)
{
    const uint32_t another_abi[2] = {TIDE_ABI + 1, 8};
    struct tide_plugin_entry entry = good;
    struct tide_error err = {0};
    struct tide_plugin_entry *adopted = NULL;

    (void)state;
    assert_int_equal(tide_entry_adopt(another_abi, &adopted, &err), TIDE_E_CONFIG);
    assert_non_null(strstr(err.message, "plugin interface 2 and this program has 1"));
    entry.size = 16;
    expect_refused(&entry, "16 bytes");
    entry = good;
    entry.kind = 9;
    expect_refused(&entry, "its kind 9");
}

static void names_and_texts_are_checked(void **state)
{
    static const char *const bad[] = {"",   "Upper", "a-b", "1st",
                                      "_a", "a/b",   "..",  "\xff"};
    struct tide_plugin_entry entry = good;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        entry.name = bad[i];
        expect_refused(&entry, "its name");
    }
    entry.name = NULL;
    expect_refused(&entry, "its name is missing");
    entry = good;
    entry.version = NULL;
    expect_refused(&entry, "its version is missing");
    entry = good;
    entry.summary = "";
    expect_refused(&entry, "its summary is missing");
}

static void the_table_of_its_kind_is_checked(void **state)
{
    struct tide_transform table = good_table;
    struct tide_plugin_entry entry = good;

    (void)state;
    entry.transform = NULL;
    expect_refused(&entry, "its .transform is not set");
    entry.transform = &table;
    table.size = 8;
    expect_refused(&entry, "the transform table says it has 8 bytes");
    table = good_table;
    table.apply = NULL;
    expect_refused(&entry, "its transform table lacks apply()");
    entry = good;
    entry.kind = TIDE_KIND_SOURCE;
    expect_refused(&entry, "is a source but its .source is not set");
}

static void a_destination_needs_a_mode(void **state)
{
    struct tide_destination table = {.size = sizeof table};
    struct tide_plugin_entry entry = good;

    (void)state;
    entry.kind = TIDE_KIND_DESTINATION;
    entry.destination = &table;
    expect_refused(&entry, "lacks open()");
}

static int open_table(const void *options, const struct tide_destination_request *request,
                      const struct tide_host *host, void **state,
                      struct tide_schema *accepted, char **position,
                      struct tide_error *err)
{
    (void)options;
    (void)request;
    (void)host;
    (void)state;
    (void)accepted;
    (void)position;
    (void)err;
    return TIDE_OK;
}

static int write_rows(void *state, const struct tide_batch *batch, struct tide_error *err)
{
    (void)state;
    (void)batch;
    (void)err;
    return TIDE_OK;
}

static int commit_rows(void *state, const char *position, bool final,
                       struct tide_error *err)
{
    (void)state;
    (void)position;
    (void) final;
    (void)err;
    return TIDE_OK;
}

static void a_destination_that_sets_rows_aside_goes_on_with_them(void **state)
{
    struct tide_destination table = {.size = sizeof table,
                                     .flags = TIDE_DESTINATION_REPLACE |
                                              TIDE_DESTINATION_STAGES,
                                     .open = open_table,
                                     .write = write_rows,
                                     .commit = commit_rows,
                                     .close = free};
    struct tide_plugin_entry entry = good;

    (void)state;
    entry.kind = TIDE_KIND_DESTINATION;
    entry.destination = &table;
    expect_refused(&entry, "lacks resume()");
}

static int open_source(const void *options, const struct tide_source_request *request,
                       const struct tide_host *host, void **state,
                       struct tide_schema *schema, struct tide_error *err)
{
    (void)options;
    (void)request;
    (void)host;
    (void)state;
    (void)schema;
    (void)err;
    return TIDE_OK;
}

static void a_source_that_goes_on_tells_its_position(void **state)
{
    static const uint32_t flags[] = {TIDE_SOURCE_INCREMENTAL, TIDE_SOURCE_RESUMABLE};
    struct tide_source table = {
        .size = sizeof table, .open = open_source, .read = apply, .close = free};
    struct tide_plugin_entry entry = good;

    (void)state;
    entry.kind = TIDE_KIND_SOURCE;
    entry.source = &table;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        table.flags = flags[i];
        expect_refused(&entry, "lacks position()");
    }
}

static void expect_option_refused(const struct tide_option *table, const char *why)
{
    struct tide_plugin_entry entry = good;

    entry.options = table;
    entry.options_size = sizeof(struct options);
    expect_refused(&entry, why);
}

#define NUMBER                                                                           \
    .name = "number", .type = TIDE_OPTION_INT,                                           \
    .offset = offsetof(struct options, number), .help = "A number."

static void options_that_make_no_sense_are_refused(void **state)
{
    static const char *const no_choices[] = {NULL};
    const struct tide_option upper[] = {{NUMBER}, {0}};
    struct tide_option one[] = {{NUMBER}, {0}};
    const struct tide_option twice[] = {{NUMBER}, {NUMBER}, {0}};
    struct tide_option shared[] = {{NUMBER}, {NUMBER}, {0}};

    (void)state;
    one[0].name = "Number";
    expect_option_refused(one, "\"Number\" is not named");
    one[0] = upper[0];
    one[0].type = 99;
    expect_option_refused(one, "has no type that is known");
    one[0] = upper[0];
    one[0].offset = sizeof(struct options) - 4;
    expect_option_refused(one, "lies outside");
    one[0].offset = SIZE_MAX - 3;
    expect_option_refused(one, "lies outside");
    one[0].offset = 4;
    expect_option_refused(one, "does not suit its type");
    one[0] = upper[0];
    one[0].type = TIDE_OPTION_ENUM;
    expect_option_refused(one, "has no .choices");
    one[0].choices = no_choices;
    expect_option_refused(one, "has no .choices");
    one[0] = upper[0];
    one[0].minimum = 2;
    one[0].maximum = 1;
    expect_option_refused(one, "above its .maximum");
    one[0].maximum = 3;
    one[0].default_value = "7";
    expect_option_refused(one,
                          "the default of its option \"number\" must be from 2 to 3");
    one[0].default_value = "many";
    expect_option_refused(one, "the default of its option \"number\" must be");
    expect_option_refused(twice, "declared twice");
    shared[1].name = "other";
    expect_option_refused(shared, "has the field of another option");
    one[0] = upper[0];
    one[0].help = NULL;
    expect_option_refused(one, "has no help");
}

/* ---- loading ---- */

static void a_plugin_is_loaded_once_by_kind_and_name(void **state)
{
    const struct tide_plugin_entry *first, *second;
    struct tide_error err = {0};
    char *folder = tide_plugin_folder();

    (void)state;
    assert_int_equal(
        tide_plugin_load(folder, TIDE_KIND_DESTINATION, "null", &first, &err), TIDE_OK);
    assert_int_equal(
        tide_plugin_load(folder, TIDE_KIND_DESTINATION, "null", &second, &err), TIDE_OK);
    assert_ptr_equal(first, second);
    assert_int_equal(tide_plugin_load(folder, TIDE_KIND_SOURCE, "null", &first, &err),
                     TIDE_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "no source plugin \"null\""));
    free(folder);
}

static void a_name_cannot_lead_out_of_the_folder(void **state)
{
    const struct tide_plugin_entry *entry;
    char *folder = tide_plugin_folder();
    char *inner = tide_path_join(folder, "formats");

    (void)state;
    assert_int_equal(tide_plugin_load(inner, TIDE_KIND_DESTINATION,
                                      "../../destinations/null/null", &entry, NULL),
                     TIDE_E_NOT_FOUND);
    free(inner);
    free(folder);
}

static void what_is_no_plugin_says_so_and_where(void **state)
{
    const char *top = getenv("top_builddir");
    char *path =
        tide_path_join(top ? top : ".", "tests/plugins/load/transforms/not_a_plugin.so");
    const struct tide_plugin_entry *entry;
    struct tide_error err = {0};

    (void)state;
    assert_int_equal(tide_plugin_load_file(path, &entry, &err), TIDE_E_CONFIG);
    assert_string_equal(err.where, path);
    assert_int_equal(tide_plugin_load_file("/etc/passwd", &entry, &err), TIDE_E_IO);
    assert_string_equal(err.where, "/etc/passwd");
    assert_non_null(strstr(err.message, "does not load: "));
    free(path);
}

static void what_calls_a_function_that_nobody_has_does_not_load(void **state)
{
    const char *top = getenv("top_builddir");
    const char *plugins = getenv("TIDEMILL_PLUGIN_DIR");
    char *careless = tide_path_join(top ? top : ".", "tests/plugins/unbound.so");
    char *ours =
        tide_path_join(plugins ? plugins : "plugins", "destinations/null/null.so");
    const struct tide_plugin_entry *entry;
    struct tide_error err = {0};

    (void)state;
    assert_false(tide_binds_now(careless));
    assert_false(tide_binds_now("/etc/passwd"));
    assert_false(tide_binds_now("/nowhere"));
    assert_true(tide_binds_now(ours));
    assert_int_equal(tide_plugin_load_file(careless, &entry, &err), TIDE_E_IO);
    assert_non_null(strstr(err.message, "nobody_has_this"));
    free(careless);
    free(ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_entry_is_copied),
        cmocka_unit_test(an_entry_of_a_newer_header_is_taken_without_what_is_new),
        cmocka_unit_test(the_head_is_checked_before_all_else),
        cmocka_unit_test(names_and_texts_are_checked),
        cmocka_unit_test(the_table_of_its_kind_is_checked),
        cmocka_unit_test(a_destination_needs_a_mode),
        cmocka_unit_test(a_source_that_goes_on_tells_its_position),
        cmocka_unit_test(a_destination_that_sets_rows_aside_goes_on_with_them),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(a_plugin_is_loaded_once_by_kind_and_name),
        cmocka_unit_test(a_name_cannot_lead_out_of_the_folder),
        cmocka_unit_test(what_is_no_plugin_says_so_and_where),
        cmocka_unit_test(what_calls_a_function_that_nobody_has_does_not_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
