// Checks files and folders for faults that prevent writing or reading a registry.
#include "file_registry/check.h"

#include <io/file_access.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include <electiond/error.h>
#include <registry/files.h>

#include "file_registry/claim_file.h"
#include "file_registry/registry.h"

namespace electiond::discovery {
namespace {

namespace fs = std::filesystem;
using Weight = Finding::Weight;

Finding about_path(Weight weight, const fs::path& file, const std::string& rest) {
    return {weight, "path", "is \"" + file.string() + "\", " + rest};
}

std::string in_words(int error) { return std::generic_category().message(error); }

// A fault if an operator must repair it; a warning for all other errors (a server that is down),
// which may disappear by themselves.
Weight weight_of(int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
        case EACCES:
        case EPERM:
        case EROFS:
        case ELOOP:
        case ENAMETOOLONG:
        case ENOTSUP:
            return Weight::fault;
        default:
            return Weight::warning;
    }
}

// Finds what prevents writing into the folder: every node must write there to be found.
std::optional<Finding> check_folder(const fs::path& file) {
    const auto folder = file.parent_path();
    const int error = io::may_write_in(folder);
    const auto tell = [&](const std::string& rest) {
        return about_path(weight_of(error), file,
                          "but its directory " + folder.string() + " " + rest);
    };
    switch (error) {
        case 0:
            return std::nullopt;
        case ENOENT:
            return tell("does not exist; create it, so that the daemon's user can write there");
        case ENOTDIR:
            return tell("is not a directory; correct the path");
        case ENOTSUP:
            return tell(
                "is in a file system of the kernel that stores no files; choose another path");
        case EROFS:
            return tell(
                "is read-only here; mount it writable, or, if the systemd unit makes it read-only, "
                "add ReadWritePaths=" +
                folder.string());
        default:
            return tell("cannot be written: " + in_words(error) +
                        (weight_of(error) == Weight::fault
                             ? "; let the daemon's user read, write and enter it"
                             : "; check its file system"));
    }
}

// Checks a file that writers open or readers read. It may be missing, but must not be something
// other than a file.
std::optional<Finding> check_file(const fs::path& registry, const fs::path& file,
                                  const std::string& what, int (*may_use)(const fs::path&)) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return std::nullopt;
    const auto tell = [&](Weight weight, const std::string& rest) {
        return about_path(weight, registry, "but " + what + rest);
    };
    if (!S_ISREG(found.st_mode)) {
        const auto* kind = S_ISDIR(found.st_mode) ? "a directory" : "not a regular file";
        return tell(Weight::fault, std::string(" is ") + kind + "; move it, or correct the path");
    }
    const int error = may_use(file);
    if (error == 0) return std::nullopt;
    return tell(weight_of(error), " cannot be used: " + in_words(error) +
                                      "; let the daemon's user read it, and write the lock");
}

// Checks the existing texts. A garbled text is only a warning, since it is replaced or repaired
// later.
template <class Read>
void check_text(const fs::path& registry, const Read& read, std::vector<Finding>& findings) {
    try {
        read();
    } catch (const Error& error) {
        findings.push_back(
            about_path(Weight::warning, registry, std::string("but: ") + error.what()));
    }
}

}  // namespace

std::vector<Finding> check_registry(const fs::path& file, const std::string& cluster,
                                    const std::stop_token& stop) {
    std::vector<Finding> findings;
    const auto add = [&](std::optional<Finding> finding) {
        if (finding) findings.push_back(std::move(*finding));
        registry::stop_if_requested(stop, file);
    };
    add(check_folder(file));
    if (!findings.empty()) return findings;
    const auto claim = claim_path(file, cluster);
    const auto lock = registry::lock_path(file);
    add(check_file(file, file, "it", io::may_read));
    add(check_file(file, lock, "its lock " + lock.string(), io::may_read_and_write));
    add(check_file(file, claim, "its claim " + claim.string(), io::may_read));
    if (!findings.empty()) return findings;
    check_text(
        file,
        [&] {
            const auto text = registry::read_file(file, registry::Document::kSizeMax);
            if (text) (void)Registry(cluster, *text, file.string());
        },
        findings);
    check_text(
        file, [&] { (void)read_claim(claim, cluster); }, findings);
    return findings;
}

}  // namespace electiond::discovery
