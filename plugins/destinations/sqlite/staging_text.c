/*
 * staging_text - the statement that made a table or an index, for another one.
 *
 * SQLite keeps it from the name on as it was written, and what stands in front in its own
 * words: CREATE TABLE name..., CREATE [UNIQUE] INDEX name ON name....
 */
#include "staging.h"

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n\f");
}

/* Behind a word and what follows it, or NULL: it is another. */
static const char *skip_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    return text && sqlite3_strnicmp(text, word, (int)length) == 0
               ? skip_blanks(text + length)
               : NULL;
}

/* Behind what begins with a quote; twice the closing one is one within. */
static const char *skip_quoted(const char *text, char closing)
{
    for (text++; *text; text++) {
        if (*text == closing && text[1] != closing) {
            return text + 1;
        }
        text += *text == closing;
    }
    return NULL;
}

/* Behind a name, or NULL. */
static const char *skip_name(const char *text)
{
    const char *end = text;

    if (!text) {
        return NULL;
    }
    if (*text == '"' || *text == '`' || *text == '\'') {
        return skip_quoted(text, *text);
    }
    if (*text == '[') {
        end = strchr(text, ']');
        return end ? end + 1 : NULL;
    }
    end = text + strcspn(text, " \t\r\n\f(),;.-/*\"'`[");
    return end > text ? end : NULL;
}

static char *of_index(const char *rest, const char *unique, const char *table,
                      const char *index)
{
    rest = skip_name(rest);
    rest = rest ? skip_word(skip_blanks(rest), "ON") : NULL;
    rest = skip_name(rest);
    return rest ? sqlite3_mprintf("CREATE %sINDEX \"%w\" ON \"%w\"%s", unique, index,
                                  table, rest)
                : NULL;
}

char *staging_statement(const char *sql, const char *table, const char *index)
{
    const char *rest = skip_word(sql, "CREATE ");
    const char *unique = skip_word(rest, "UNIQUE ");

    if (skip_word(rest, "TABLE ")) {
        rest = skip_name(skip_word(rest, "TABLE "));
        return rest ? sqlite3_mprintf("CREATE TABLE \"%w\"%s", table, rest) : NULL;
    }
    if (unique) {
        return of_index(skip_word(unique, "INDEX "), "UNIQUE ", table, index);
    }
    return of_index(skip_word(rest, "INDEX "), "", table, index);
}
