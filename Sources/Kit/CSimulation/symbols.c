#define _GNU_SOURCE
#include "CSimulation.h"

#include <dlfcn.h>
#include <execinfo.h>

int simulation_callers(void **addresses, int capacity) { return backtrace(addresses, capacity); }

// The layout of swift::Job: a heap object's header, two words of its scheduler, flags and identifier, two reserved words, the function.
struct job {
    void *header[2];
    void *scheduler[2];
    uint32_t flags;
    uint32_t identifier;
    void *reserved[2];
    void *function;
};

void *simulation_job_function(void *job) { return ((struct job *)job)->function; }

#ifdef __ELF__

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// A program's own functions are not in its dynamic symbols, which are all that dladdr reads: hence the symbol table of
// the file itself.

static const char *name_in(const unsigned char *file, uintptr_t address) {
    const ElfW(Ehdr) *head = (const ElfW(Ehdr) *)file;
    if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) return 0;
    const ElfW(Shdr) *sections = (const ElfW(Shdr) *)(file + head->e_shoff);
    for (int index = 0; index < head->e_shnum; index++) {
        if (sections[index].sh_type != SHT_SYMTAB) continue;
        const ElfW(Sym) *symbols = (const ElfW(Sym) *)(file + sections[index].sh_offset);
        const char *names = (const char *)(file + sections[sections[index].sh_link].sh_offset);
        const ElfW(Sym) *best = 0;
        for (size_t symbol = 0; symbol < sections[index].sh_size / sizeof(ElfW(Sym)); symbol++) {
            const ElfW(Sym) *one = symbols + symbol;
            // The parts of asynchronous functions come without a size: the nearest that begins before is the one.
            if ((one->st_info & 0xf) == STT_FUNC && one->st_value <= address
                && (!best || one->st_value > best->st_value))
                best = one;
        }
        if (best) return names + best->st_name;
    }
    return 0;
}

static int first_image(struct dl_phdr_info *info, size_t size, void *base) {
    (void)size;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1;
}

static const unsigned char *program(void) {
    static const unsigned char *file;
    if (file) return file;
    int descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0) return 0;
    void *mapped = mmap(0, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    return mapped == MAP_FAILED ? 0 : (file = mapped);
}

const char *simulation_symbol(void *address) {
    uintptr_t base = 0;
    Dl_info info;
    dl_iterate_phdr(first_image, &base);
    if (dladdr(address, &info) && (uintptr_t)info.dli_fbase != base) return 0;
    const unsigned char *file = program();
    return file ? name_in(file, (uintptr_t)address - base) : 0;
}

#else

const char *simulation_symbol(void *address) {
    Dl_info info;
    return dladdr(address, &info) ? info.dli_sname : 0;
}

#endif
