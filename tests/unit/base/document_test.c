/* document - YAML and JSON as one tree, every refusal with its line and column. */
#include "base/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct tide_document *parse(const char *text, enum tide_document_syntax syntax)
{
    struct tide_document *document = NULL;
    struct tide_error err = {0};

    if (tide_document_parse(text, strlen(text), syntax, "f.yaml", &document, &err) !=
        TIDE_OK) {
        fail_msg("%s: %s", err.where, err.message);
    }
    return document;
}

static void assert_tree(const char *text, enum tide_document_syntax syntax,
                        const char *json)
{
    struct tide_document *document = parse(text, syntax);
    char *formatted = tide_json_format(tide_document_root(document));

    assert_string_equal(formatted, json);
    free(formatted);
    tide_document_destroy(document);
}

static void yaml_scalars_follow_the_core_schema(void **state)
{
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"a: no", "{\"a\":\"no\"}"},
        {"a: yes", "{\"a\":\"yes\"}"},
        {"a: on", "{\"a\":\"on\"}"},
        {"a: 12:30", "{\"a\":\"12:30\"}"},
        {"a: 2024-11-27", "{\"a\":\"2024-11-27\"}"},
        {"a: true", "{\"a\":true}"},
        {"a: False", "{\"a\":false}"},
        {"a: tRue", "{\"a\":\"tRue\"}"},
        {"a: null", "{\"a\":null}"},
        {"a: ~", "{\"a\":null}"},
        {"a:", "{\"a\":null}"},
        {"a: 'null'", "{\"a\":\"null\"}"},
        {"a: \"12\"", "{\"a\":\"12\"}"},
        {"a: 12", "{\"a\":12}"},
        {"a: -12", "{\"a\":-12}"},
        {"a: +12", "{\"a\":12}"},
        {"a: 0x1F", "{\"a\":31}"},
        {"a: 0o17", "{\"a\":15}"},
        {"a: 017", "{\"a\":17}"},
        {"a: 0x", "{\"a\":\"0x\"}"},
        {"a: 1_000", "{\"a\":\"1_000\"}"},
        {"a: 1.50", "{\"a\":1.50}"},
        {"a: .5", "{\"a\":0.5}"},
        {"a: 5.", "{\"a\":5}"},
        {"a: 1e3", "{\"a\":1e3}"},
        {"a: .inf", "{\"a\":\".inf\"}"},
        {"a: nan", "{\"a\":\"nan\"}"},
        {"a: infinity", "{\"a\":\"infinity\"}"},
        {"a: 9223372036854775807", "{\"a\":9223372036854775807}"},
        {"a: 9223372036854775808", "{\"a\":\"9223372036854775808\"}"},
        {"a: 0xffffffffffffffff", "{\"a\":\"0xffffffffffffffff\"}"},
        {"a: 1e999", "{\"a\":\"1e999\"}"},
        {"a: 0.1234567890123456789", "{\"a\":\"0.1234567890123456789\"}"},
        {"a: ${HOME}", "{\"a\":\"${HOME}\"}"},
        {"a: |\n  x\n  y\n", "{\"a\":\"x\\ny\\n\"}"},
        {"- [1, {b: c}]\n- []\n- {}\n", "[[1,{\"b\":\"c\"}],[],{}]"},
        {"1: one", "{\"1\":\"one\"}"},
        {"", "null"},
        {"# only a comment\n", "null"},
        {"--- a\n...\n", "\"a\""},
        {"\xef\xbb\xbf"
         "a: 1",
         "{\"a\":1}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_tree(cases[i].yaml, TIDE_DOCUMENT_YAML, cases[i].json);
    }
}

static void json_is_read_by_its_own_grammar(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {" {\"a\" : [1, -0.50, 1E5, true, null, \"x\\u00e9\\ud83c\\udf0a\\n\"]} ",
         "{\"a\":[1,-0.50,1E5,true,null,\"x\xc3\xa9\xf0\x9f\x8c\x8a\\n\"]}"},
        {"[9223372036854775808, 1e999]", "[\"9223372036854775808\",\"1e999\"]"},
        {"\"a/b\"", "\"a/b\""},
        {"null", "null"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_tree(cases[i].text, TIDE_DOCUMENT_JSON, cases[i].json);
    }
}

struct refusal {
    const char *text;
    const char *place; /* line:column */
    const char *message;
};

static void assert_refused(const char *text, size_t length,
                           enum tide_document_syntax syntax,
                           const struct refusal *refusal)
{
    struct tide_document *document = NULL;
    struct tide_error err = {0};
    char where[64], start[64];
    unsigned line = 0, column = 0;

    assert_int_equal(tide_document_parse(text, length, syntax, "f.yaml", &document, &err),
                     TIDE_E_DATA);
    assert_null(document);
    (void)snprintf(where, sizeof where, "f.yaml:%s", refusal->place);
    assert_string_equal(err.where, where);
    assert_int_equal(sscanf(refusal->place, "%u:%u", &line, &column), 2);
    (void)snprintf(start, sizeof start, "line %u, column %u: ", line, column);
    assert_true(tide_text_starts(err.message, start));
    if (!strstr(err.message, refusal->message)) {
        fail_msg("\"%s\" does not say \"%s\"", err.message, refusal->message);
    }
}

static void yaml_refusals_say_where(void **state)
{
    static const struct refusal cases[] = {
        {"a: 1\nb: *x\n", "2:4", "aliases"},
        {"a: &x 1\n", "1:4", "anchors"},
        {"a: &x [1]\n", "1:4", "anchors"},
        {"&x a: 1\n", "1:1", "anchors"},
        {"a: &x {}\n", "1:4", "anchors"},
        {"a: !!str 1\n", "1:4", "tags"},
        {"a: !x [1]\n", "1:4", "tags"},
        {"a: 1\nb: 2\na: 3\n", "3:1", "\"a\" is there twice"},
        {"a: {b: 1, b: 2}\n", "1:11", "\"b\" is there twice"},
        {"[1]: 2\n", "1:1", "a key must be"},
        {"? {a: 1}\n: 2\n", "1:3", "a key must be"},
        {"*x : 1\n", "1:1", "aliases"},
        {"a: 1\n---\nb: 2\n", "2:1", "second document"},
        {"a: [1, 2\n", "2:1", ""},
        {"a: 'x\n", "2:1", ""},
        {"\ta: 1\n", "1:1", ""},
        {"a: b: c\n", "1:5", ""},
        {"a: \"\\q\"\n", "1:5", ""},
        {"a: \x01\n", "1:4", ""},
        {"a: \xff\n", "1:4", "UTF-8"},
        {"\xc3\xa9: \xc3\xa9\nb: \xed\xa0\x80\n", "2:4", "UTF-8"},
        {"a: \"x\\0y\"\n", "1:4", "NUL"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_refused(cases[i].text, strlen(cases[i].text), TIDE_DOCUMENT_YAML,
                       &cases[i]);
    }
}

static void json_refusals_say_where(void **state)
{
    static const struct refusal cases[] = {
        {"", "1:1", "too early"},
        {"{", "1:2", "too early"},
        {"{\"a\":1,}", "1:8", "key"},
        {"[1,]", "1:4", "value"},
        {"[1 2]", "1:4", "comma"},
        {"{\"a\" 1}", "1:6", "colon"},
        {"{a:1}", "1:2", "double quotes"},
        {"{\"a\":1,\n \"a\":2}", "2:2", "\"a\" is there twice"},
        {"[01]", "1:3", "comma"},
        {"[1.]", "1:4", "digit"},
        {"[-]", "1:3", "digit"},
        {"[1e]", "1:4", "digit"},
        {"[+1]", "1:2", "value"},
        {"[.5]", "1:2", "value"},
        {"[NaN]", "1:2", "value"},
        {"[True]", "1:2", "value"},
        {"[nul]", "1:2", "value"},
        {"1 2", "1:3", "follows the end"},
        {"[\"\t\"]", "1:3", "control"},
        {"[\"\\x\"]", "1:4", "escape"},
        {"[\"\\u12g4\"]", "1:5", "hexadecimal"},
        {"[\"\\ud800\"]", "1:9", "surrogate"},
        {"[\"\\udc00\"]", "1:9", "surrogate"},
        {"[\"\\ud800\\u0041\"]", "1:15", "surrogate"},
        {"[\"\\u0000\"]", "1:9", "NUL"},
        {"[\"\xc3\xa9\xff\"]", "1:4", "UTF-8"},
        {"[\n\n  \"abc", "3:7", "too early"},
        {"// comment\n1", "1:1", "value"},
        {"['a']", "1:2", "value"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_refused(cases[i].text, strlen(cases[i].text), TIDE_DOCUMENT_JSON,
                       &cases[i]);
    }
}

/* n opening brackets and as many closing ones. */
static char *nested(size_t n)
{
    struct tide_text text = {0};

    for (size_t i = 0; i < n; i++) {
        tide_text_append_char(&text, '[');
    }
    for (size_t i = 0; i < n; i++) {
        tide_text_append_char(&text, ']');
    }
    return tide_text_take(&text);
}

static void depth_and_length_are_bounded(void **state)
{
    static const struct refusal deep = {NULL, "1:65", "64 deep"};
    static const struct refusal longer = {NULL, "1:1", "1 MiB"};
    char *text = nested(64), *more = nested(65), *big = tide_alloc(TIDE_DOCUMENT_MAX + 2);

    (void)state;
    for (int syntax = TIDE_DOCUMENT_YAML; syntax <= TIDE_DOCUMENT_JSON; syntax++) {
        tide_document_destroy(parse(text, (enum tide_document_syntax)syntax));
        assert_refused(more, strlen(more), (enum tide_document_syntax)syntax, &deep);
        memset(big, ' ', TIDE_DOCUMENT_MAX + 1);
        assert_refused(big, TIDE_DOCUMENT_MAX + 1, (enum tide_document_syntax)syntax,
                       &longer);
    }
    free(text);
    free(more);
    free(big);
}

static void without_a_name_there_is_no_where(void **state)
{
    struct tide_document *document = NULL;
    struct tide_error err = {0};

    (void)state;
    assert_int_equal(
        tide_document_parse("[", 1, TIDE_DOCUMENT_JSON, NULL, &document, &err),
        TIDE_E_DATA);
    assert_string_equal(err.where, "");
    assert_true(tide_text_starts(err.message, "line 1, column 2: "));
    assert_int_equal(
        tide_document_parse("[", 1, TIDE_DOCUMENT_YAML, NULL, &document, NULL),
        TIDE_E_DATA);
}

static void assert_place(const struct tide_document *document, struct json_object *parent,
                         const char *key, size_t index, unsigned line, unsigned column)
{
    unsigned found_line, found_column;

    tide_document_where(document, parent, key, index, &found_line, &found_column);
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, column);
}

static void every_value_knows_its_place(void **state)
{
    static const char yaml[] = "name: mill\n"
                               "tables:\n"
                               "  - {name: a, as: null}\n"
                               "  - name: \xc3\xa9\xc3\xa9\n"
                               "    key: [id, x]\n";
    static const char json[] = "{\"name\": \"mill\",\n"
                               " \"tables\": [{\"name\": \"\xc3\xa9\", \"as\": null},\n"
                               "  7]}";
    struct tide_document *document = parse(yaml, TIDE_DOCUMENT_YAML);
    struct json_object *root = tide_document_root(document);
    struct json_object *tables = tide_json_member(root, "tables");
    struct json_object *second = json_object_array_get_idx(tables, 1);
    unsigned line, column;

    (void)state;
    assert_place(document, NULL, NULL, 0, 1, 1);
    assert_place(document, root, "name", 0, 1, 7);
    assert_place(document, root, "tables", 0, 3, 3);
    tide_document_where_key(document, root, "tables", &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 1);
    assert_place(document, tables, NULL, 0, 3, 5);
    assert_place(document, json_object_array_get_idx(tables, 0), "as", 0, 3, 19);
    assert_place(document, second, "key", 0, 5, 10);
    assert_place(document, tide_json_member(second, "key"), NULL, 1, 5, 15);
    assert_place(document, root, "absent", 0, 0, 0);
    tide_document_destroy(document);
    document = parse(json, TIDE_DOCUMENT_JSON);
    root = tide_document_root(document);
    tables = tide_json_member(root, "tables");
    assert_place(document, root, "name", 0, 1, 10);
    assert_place(document, json_object_array_get_idx(tables, 0), "as", 0, 2, 33);
    assert_place(document, tables, NULL, 1, 3, 3);
    tide_document_destroy(document);
}

static void yaml_is_written_with_the_least_quotes(void **state)
{
    static const char json[] =
        "{\"name\":\"installed packages\",\"n\":5,\"x\":1.50,\"t\":true,\"z\":null,"
        "\"no\":\"no\",\"five\":\"5\",\"word\":\"true\",\"nothing\":\"\",\"nul\":\"~\","
        "\"re\":\"<[^>]*>\",\"a: b\":\"c: d\",\"hash\":\"a #b\",\"colon\":\"a:\","
        "\"star\":\"*\",\"dash\":\"-x\",\"quote\":\"it's\",\"lead\":\" x\","
        "\"lines\":\"a\\nb\\t\\u0001\",\"inf\":\".inf\",\"env\":\"${X}\",\"empty\":[],"
        "\"none\":{},\"list\":[1,[2,[]],{\"a\":1,\"b\":[{}]}]}";
    static const char yaml[] = "name: installed packages\n"
                               "n: 5\n"
                               "x: 1.50\n"
                               "t: true\n"
                               "z: null\n"
                               "no: no\n"
                               "five: '5'\n"
                               "word: 'true'\n"
                               "nothing: ''\n"
                               "nul: '~'\n"
                               "re: <[^>]*>\n"
                               "'a: b': 'c: d'\n"
                               "hash: 'a #b'\n"
                               "colon: 'a:'\n"
                               "star: '*'\n"
                               "dash: '-x'\n"
                               "quote: it's\n"
                               "lead: ' x'\n"
                               "lines: \"a\\nb\\t\\u0001\"\n"
                               "inf: '.inf'\n"
                               "env: ${X}\n"
                               "empty: []\n"
                               "none: {}\n"
                               "list:\n"
                               "  - 1\n"
                               "  - - 2\n"
                               "    - []\n"
                               "  - a: 1\n"
                               "    b:\n"
                               "      - {}\n";
    struct tide_document *document = parse(json, TIDE_DOCUMENT_JSON);
    char *written = tide_document_format_yaml(tide_document_root(document));

    (void)state;
    assert_string_equal(written, yaml);
    assert_tree(written, TIDE_DOCUMENT_YAML, json);
    free(written);
    tide_document_destroy(document);
}

/* Texts that try to be something else, as value, key, element and root. */
static void assert_round_trip(const char *text)
{
    struct json_object *root = json_object_new_object(), *list = json_object_new_array();
    struct tide_document *document;
    char *yaml, *before, *after;

    tide_json_set_text(root, text, text);
    (void)json_object_array_add(list, json_object_new_string(text));
    tide_json_set(root, "list of texts", list);
    yaml = tide_document_format_yaml(root);
    document = parse(yaml, TIDE_DOCUMENT_YAML);
    before = tide_json_format(root);
    after = tide_json_format(tide_document_root(document));
    assert_string_equal(after, before);
    free(before);
    free(after);
    free(yaml);
    tide_document_destroy(document);
    (void)json_object_put(root);
}

static void any_text_survives_yaml(void **state)
{
    static const char *const texts[] = {"a",
                                        "",
                                        " ",
                                        "\n",
                                        "a\nb\n",
                                        "\ta",
                                        "---",
                                        "...",
                                        "... x",
                                        "- a",
                                        "?",
                                        "? a",
                                        ":",
                                        "a: ",
                                        "a:b",
                                        "a #",
                                        "#a",
                                        "'",
                                        "''a'",
                                        "\"",
                                        "\\",
                                        "\\n",
                                        "!x",
                                        "&a",
                                        "*a",
                                        "|",
                                        ">",
                                        "%a",
                                        "@a",
                                        "`a",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        "<<",
                                        "=",
                                        "0",
                                        "-1",
                                        "+1",
                                        "1e3",
                                        ".5",
                                        "0x1f",
                                        "0o7",
                                        "1_0",
                                        "null",
                                        "Null",
                                        "~",
                                        "yes",
                                        "true",
                                        ".nan",
                                        "NaN",
                                        "\xc3\xa9",
                                        "\xc2\x85",
                                        "\xe2\x80\xa8",
                                        "\xef\xbb\xbf",
                                        "\xf0\x9f\x8c\x8a",
                                        "\x7f",
                                        "\x1b[0m",
                                        "\xc2\xa0",
                                        "\xef\xbf\xbf",
                                        "a\rb",
                                        "key: value # not",
                                        "a ",
                                        "2024-11-27"};
    char longer[1501];

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_round_trip(texts[i]);
    }
    memset(longer, 'k', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_round_trip(longer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_scalars_follow_the_core_schema),
        cmocka_unit_test(json_is_read_by_its_own_grammar),
        cmocka_unit_test(yaml_refusals_say_where),
        cmocka_unit_test(json_refusals_say_where),
        cmocka_unit_test(depth_and_length_are_bounded),
        cmocka_unit_test(without_a_name_there_is_no_where),
        cmocka_unit_test(every_value_knows_its_place),
        cmocka_unit_test(yaml_is_written_with_the_least_quotes),
        cmocka_unit_test(any_text_survives_yaml),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
