/*
 * elf - the dynamic symbols of a shared object of this machine's own kind, read without
 * loading it.
 */
#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/plugin/kit.h"

/* The largest plugin that is looked into. */
#define LIMIT ((size_t)256 << 20)

struct image {
    const char *data;
    size_t length;
};

/* Whether a stretch lies within the file. */
static bool is_inside(const struct image *image, uint64_t offset, uint64_t length)
{
    return offset <= image->length && length <= image->length - offset;
}

static bool read_section(const struct image *image, const ElfW(Ehdr) * head, size_t i,
                         ElfW(Shdr) * out)
{
    uint64_t offset = head->e_shoff + (uint64_t)i * sizeof *out;

    if (i >= head->e_shnum || !is_inside(image, offset, sizeof *out)) {
        return false;
    }
    memcpy(out, image->data + offset, sizeof *out);
    return out->sh_type == SHT_NOBITS || is_inside(image, out->sh_offset, out->sh_size);
}

static bool find_symbols(const struct image *image, ElfW(Shdr) * symbols,
                         ElfW(Shdr) * names)
{
    ElfW(Ehdr) head;

    if (image->length < sizeof head || memcmp(image->data, ELFMAG, SELFMAG) != 0) {
        return false;
    }
    memcpy(&head, image->data, sizeof head);
    if (head.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        head.e_shentsize != sizeof(ElfW(Shdr))) {
        return false;
    }
    for (size_t i = 0; i < head.e_shnum; i++) {
        if (read_section(image, &head, i, symbols) && symbols->sh_type == SHT_DYNSYM) {
            return read_section(image, &head, symbols->sh_link, names) &&
                   names->sh_size > 0 &&
                   image->data[names->sh_offset + names->sh_size - 1] == '\0';
        }
    }
    return false;
}

/* Names that begin with two underscores are the compiler's. */
static bool is_exported(const ElfW(Sym) * symbol, const char *name)
{
    unsigned binding = symbol->st_info >> 4;
    unsigned visibility = symbol->st_other & 3;

    return symbol->st_shndx != SHN_UNDEF &&
           (binding == STB_GLOBAL || binding == STB_WEAK) &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED) &&
           strncmp(name, "__", 2) != 0;
}

static void count_symbols(const struct image *image, const ElfW(Shdr) * symbols,
                          const ElfW(Shdr) * names, const char *expected, size_t *count,
                          char *other, size_t size)
{
    for (size_t at = 0; at + sizeof(ElfW(Sym)) <= symbols->sh_size;
         at += sizeof(ElfW(Sym))) {
        ElfW(Sym) symbol;
        const char *name;

        memcpy(&symbol, image->data + symbols->sh_offset + at, sizeof symbol);
        if (symbol.st_name >= names->sh_size) {
            continue;
        }
        name = image->data + names->sh_offset + symbol.st_name;
        if (is_exported(&symbol, name)) {
            (*count)++;
            if (strcmp(name, expected) != 0 && other[0] == '\0') {
                (void)snprintf(other, size, "%s", name);
            }
        }
    }
}

int tide_elf_exports(const char *file, const char *expected, size_t *count, char *other,
                     size_t size, struct tide_error *err)
{
    struct image image = {0};
    ElfW(Shdr) symbols, names;
    char *data = NULL;
    int rc = tide_file_read(file, LIMIT, &data, &image.length, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    image.data = data;
    *count = 0;
    other[0] = '\0';
    if (find_symbols(&image, &symbols, &names)) {
        count_symbols(&image, &symbols, &names, expected, count, other, size);
    } else {
        rc = tide_error_set(err, TIDE_E_DATA, "its table of symbols cannot be read");
    }
    free(data);
    return rc;
}
