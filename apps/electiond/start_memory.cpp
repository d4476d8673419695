// Gives back the memory that only the start of the program needed.
#include "start_memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace electiond {
namespace {

// What the linker writes to (its relocations) is in segments that are writable at first. If it has
// to write to the others, too, the library says so, and is left alone.
bool has_text_relocations(const dl_phdr_info& library) {
    for (const auto* header = library.dlpi_phdr; header != library.dlpi_phdr + library.dlpi_phnum;
         ++header) {
        if (header->p_type != PT_DYNAMIC) continue;
        const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(library.dlpi_addr + header->p_vaddr);
        for (; entry->d_tag != DT_NULL; ++entry) {
            if (entry->d_tag == DT_TEXTREL) return true;
            if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0) return true;
        }
    }
    return false;
}

// Whole pages only: a page at the border may also belong to the next segment.
int release(dl_phdr_info* library, std::size_t, void*) {
    if (has_text_relocations(*library)) return 0;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (const auto* header = library->dlpi_phdr;
         header != library->dlpi_phdr + library->dlpi_phnum; ++header) {
        if (header->p_type != PT_LOAD || (header->p_flags & PF_W) != 0) continue;
        const auto begin = library->dlpi_addr + header->p_vaddr;
        const auto first = (begin + page - 1) / page * page;
        const auto end = (begin + header->p_filesz) / page * page;
        if (first < end) {
            (void)::madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
        }
    }
    return 0;
}

}  // namespace

void release_start_memory() noexcept {
    ::malloc_trim(0);
    ::dl_iterate_phdr(release, nullptr);
}

}  // namespace electiond
