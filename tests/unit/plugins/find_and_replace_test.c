/*
 * find_and_replace_test - literal and regular expression replacement over whole columns.
 */
#include "transform_harness.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct replace_options {
    const char *field;
    struct tide_list fields;
    const char *find;
    const char *replace;
    bool regex;
    bool case_sensitive;
};

/* Replace in a column of these values and hold the outcome against those. */
static void check_column(const struct replace_options *options, const char *const *in,
                         const char *const *out, size_t count)
{
    struct replace_options wanted = *options;
    struct harness harness;

    wanted.field = "v";
    harness_init(&harness);
    harness_add(&harness, "v", in, count);
    assert_int_equal(harness_bind(&harness, &wanted), TIDE_OK);
    harness_apply(&harness);
    harness_expect(&harness, 0, out, count);
    assert_int_equal(harness.refused_count, 0);
    harness_fini(&harness);
}

/* One value by a case-sensitive regular expression. */
static void check_value(const char *find, const char *replace, const char *in,
                        const char *out)
{
    struct replace_options options = {
        .find = find, .replace = replace, .regex = true, .case_sensitive = true};

    check_column(&options, &in, &out, 1);
}

static void check_refused(const struct replace_options *options, const char *message)
{
    const char *const values[] = {"x"};
    struct harness harness;

    harness_init(&harness);
    harness_add(&harness, "name", values, 1);
    assert_int_equal(tide_schema_add(&harness.schema, "size", TIDE_TYPE_INT64, 0), 0);
    assert_int_equal(harness_bind(&harness, options), TIDE_E_CONFIG);
    if (!strstr(harness.err.message, message)) {
        fail_msg("\"%s\" is not in \"%s\"", message, harness.err.message);
    }
    harness_fini(&harness);
}

static void test_a_literal_never_matches_across_rows(void **unused)
{
    const struct replace_options options = {
        .find = "ab", .replace = "-", .case_sensitive = true};
    const char *const in[] = {"xa", "bab", "", NULL, "a", "b", "abab", "aab"};
    const char *const out[] = {"xa", "b-", "", NULL, "a", "b", "--", "a-"};

    (void)unused;
    check_column(&options, in, out, COUNT(in));
}

static void test_a_hit_across_rows_does_not_hide_the_one_behind_it(void **unused)
{
    const struct replace_options options = {
        .find = "aa", .replace = "b", .case_sensitive = true};
    const char *const in[] = {"a", "aa", "aaa"};
    const char *const out[] = {"a", "b", "ba"};

    (void)unused;
    check_column(&options, in, out, COUNT(in));
}

#define FORTY "0123456789012345678901234567890123456789"

static void test_a_literal_may_grow_every_value(void **unused)
{
    static const char twice[] = FORTY FORTY;
    const struct replace_options options = {.find = "a", .replace = FORTY};
    const char *const in[] = {"a", "bab", "aa"};
    const char *const out[] = {FORTY, "b" FORTY "b", twice};

    (void)unused;
    check_column(&options, in, out, COUNT(in));
}

static void test_a_literal_replacement_is_verbatim(void **unused)
{
    const struct replace_options options = {
        .find = ".", .replace = "$1\\", .case_sensitive = true};
    const char *const in[] = {"a.b"};
    const char *const out[] = {"a$1\\b"};

    (void)unused;
    check_column(&options, in, out, 1);
}

static void test_case_is_ignored_when_asked(void **unused)
{
    const struct replace_options literal = {.find = "É.", .replace = "e"};
    const struct replace_options regex = {.find = "b+", .replace = "", .regex = true};
    const char *const in[] = {"é.É.x", "aBbc"};
    const char *const literally[] = {"eex", "aBbc"};
    const char *const by_regex[] = {"é.É.x", "ac"};

    (void)unused;
    check_column(&literal, in, literally, 2);
    check_column(&regex, in, by_regex, 2);
}

static void test_groups_and_escapes(void **unused)
{
    (void)unused;
    check_value("(\\w+) <([^>]*)>", "\\2: $1", "Ann <a@b>", "a@b: Ann");
    check_value("(a)|(b)", "[$1$2]", "abc", "[a][b]c");
    check_value("a", "$$1 \\\\ \\$ $", "a", "$1 \\ $ $");
    check_value("(x)", "${1}0$0\\0", "x", "x0xx");
    check_value("(x)", "$10", "x", "x0");
    check_value("plain", "<$0>", "a plain text", "a <plain> text");
}

static void test_empty_matches_advance_by_a_character(void **unused)
{
    (void)unused;
    check_value("a*", "-", "baac", "-b--c-");
    check_value("^", ">", "ab", ">ab");
    check_value("$", "<", "ab", "ab<");
    check_value("x*", "-", "é", "-é-");
    check_value("x*", "-", "", "-");
}

static void test_bytes_that_are_not_utf8_are_left_alone(void **unused)
{
    (void)unused;
    check_value("[^0-9]", "",
                "1a\xff\xfe"
                "2",
                "1\xff\xfe"
                "2");
    check_value("é", "e", "\xc3é",
                "\xc3"
                "e");
}

/* Text of every byte of ASCII, in an order that mixes them. */
static void fill_mixed(char *text, size_t length, unsigned *seed)
{
    static const char bytes[] = " \t-+.()09aZ_kKsS[]^\\\x7f\x01";

    for (size_t i = 0; i < length; i++) {
        *seed = *seed * 1103515245u + 12345u;
        text[i] = *seed >> 30 ? bytes[(*seed >> 16) % (sizeof bytes - 1)]
                              : (char)((*seed >> 16) % 127 + 1);
    }
    text[length] = '\0';
}

static void replace_in(struct harness *harness, const struct replace_options *options,
                       const char *const *values, size_t count)
{
    harness_init(harness);
    harness_add(harness, "v", values, count);
    assert_int_equal(harness_bind(harness, options), TIDE_OK);
    harness_apply(harness);
}

/* All rows but the last of `longer` are as in `column`. */
static void expect_same(const struct harness *column, const struct harness *longer)
{
    const struct ArrowArray *a = column->batch.array.children[0];
    const struct ArrowArray *b = longer->batch.array.children[0];

    assert_int_equal(a->length + 1, b->length);
    for (int64_t row = 0; row < a->length; row++) {
        size_t a_length = 0, b_length = 0;
        const char *a_text = tide_array_text(a, row, &a_length);
        const char *b_text = tide_array_text(b, row, &b_length);

        assert_int_equal(tide_array_is_null(a, row), tide_array_is_null(b, row));
        assert_int_equal(a_length, b_length);
        assert_memory_equal(a_text, b_text, a_length);
    }
}

static void check_class(const struct replace_options *options)
{
    enum { VALUES = 20 };
    unsigned seed = 7;
    char texts[VALUES][2 * VALUES];
    const char *values[VALUES + 1] = {NULL};
    struct harness ascii, mixed;

    for (size_t i = 1; i < VALUES; i++) {
        fill_mixed(texts[i], i * 2 - 2, &seed);
        values[i] = texts[i];
    }
    values[VALUES] = "\xc3\xa9";
    replace_in(&ascii, options, values, VALUES);
    replace_in(&mixed, options, values, VALUES + 1);
    expect_same(&ascii, &mixed);
    harness_fini(&ascii);
    harness_fini(&mixed);
}

/* A class is looked up in a table where all values are ASCII; one that is not brings in
 * the matcher, which must find the same in the others. */
static void test_a_class_finds_what_the_matcher_finds(void **unused)
{
    static const char *const finds[] = {
        "[^0-9]+",  "[^0-9]",    "\\s+",        "\\W",        "\\d+",  "[a-c]+", "[]x-]+",
        "[^]]",     "[^\\s]",    "[\\]\\w]+",   "[\\x41]",    "\\h+",  "[k]",    "[^]^]+",
        "[\\d.-]+", "[\\n\\t ]", "[[:alpha:]]", "[\\Qa]\\E]", "[a]+?", "[a]b"};
    static const char *const replaces[] = {"", "_", "<$0>", "a b"};

    (void)unused;
    for (size_t i = 0; i < COUNT(finds); i++) {
        for (size_t j = 0; j < 2 * COUNT(replaces); j++) {
            check_class(&(struct replace_options){.find = finds[i],
                                                  .replace = replaces[j / 2],
                                                  .field = "v",
                                                  .regex = true,
                                                  .case_sensitive = j & 1});
        }
    }
}

static void test_a_column_without_a_hit_stays_as_it_is(void **unused)
{
    const struct replace_options options = {.field = "v", .find = "z", .replace = ""};
    const char *const in[] = {"a", NULL};
    struct harness harness;
    const void *values = NULL;

    (void)unused;
    harness_init(&harness);
    harness_add(&harness, "v", in, 2);
    assert_int_equal(harness_bind(&harness, &options), TIDE_OK);
    values = harness.batch.array.children[0]->buffers[2];
    harness_apply(&harness);
    assert_ptr_equal(harness.batch.array.children[0]->buffers[2], values);
    harness_fini(&harness);
}

static void test_a_column_that_is_searched_is_marked(void **unused)
{
    const struct replace_options options = {.field = "v", .find = "z", .replace = ""};
    const char *const in[] = {"a"};
    struct harness harness;

    (void)unused;
    harness_init(&harness);
    harness_add(&harness, "other", in, 1);
    harness_add(&harness, "v", in, 1);
    assert_true(tide_plugin_entry.transform->flags & TIDE_TRANSFORM_MARKS);
    assert_int_equal(harness_bind(&harness, &options), TIDE_OK);
    assert_int_equal(harness.schema.columns[0].flags & TIDE_COLUMN_REWRITTEN, 0);
    assert_int_not_equal(harness.schema.columns[1].flags & TIDE_COLUMN_REWRITTEN, 0);
    harness_fini(&harness);
}

static void test_a_value_past_the_match_limit_fails_its_row_alone(void **unused)
{
    const char *const names[] = {"w", "v"};
    const struct replace_options options = {.fields = {names, 2},
                                            .find = "(a|aa|aaa)+$",
                                            .replace = "-",
                                            .regex = true,
                                            .case_sensitive = true};
    const char *const in[] = {"aaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "ba"};
    struct harness harness;

    (void)unused;
    harness_init(&harness);
    harness_add(&harness, "v", in, 3);
    harness_add(&harness, "w", (const char *const[]){"x", "aa", ""}, 3);
    assert_int_equal(harness_bind(&harness, &options), TIDE_OK);
    harness_apply(&harness);
    assert_int_equal(harness.refused_count, 1);
    assert_int_equal(harness.refused[0], 1);
    assert_int_equal(tide_array_is_null(harness.batch.array.children[0], 0), false);
    harness_expect(&harness, 1, (const char *const[]){"x", "-", ""}, 3);
    harness_fini(&harness);
}

static void test_what_cannot_work_is_refused_before_rows_flow(void **unused)
{
    const char *const both[] = {"name"};
    struct replace_options options = {.find = "x", .replace = "", .regex = true};

    (void)unused;
    check_refused(&options, "neither");
    options.field = "name";
    options.fields = (struct tide_list){both, 1};
    check_refused(&options, "both given");
    options.fields.count = 0;
    options.find = "";
    check_refused(&options, "is empty");
    options.find = "a(b";
    check_refused(&options, "missing closing parenthesis");
    options.find = "(a)";
    options.replace = "\\2";
    check_refused(&options, "no group 2");
    options.replace = "\\n";
    check_refused(&options, "a backslash wants");
    options.replace = "${x}";
    check_refused(&options, "wants the number");
    options.replace = "";
    options.field = "size";
    check_refused(&options, "\"size\" is of type int64");
    options.field = "nome";
    check_refused(&options, "did you mean \"name\"?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_literal_never_matches_across_rows),
        cmocka_unit_test(test_a_hit_across_rows_does_not_hide_the_one_behind_it),
        cmocka_unit_test(test_a_literal_may_grow_every_value),
        cmocka_unit_test(test_a_literal_replacement_is_verbatim),
        cmocka_unit_test(test_case_is_ignored_when_asked),
        cmocka_unit_test(test_groups_and_escapes),
        cmocka_unit_test(test_empty_matches_advance_by_a_character),
        cmocka_unit_test(test_bytes_that_are_not_utf8_are_left_alone),
        cmocka_unit_test(test_a_class_finds_what_the_matcher_finds),
        cmocka_unit_test(test_a_column_without_a_hit_stays_as_it_is),
        cmocka_unit_test(test_a_column_that_is_searched_is_marked),
        cmocka_unit_test(test_a_value_past_the_match_limit_fails_its_row_alone),
        cmocka_unit_test(test_what_cannot_work_is_refused_before_rows_flow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
