// What an operator should know while it lasts, and what of it was told when.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <electiond/peer.h>

#include "election/change.h"
#include "election/electorate.h"
#include "election/message.h"
#include "election/timing.h"

namespace electiond {

// A trouble that lasts, as it would be told now.
struct Trouble {
    Change change{};
    Instant since{};
};

// The same trouble is told again after this time at the earliest.
inline constexpr std::chrono::minutes kTellAgain{1};

// Which voters are silent, as a leader sees it. A voter that comes and goes makes at most one
// silence and one return a minute: what is not told is counted.
class SilentVoters {
  public:
    // Forgets who is no voter any more.
    void keep(const Electorate& config);

    // The voter has been silent since `since`: to be called at each look while that lasts. If it is
    // to be told now: how often it fell silent since that was last told, without this time.
    [[nodiscard]] std::optional<std::uint64_t> silent(const Voter& voter, Instant since,
                                                      Instant now);
    // The voter answers: to be called at any time. If that is to be told now: how long it was away.
    [[nodiscard]] std::optional<Duration> back(const NodeUuid& uuid, Instant now);

    // The lead is over: nobody counts as silent any more, and no return will be told.
    void forget_all();

    struct Entry {
        Voter voter{};
        bool silent = false;
        Instant since{};
        bool counted = false;           // in `untold`
        bool open = false;              // its silence was told, its return not yet
        std::optional<Instant> told{};  // when its silence was last told
        std::uint64_t untold = 0;
    };
    [[nodiscard]] const std::vector<Entry>& all() const { return entries_; }
    // Moves when somebody falls silent or returns.
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    std::vector<Entry> entries_;
    std::uint64_t revision_ = 0;
};

// Which voters have answered lately, and whether they may lead, as a node sees it that does not
// lead.
class HeardVoters {
  public:
    // What is known of `uuid`; nothing where it is no voter.
    struct Entry {
        NodeUuid uuid{};
        Instant heard = Instant::min();
        std::optional<Bar> bar{};  // nothing: it may lead, as far as is known
    };
    [[nodiscard]] Entry* entry(const Electorate& config, const NodeUuid& uuid);
    [[nodiscard]] const Entry* find(const NodeUuid& uuid) const;

    // All voters were asked something.
    void asked(Instant now);
    // Who was heard since then answers: the moment of the newest question that has had `patience`
    // to be answered. Nothing: no question has.
    [[nodiscard]] std::optional<Instant> answers_since(Instant now, Duration patience) const;

  private:
    std::vector<Entry> entries_;
    std::optional<Instant> asked_;
    std::optional<Instant> asked_before_;
};

// What keeps this node without a leader.
class Outage {
  public:
    // `change` is so, and nobody has led since `since`. True if it is to be told now.
    [[nodiscard]] bool stands(const Change& change, Instant since, Instant now);
    // Nothing that is known is in the way of an election.
    void clear();
    // Somebody leads: the next outage is another one.
    void end();

    [[nodiscard]] const std::optional<Trouble>& trouble() const { return trouble_; }
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    std::optional<Trouble> trouble_;
    std::optional<Instant> told_missing_;  // QuorumMissing
    std::optional<Instant> told_barred_;   // NobodyMayLead
    std::uint64_t revision_ = 0;
};

// Which founders are missing.
class MissingFounders {
  public:
    // Takes who is missing now. True if they are to be told now.
    [[nodiscard]] bool stand(std::vector<FounderAwaited> missing, Instant now);
    void clear();

    [[nodiscard]] const std::vector<FounderAwaited>& all() const { return missing_; }
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    std::vector<FounderAwaited> missing_;
    std::optional<Instant> told_;
    std::uint64_t revision_ = 0;
};

// All of it. Nothing in here decides anything.
struct Troubles {
    SilentVoters silent{};
    HeardVoters heard{};
    Outage outage{};
    MissingFounders founders{};

    // Moves with everything that Election::troubles() may show.
    [[nodiscard]] std::uint64_t revision() const {
        return silent.revision() + outage.revision() + founders.revision();
    }
};

}  // namespace electiond
