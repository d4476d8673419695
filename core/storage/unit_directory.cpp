// The directories that a systemd unit keeps for its node's state.
#include "storage/unit_directory.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace electiond {
namespace {

namespace fs = std::filesystem;

// Links resolved as far as the path exists, and without a slash at the end.
fs::path resolved(const fs::path& path) {
    std::error_code failed;
    auto real = fs::weakly_canonical(path, failed);
    if (failed) real = path.lexically_normal();
    return real.has_filename() ? real : real.parent_path();
}

bool is_within(const fs::path& inner, const fs::path& outer) {
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first ==
           outer.end();
}

}  // namespace

std::string unit_directory_remedy(const fs::path& folder, int error) {
    const char* given = std::getenv("STATE_DIRECTORY");  // paths with a colon between them
    if (given == nullptr || *given == '\0') return "";
    const auto wanted = resolved(folder);
    const std::string all = given;
    for (std::size_t begin = 0; begin <= all.size();) {
        const auto end = std::min(all.find(':', begin), all.size());
        const auto one = all.substr(begin, end - begin);
        if (!one.empty() && is_within(wanted, resolved(one))) return "";
        begin = end + 1;
    }
    return "this unit's directory is " + all.substr(0, all.find(':')) +
           ": set node.data_dir to it" +
           (error == EROFS ? ", or, if a drop-in already lets this unit write to " +
                                 folder.string() + ", mount that file system for writing"
                           : "");
}

}  // namespace electiond
