/*
 * sql - building statements: text that grows, identifiers and literals quoted exactly.
 */
#include "postgres/sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for so many more bytes and the terminator. */
static bool reserve(struct tide_pg_sql *sql, size_t more)
{
    size_t wanted = sql->capacity ? sql->capacity : 256;
    char *text;

    if (sql->failed) {
        return false;
    }
    while (wanted < sql->length + more + 1) {
        wanted *= 2;
    }
    if (wanted > sql->capacity) {
        text = realloc(sql->text, wanted);
        if (!text) {
            sql->failed = true;
            return false;
        }
        sql->text = text;
        sql->capacity = wanted;
    }
    return true;
}

void tide_pg_sql_add_n(struct tide_pg_sql *sql, const char *text, size_t length)
{
    if (reserve(sql, length)) {
        memcpy(sql->text + sql->length, text, length);
        sql->length += length;
        sql->text[sql->length] = '\0';
    }
}

void tide_pg_sql_add(struct tide_pg_sql *sql, const char *text)
{
    tide_pg_sql_add_n(sql, text, strlen(text));
}

void tide_pg_sql_format(struct tide_pg_sql *sql, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started in the line above */
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !reserve(sql, (size_t)length)) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(sql->text + sql->length, (size_t)length + 1, format, args);
    va_end(args);
    sql->length += (size_t)length;
}

/* The text, with each of some characters doubled; runs of others in one piece. */
static void add_doubled(struct tide_pg_sql *sql, const char *text, const char *doubled)
{
    size_t run;

    while (text[run = strcspn(text, doubled)] != '\0') {
        tide_pg_sql_add_n(sql, text, run + 1);
        tide_pg_sql_add_n(sql, text + run, 1);
        text += run + 1;
    }
    tide_pg_sql_add_n(sql, text, run);
}

void tide_pg_sql_identifier(struct tide_pg_sql *sql, const char *name)
{
    tide_pg_sql_add(sql, "\"");
    add_doubled(sql, name, "\"");
    tide_pg_sql_add(sql, "\"");
}

void tide_pg_sql_literal(struct tide_pg_sql *sql, const char *text)
{
    tide_pg_sql_add(sql, strchr(text, '\\') ? "E'" : "'");
    add_doubled(sql, text, "'\\");
    tide_pg_sql_add(sql, "'");
}

void tide_pg_sql_name(struct tide_pg_sql *sql, const struct tide_pg_name *name)
{
    tide_pg_sql_identifier(sql, name->schema);
    tide_pg_sql_add(sql, ".");
    tide_pg_sql_identifier(sql, name->table);
}

int tide_pg_sql_check(const struct tide_pg_sql *sql, struct tide_error *err)
{
    if (sql->failed || !sql->text) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for a statement");
    }
    return TIDE_OK;
}

void tide_pg_sql_reset(struct tide_pg_sql *sql)
{
    sql->length = 0;
    if (sql->text) {
        sql->text[0] = '\0';
    }
}

void tide_pg_sql_clear(struct tide_pg_sql *sql)
{
    free(sql->text);
    memset(sql, 0, sizeof *sql);
}

/* ---- names of tables ------------------------------------------------------------- */

/* Copy a quoted part, from behind its opening quote; NULL when the quote is not
 * closed. */
static const char *parse_quoted(const char *text, char *out)
{
    for (; *text; text++) {
        if (*text == '"' && *++text != '"') {
            *out = '\0';
            return text;
        }
        *out++ = *text;
    }
    return NULL;
}

/* Copy one part of a name up to its end or a dot; returns what follows it. */
static const char *parse_part(const char *text, char *out)
{
    size_t length = strcspn(text, ".");

    if (*text == '"') {
        return parse_quoted(text + 1, out);
    }
    memcpy(out, text, length);
    out[length] = '\0';
    return text + length;
}

int tide_pg_name_parse(const char *text, const char *default_schema,
                       struct tide_pg_name *name, struct tide_error *err)
{
    char *first = malloc(strlen(text) + 1);
    char *second = malloc(strlen(text) + strlen(default_schema) + 1);
    const char *rest = first && second ? parse_part(text, first) : NULL;
    bool qualified = rest && *rest == '.';
    bool well_formed;

    if (!first || !second) {
        free(first);
        free(second);
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for a table's name");
    }
    if (qualified) {
        rest = parse_part(rest + 1, second);
    } else {
        memcpy(second, default_schema, strlen(default_schema) + 1);
    }
    well_formed = rest && *rest == '\0' && *first && *second;
    name->schema = qualified ? first : second;
    name->table = qualified ? second : first;
    if (!well_formed) {
        tide_pg_name_clear(name);
        return tide_error_set(
            err, TIDE_E_CONFIG,
            "\"%s\" is not a table's name: write table or schema.table, "
            "with double quotes around a part that has a dot in it",
            text);
    }
    return TIDE_OK;
}

void tide_pg_name_format(struct tide_pg_sql *sql, const char *table)
{
    if (strpbrk(table, ".\"")) {
        tide_pg_sql_identifier(sql, table);
    } else {
        tide_pg_sql_add(sql, table);
    }
}

void tide_pg_name_clear(struct tide_pg_name *name)
{
    free(name->schema);
    free(name->table);
    memset(name, 0, sizeof *name);
}
