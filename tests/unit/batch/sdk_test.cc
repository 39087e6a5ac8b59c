/* The SDK as C++ sees it: every header compiles, and a batch is built and read. */
#include <tidemill/plugin.h>
#include <tidemill/row.h>
#include <tidemill/value.h>

#include <cstdio>

static bool builds_and_reads()
{
    tide_schema schema = {};
    tide_batch batch = {};
    bool ok = tide_schema_add(&schema, "i", TIDE_TYPE_INT64, 0) == TIDE_OK;
    tide_row_builder *rows = tide_row_builder_create(&schema, 2, 0);

    if (!rows) {
        return false;
    }
    tide_row_set_int64(rows, 0, 42);
    ok = ok && tide_row_end(rows) == TIDE_OK &&
         tide_row_builder_finish(rows, &batch) == TIDE_OK;
    tide_row_reader row = tide_rows_of(&batch, &schema);
    ok = ok && tide_row_next(&row) && tide_row_int64(&row, 0) == 42;
    tide_row_builder_destroy(rows);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
    return ok;
}

int main()
{
    std::printf("1..1\n%s 1 - the SDK works from C++\n",
                builds_and_reads() ? "ok" : "not ok");
    return 0;
}
