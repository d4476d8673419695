// Checks files of this machine that could keep a node from starting.
#include "check/files.h"

#include <grp.h>
#include <io/accounts.h>
#include <io/file_access.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "storage/data_dir_check.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGroupOfUnits = "electiond";  // Group= of the shipped units

std::string in_words(int error) { return std::generic_category().message(error); }

// True for a folder that systemd creates at start and removes at stop (RuntimeDirectory=).
bool is_made_at_start(const fs::path& folder) {
    return folder.parent_path() == "/run" || folder.parent_path() == "/var/run";
}

void check_folder(const std::string& what, const fs::path& folder, Findings& findings) {
    const int error = io::may_write_in(folder);
    const auto sentence = [&](const std::string& rest) {
        return what + ": its directory " + folder.string() + " " + rest;
    };
    if (error == ENOENT && is_made_at_start(folder)) {
        findings.warnings.push_back(sentence(
            "does not exist; a systemd unit creates it at the start with RuntimeDirectory=" +
            folder.filename().string() + ", else create it first"));
    } else if (error == ENOENT) {
        findings.faults.push_back(sentence("does not exist; create it, or choose another path"));
    } else if (error != 0) {
        findings.faults.push_back(sentence("cannot be written: " + in_words(error) +
                                           "; let the daemon's user write there, or choose "
                                           "another path"));
    }
}

bool may_give_to(const std::string& name) {
    if (::geteuid() == 0) return true;
    const auto* group = ::getgrnam(name.c_str());
    return group == nullptr ||
           io::is_own_group(group->gr_gid);  // a missing group is a fault of the settings already
}

// Under the shipped units every chown fails with EPERM, whatever groups the daemon's user has. This
// check cannot detect that from outside the unit.
void check_group(const std::string& name, const Settings& draft, Findings& findings) {
    const auto what = key_with_place(draft, "api", "socket_group") + " is \"" + name + "\", but ";
    const auto by_drop_in =
        "remove the key, and set Group=" + name + " and SupplementaryGroups=electiond in a drop-in";
    if (!may_give_to(name)) {
        findings.faults.push_back(what +
                                  "the user of this check is not a member of that group, so the "
                                  "socket cannot get it; make the daemon's user a member, or, if a "
                                  "shipped systemd unit runs the daemon, " +
                                  by_drop_in);
        return;
    }
    const bool in_unit =
        std::getenv("INVOCATION_ID") != nullptr || std::getenv("NOTIFY_SOCKET") != nullptr;
    if (in_unit || name == kGroupOfUnits) return;
    findings.warnings.push_back(what +
                                "the shipped systemd units do not let the daemon change the group "
                                "of a file; if one of them runs it, " +
                                by_drop_in);
}

void check_socket(const io::UnixSocket& socket, const Settings& draft, Findings& findings) {
    const auto what =
        key_with_place(draft, "api", "listen") + " (unix:" + socket.path.string() + ")";
    check_folder(what, socket.path.parent_path(), findings);
    struct stat found {};
    if (::lstat(socket.path.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode)) {
        findings.faults.push_back(
            what + ": this path exists, but is not a socket; move it, or choose another path");
    }
}

}  // namespace

void check_files(const Settings& draft, Findings& findings) {
    if (!draft.node.data_dir.empty()) {
        auto review = review_data_dir(draft.node.data_dir, draft.node.id, draft.cluster.name);
        std::ranges::move(review.faults, std::back_inserter(findings.faults));
        std::ranges::move(review.warnings, std::back_inserter(findings.warnings));
    }
    std::string group;  // all sockets have the same one
    for (const auto& address : draft.api.listen) {
        if (const auto* socket = std::get_if<io::UnixSocket>(&address)) {
            check_socket(*socket, draft, findings);
            group = socket->group;
        }
    }
    if (!group.empty()) check_group(group, draft, findings);
}

}  // namespace electiond
