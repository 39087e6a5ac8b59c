/*
 * replay - run a fuzz target over its corpus, so that `make check` keeps what fuzzing
 * found.
 *
 * The folder is the first argument, or tests/fuzz/corpus/FUZZ_CORPUS in the sources.  A
 * line of TAP for each file.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long length;

    if (file && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0) {
        rewind(file);
        data = malloc((size_t)length + 1);
        *size = data ? fread(data, 1, (size_t)length, file) : 0;
    }
    if (file) {
        (void)fclose(file);
    }
    return data;
}

static void replay(const char *folder, const char *name, int number)
{
    char path[8192];
    size_t size = 0;
    uint8_t *data;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    data = read_file(path, &size);
    if (data) {
        (void)LLVMFuzzerTestOneInput(data, size);
    }
    (void)printf("%sok %d - %s\n", data ? "" : "not ", number, name);
    (void)fflush(stdout);
    free(data);
}

int main(int argc, char **argv)
{
    const char *top = getenv("top_srcdir");
    struct dirent **entries;
    char folder[4096];
    int count;

    (void)snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", top ? top : ".",
                   FUZZ_CORPUS);
    count = scandir(argc > 1 ? argv[1] : folder, &entries, is_visible, alphasort);
    if (count <= 0) {
        (void)fprintf(stderr, "no corpus in %s\n", argc > 1 ? argv[1] : folder);
        return 1;
    }
    (void)printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        replay(argc > 1 ? argv[1] : folder, entries[i]->d_name, i + 1);
        free(entries[i]);
    }
    free(entries);
    return 0;
}
