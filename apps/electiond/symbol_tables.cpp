// Gives back the memory of what only the dynamic linker reads.
#include "symbol_tables.h"

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace electiond {
namespace {

using Segment = ElfW(Phdr);

struct Table {
    std::uintptr_t begin = 0;
    std::uintptr_t size = 0;
};

// The address behind the last table of the object. nullopt if the dynamic linker has written into
// pages that are otherwise never written (text relocations): they are not those of the file.
std::optional<std::uintptr_t> end_of_tables(const dl_phdr_info& object, const Segment& dynamic) {
    Table names, relocations, calls;
    const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + dynamic.p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
        const auto value = entry->d_un.d_val;
        switch (entry->d_tag) {
            case DT_TEXTREL:
                return std::nullopt;
            case DT_FLAGS:
                if ((value & DF_TEXTREL) != 0) return std::nullopt;
                break;
            case DT_STRTAB:
                names.begin = value;
                break;
            case DT_STRSZ:
                names.size = value;
                break;
            case DT_REL:
            case DT_RELA:
                relocations.begin = value;
                break;
            case DT_RELSZ:
            case DT_RELASZ:
                relocations.size = value;
                break;
            case DT_JMPREL:
                calls.begin = value;
                break;
            case DT_PLTRELSZ:
                calls.size = value;
                break;
            default:
                break;
        }
    }
    std::uintptr_t end = 0;
    for (const auto& table : {names, relocations, calls}) {
        // glibc has replaced these offsets by addresses, except in the object of the kernel.
        const auto base = table.begin < object.dlpi_addr ? object.dlpi_addr : 0;
        end = std::max(end, base + table.begin + table.size);
    }
    return end;
}

// All linkers put the tables at the beginning of the file. Code or constants may follow in the same
// segment.
bool begins_with_tables(const Segment& segment) {
    return segment.p_type == PT_LOAD && segment.p_offset == 0 && (segment.p_flags & PF_W) == 0;
}

// Whole pages of tables. Not the first page: it has the headers, which may be read when an
// exception is thrown.
void give_back(std::uintptr_t start, std::uintptr_t end) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto first = start / page * page + page;
    const auto last = end / page * page;
    if (first < last) (void)::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

int visit(dl_phdr_info* object, std::size_t, void*) {
    const std::span segments(object->dlpi_phdr, object->dlpi_phnum);
    const auto dynamic = std::ranges::find(segments, ElfW(Word){PT_DYNAMIC}, &Segment::p_type);
    if (dynamic == segments.end()) return 0;
    const auto tables = end_of_tables(*object, *dynamic);
    if (!tables) return 0;
    for (const auto& segment : segments) {
        if (!begins_with_tables(segment)) continue;
        const auto start = object->dlpi_addr + segment.p_vaddr;
        give_back(start, std::min(*tables, start + segment.p_filesz));
    }
    return 0;
}

}  // namespace

void give_back_symbol_tables() noexcept { ::dl_iterate_phdr(visit, nullptr); }

}  // namespace electiond
