// Gives back the memory of what only the dynamic linker reads.
#pragma once

namespace electiond {

// Takes the tables of names and relocations of the program and all its libraries out of this
// process's memory. The dynamic linker has read them, and needs them again only if it loads another
// library, or if a library that is not linked with -z now calls a function for the first time: then
// it reads them from the file again, mostly from the page cache. Code and constants stay. Any
// thread; it takes a fraction of a millisecond.
void give_back_symbol_tables() noexcept;

}  // namespace electiond
