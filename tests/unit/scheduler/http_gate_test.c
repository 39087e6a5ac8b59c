/*
 * What the gate lets in, and what it refuses with which status.
 */
#include "http/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct header {
    const char *name, *value;
};

static unsigned pass(const char *version, const struct header *headers,
                     struct tide_http_gate *gate)
{
    memset(gate, 0, sizeof *gate);
    for (; headers->name; headers++) {
        tide_http_gate_header(gate, headers->name, strlen(headers->name), headers->value,
                              strlen(headers->value));
    }
    return tide_http_gate_close(gate, version) ? 0 : gate->status;
}

#define PASS(version_, ...)                                                              \
    pass((version_), (const struct header[]){__VA_ARGS__, {NULL, NULL}},                 \
         &(struct tide_http_gate){.hosts = 0})

static void plain_requests_pass(void **state)
{
    (void)state;
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}), 0);
    assert_int_equal(PASS("HTTP/1.1", {"host", "x"}, {"Accept", "*/*"}), 0);
    assert_int_equal(PASS("HTTP/1.1", {"Host", ""}), 0);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"Content-Length", "0"}), 0);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"Transfer-Encoding", "Chunked"}),
                     0);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"Expect", "100-continue"}), 0);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"X-Any", "a\tb \xc3\xa9"}), 0);
    assert_int_equal(PASS("HTTP/1.0", {"Accept", "*/*"}), 0);
}

static void a_host_is_needed_once(void **state)
{
    (void)state;
    assert_int_equal(PASS("HTTP/1.1", {"Accept", "*/*"}), 400);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "a"}, {"Host", "a"}), 400);
    assert_int_equal(PASS("HTTP/1.0", {"Host", "a"}, {"HOST", "b"}), 400);
}

static void a_length_is_one_plain_number(void **state)
{
    static const char *const wrong[] = {"",
                                        "+7",
                                        "-1",
                                        "7, 7",
                                        "0x7",
                                        "7 ",
                                        "1.5",
                                        "\t7",
                                        "7a",
                                        "٧",
                                        "99999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"Content-Length", wrong[i]}),
                         400);
    }
    assert_int_equal(
        PASS("HTTP/1.1", {"Host", "x"}, {"Content-Length", "7"}, {"Content-Length", "7"}),
        400);
}

static void an_encoding_is_chunked_alone(void **state)
{
    (void)state;
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"Content-Length", "7"},
                          {"Transfer-Encoding", "chunked"}),
                     400);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"Transfer-Encoding", "chunked"},
                          {"Transfer-Encoding", "chunked"}),
                     400);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"Transfer-Encoding", "xchunked"}),
                     501);
    assert_int_equal(
        PASS("HTTP/1.1", {"Host", "x"}, {"Transfer-Encoding", "gzip, chunked"}), 501);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"Transfer-Encoding", ""}), 501);
    assert_int_equal(PASS("HTTP/1.0", {"Host", "x"}, {"Transfer-Encoding", "chunked"}),
                     400);
}

static void names_are_tokens_and_values_have_no_control_bytes(void **state)
{
    (void)state;
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"Content-Length ", "7"}), 400);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"A(b", "7"}), 400);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"", "7"}), 400);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"\xc3\xa9", "7"}), 400);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"A", "a\rb"}), 400);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"A", "a\x7f"}), 400);
}

static void other_versions_and_expectations_are_refused(void **state)
{
    (void)state;
    assert_int_equal(PASS("HTTP/2.0", {"Host", "x"}), 505);
    assert_int_equal(PASS("HTTP/1.2", {"Host", "x"}), 505);
    assert_int_equal(PASS("HTTP/1.1", {"Host", "x"}, {"Expect", "tea"}), 417);
}

static void the_first_refusal_is_told(void **state)
{
    struct tide_http_gate gate;

    (void)state;
    assert_int_equal(pass("HTTP/1.1",
                          (const struct header[]){{"Host", "x"},
                                                  {"Bad Name", "x"},
                                                  {"Transfer-Encoding", "gzip"},
                                                  {NULL, NULL}},
                          &gate),
                     400);
    assert_non_null(strstr(gate.reason, "name"));
}

static void a_body_is_announced_by_length_or_encoding(void **state)
{
    struct tide_http_gate gate;

    (void)state;
    (void)pass("HTTP/1.1", (const struct header[]){{"Content-Length", "0"}, {NULL, NULL}},
               &gate);
    assert_false(tide_http_gate_has_body(&gate));
    (void)pass("HTTP/1.1", (const struct header[]){{"Content-Length", "9"}, {NULL, NULL}},
               &gate);
    assert_true(tide_http_gate_has_body(&gate));
    assert_int_equal(gate.content_length, 9);
    (void)pass("HTTP/1.1",
               (const struct header[]){{"Transfer-Encoding", "chunked"}, {NULL, NULL}},
               &gate);
    assert_true(tide_http_gate_has_body(&gate));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_requests_pass),
        cmocka_unit_test(a_host_is_needed_once),
        cmocka_unit_test(a_length_is_one_plain_number),
        cmocka_unit_test(an_encoding_is_chunked_alone),
        cmocka_unit_test(names_are_tokens_and_values_have_no_control_bytes),
        cmocka_unit_test(other_versions_and_expectations_are_refused),
        cmocka_unit_test(the_first_refusal_is_told),
        cmocka_unit_test(a_body_is_announced_by_length_or_encoding),
    };

    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
