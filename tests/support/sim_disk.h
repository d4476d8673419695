// A simulated data directory: keeps the saved records, and fails when the test requests it.
#pragma once

#include <functional>
#include <optional>

#include "election/durable.h"

namespace electiond::sim {

// Thrown out of a call of the disk: the process dies here, as at a power cut.
struct PowerCut {};

// Outlives the processes that use it. If save() returned, the record is durable; if it threw, the
// fault decides.
class SimDisk : public DurableStore {
  public:
    enum class Fault {
        none,
        cut_before,  // dies before the record is durable
        cut_after,   // dies when it is durable, before any node is informed
        cut_twin,    // dies after replies and requests were sent
        refused,     // nothing is written; Error
    };
    // Called for each record that became durable.
    using Watch = std::function<void(const std::optional<Durable>& before, const Durable& after)>;

    explicit SimDisk(Watch watch) : watch_(std::move(watch)) {}

    // The `saves`-th save from now (from 1) fails with this fault; Fault::none cancels that.
    void break_at(Fault fault, std::uint64_t saves = 1) {
        fault_ = fault;
        countdown_ = saves;
    }
    // Writes a record as an offline command does.
    void rewrite(const Durable& record) { record_ = record; }
    // Replaces the disk by an empty one.
    void replace() { record_.reset(); }

    [[nodiscard]] const std::optional<Durable>& record() const { return record_; }
    [[nodiscard]] std::uint64_t saves() const { return saves_; }

    [[nodiscard]] std::optional<Durable> load() override { return record_; }
    void save(const Durable& record) override;
    void sync_twin() override;

  private:
    // True if this save fails.
    [[nodiscard]] bool strikes(Fault fault) const { return fault_ == fault && countdown_ == 0; }
    void keep(const Durable& record);

    Watch watch_;
    std::optional<Durable> record_;
    Fault fault_ = Fault::none;
    std::uint64_t countdown_ = 0;
    std::uint64_t saves_ = 0;
};

}  // namespace electiond::sim
