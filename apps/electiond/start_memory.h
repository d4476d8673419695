// Gives back the memory that only the start of the program needed.
#pragma once

namespace electiond {

// Most of what a quiet node has in memory are pages of the program and its libraries that only the
// start has used: options, configuration, the tables of the linker. This unmaps all pages that
// cannot have been written; the next use of a page maps it again, as a rule from the page cache. It
// also returns freed memory to the kernel. Any thread; takes less than a millisecond.
void release_start_memory() noexcept;

}  // namespace electiond
