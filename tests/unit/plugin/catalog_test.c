/*
 * catalog_test - folders of plugins, good and bad, described by helpers and cached.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "plugin/cache.h"
#include "plugin/catalog.h"

static char *build_path(const char *below)
{
    const char *top = getenv("top_builddir");

    return tide_path_join(top ? top : ".", below);
}

static struct tide_catalog *open_catalog(const char *folder, const char *cache,
                                         const char *helper)
{
    struct tide_error err = {0};
    struct tide_catalog *catalog = NULL;

    if (tide_catalog_open_with(folder, cache, helper, &catalog, &err) != TIDE_OK) {
        fail_msg("%s", err.message);
    }
    return catalog;
}

static struct tide_catalog *open_built(const char *below, const char *cache)
{
    char *helper = build_path("tests/unit/plugin/describe_helper");
    char *folder = build_path(below);
    struct tide_catalog *catalog = open_catalog(folder, cache, helper);

    free(folder);
    free(helper);
    return catalog;
}

static void each_plugin_of_the_build_is_usable(void **state)
{
    struct tide_catalog *catalog = open_built("plugins", NULL);
    const struct tide_plugin_info *info;

    (void)state;
    for (size_t i = 0; i < tide_catalog_count(catalog); i++) {
        info = tide_catalog_at(catalog, i);
        if (strstr(info->path, "/plugins/sources/") && info->refused) {
            fail_msg("%s: %s", info->path, info->refused);
        }
    }
    info = tide_catalog_find(catalog, TIDE_KIND_SOURCE, "file");
    assert_non_null(info);
    assert_null(info->refused);
    assert_string_equal(info->options[0].name, "path");
    assert_true(info->can_discover);
    assert_non_null(tide_catalog_find(catalog, TIDE_KIND_FORMAT, "csv"));
    assert_string_equal(tide_catalog_find(catalog, TIDE_KIND_FORMAT, "csv")->extension,
                        "csv");
    assert_null(tide_catalog_find(catalog, TIDE_KIND_TRANSFORM, "file"));
    assert_string_equal(tide_catalog_nearest(catalog, TIDE_KIND_FORMAT, "cvs"), "csv");
    tide_catalog_close(catalog);
}

static void expect_refusal(const struct tide_catalog *catalog, const char *name,
                           const char *why)
{
    const struct tide_plugin_info *info =
        tide_catalog_find(catalog, TIDE_KIND_TRANSFORM, name);

    assert_non_null(info);
    if (!info->refused || !strstr(info->refused, why)) {
        fail_msg("%s: %s", name, info->refused ? info->refused : "is not refused");
    }
}

static void each_bad_plugin_is_refused_with_its_reason_and_the_rest_works(void **state)
{
    struct tide_catalog *catalog = open_built("tests/plugins/load", NULL);
    const struct tide_plugin_info *prints =
        tide_catalog_find(catalog, TIDE_KIND_TRANSFORM, "prints_on_load");

    (void)state;
    expect_refusal(catalog, "crash_on_load", "crashed on load (signal 11");
    expect_refusal(catalog, "hang_on_load", "hangs on load");
    expect_refusal(catalog, "exit_on_load", "ended the process on load (exit status 0)");
    expect_refusal(catalog, "not_a_plugin", "exports no tide_plugin_entry");
    expect_refusal(catalog, "wrong_abi", "was built for plugin interface 42");
    expect_refusal(catalog, "bad_options", "its option \"number\" lies outside");
    expect_refusal(catalog, "another_name", "looked for in transforms/another_name.so");
    assert_non_null(prints);
    assert_null(prints->refused);
    assert_string_equal(prints->name, "prints_on_load");
    assert_int_equal(tide_catalog_count(catalog), 8);
    assert_null(tide_catalog_nearest(catalog, TIDE_KIND_TRANSFORM, "crash_on_loat"));
    tide_catalog_close(catalog);
}

/* ---- the cache ---- */

struct trial {
    char folder[64];
    char *transforms, *plugin, *cache, *helper;
};

static void copy_file(const char *from, const char *to)
{
    struct tide_error err = {0};
    char *data;
    size_t length;

    assert_int_equal(tide_file_read(from, 64u << 20, &data, &length, &err), TIDE_OK);
    assert_int_equal(tide_file_write(to, data, length, 0755, &err), TIDE_OK);
    free(data);
}

static int set_up(void **state)
{
    struct trial *trial = tide_alloc(sizeof *trial);
    char *built = build_path("tests/plugins/load/transforms/prints_on_load.so");
    struct tide_error err = {0};

    (void)snprintf(trial->folder, sizeof trial->folder, "/tmp/tide_catalog_XXXXXX");
    assert_non_null(mkdtemp(trial->folder));
    trial->transforms = tide_path_join(trial->folder, "transforms");
    trial->plugin = tide_path_join(trial->transforms, "prints_on_load.so");
    trial->cache = tide_path_join(trial->folder, "cache.json");
    trial->helper = build_path("tests/unit/plugin/describe_helper");
    assert_int_equal(tide_folder_make(trial->transforms, 0755, &err), TIDE_OK);
    copy_file(built, trial->plugin);
    free(built);
    *state = trial;
    return 0;
}

static int tear_down(void **state)
{
    struct trial *trial = *state;

    (void)unlink(trial->plugin);
    (void)unlink(trial->cache);
    (void)rmdir(trial->transforms);
    (void)rmdir(trial->folder);
    free(trial->transforms);
    free(trial->plugin);
    free(trial->cache);
    free(trial->helper);
    free(trial);
    return 0;
}

static bool is_usable(const struct trial *trial, const char *helper)
{
    struct tide_catalog *catalog = open_catalog(trial->folder, trial->cache, helper);
    const struct tide_plugin_info *info =
        tide_catalog_find(catalog, TIDE_KIND_TRANSFORM, "prints_on_load");
    bool usable = info && !info->refused;

    tide_catalog_close(catalog);
    return usable;
}

static void a_description_is_kept_while_the_file_stays_the_same(void **state)
{
    const struct trial *trial = *state;

    assert_true(is_usable(trial, trial->helper));
    /* /bin/false describes nothing, so what is known comes from the cache. */
    assert_true(is_usable(trial, "/bin/false"));
    copy_file("/bin/true", trial->plugin);
    assert_false(is_usable(trial, trial->helper));
}

static void a_refusal_that_may_pass_is_not_kept(void **state)
{
    const struct trial *trial = *state;

    assert_false(is_usable(trial, "/nowhere/no_such_helper"));
    assert_true(is_usable(trial, trial->helper));
}

static void write_plugin(const char *path, const char *text)
{
    struct tide_error err;

    assert_int_equal(tide_file_write(path, text, strlen(text), 0644, &err), TIDE_OK);
}

static void a_file_replaced_while_it_was_described_is_described_again(void **state)
{
    struct trial *trial = *state;
    struct tide_plugin_cache *cache = tide_plugin_cache_open(trial->cache);
    struct tide_plugin_info *info = tide_plugin_info_refused(trial->plugin, "why not");
    char *stamp = NULL;

    write_plugin(trial->plugin, "old");
    assert_null(tide_plugin_cache_take(cache, trial->plugin, &stamp));
    write_plugin(trial->plugin, "newer");
    tide_plugin_cache_put(cache, trial->plugin, stamp, info);
    tide_plugin_cache_close(cache);
    free(stamp);
    cache = tide_plugin_cache_open(trial->cache);
    assert_null(tide_plugin_cache_take(cache, trial->plugin, &stamp));
    tide_plugin_cache_put(cache, trial->plugin, stamp, info);
    tide_plugin_cache_close(cache);
    free(stamp);
    tide_plugin_info_destroy(info);
    cache = tide_plugin_cache_open(trial->cache);
    info = tide_plugin_cache_take(cache, trial->plugin, &stamp);
    assert_non_null(info);
    tide_plugin_info_destroy(info);
    tide_plugin_cache_close(cache);
    free(stamp);
}

static void a_broken_cache_is_no_cache(void **state)
{
    const struct trial *trial = *state;
    struct tide_error err = {0};

    assert_int_equal(tide_file_write(trial->cache, "{\"", 2, 0644, &err), TIDE_OK);
    assert_true(is_usable(trial, trial->helper));
    assert_true(is_usable(trial, "/bin/false"));
}

static void a_second_plugin_of_the_same_name_is_refused(void **state)
{
    const struct trial *trial = *state;
    char *inner = tide_path_join(trial->transforms, "prints_on_load");
    char *second = tide_path_join(inner, "prints_on_load.so");
    struct tide_catalog *catalog;
    struct tide_error err = {0};
    int usable = 0;

    assert_int_equal(tide_folder_make(inner, 0755, &err), TIDE_OK);
    copy_file(trial->plugin, second);
    catalog = open_catalog(trial->folder, NULL, trial->helper);
    assert_int_equal(tide_catalog_count(catalog), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct tide_plugin_info *info = tide_catalog_at(catalog, i);

        usable += !info->refused;
        assert_true(!info->refused || strstr(info->refused, "already"));
    }
    assert_int_equal(usable, 1);
    tide_catalog_close(catalog);
    (void)unlink(second);
    (void)rmdir(inner);
    free(second);
    free(inner);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct tide_error err = {0};
    struct tide_catalog *catalog = NULL;

    (void)state;
    assert_int_equal(tide_catalog_open_with("/nowhere", NULL, "x", &catalog, &err),
                     TIDE_E_IO);
    assert_non_null(strstr(err.message, "/nowhere"));
    assert_null(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_plugin_of_the_build_is_usable),
        cmocka_unit_test(each_bad_plugin_is_refused_with_its_reason_and_the_rest_works),
        cmocka_unit_test_setup_teardown(
            a_description_is_kept_while_the_file_stays_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_that_may_pass_is_not_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_file_replaced_while_it_was_described_is_described_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_cache_is_no_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_plugin_of_the_same_name_is_refused,
                                        set_up, tear_down),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
