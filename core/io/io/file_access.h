// Whether this process may read and write somewhere, without trying it.
#pragma once

#include <filesystem>

namespace electiond::io {

// 0, or the errno with which making, renaming and removing files in `folder` would fail for the
// effective user: also EROFS, and ENOTSUP in a view of the kernel (/proc, /sys, cgroups), which
// access(2) does not know for root. ENOENT, ENOTDIR, EACCES … if the folder itself cannot be
// reached. Changes nothing. Blocks for the file system. Any thread.
[[nodiscard]] int may_write_in(const std::filesystem::path& folder) noexcept;

// The same for reading the file, or for reading and writing it.
[[nodiscard]] int may_read(const std::filesystem::path& file) noexcept;
[[nodiscard]] int may_read_and_write(const std::filesystem::path& file) noexcept;

}  // namespace electiond::io
