/*
 * resume - leaving the files of a table, and going on there.
 *
 * The columns are found as they were by the run before: its files come first and in its
 * order, so the same one decides.  Then the file that was half read is taken up behind
 * the last row, if it still is the one that it was.  Files that came since are read as
 * well.
 */
#include <inttypes.h>

#include "reader.h"

/* ---- where it is ---- */

static bool is_half_read(const struct reader *reader)
{
    return reader->is_open && !window_is_done(&reader->part.window);
}

void reader_note_end(struct reader *reader)
{
    if (reader->is_open) {
        part_tell_end(&reader->part, &reader->ends[reader->next - 1]);
    }
}

const char *reader_position(struct reader *reader)
{
    bool is_half = is_half_read(reader);
    struct place place;

    if (reader->has_ended) {
        return NULL;
    }
    if (!reader->has_read) {
        return reader->request->position;
    }
    if (is_half && !part_tell(&reader->part, &place)) {
        return NULL;
    }
    if (!is_half) {
        reader_note_end(reader);
    }
    return position_write(&reader->position, reader->options->path, &reader->names,
                          reader->ends, reader->next - is_half, is_half ? &place : NULL,
                          reader->part.window.all);
}

/* ---- going on ---- */

static void warn(const struct reader *reader, const char *what)
{
    char message[1200];

    (void)snprintf(message, sizeof message, "%s; it is read from its start", what);
    reader->host->log(reader->host, TIDE_LOG_WARNING, message);
}

/* The rows in front of the place are at the destination, and those behind it are gone.
 * Where rows are merged by a key, those that are there now may all come. */
static int changed(const struct reader *reader, const char *name,
                   const struct place *place, struct tide_error *err)
{
    struct tide_error problem = {0};

    (void)tide_error_set(
        &problem, TIDE_E_CONFLICT,
        "%s/%s was changed since the last run was interrupted, which had read it "
        "up to its byte %" PRId64,
        reader->options->path, name, place->offset);
    if (reader->request->may_repeat) {
        warn(reader, problem.message);
        return TIDE_OK;
    }
    return tide_error_set(err, TIDE_E_CONFLICT,
                          "%s: put it back, or empty the destination and run with --full "
                          "to start over",
                          problem.message);
}

static int half_changed(const struct reader *reader, const struct position *position,
                        struct tide_error *err)
{
    return changed(reader, position->file, &position->place, err);
}

static int reopen(struct reader *reader, struct tide_error *err)
{
    part_close(&reader->part);
    reader->is_open = false;
    reader->next--;
    return reader_open_next(reader, err);
}

/* The file that was half read is the one just opened. */
static int take_up(struct reader *reader, const struct position *position,
                   struct tide_error *err)
{
    int rc = part_resume(&reader->part, &position->place, err);

    if (rc == TIDE_END) {
        rc = half_changed(reader, position, err);
        if (rc == TIDE_OK) {
            rc = reopen(reader, err);
        }
    }
    return rc;
}

/* Stand in front of the file at `place`, which is half read if the position has one. */
static int go_to(struct reader *reader, size_t place, const struct position *position,
                 struct tide_error *err)
{
    int rc = TIDE_OK;

    if (reader->next <= place) {
        part_close(&reader->part);
        reader->is_open = false;
        reader->next = place;
        rc = position->file ? reader_open_next(reader, err) : TIDE_OK;
    } else if (position->file && reader->next > place + 1) {
        /* It has no bytes any more: it was passed over in the search for columns. */
        return half_changed(reader, position, err);
    }
    return rc == TIDE_OK && position->file ? take_up(reader, position, err) : rc;
}

/* The files that are done in front, then the one that is half read; *count of them. */
static int arrange(struct reader *reader, struct position *position, size_t *done,
                   struct tide_error *err)
{
    struct names half = {.items = &position->file, .count = position->file ? 1 : 0};
    size_t found = 0;
    int rc = names_put_first(&reader->names, &half, &found);

    if (rc == TIDE_OK) {
        rc = names_put_first(&reader->names, &position->done, done);
    }
    if (rc != TIDE_OK) {
        return tide_error_set(err, rc, "out of memory");
    }
    if (found == half.count) {
        return TIDE_OK;
    }
    rc = half_changed(reader, position, err);
    free(position->file);
    position->file = NULL;
    return rc;
}

/* ---- files that are done ---- */

/* A file whose rows may come again is done no more. */
static void undo(struct position *position, size_t place)
{
    size_t behind = --position->done.count - place;

    free(position->done.items[place]);
    memmove(position->done.items + place, position->done.items + place + 1,
            behind * sizeof *position->done.items);
    memmove(position->ends + place, position->ends + place + 1,
            behind * sizeof *position->ends);
}

/* Those that are there stand in front, in the order of the position. */
static void forget_gone(const struct reader *reader, struct position *position,
                        size_t count)
{
    for (size_t i = 0; i < position->done.count;) {
        if (i < count && strcmp(position->done.items[i], reader->names.items[i]) == 0) {
            i++;
        } else {
            undo(position, i);
        }
    }
}

/* TIDE_END: it is another one now, and is to be read. */
static int know_one(struct reader *reader, const char *name, const struct place *end,
                    struct tide_error *err)
{
    int rc = TIDE_OK;

    if (reader->host->cancelled(reader->host)) {
        return tide_error_cancelled(err);
    }
    if (end->has_head) {
        rc = part_know(&reader->part, name, end, err);
    }
    if (rc == TIDE_END) {
        rc = changed(reader, name, end, err);
        rc = rc == TIDE_OK ? TIDE_END : rc;
    }
    return rc;
}

/* A name alone does not tell: files are rotated, and written anew. */
static int know_done(struct reader *reader, struct position *position, size_t *done,
                     struct tide_error *err)
{
    forget_gone(reader, position, *done);
    for (size_t i = 0; i < position->done.count;) {
        int rc = know_one(reader, position->done.items[i], &position->ends[i], err);

        if (rc < 0) {
            return rc;
        }
        if (rc == TIDE_END) {
            undo(position, i);
        } else {
            i++;
        }
    }
    return position->done.count < *done ? arrange(reader, position, done, err) : TIDE_OK;
}

/* ---- exactly ---- */

static int not_the_same(const struct reader *reader, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CONFLICT,
                          "files in %s that the interrupted run had read were changed or "
                          "removed since",
                          reader->options->path);
}

/* The hash of the files that are done is that of what was read of them. */
static int pass_done(struct reader *reader, const struct position *position, size_t done,
                     struct tide_error *err)
{
    int rc = TIDE_OK;

    if (!position->has_all || done != position->done.count) {
        return not_the_same(reader, err);
    }
    for (size_t i = 0; rc == TIDE_OK && i < done; i++) {
        rc = part_pass(&reader->part, reader->names.items[i], err);
    }
    return rc;
}

static int go_on(struct reader *reader, struct position *position, struct tide_error *err)
{
    bool exact = reader->request->exact;
    size_t done = 0;
    int rc = arrange(reader, position, &done, err);

    if (rc == TIDE_OK) {
        rc = exact ? pass_done(reader, position, done, err)
                   : know_done(reader, position, &done, err);
    }
    if (rc == TIDE_OK) {
        if (done > 0) {
            memcpy(reader->ends, position->ends, done * sizeof *reader->ends);
        }
        rc = reader_open_first(reader, err);
    }
    if (rc == TIDE_OK) {
        rc = go_to(reader, done, position, err);
    }
    if (rc == TIDE_OK && exact && xxh64_value(&reader->all) != position->all) {
        rc = not_the_same(reader, err);
    }
    return rc;
}

int reader_start(struct reader *reader, struct tide_error *err)
{
    struct position position = {0};
    struct tide_error problem = {0};
    int rc = TIDE_OK;

    reader->ends = calloc(reader->names.count, sizeof *reader->ends);
    if (!reader->ends) {
        return tide_error_memory(err);
    }
    if (!reader->request->position) {
        return reader_open_first(reader, err);
    }
    rc = position_parse(reader->request->position, reader->options->path, &position,
                        &problem);
    if (rc == TIDE_OK) {
        rc = go_on(reader, &position, err);
    } else if (reader->request->may_repeat) {
        warn(reader, problem.message);
        rc = reader_open_first(reader, err);
    } else {
        *err = problem;
    }
    position_clear(&position);
    return rc;
}
