// Keeps the record of a node in the file `state` of its data directory.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include <electiond/log.h>
#include <io/descriptor.h>

#include "election/durable.h"
#include "storage/data_dir.h"

namespace electiond {

// Two slots (slot.h), equal at rest. `save` overwrites the older one and syncs it; `sync_twin`
// brings the other one up to date. So a write that a crash tears does no harm: no other node has
// seen its record, and the twin holds the record before, which they have seen. A slot that is
// damaged at rest is repaired from its twin; if neither can be read, the node does not start. What
// this cannot detect is damage to the newer slot between save() and sync_twin(): it looks like a
// torn write.
//
// Thread rule: one thread at a time, except for check_identity. After one failed write or sync
// every further call throws: what the disk holds is unknown until another process reads it again
// (D2).
class DurableFile : public DurableStore {
  public:
    // Opens no file. `folder` is borrowed and must outlive this object. load() refuses a record of
    // another node id or cluster name.
    DurableFile(DataDir& folder, NodeId node, std::string cluster_name, Log log);

    // Reads both slots, repairs one that is damaged or older, and removes a first record that was
    // never finished. Call it once, before save(). Throws Error: data if the file cannot be read,
    // belongs to another node, or was there and is gone; disk if the disk fails.
    [[nodiscard]] std::optional<Durable> load() override;

    // Throws Error: disk if the disk fails, data if the record is too long for a slot.
    void save(const Durable& record) override;
    void sync_twin() override;

    // Throws Error (code disk) unless the written file is still the one in the data directory, and
    // the directory is still the one at its path. Each save checks this before it returns, so no
    // vote depends on a file that is gone. Returns "", or a sentence if that can't be seen now. Any
    // thread, once the first save has returned.
    std::string check_identity() const;

  private:
    [[nodiscard]] std::filesystem::path path() const { return folder_.folder() / "state"; }
    [[noreturn]] void refuse(const std::string& why) const;
    [[noreturn]] void disk_failed(const std::string& what, int error) const;
    void refuse_once_broken() const;
    [[nodiscard]] bool open();
    void check_length();
    [[nodiscard]] std::string newest_body();
    void create(const std::string& bytes);
    void write(int file, std::size_t slot, const std::string& bytes);
    void write_and_sync(std::size_t slot, const std::string& bytes);

    DataDir& folder_;
    NodeId node_;
    std::string cluster_name_;
    Log log_;
    io::Descriptor file_;               // open from the first record on
    std::array<std::string, 2> slots_;  // as they are on disk
    std::size_t newest_ = 0;            // of the two
    std::uint64_t saves_ = 0;           // number of the newest
    bool loaded_ = false;
    bool broken_ = false;  // true also while a write is under way
};

}  // namespace electiond
