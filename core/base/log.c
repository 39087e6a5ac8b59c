/*
 * log - one line, one write.
 *
 * The settings are written once, before there are threads; after that a line is made in
 * memory of its own and handed to the kernel whole, so lines never mix.
 */
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <tidemill/value.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

static struct {
    const char *program;
    enum tide_log_level least;
    bool json;
} settings = {"tidemill", TIDE_LOG_INFO, false};

static const char *const level_names[] = {"debug", "info", "warning", "error"};
#define LEVEL_COUNT (sizeof level_names / sizeof level_names[0])

void tide_log_init(const char *program, enum tide_log_format format,
                   enum tide_log_level least)
{
    settings.program = program;
    settings.least = least;
    settings.json =
        format == TIDE_LOG_JSON || (format == TIDE_LOG_AUTO && !isatty(STDERR_FILENO));
}

/* Whether logfmt can show the text without quotes. */
static bool is_bare(const char *text)
{
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == '"' || *at == '=' || *at == '\\' ||
            *at == 0x7f) {
            return false;
        }
    }
    return *text && tide_text_is_utf8(text, strlen(text));
}

static void append_text(struct tide_text *line, const char *text)
{
    if (!settings.json && is_bare(text)) {
        tide_text_append(line, text);
    } else {
        tide_text_append_json(line, text, strlen(text));
    }
}

static void append_key(struct tide_text *line, const char *key)
{
    if (settings.json) {
        tide_text_append_char(line, line->length > 0 ? ',' : '{');
        tide_text_append_json(line, key, strlen(key));
        tide_text_append_char(line, ':');
    } else {
        if (line->length > 0) {
            tide_text_append_char(line, ' ');
        }
        tide_text_append(line, key);
        tide_text_append_char(line, '=');
    }
}

static void append_member(struct tide_text *line, const char *key, const char *text)
{
    append_key(line, key);
    append_text(line, text);
}

/* JSON has no word for what is not finite. */
static void append_number(struct tide_text *line, double number)
{
    char text[TIDE_VALUE_TEXT_MAX + 1];
    size_t length = tide_format_float64(text, number);

    text[length] = '\0';
    if (number - number != 0) {
        append_text(line, text);
    } else {
        tide_text_append_n(line, text, length);
    }
}

static void append_field(struct tide_text *line, const struct tide_log_field *field)
{
    append_key(line, field->key);
    switch (field->type) {
    case TIDE_FIELD_TEXT:
        if (field->text) {
            append_text(line, field->text);
        } else {
            tide_text_append(line, "null");
        }
        break;
    case TIDE_FIELD_INT:
        tide_text_appendf(line, "%lld", (long long)field->integer);
        break;
    case TIDE_FIELD_FLOAT:
        append_number(line, field->number);
        break;
    case TIDE_FIELD_SECRET:
        append_text(line, "[redacted]");
        break;
    }
}

/* A line that cannot be written is lost: there is nowhere to say so. */
static void put_line(const struct tide_text *line)
{
    ssize_t written;

    do {
        written = write(STDERR_FILENO, line->data, line->length);
    } while (written < 0 && errno == EINTR);
}

void tide_log_write(enum tide_log_level level, const char *message,
                    const struct tide_log_field *fields)
{
    const struct tide_clock *clock = tide_clock_system();
    struct tide_text line = {0};
    char now[32];

    if (level < settings.least || (size_t)level >= LEVEL_COUNT) {
        return;
    }
    tide_time_format_ms(clock->wall(clock), now);
    append_member(&line, "time", now);
    append_member(&line, "level", level_names[level]);
    append_member(&line, "program", settings.program);
    append_member(&line, settings.json ? "message" : "msg", message);
    for (; fields && fields->key; fields++) {
        append_field(&line, fields);
    }
    tide_text_append(&line, settings.json ? "}\n" : "\n");
    put_line(&line);
    tide_text_fini(&line);
}
