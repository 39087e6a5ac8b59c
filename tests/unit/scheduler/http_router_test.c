/*
 * Routes, queries, error shapes and content negotiation: the pure parts of the HTTP side.
 */
#include "http/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/accept.h"
#include "http/problem.h"
#include "http/query.h"

static const struct tide_http_route routes[] = {
    {"GET", "/things"},         {"POST", "/things"},       {"GET", "/things/all"},
    {"GET", "/things/:id"},     {"DELETE", "/things/:id"}, {"PUT", "/things/:id/state"},
    {"GET", "/things/all/:id"},
};

static enum tide_http_match match(const char *method, const char *path,
                                  struct tide_http_target *target)
{
    return tide_http_match(routes, sizeof routes / sizeof *routes, method, path,
                           strlen(path), target);
}

static void paths_are_matched_whole(void **state)
{
    struct tide_http_target target;

    (void)state;
    assert_int_equal(match("GET", "/things", &target), TIDE_HTTP_MATCHED);
    assert_int_equal(target.route, 0);
    assert_int_equal(match("GET", "/things/all", &target), TIDE_HTTP_MATCHED);
    assert_int_equal(target.route, 2);
    assert_int_equal(match("GET", "/things/", &target), TIDE_HTTP_NO_PATH);
    assert_int_equal(match("GET", "/things/abc", &target), TIDE_HTTP_NO_PATH);
    assert_int_equal(match("GET", "/things/7x", &target), TIDE_HTTP_NO_PATH);
    assert_int_equal(match("GET", "/thing", &target), TIDE_HTTP_NO_PATH);
    assert_int_equal(match("GET", "/Things", &target), TIDE_HTTP_NO_PATH);
    assert_int_equal(match("GET", "/%74hings", &target), TIDE_HTTP_NO_PATH);
    assert_int_equal(match("GET", "", &target), TIDE_HTTP_NO_PATH);
}

static void ids_are_positive_numbers_of_31_bits(void **state)
{
    struct tide_http_target target;

    (void)state;
    assert_int_equal(match("PUT", "/things/705981339/state", &target), TIDE_HTTP_MATCHED);
    assert_int_equal(target.id, 705981339);
    assert_int_equal(match("GET", "/things/2147483647", &target), TIDE_HTTP_MATCHED);
    assert_int_equal(target.id, 2147483647);
    assert_int_equal(match("GET", "/things/2147483648", &target), TIDE_HTTP_MATCHED);
    assert_int_equal(target.id, -1);
    assert_int_equal(match("GET", "/things/007", &target), TIDE_HTTP_MATCHED);
    assert_int_equal(target.id, -1);
    assert_int_equal(match("GET", "/things/0", &target), TIDE_HTTP_MATCHED);
    assert_int_equal(target.id, -1);
    assert_int_equal(match("GET", "/things/99999999999999999999999", &target),
                     TIDE_HTTP_MATCHED);
    assert_int_equal(target.id, -1);
}

static void other_methods_are_told_what_is_allowed(void **state)
{
    struct tide_http_target target;

    (void)state;
    assert_int_equal(match("PATCH", "/things", &target), TIDE_HTTP_NO_METHOD);
    assert_string_equal(target.allow, "GET, HEAD, POST, OPTIONS");
    assert_int_equal(match("GET", "/things/1/state", &target), TIDE_HTTP_NO_METHOD);
    assert_string_equal(target.allow, "PUT, OPTIONS");
    assert_int_equal(match("OPTIONS", "/things/1", &target), TIDE_HTTP_ASKS);
    assert_string_equal(target.allow, "GET, HEAD, DELETE, OPTIONS");
    assert_int_equal(match("OPTIONS", "/nothing", &target), TIDE_HTTP_NO_PATH);
}

static void head_is_answered_by_get(void **state)
{
    struct tide_http_target target;

    (void)state;
    assert_int_equal(match("HEAD", "/things", &target), TIDE_HTTP_MATCHED);
    assert_int_equal(target.route, 0);
    assert_int_equal(match("HEAD", "/things/1/state", &target), TIDE_HTTP_NO_METHOD);
}

static void expect_query(const char *query, const char *name, const char *wanted)
{
    char *found = tide_http_query_find(query, name);

    if (wanted) {
        assert_non_null(found);
        assert_string_equal(found, wanted);
    } else {
        assert_null(found);
    }
    free(found);
}

static void query_values_are_found_and_decoded(void **state)
{
    (void)state;
    expect_query("a=1&b=2", "b", "2");
    expect_query("a=1&a=2", "a", "1");
    expect_query("a", "a", "");
    expect_query("a=", "a", "");
    expect_query("", "a", NULL);
    expect_query("ab=1", "a", NULL);
    expect_query("&&a=x%20y+z%26", "a", "x y z&");
    expect_query("n%61me=1", "name", "1");
    expect_query("a=b=c", "a", "b=c");
}

static void expect_unknown(const char *query, const char *wanted)
{
    static const char *const known[] = {"a", "b c", NULL};
    char *found = tide_http_query_unknown(query, known);

    assert_int_equal(found != NULL, wanted != NULL);
    if (found) {
        assert_string_equal(found, wanted);
    }
    free(found);
}

static void names_that_nobody_asks_for_are_found(void **state)
{
    (void)state;
    expect_unknown("", NULL);
    expect_unknown("a=1&b+c=2&%61", NULL);
    expect_unknown("&&a=x&", NULL);
    expect_unknown("a=1&d%20=2&e", "d ");
    expect_unknown("ab", "ab");
    expect_unknown("=a", "");
}

static void broken_escapes_are_seen(void **state)
{
    (void)state;
    assert_true(tide_http_query_is_valid("a=%41&b=%fF"));
    assert_false(tide_http_query_is_valid("a=%4"));
    assert_false(tide_http_query_is_valid("a=%"));
    assert_false(tide_http_query_is_valid("a=%zz"));
    assert_false(tide_http_query_is_valid("a=%00"));
}

static void expect_problem(enum tide_http_style style, const char *wanted)
{
    char *body = tide_http_problem_format(style, "not_found", "a \"b\"\n");

    assert_string_equal(body, wanted);
    free(body);
}

static void one_error_has_three_shapes(void **state)
{
    (void)state;
    expect_problem(TIDE_HTTP_PASCAL,
                   "{\"error\":{\"code\":\"NotFound\",\"message\":\"a \\\"b\\\"\\n\"}}");
    expect_problem(TIDE_HTTP_LOWER,
                   "{\"error\":{\"code\":\"not_found\",\"message\":\"a \\\"b\\\"\\n\"}}");
    expect_problem(TIDE_HTTP_UPPER,
                   "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"a \\\"b\\\"\\n\"}}");
    assert_string_equal(tide_http_status_code(413), "payload_too_large");
    assert_string_equal(tide_http_status_code(418), "bad_request");
    assert_string_equal(tide_http_status_code(500), "internal_error");
}

static void the_best_media_type_is_chosen(void **state)
{
    static const char *const offered[] = {"application/json", "application/yaml", NULL};

    (void)state;
    assert_int_equal(tide_accept_choose(NULL, offered), 0);
    assert_int_equal(tide_accept_choose("*/*", offered), 0);
    assert_int_equal(tide_accept_choose("application/*", offered), 0);
    assert_int_equal(tide_accept_choose("application/yaml", offered), 1);
    assert_int_equal(tide_accept_choose("Application/YAML; charset=utf-8", offered), 1);
    assert_int_equal(
        tide_accept_choose("text/html, application/yaml;q=0.9, */*;q=0.1", offered), 1);
    assert_int_equal(
        tide_accept_choose("application/yaml;q=0.5,application/json;q=0.7", offered), 0);
    assert_int_equal(tide_accept_choose("application/json;q=0, */*", offered), 1);
    assert_int_equal(tide_accept_choose("text/html", offered), -1);
    assert_int_equal(tide_accept_choose("application/jsonx", offered), -1);
    assert_int_equal(tide_accept_choose(",,;", offered), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_matched_whole),
        cmocka_unit_test(ids_are_positive_numbers_of_31_bits),
        cmocka_unit_test(other_methods_are_told_what_is_allowed),
        cmocka_unit_test(head_is_answered_by_get),
        cmocka_unit_test(query_values_are_found_and_decoded),
        cmocka_unit_test(names_that_nobody_asks_for_are_found),
        cmocka_unit_test(broken_escapes_are_seen),
        cmocka_unit_test(one_error_has_three_shapes),
        cmocka_unit_test(the_best_media_type_is_chosen),
    };

    return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
