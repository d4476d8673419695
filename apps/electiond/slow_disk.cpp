// Times each write of the state file, and warns if the disk is too slow for the election.
#include "slow_disk.h"

#include <chrono>
#include <string>

#include "node/clock.h"

namespace electiond {
namespace {

std::string in_seconds(Duration length) {
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(length).count() / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

template <class Act>
void SlowDisk::timed(const Act& act) {
    const Instant begun = read_boot_clock();
    const bool led = board_.read()->leads_at(begun);
    begun_ = begun;
    if (begins_) begins_();
    act();
    begun_ = Instant{};
    const Instant end = read_boot_clock();
    counters_.writes.add();
    counters_.write_ns.add(static_cast<std::uint64_t>((end - begun).count()));
    if (end - begun < lease_) return;
    const bool lost = led && !board_.read()->leads_at(end);
    log_.warning(
        "writing the state file took " + in_seconds(end - begun) + ", longer than the lease of " +
            in_seconds(lease_) +
            (lost ? ": this node lost its leadership meanwhile"
                  : ": this node answered no requests meanwhile") +
            "; node.data_dir needs a faster disk, or election.election_timeout a larger value",
        {{"took_ms", std::chrono::duration_cast<std::chrono::milliseconds>(end - begun).count()}});
}

void SlowDisk::save(const Durable& record) {
    timed([&] { store_.save(record); });
}

void SlowDisk::sync_twin() {
    timed([&] { store_.sync_twin(); });
}

bool SlowDisk::check(Instant now) {
    const Instant begun = begun_;
    if (begun == Instant{}) return false;
    if (now - begun < lease_ || warned_.load() == begun) return true;
    warned_ = begun;
    log_.warning(
        "the disk has not finished a write of the state file for " + in_seconds(now - begun) +
        ": until it does, this node neither votes nor leads; check the disk of node.data_dir");
    return true;
}

}  // namespace electiond
