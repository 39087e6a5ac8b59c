/*
 * judge_item - whether a type keeps one value that is given as its text; within judge.
 *
 * Each returns NULL, or why it does not, as judge.h says.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_JUDGE_ITEM_H
#define TIDE_POSTGRES_JUDGE_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge.h"

/* Object ids of the built-in types whose values are judged here. */
enum {
    PG_OID_CHAR = 18,
    PG_OID_NAME = 19,
    PG_OID_OID = 26,
    PG_OID_TID = 27,
    PG_OID_XID = 28,
    PG_OID_CID = 29,
    PG_OID_FLOAT4 = 700,
    PG_OID_FLOAT8 = 701,
    PG_OID_MONEY = 790,
    PG_OID_BPCHAR = 1042,
    PG_OID_VARCHAR = 1043,
    PG_OID_DATE = 1082,
    PG_OID_TIME = 1083,
    PG_OID_TIMESTAMP = 1114,
    PG_OID_TIMESTAMPTZ = 1184,
    PG_OID_INTERVAL = 1186,
    PG_OID_TIMETZ = 1266,
    PG_OID_NUMERIC = 1700,
    PG_OID_XID8 = 5069
};

/* The fields of an interval's modifier, above its digits, when it has all of them. */
#define PG_INTERVAL_FULL 0x7fff

/** Real, which is narrow, or double precision. */
const char *pg_judge_float(bool is_narrow, const char *text, size_t length);

/** A number of the server's own, up to `most`. */
const char *pg_judge_whole(uint64_t most, const char *text, size_t length);

const char *pg_judge_money(const char *text, size_t length);

/** Digits at text, without the zeros at their end; *rest: what is behind all of them. */
size_t pg_count_digits(const char *text, const char *end, const char **rest);

/** Date, time, timestamp with or without time zone. */
const char *pg_judge_moment(const struct tide_pg_type *type, const char *text,
                            size_t length);
const char *pg_judge_timetz(const struct tide_pg_type *type, const char *text,
                            size_t length);
const char *pg_judge_interval(const struct tide_pg_type *type, const char *text,
                              size_t length);

#endif
