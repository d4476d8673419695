// Keeps the record of a node in the file `state` of its data directory.
#include "storage/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "storage/record.h"
#include "storage/slot.h"
#include "storage/state_messages.h"

namespace electiond {
namespace {

constexpr char kState[] = "state";
constexpr char kUnfinished[] = "state.new";

}  // namespace

DurableFile::DurableFile(DataDir& folder, NodeId node, std::string cluster_name, Log log)
    : folder_(folder),
      node_(std::move(node)),
      cluster_name_(std::move(cluster_name)),
      log_(std::move(log)) {}

std::optional<Durable> DurableFile::load() {
    ENSURE(!loaded_);
    loaded_ = broken_ = true;  // until all has gone well
    if (::unlinkat(folder_.descriptor(), kUnfinished, 0) != 0 && errno != ENOENT) {
        disk_failed("cannot remove the leftover temporary file state.new", errno);
    }
    if (!open()) {
        broken_ = false;
        return std::nullopt;
    }
    check_length();
    const auto body = newest_body();
    Durable record;
    try {
        record = read_record(body);
    } catch (const Error& error) {
        refuse(state_messages::not_understood(error.what()));
    }
    if (record.node_id != node_ || record.cluster_name != cluster_name_) {
        refuse(state_messages::of_another_node(record, node_, cluster_name_));
    }
    if (!folder_.used()) folder_.mark_used();
    broken_ = false;
    sync_twin();
    return record;
}

void DurableFile::save(const Durable& record) {
    ENSURE(loaded_);
    ENSURE(record.node_id == node_ && record.cluster_name == cluster_name_);
    refuse_once_broken();
    const Slot slot{kRecordFormat, saves_ + 1, write_record(record)};
    ENSURE(read_record(slot.body) == record);  // else this node could never start again
    const auto bytes = encode_slot(slot);

    broken_ = true;
    if (file_.open()) {
        write_and_sync(1 - newest_, bytes);
        newest_ = 1 - newest_;
    } else {
        create(bytes);
    }
    (void)check_identity();  // throws only if the loss is certain
    ++saves_;
    broken_ = false;
}

std::string DurableFile::check_identity() const {
    const auto state = folder_.check_identity(file_.get(), kState);
    const auto folder = folder_.check_identity();
    return folder.empty() ? state : folder;
}

void DurableFile::sync_twin() {
    refuse_once_broken();
    if (slots_[0] == slots_[1]) return;
    broken_ = true;
    write_and_sync(1 - newest_, slots_[newest_]);
    broken_ = false;
}

void DurableFile::refuse_once_broken() const {
    if (broken_) disk_failed("is not written any more, because an earlier call failed", EIO);
}

void DurableFile::refuse(const std::string& why) const {
    throw Error(path().string() + ": " + why, Error::data);
}

void DurableFile::disk_failed(const std::string& what, int error) const {
    throw Error(path().string() + ": " + what + ": " + std::generic_category().message(error) +
                    "; a node that cannot remember its vote must not vote: repair the disk and "
                    "start it again",
                Error::disk);
}

// False if there is no file, and never was one.
bool DurableFile::open() {
    file_ = io::Descriptor(
        ::openat(folder_.descriptor(), kState, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file_.open()) return true;
    if (errno == ENOENT && !folder_.used()) return false;
    if (errno == ENOENT) {
        refuse(std::string(state_messages::kGone) + state_messages::kBeginAnew);
    }
    if (errno == EACCES || errno == ELOOP || errno == EISDIR || errno == ENXIO) {
        refuse("cannot be opened: " + std::generic_category().message(errno) +
               "; correct its owner and mode: it must be a plain file of electiond's own");
    }
    disk_failed("cannot be opened", errno);
}

// Both slots are written before the file gets its name: no crash gives it another length.
void DurableFile::check_length() {
    struct stat found {};
    if (::fstat(file_.get(), &found) != 0) disk_failed("cannot be examined", errno);
    if (!S_ISREG(found.st_mode) || found.st_size != 2 * static_cast<off_t>(kSlotSize)) {
        refuse(
            state_messages::wrong_size(static_cast<std::uint64_t>(found.st_size), 2 * kSlotSize) +
            state_messages::kBeginAnew);
    }
}

// Fills slots_, newest_ and saves_. A slot that the disk cannot read counts as damaged.
std::string DurableFile::newest_body() {
    std::array<std::optional<Slot>, 2> read;
    for (std::size_t i = 0; i < 2; ++i) {
        slots_[i].resize(kSlotSize);
        const auto size =
            ::pread(file_.get(), slots_[i].data(), kSlotSize, static_cast<off_t>(i * kSlotSize));
        if (size == static_cast<ssize_t>(kSlotSize)) read[i] = decode_slot(slots_[i]);
        if (!read[i]) slots_[i].clear();
        if (read[i] && read[i]->format != kRecordFormat) {
            refuse(state_messages::other_format(read[i]->format));
        }
    }
    if (!read[0] && !read[1]) {
        refuse(std::string(state_messages::kNeitherCopy) + state_messages::kBeginAnew);
    }
    if (read[0] && read[1] && read[0]->save == read[1]->save && read[0] != read[1]) {
        refuse(
            "its two copies have the same number but hold different records; something else has "
            "written to it: empty the whole data directory to come back as a new member");
    }
    newest_ = !read[0] || (read[1] && read[1]->save > read[0]->save) ? 1 : 0;
    saves_ = read[newest_]->save;
    if (!read[1 - newest_]) {
        log_.warning(
            path().string() +
                ": one of its two copies was torn or damaged and is repaired from the other",
            {{"copy", 1 - newest_}, {"save", saves_}});
    }
    return read[newest_]->body;
}

// Under another name first: a file named `state` always holds a whole record.
void DurableFile::create(const std::string& bytes) {
    const int directory = folder_.descriptor();
    constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    file_ = io::Descriptor(::openat(directory, kUnfinished, kFlags, 0600));
    if (!file_.open()) disk_failed("cannot be created", errno);
    for (std::size_t i = 0; i < 2; ++i) write(file_.get(), i, bytes);
    if (::fsync(file_.get()) != 0) disk_failed("cannot be synced to disk", errno);
    if (::renameat(directory, kUnfinished, directory, kState) != 0) {
        disk_failed("cannot be given its name", errno);
    }
    if (::fsync(directory) != 0) disk_failed("cannot have its directory synced to disk", errno);
    folder_.mark_used();
}

void DurableFile::write(int file, std::size_t slot, const std::string& bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        const auto size = ::pwrite(file, bytes.data() + done, bytes.size() - done,
                                   static_cast<off_t>(slot * kSlotSize + done));
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) disk_failed("cannot be written", size < 0 ? errno : ENOSPC);
        done += static_cast<std::size_t>(size);
    }
    slots_[slot] = bytes;
}

void DurableFile::write_and_sync(std::size_t slot, const std::string& bytes) {
    write(file_.get(), slot, bytes);
    if (::fdatasync(file_.get()) != 0) disk_failed("cannot be synced to disk", errno);
}

}  // namespace electiond
