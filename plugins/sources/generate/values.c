/*
 * values - one small function for each kind of generated value.
 *
 * The texts carry what trips pipelines in real life: commas, quotes, accents and other
 * scripts.
 */
#include "values.h"

#include "shared/column/column.h"

#define DAY_US INT64_C(86400000000)
#define DAYS_TO_2000 10957
#define DAYS_OF_30_YEARS 10957

static const char *const given_names[] = {
    "Ada",   "Grace", "Zoë",   "Linus", "Chloé", "Ken",  "Bjørn", "Mei",
    "Sofia", "Omar",  "Nadia", "Priya", "Kofi",  "Yuki", "Marta", "Ivan"};
static const char *const family_names[] = {
    "Lovelace", "Hopper", "O'Brien", "Nakamura",     "Müller", "Smith, Jr.",
    "Okafor",   "García", "Novak",   "王",           "Singh",  "Dubois",
    "Kim",      "Rossi",  "Haddad",  "\"Ace\" Jones"};
static const char *const words[] = {"tide",  "mill", "water", "wheel", "sluice", "ebb",
                                    "flood", "moon", "grain", "flour", "stone",  "gate",
                                    "pond",  "race", "spur",  "neap"};

/* The next of several numbers made from one. */
static uint64_t next(uint64_t *random)
{
    return *random = generator_mix(*random + UINT64_C(0x9e3779b97f4a7c15));
}

static const char *pick(const char *const list[16], uint64_t random)
{
    return list[random >> 60];
}

/* Write the decimal digits of value in front of end; returns where they begin. */
static char *digits_before(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return end;
}

static char *put_text(char *at, const char *text)
{
    return stpcpy(at, text);
}

static char *put_number(char *at, uint64_t value)
{
    char digits[20];
    char *from = digits_before(digits + sizeof digits, value);
    size_t length = (size_t)(digits + sizeof digits - from);

    memcpy(at, from, length);
    return at + length;
}

static int append_span(struct tide_builder *builder, const char *from, const char *to)
{
    return tide_append_bytes(builder, from, (size_t)(to - from));
}

static int append_id(struct tide_builder *builder, uint64_t random, int64_t row)
{
    (void)random;
    return tide_append_int64(builder, row + 1);
}

static int append_null(struct tide_builder *builder, uint64_t random, int64_t row)
{
    (void)random;
    (void)row;
    return tide_append_null(builder);
}

static int append_bool(struct tide_builder *builder, uint64_t random, int64_t row)
{
    (void)row;
    return tide_append_bool(builder, random >> 63);
}

/* Mostly small numbers, now and then any of the 64 bits. */
static int append_int64(struct tide_builder *builder, uint64_t random, int64_t row)
{
    (void)row;
    return tide_append_int64(builder, (random & 15) == 0
                                          ? (int64_t)random
                                          : (int64_t)(random >> 44) - (1 << 19));
}

static int append_float64(struct tide_builder *builder, uint64_t random, int64_t row)
{
    (void)row;
    return tide_append_float64(builder, (double)(random >> 11) * 0x1p-53 * 2000 - 1000);
}

static int append_decimal(struct tide_builder *builder, uint64_t random, int64_t row)
{
    char text[32];
    char *at = text;
    uint64_t cents = (random >> 8) % 100000000;

    (void)row;
    if (random & 1) {
        *at++ = '-';
    }
    at = put_number(at, cents / 100);
    *at++ = '.';
    *at++ = (char)('0' + cents / 10 % 10);
    *at++ = (char)('0' + cents % 10);
    return append_span(builder, text, at);
}

static char *put_words(char *at, uint64_t random, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (i > 0) {
            *at++ = ' ';
        }
        at = put_text(at, pick(words, next(&random)));
    }
    return at;
}

static int append_string(struct tide_builder *builder, uint64_t random, int64_t row)
{
    char text[32];

    (void)row;
    return append_span(builder, text, put_words(text, random, 1 + (random & 1)));
}

static int append_sentence(struct tide_builder *builder, uint64_t random, int64_t row)
{
    char text[256];
    char *at = put_words(text, random, 4 + (unsigned)(random % 12));

    (void)row;
    *at++ = random & 16 ? '.' : '\n';
    return append_span(builder, text, at);
}

static int append_bytes(struct tide_builder *builder, uint64_t random, int64_t row)
{
    uint64_t bytes[2] = {next(&random), next(&random)};

    (void)row;
    return tide_append_bytes(builder, bytes, 1 + random % sizeof bytes);
}

static int append_date(struct tide_builder *builder, uint64_t random, int64_t row)
{
    (void)row;
    return tide_append_int32(builder,
                             DAYS_TO_2000 + (int32_t)(random % DAYS_OF_30_YEARS));
}

static int append_time(struct tide_builder *builder, uint64_t random, int64_t row)
{
    (void)row;
    return tide_append_int64(builder, (int64_t)(random % (uint64_t)DAY_US));
}

/* Of both kinds, with a zone and without. */
static int append_instant(struct tide_builder *builder, uint64_t random, int64_t row)
{
    int64_t span = DAYS_OF_30_YEARS * DAY_US;

    (void)row;
    return tide_append_int64(builder,
                             DAYS_TO_2000 * DAY_US + (int64_t)(random % (uint64_t)span));
}

/* A version 4 UUID. */
static int append_uuid(struct tide_builder *builder, uint64_t random, int64_t row)
{
    static const char hex[] = "0123456789abcdef";
    char text[36];
    uint64_t halves[2] = {next(&random), next(&random)};
    size_t at = 0;

    (void)row;
    halves[0] = (halves[0] & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    halves[1] = halves[1] >> 2 | UINT64_C(1) << 63;
    for (int i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            text[at++] = '-';
        }
        text[at++] = hex[halves[i / 16] >> (60 - 4 * (i % 16)) & 15];
    }
    return tide_append_bytes(builder, text, sizeof text);
}

static int append_json(struct tide_builder *builder, uint64_t random, int64_t row)
{
    char text[96];
    char *at = put_text(text, "{\"n\":");

    (void)row;
    at = put_number(at, random >> 40);
    at = put_text(at, ",\"tags\":[\"");
    at = put_text(at, pick(words, next(&random)));
    at = put_text(at, "\"],\"ok\":");
    at = put_text(at, random & 1 ? "true}" : "null}");
    return append_span(builder, text, at);
}

static int append_name(struct tide_builder *builder, uint64_t random, int64_t row)
{
    char text[64];
    char *at = put_text(text, pick(given_names, next(&random)));

    (void)row;
    *at++ = ' ';
    at = put_text(at, pick(family_names, next(&random)));
    return append_span(builder, text, at);
}

static int append_email(struct tide_builder *builder, uint64_t random, int64_t row)
{
    char text[64];
    char *at = put_text(text, pick(words, next(&random)));

    (void)row;
    *at++ = '.';
    at = put_text(at, pick(words, next(&random)));
    at = put_number(at, random >> 50);
    at = put_text(at, "@example.com");
    return append_span(builder, text, at);
}

static int append_phone(struct tide_builder *builder, uint64_t random, int64_t row)
{
    char text[32];
    char *at = put_text(text, "+1 (");

    (void)row;
    at = put_number(at, 200 + (random >> 32) % 800);
    at = put_text(at, ") 555-");
    at = put_number(at, 1000 + random % 9000);
    return append_span(builder, text, at);
}

static const struct generator generators[] = {
    {"id", append_id, 8, TIDE_TYPE_INT64, true},
    {"bool", append_bool, 1, TIDE_TYPE_BOOL, false},
    {"int64", append_int64, 8, TIDE_TYPE_INT64, false},
    {"float64", append_float64, 8, TIDE_TYPE_FLOAT64, false},
    {"decimal", append_decimal, 13, TIDE_TYPE_DECIMAL, false},
    {"string", append_string, 12, TIDE_TYPE_STRING, false},
    {"bytes", append_bytes, 13, TIDE_TYPE_BYTES, false},
    {"date", append_date, 4, TIDE_TYPE_DATE, false},
    {"time", append_time, 8, TIDE_TYPE_TIME, false},
    {"timestamp", append_instant, 8, TIDE_TYPE_TIMESTAMP, false},
    {"datetime", append_instant, 8, TIDE_TYPE_DATETIME, false},
    {"uuid", append_uuid, 40, TIDE_TYPE_UUID, false},
    {"json", append_json, 44, TIDE_TYPE_JSON, false},
    {"null", append_null, 0, TIDE_TYPE_NULL, true},
    {"name", append_name, 18, TIDE_TYPE_STRING, false},
    {"email", append_email, 32, TIDE_TYPE_STRING, false},
    {"phone", append_phone, 20, TIDE_TYPE_STRING, false},
    {"text", append_sentence, 64, TIDE_TYPE_STRING, false},
};

#define GENERATORS (sizeof generators / sizeof generators[0])

const struct generator *generator_find(const char *word)
{
    for (size_t i = 0; i < GENERATORS; i++) {
        if (strcmp(generators[i].word, word) == 0) {
            return &generators[i];
        }
    }
    return NULL;
}

const char *generator_nearest(const char *word)
{
    size_t best = strlen(word) / 3 + 1;
    const char *nearest = NULL;

    for (size_t i = 0; i < GENERATORS; i++) {
        size_t distance = column_distance(word, generators[i].word);

        if (distance < best) {
            best = distance;
            nearest = generators[i].word;
        }
    }
    return nearest;
}
