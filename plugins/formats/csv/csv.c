/*
 * csv - the format of comma separated values, RFC 4180 and its common dialects.
 *
 * The entry and the options; decode.c reads, encode.c writes.
 */
#include "csv.h"

static const char *const line_endings[] = {"lf", "crlf", NULL};

static const struct tide_option csv_option_table[] = {
    {.name = "delimiter",
     .type = TIDE_OPTION_CHAR,
     .offset = offsetof(struct csv_options, delimiter),
     .default_value = ",",
     .help = "Character between two fields.",
     .example = ";"},
    {.name = "quote",
     .type = TIDE_OPTION_CHAR,
     .offset = offsetof(struct csv_options, quote),
     .default_value = "\"",
     .help = "Character around a field that holds delimiters, quotes or line ends."},
    {.name = "escape",
     .type = TIDE_OPTION_CHAR,
     .offset = offsetof(struct csv_options, escape),
     .help = "Character in front of a quote within quotes; by default the quote itself.",
     .example = "\\"},
    {.name = "header",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct csv_options, header),
     .default_value = "true",
     .help = "Whether the first line names the columns."},
    {.name = "null_string",
     .type = TIDE_OPTION_STRING,
     .offset = offsetof(struct csv_options, null_string),
     .default_value = "",
     .help = "What stands, unquoted, for null.",
     .example = "\\N"},
    {.name = "trim",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct csv_options, trim),
     .default_value = "false",
     .help = "Reading: drop blanks around a field, outside its quotes."},
    {.name = "columns",
     .type = TIDE_OPTION_LIST,
     .offset = offsetof(struct csv_options, columns),
     .help = "Reading without a header: names of the columns; by default column_1 and so "
             "on.",
     .example = "[id, name]"},
    {.name = "max_row_size",
     .type = TIDE_OPTION_SIZE,
     .offset = offsetof(struct csv_options, max_row_size),
     .default_value = "256MiB",
     .minimum = 65536,
     .maximum = 1 << 30,
     .help = "Reading: a longer row is rejected."},
    {.name = "line_ending",
     .type = TIDE_OPTION_ENUM,
     .offset = offsetof(struct csv_options, line_ending),
     .default_value = "lf",
     .choices = line_endings,
     .help = "Writing: what ends a line; reading takes both."},
    {0}};

static int check_char(const char *name, uint8_t value, struct tide_error *err)
{
    if (value == '\n' || value == '\r' || value == '\0' || value > 127) {
        return tide_error_at(err, TIDE_E_CONFIG, name,
                             "must be an ASCII character other than a line end");
    }
    return TIDE_OK;
}

static int check_null(const struct csv_options *options, const struct csv_syntax *syntax,
                      struct tide_error *err)
{
    char special[] = {(char)syntax->delimiter, (char)syntax->quote, '\r', '\n', '\0'};

    if (options->null_string[strcspn(options->null_string, special)]) {
        return tide_error_at(err, TIDE_E_CONFIG, "null_string",
                             "may hold no delimiter, quote or line end: null is written "
                             "unquoted");
    }
    return TIDE_OK;
}

int csv_syntax_init(const struct csv_options *options, struct csv_syntax *syntax,
                    struct tide_error *err)
{
    syntax->delimiter = (uint8_t)options->delimiter;
    syntax->quote = (uint8_t)options->quote;
    syntax->escape = (uint8_t)(options->escape ? options->escape : options->quote);
    syntax->trim = options->trim;
    if (check_char("delimiter", syntax->delimiter, err) != TIDE_OK ||
        check_char("quote", syntax->quote, err) != TIDE_OK ||
        check_char("escape", syntax->escape, err) != TIDE_OK) {
        return TIDE_E_CONFIG;
    }
    if (syntax->delimiter == syntax->quote || syntax->delimiter == syntax->escape) {
        return tide_error_at(err, TIDE_E_CONFIG, "delimiter",
                             "must differ from the quote and the escape");
    }
    if (options->header && options->columns.count > 0) {
        return tide_error_at(err, TIDE_E_CONFIG, "columns",
                             "the columns are named by the file's header; set header: "
                             "false for a file that has none");
    }
    return check_null(options, syntax, err);
}

static int csv_check(const void *options, const struct tide_host *host,
                     struct tide_error *err)
{
    struct csv_syntax syntax;

    (void)host;
    return csv_syntax_init(options, &syntax, err);
}

static const char *csv_line_end(const void *options)
{
    const struct csv_options *csv = options;

    return csv->line_ending == CSV_CRLF ? "\r\n" : "\n";
}

static const struct tide_format csv_format = {.size = (uint32_t)sizeof csv_format,
                                              .extension = "csv",
                                              .decoder_open = csv_decoder_open,
                                              .decoder_schema = csv_decoder_schema,
                                              .decode = csv_decode,
                                              .decoder_close = csv_decoder_close,
                                              .encoder_open = csv_encoder_open,
                                              .encode = csv_encode,
                                              .encoder_begin = csv_encoder_begin,
                                              .encoder_close = csv_encoder_close,
                                              .decoder_mark = csv_decoder_mark,
                                              .decoder_resume = csv_decoder_resume,
                                              .line_end = csv_line_end};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_FORMAT, "csv", "1.0", "Comma separated values, RFC 4180."),
    .options = csv_option_table, .options_size = sizeof(struct csv_options),
    .format = &csv_format, .check = csv_check};
