/*
 * layout - the same table from whichever headers this is compiled with: -DLAYOUT=NAME
 * says under which name; see layout.h.
 */
#include "layout.h"

#include <tidemill/plugin.h>

#define MEMBER(type, member)                                                             \
    {                                                                                    \
#type "." #member, offsetof(struct type, member),                                \
            sizeof(((struct type *)0)->member)                                           \
    }
#define FIXED(type)                                                                      \
    {                                                                                    \
#type, sizeof(struct type), false, of_##type                                     \
    }
#define GROWS(type)                                                                      \
    {                                                                                    \
#type, sizeof(struct type), true, of_##type                                      \
    }
#define NUMBER(name)                                                                     \
    {                                                                                    \
#name, name                                                                      \
    }

static const struct layout_member of_tide_list[] = {
    MEMBER(tide_list, items),
    MEMBER(tide_list, count),
    {0},
};

static const struct layout_member of_tide_pair[] = {
    MEMBER(tide_pair, key),
    MEMBER(tide_pair, value),
    {0},
};

static const struct layout_member of_tide_map[] = {
    MEMBER(tide_map, pairs),
    MEMBER(tide_map, count),
    {0},
};

static const struct layout_member of_tide_component[] = {
    MEMBER(tide_component, plugin),
    MEMBER(tide_component, options),
    {0},
};

static const struct layout_member of_tide_option[] = {
    MEMBER(tide_option, name),           MEMBER(tide_option, type),
    MEMBER(tide_option, component_kind), MEMBER(tide_option, required),
    MEMBER(tide_option, secret),         MEMBER(tide_option, reserved),
    MEMBER(tide_option, offset),         MEMBER(tide_option, default_value),
    MEMBER(tide_option, choices),        MEMBER(tide_option, minimum),
    MEMBER(tide_option, maximum),        MEMBER(tide_option, help),
    MEMBER(tide_option, example),        {0},
};

static const struct layout_member of_tide_column[] = {
    MEMBER(tide_column, name),
    MEMBER(tide_column, logical),
    MEMBER(tide_column, type),
    MEMBER(tide_column, flags),
    MEMBER(tide_column, max_length),
    MEMBER(tide_column, reserved),
    {0},
};

static const struct layout_member of_tide_schema[] = {
    MEMBER(tide_schema, columns),
    MEMBER(tide_schema, column_count),
    {0},
};

static const struct layout_member of_tide_error[] = {
    MEMBER(tide_error, code),
    MEMBER(tide_error, retry_after_ms),
    MEMBER(tide_error, where),
    MEMBER(tide_error, message),
    {0},
};

static const struct layout_member of_ArrowSchema[] = {
    MEMBER(ArrowSchema, format),       MEMBER(ArrowSchema, name),
    MEMBER(ArrowSchema, metadata),     MEMBER(ArrowSchema, flags),
    MEMBER(ArrowSchema, n_children),   MEMBER(ArrowSchema, children),
    MEMBER(ArrowSchema, dictionary),   MEMBER(ArrowSchema, release),
    MEMBER(ArrowSchema, private_data), {0},
};

static const struct layout_member of_ArrowArray[] = {
    MEMBER(ArrowArray, length),
    MEMBER(ArrowArray, null_count),
    MEMBER(ArrowArray, offset),
    MEMBER(ArrowArray, n_buffers),
    MEMBER(ArrowArray, n_children),
    MEMBER(ArrowArray, buffers),
    MEMBER(ArrowArray, children),
    MEMBER(ArrowArray, dictionary),
    MEMBER(ArrowArray, release),
    MEMBER(ArrowArray, private_data),
    {0},
};

static const struct layout_member of_tide_batch[] = {
    MEMBER(tide_batch, array),          MEMBER(tide_batch, positions),
    MEMBER(tide_batch, first_position), MEMBER(tide_batch, origin),
    MEMBER(tide_batch, reserved),       {0},
};

static const struct layout_member of_tide_reject[] = {
    MEMBER(tide_reject, code),
    MEMBER(tide_reject, message),
    MEMBER(tide_reject, origin),
    MEMBER(tide_reject, position),
    MEMBER(tide_reject, raw),
    MEMBER(tide_reject, raw_length),
    {0},
};

static const struct layout_member of_tide_host[] = {
    MEMBER(tide_host, abi),
    MEMBER(tide_host, size),
    MEMBER(tide_host, context),
    MEMBER(tide_host, log),
    MEMBER(tide_host, now),
    MEMBER(tide_host, cancelled),
    MEMBER(tide_host, secret),
    MEMBER(tide_host, reject),
    MEMBER(tide_host, reject_row),
    MEMBER(tide_host, allocate),
    {0},
};

static const struct layout_member of_tide_source_request[] = {
    MEMBER(tide_source_request, size),
    MEMBER(tide_source_request, batch_rows),
    MEMBER(tide_source_request, batch_bytes),
    MEMBER(tide_source_request, table),
    MEMBER(tide_source_request, cursor),
    MEMBER(tide_source_request, position),
    MEMBER(tide_source_request, declared),
    MEMBER(tide_source_request, include),
    MEMBER(tide_source_request, exclude),
    MEMBER(tide_source_request, row_limit),
    {0},
};

static const struct layout_member of_tide_source[] = {
    MEMBER(tide_source, size),
    MEMBER(tide_source, flags),
    MEMBER(tide_source, discover),
    MEMBER(tide_source, open),
    MEMBER(tide_source, read),
    MEMBER(tide_source, position),
    MEMBER(tide_source, acknowledge),
    MEMBER(tide_source, close),
    {0},
};

static const struct layout_member of_tide_transform[] = {
    MEMBER(tide_transform, size),  MEMBER(tide_transform, flags),
    MEMBER(tide_transform, bind),  MEMBER(tide_transform, apply),
    MEMBER(tide_transform, close), {0},
};

static const struct layout_member of_tide_destination_request[] = {
    MEMBER(tide_destination_request, size),
    MEMBER(tide_destination_request, mode),
    MEMBER(tide_destination_request, table),
    MEMBER(tide_destination_request, schema),
    MEMBER(tide_destination_request, key),
    MEMBER(tide_destination_request, cursor),
    MEMBER(tide_destination_request, pipeline),
    MEMBER(tide_destination_request, run),
    MEMBER(tide_destination_request, started_at),
    {0},
};

static const struct layout_member of_tide_destination[] = {
    MEMBER(tide_destination, size),     MEMBER(tide_destination, flags),
    MEMBER(tide_destination, discover), MEMBER(tide_destination, open),
    MEMBER(tide_destination, write),    MEMBER(tide_destination, commit),
    MEMBER(tide_destination, close),    {0},
};

static const struct layout_member of_tide_span[] = {
    MEMBER(tide_span, data),
    MEMBER(tide_span, length),
    MEMBER(tide_span, last),
    {0},
};

static const struct layout_member of_tide_decoder_request[] = {
    MEMBER(tide_decoder_request, size),
    MEMBER(tide_decoder_request, batch_rows),
    MEMBER(tide_decoder_request, batch_bytes),
    MEMBER(tide_decoder_request, origin),
    MEMBER(tide_decoder_request, declared),
    MEMBER(tide_decoder_request, table),
    {0},
};

static const struct layout_member of_tide_format[] = {
    MEMBER(tide_format, size),           MEMBER(tide_format, flags),
    MEMBER(tide_format, extension),      MEMBER(tide_format, decoder_open),
    MEMBER(tide_format, decoder_schema), MEMBER(tide_format, decode),
    MEMBER(tide_format, decoder_close),  MEMBER(tide_format, encoder_open),
    MEMBER(tide_format, encode),         MEMBER(tide_format, encoder_begin),
    MEMBER(tide_format, encoder_close),  {0},
};

static const struct layout_member of_tide_storage[] = {
    MEMBER(tide_storage, size),
    MEMBER(tide_storage, flags),
    MEMBER(tide_storage, list),
    MEMBER(tide_storage, read_open),
    MEMBER(tide_storage, read),
    MEMBER(tide_storage, read_close),
    MEMBER(tide_storage, write_open),
    MEMBER(tide_storage, write),
    MEMBER(tide_storage, publish),
    MEMBER(tide_storage, write_close),
    {0},
};

static const struct layout_member of_tide_plugin_entry[] = {
    MEMBER(tide_plugin_entry, abi),
    MEMBER(tide_plugin_entry, size),
    MEMBER(tide_plugin_entry, kind),
    MEMBER(tide_plugin_entry, flags),
    MEMBER(tide_plugin_entry, name),
    MEMBER(tide_plugin_entry, version),
    MEMBER(tide_plugin_entry, summary),
    MEMBER(tide_plugin_entry, options),
    MEMBER(tide_plugin_entry, options_size),
    MEMBER(tide_plugin_entry, source),
    MEMBER(tide_plugin_entry, transform),
    MEMBER(tide_plugin_entry, destination),
    MEMBER(tide_plugin_entry, format),
    MEMBER(tide_plugin_entry, storage),
    {0},
};

static const struct layout_struct structs[] = {
    FIXED(tide_list),
    FIXED(tide_pair),
    FIXED(tide_map),
    FIXED(tide_component),
    FIXED(tide_option),
    FIXED(tide_column),
    FIXED(tide_schema),
    FIXED(tide_error),
    FIXED(ArrowSchema),
    FIXED(ArrowArray),
    FIXED(tide_batch),
    FIXED(tide_reject),
    GROWS(tide_host),
    GROWS(tide_source_request),
    GROWS(tide_source),
    GROWS(tide_transform),
    GROWS(tide_destination_request),
    GROWS(tide_destination),
    FIXED(tide_span),
    GROWS(tide_decoder_request),
    GROWS(tide_format),
    GROWS(tide_storage),
    GROWS(tide_plugin_entry),
    {0},
};

static const struct layout_number numbers[] = {
    NUMBER(TIDE_OPTION_END),
    NUMBER(TIDE_OPTION_BOOL),
    NUMBER(TIDE_OPTION_INT),
    NUMBER(TIDE_OPTION_FLOAT),
    NUMBER(TIDE_OPTION_STRING),
    NUMBER(TIDE_OPTION_ENUM),
    NUMBER(TIDE_OPTION_LIST),
    NUMBER(TIDE_OPTION_MAP),
    NUMBER(TIDE_OPTION_PATH),
    NUMBER(TIDE_OPTION_DURATION),
    NUMBER(TIDE_OPTION_SIZE),
    NUMBER(TIDE_OPTION_CHAR),
    NUMBER(TIDE_OPTION_COMPONENT),
    NUMBER(TIDE_TYPE_NULL),
    NUMBER(TIDE_TYPE_BOOL),
    NUMBER(TIDE_TYPE_INT64),
    NUMBER(TIDE_TYPE_FLOAT64),
    NUMBER(TIDE_TYPE_DECIMAL),
    NUMBER(TIDE_TYPE_STRING),
    NUMBER(TIDE_TYPE_BYTES),
    NUMBER(TIDE_TYPE_DATE),
    NUMBER(TIDE_TYPE_TIME),
    NUMBER(TIDE_TYPE_TIMESTAMP),
    NUMBER(TIDE_TYPE_UUID),
    NUMBER(TIDE_TYPE_JSON),
    NUMBER(TIDE_TYPE_DATETIME),
    NUMBER(TIDE_COLUMN_REQUIRED),
    NUMBER(TIDE_COLUMN_KEY),
    NUMBER(TIDE_COLUMN_DEFAULT),
    NUMBER(TIDE_COLUMN_SQL_TYPE),
    NUMBER(TIDE_OK),
    NUMBER(TIDE_END),
    NUMBER(TIDE_MORE),
    NUMBER(TIDE_E_CONFIG),
    NUMBER(TIDE_E_DATA),
    NUMBER(TIDE_E_TRANSIENT),
    NUMBER(TIDE_E_AUTH),
    NUMBER(TIDE_E_CANCELLED),
    NUMBER(TIDE_E_INTERNAL),
    NUMBER(TIDE_E_IO),
    NUMBER(TIDE_E_LIMIT),
    NUMBER(TIDE_E_NOT_FOUND),
    NUMBER(TIDE_E_CONFLICT),
    NUMBER(TIDE_KIND_SOURCE),
    NUMBER(TIDE_KIND_TRANSFORM),
    NUMBER(TIDE_KIND_DESTINATION),
    NUMBER(TIDE_KIND_FORMAT),
    NUMBER(TIDE_KIND_STORAGE),
    NUMBER(TIDE_LOG_DEBUG),
    NUMBER(TIDE_LOG_INFO),
    NUMBER(TIDE_LOG_WARNING),
    NUMBER(TIDE_LOG_ERROR),
    NUMBER(TIDE_SOURCE_INCREMENTAL),
    NUMBER(TIDE_MODE_APPEND),
    NUMBER(TIDE_MODE_REPLACE),
    NUMBER(TIDE_MODE_MERGE),
    NUMBER(TIDE_DESTINATION_APPEND),
    NUMBER(TIDE_DESTINATION_REPLACE),
    NUMBER(TIDE_DESTINATION_MERGE),
    NUMBER(TIDE_DESTINATION_TRANSACTIONAL),
    NUMBER(TIDE_ABI),
    NUMBER(TIDE_PADDING),
    NUMBER(TIDE_INSTANT_INFINITY),
    NUMBER(TIDE_INSTANT_MINUS_INFINITY),
    NUMBER(TIDE_DATE_INFINITY),
    NUMBER(TIDE_DATE_MINUS_INFINITY),
    NUMBER(ARROW_FLAG_NULLABLE),
    {0},
};

const struct layout LAYOUT = {structs, numbers};
