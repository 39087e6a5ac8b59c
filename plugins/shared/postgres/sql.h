/*
 * sql - building statements: text that grows, identifiers and literals quoted exactly.
 *
 * A failed allocation is remembered and told once, by tide_pg_sql_check(), so that a
 * statement is written without a check behind each word.
 *
 * Layer: the postgres plugins' shared part; libc and the SDK alone.
 */
#ifndef TIDE_POSTGRES_SQL_H
#define TIDE_POSTGRES_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <tidemill/error.h>

/** A statement in the making.  Zero it to begin; tide_pg_sql_clear() frees it. */
struct tide_pg_sql {
    char *text; /**< owned, terminated; NULL while nothing was added */
    size_t length, capacity;
    bool failed; /**< memory ran out: the text is not complete */
};

/** A table's name in its two parts; both owned. */
struct tide_pg_name {
    char *schema;
    char *table;
};

void tide_pg_sql_add(struct tide_pg_sql *sql, const char *text);
/** So many bytes of it. */
void tide_pg_sql_add_n(struct tide_pg_sql *sql, const char *text, size_t length);
TIDE_PRINTF(2, 3)
void tide_pg_sql_format(struct tide_pg_sql *sql, const char *format, ...);
/** "name", with quotes within doubled. */
void tide_pg_sql_identifier(struct tide_pg_sql *sql, const char *name);
/** 'text', with quotes within doubled; E'text', with backslashes doubled too, where it
 * has any: what they mean else is up to the session. */
void tide_pg_sql_literal(struct tide_pg_sql *sql, const char *text);
/** "schema"."table". */
void tide_pg_sql_name(struct tide_pg_sql *sql, const struct tide_pg_name *name);
/** TIDE_E_LIMIT when an allocation failed on the way. */
TIDE_MUST_CHECK
int tide_pg_sql_check(const struct tide_pg_sql *sql, struct tide_error *err);
/** Forget the text, keep the memory. */
void tide_pg_sql_reset(struct tide_pg_sql *sql);
void tide_pg_sql_clear(struct tide_pg_sql *sql);

/**
 * Take a name apart: table, schema.table, or either part in double quotes, as
 * "my.table" or sales."Order Lines".  Letter case is kept.  Without a schema it is
 * default_schema.  TIDE_E_CONFIG when a part is empty, a quote is not closed or there are
 * more than two parts.
 */
TIDE_MUST_CHECK
int tide_pg_name_parse(const char *text, const char *default_schema,
                       struct tide_pg_name *name, struct tide_error *err);
/** Append a table's name so that tide_pg_name_parse() gives it back. */
void tide_pg_name_format(struct tide_pg_sql *sql, const char *table);
void tide_pg_name_clear(struct tide_pg_name *name);

#endif
