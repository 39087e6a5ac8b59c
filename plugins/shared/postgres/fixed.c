/*
 * fixed - values of fixed types as text that the server reads back exactly.
 */
#include "postgres/fixed.h"

#include <tidemill/value.h>

size_t tide_pg_format_fixed(int type, const struct ArrowArray *values, int64_t row,
                            char *out)
{
    switch (type) {
    case TIDE_TYPE_BOOL:
        return tide_format_bool(out, tide_array_bool(values, row));
    case TIDE_TYPE_FLOAT64:
        return tide_format_float64(out, tide_array_float64(values, row));
    case TIDE_TYPE_DATE:
        return tide_format_date(out, tide_array_int32(values, row));
    case TIDE_TYPE_TIME:
        return tide_format_time(out, tide_array_int64(values, row));
    case TIDE_TYPE_TIMESTAMP:
        return tide_format_timestamp(out, tide_array_int64(values, row));
    case TIDE_TYPE_DATETIME:
        return tide_format_datetime(out, tide_array_int64(values, row));
    default:
        return tide_format_int64(out, tide_array_int64(values, row));
    }
}
