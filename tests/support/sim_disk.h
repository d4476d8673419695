// One simulated data directory: it keeps what was saved, and fails where the test says so.
#pragma once

#include <functional>
#include <optional>

#include "election/durable.h"

namespace electiond::sim {

// Thrown out of a call of the disk: the process dies here, as at a power cut.
struct PowerCut {};

// Outlives the processes that use it. What save() returned from is durable; what it threw from is
// there or not, as the fault says.
class SimDisk : public DurableStore {
  public:
    enum class Fault {
        none,
        cut_before,  // dies before the record is durable
        cut_after,   // dies when it is durable, before anyone can hear of it
        cut_twin,    // dies when replies and requests are on their way
        refused,     // nothing is written; Error
    };
    // Called for each record that became durable.
    using Watch = std::function<void(const std::optional<Durable>& before, const Durable& after)>;

    explicit SimDisk(Watch watch) : watch_(std::move(watch)) {}

    // The `saves`-th save from now (from 1) fails so; Fault::none takes it back.
    void break_at(Fault fault, std::uint64_t saves = 1) {
        fault_ = fault;
        countdown_ = saves;
    }
    // What an offline command writes.
    void rewrite(const Durable& record) { record_ = record; }
    // Another, empty disk.
    void replace() { record_.reset(); }

    [[nodiscard]] const std::optional<Durable>& record() const { return record_; }
    [[nodiscard]] std::uint64_t saves() const { return saves_; }

    [[nodiscard]] std::optional<Durable> load() override { return record_; }
    void save(const Durable& record) override;
    void sync_twin() override;

  private:
    // Is it this save that fails?
    [[nodiscard]] bool strikes(Fault fault) const { return fault_ == fault && countdown_ == 0; }
    void keep(const Durable& record);

    Watch watch_;
    std::optional<Durable> record_;
    Fault fault_ = Fault::none;
    std::uint64_t countdown_ = 0;
    std::uint64_t saves_ = 0;
};

}  // namespace electiond::sim
