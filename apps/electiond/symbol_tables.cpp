// Gives back the memory of what only the dynamic linker reads.
#include "symbol_tables.h"

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace electiond {
namespace {

using Segment = ElfW(Phdr);

// The linker has written into segments that are otherwise never written: their pages are not those
// of the file any more.
bool has_text_relocations(const dl_phdr_info& object, const Segment& dynamic) {
    const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + dynamic.p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
        if (entry->d_tag == DT_TEXTREL) return true;
        if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0) return true;
    }
    return false;
}

// The linker (ld -z separate-code, the default) puts the tables into a segment of their own at the
// beginning of the file. If they share it with code, it stays.
bool holds_tables(const Segment& segment) {
    return segment.p_type == PT_LOAD && segment.p_offset == 0 && segment.p_flags == PF_R;
}

// Without the first page: it has the headers, which are read when an exception is thrown.
void give_back(const dl_phdr_info& object, const Segment& segment, std::uintptr_t page) {
    const auto begin = object.dlpi_addr + segment.p_vaddr + page;
    const auto end = (object.dlpi_addr + segment.p_vaddr + segment.p_filesz) / page * page;
    if (begin >= end) return;
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

int visit(dl_phdr_info* object, std::size_t, void*) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const std::span segments(object->dlpi_phdr, object->dlpi_phnum);
    for (const auto& segment : segments) {
        if (segment.p_type == PT_DYNAMIC && has_text_relocations(*object, segment)) return 0;
    }
    for (const auto& segment : segments) {
        if (holds_tables(segment)) give_back(*object, segment, page);
    }
    return 0;
}

}  // namespace

void give_back_symbol_tables() noexcept { ::dl_iterate_phdr(visit, nullptr); }

}  // namespace electiond
