// One simulated data directory.
#include "support/sim_disk.h"

#include <utility>

#include <electiond/error.h>

namespace electiond::sim {

void SimDisk::save(const Durable& record) {
    ++saves_;
    if (fault_ != Fault::none && countdown_ > 0) --countdown_;
    if (strikes(Fault::refused)) {
        fault_ = Fault::none;
        throw Error("the simulated disk refuses to write", Error::disk);
    }
    const bool before = strikes(Fault::cut_before);
    if (!before) keep(record);
    if (before || strikes(Fault::cut_after)) {
        fault_ = Fault::none;
        throw PowerCut{};
    }
}

void SimDisk::sync_twin() {
    if (!strikes(Fault::cut_twin)) return;
    fault_ = Fault::none;
    throw PowerCut{};
}

void SimDisk::keep(const Durable& record) {
    const auto before = std::exchange(record_, record);
    watch_(before, record);
}

}  // namespace electiond::sim
