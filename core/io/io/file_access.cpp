// Whether this process may read and write somewhere, without trying it.
#include <io/file_access.h>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

namespace electiond::io {
namespace {

int access_as_effective_user(const std::filesystem::path& path, int mode) noexcept {
    return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 ? 0 : errno;
}

// File systems by which the kernel shows its own data: no process can make files there.
bool is_view_of_the_kernel(const struct statfs& system) noexcept {
    constexpr auto kViews = std::to_array<std::uint32_t>(
        {PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC,
         SECURITYFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, BPF_FS_MAGIC, PSTOREFS_MAGIC,
         SELINUX_MAGIC});
    return std::ranges::any_of(
        kViews, [&](auto view) { return view == static_cast<std::uint32_t>(system.f_type); });
}

}  // namespace

int may_write_in(const std::filesystem::path& folder) noexcept {
    struct stat found {};
    if (::stat(folder.c_str(), &found) != 0) return errno;
    if (!S_ISDIR(found.st_mode)) return ENOTDIR;
    struct statfs system {};
    if (::statfs(folder.c_str(), &system) != 0) return errno;
    if (is_view_of_the_kernel(system)) return ENOTSUP;
    return access_as_effective_user(folder, R_OK | W_OK | X_OK);
}

int may_read(const std::filesystem::path& file) noexcept {
    return access_as_effective_user(file, R_OK);
}

int may_read_and_write(const std::filesystem::path& file) noexcept {
    return access_as_effective_user(file, R_OK | W_OK);
}

}  // namespace electiond::io
