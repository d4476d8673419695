// Finds what would make a start fail because of the data directory, and changes nothing.
#include "storage/data_dir_check.h"

#include <fcntl.h>
#include <io/descriptor.h>
#include <io/file_access.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>

#include <electiond/error.h>

#include "storage/data_dir.h"
#include "storage/record.h"
#include "storage/slot.h"
#include "storage/state_messages.h"
#include "storage/unit_directory.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;

constexpr int kReadings = 3;  // a running daemon may write to one copy after the other

std::string in_words(int error) { return std::generic_category().message(error); }

std::string name_of(uid_t user) {
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    (void)::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr ? "user " + std::string(found->pw_name) : "uid " + std::to_string(user);
}

// One look at one folder; the sentences go into its review.
class Look {
  public:
    Look(fs::path folder, const NodeId& id, const std::string& cluster)
        : folder_(std::move(folder)), id_(id), cluster_(cluster) {}

    DataDirReview take() {
        struct stat found {};
        if (::stat(folder_.c_str(), &found) != 0) {
            missing(errno);
        } else if (!S_ISDIR(found.st_mode)) {
            fault("is not a directory; move it, or correct node.data_dir");
        } else {
            there(found);
        }
        return std::move(review_);
    }

  private:
    void fault(const std::string& rest) {
        review_.faults.push_back(folder_.string() + ": the data directory " + rest);
    }
    void warning(const std::string& rest) {
        review_.warnings.push_back(folder_.string() + ": the data directory " + rest);
    }

    void missing(int error) {
        struct stat link {};
        if (error != ENOENT) {
            return fault("cannot be examined: " + in_words(error) +
                         "; correct node.data_dir, or owner and mode of the directories above");
        }
        if (::lstat(folder_.c_str(), &link) == 0) {
            return fault("is a symbolic link whose target does not exist; correct or remove it");
        }
        const auto parent = folder_.parent_path();
        const int denied = io::may_write_in(parent);
        if (denied == 0) return;
        const auto cannot = "does not exist and cannot be created in " + parent.string() + ": ";
        if (denied == EACCES && parent == "/var/lib" &&
            unit_directory_remedy(folder_, denied).empty()) {
            return warning(
                cannot + in_words(denied) +
                "; a systemd unit creates it with StateDirectory=" + folder_.filename().string() +
                ", else create it, owned by the daemon's user, with mode 0700");
        }
        fault(cannot + told(denied));
    }

    // Why a folder cannot be written, with the remedy.
    [[nodiscard]] std::string told(int error) const {
        const auto of_unit = unit_directory_remedy(folder_, error);
        if (!of_unit.empty()) return in_words(error) + "; " + of_unit;
        switch (error) {
            case ENOENT:
                return "that directory does not exist; create it, or correct node.data_dir";
            case ENOTSUP:
                return "it is in a file system of the kernel that stores no files; correct "
                       "node.data_dir";
            case EROFS:
                return in_words(error) +
                       "; mount it writable, or, if the systemd unit makes it read-only, use "
                       "StateDirectory= or ReadWritePaths=";
            default:
                return in_words(error) +
                       "; correct node.data_dir, or owner and mode of the directory";
        }
    }

    void there(const struct stat& found) {
        const auto self = ::geteuid();
        if (self != 0 && found.st_uid != self && found.st_uid != 0) {
            return fault("belongs to " + name_of(found.st_uid) + ", but this check runs as " +
                         name_of(self) +
                         "; run electiond and the check as its owner, or chown the directory");
        }
        if (const int error = io::may_write_in(folder_); error != 0) {
            return fault("cannot be written: " + told(error));
        }
        if (self == 0 && found.st_uid != 0) {
            warning("belongs to " + name_of(found.st_uid) +
                    ", and this check runs as root, which may read and write what that user may "
                    "not; repeat it as the user that runs electiond (runuser -u USER -- electiond "
                    "--check …)");
        }
        look_at_lock();
        look_at_state();
    }

    void look_at_lock() {
        const auto lock = folder_ / "lock";
        struct stat found {};
        if (::lstat(lock.c_str(), &found) != 0) return;
        const int error = S_ISREG(found.st_mode) ? io::may_read_and_write(lock) : 0;
        if (S_ISREG(found.st_mode) && error == 0) return;
        review_.faults.push_back(
            lock.string() + ": " +
            (error != 0 ? "cannot be opened: " + in_words(error) : std::string("is not a file")) +
            "; correct its owner and mode: it must be a plain file of electiond's own");
    }

    void look_at_state() {
        std::string why;
        for (int reading = 0; reading < kReadings; ++reading) {
            why = wrong_state();
            if (why.empty()) return;
        }
        review_.faults.push_back((folder_ / "state").string() + ": " + why);
    }

    // Empty if the state file fits, or if there is none and never was.
    [[nodiscard]] std::string wrong_state() const {
        const io::Descriptor file(
            ::open((folder_ / "state").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        if (!file.open() && errno == ENOENT) {
            return was_used() ? std::string(state_messages::kGone) + state_messages::kBeginAnew
                              : "";
        }
        if (!file.open()) {
            return "cannot be opened: " + in_words(errno) +
                   "; correct its owner and mode: it must be a plain file of electiond's own";
        }
        struct stat found {};
        if (::fstat(file.get(), &found) != 0) return "cannot be examined: " + in_words(errno);
        if (!S_ISREG(found.st_mode) || found.st_size != 2 * static_cast<off_t>(kSlotSize)) {
            return state_messages::wrong_size(static_cast<std::uint64_t>(found.st_size),
                                              2 * kSlotSize) +
                   state_messages::kBeginAnew;
        }
        return wrong_record(file.get());
    }

    [[nodiscard]] std::string wrong_record(int file) const {
        std::optional<Slot> newest;
        for (std::size_t i = 0; i < 2; ++i) {
            std::string bytes(kSlotSize, '\0');
            const auto size =
                ::pread(file, bytes.data(), kSlotSize, static_cast<off_t>(i * kSlotSize));
            if (size != static_cast<ssize_t>(kSlotSize)) continue;
            auto slot = decode_slot(bytes);
            if (!slot) continue;
            if (slot->format != kRecordFormat) return state_messages::other_format(slot->format);
            if (!newest || slot->save > newest->save) newest = std::move(slot);
        }
        if (!newest) return std::string(state_messages::kNeitherCopy) + state_messages::kBeginAnew;
        try {
            const auto record = read_record(newest->body);
            if (record.node_id == id_ && record.cluster_name == cluster_) return "";
            return state_messages::of_another_node(record, id_, cluster_);
        } catch (const Error& error) {
            return state_messages::not_understood(error.what());
        }
    }

    [[nodiscard]] bool was_used() const {
        const io::Descriptor lock(
            ::open((folder_ / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        std::array<char, 64> buffer{};
        return lock.open() && ::pread(lock.get(), buffer.data(), buffer.size() - 1, 0) > 0 &&
               std::string_view(buffer.data()).find(DataDir::kUsed) != std::string_view::npos;
    }

    const fs::path folder_;
    const NodeId& id_;
    const std::string& cluster_;
    DataDirReview review_;
};

}  // namespace

DataDirReview review_data_dir(const fs::path& folder, const NodeId& id,
                              const std::string& cluster) {
    const auto bare = folder.has_filename() ? folder : folder.parent_path();
    return Look(bare, id, cluster).take();
}

}  // namespace electiond
