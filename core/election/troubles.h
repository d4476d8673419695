// Problems that last and that an operator should know, and when each was last published.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "election/change.h"
#include "election/electorate.h"
#include "election/message.h"
#include "election/timing.h"

namespace electiond {

// A problem that lasts, as the change that would be published now.
struct Trouble {
    Change change{};
    Instant since{};
};

// The same problem is published again after this time at the earliest.
inline constexpr std::chrono::minutes kPublishAgain{1};

// The voters that do not answer a leader. For a voter that comes and goes, at most one silence and
// one return are published in a minute; the others are only counted.
class SilentVoters {
  public:
    // Forgets nodes that are no voters any more.
    void keep(const Electorate& config);

    // The voter has been silent since `since`; call it at each check while that lasts. If the
    // silence is to be published now, returns how many silences before it were not published.
    [[nodiscard]] std::optional<std::uint64_t> silent(const Voter& voter, Instant since,
                                                      Instant now);
    // The voter has answered; call it at each answer. If the return is to be published now, returns
    // how long the voter was silent.
    [[nodiscard]] std::optional<Duration> back(const NodeUuid& uuid, Instant now);

    // The lead is over: no voter counts as silent any more, and no return will be published.
    void forget_all();

    struct Entry {
        Voter voter{};
        bool silent = false;
        Instant since{};
        bool counted = false;                // in `unpublished`
        bool open = false;                   // its silence was published, its return not yet
        std::optional<Instant> published{};  // when its silence was last published
        std::uint64_t unpublished = 0;
    };
    [[nodiscard]] const std::vector<Entry>& all() const { return entries_; }
    // Rises when a voter falls silent or returns.
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    std::vector<Entry> entries_;
    std::uint64_t revision_ = 0;
};

// For a node that does not lead: which voters have answered lately, and whether they may lead.
class HeardVoters {
  public:
    // What is known of a voter.
    struct Entry {
        NodeUuid uuid{};
        Instant heard = Instant::min();
        std::optional<Bar> bar{};  // nullopt: it may lead, as far as is known
    };
    // nullptr if `uuid` is no voter.
    [[nodiscard]] Entry* entry(const Electorate& config, const NodeUuid& uuid);
    [[nodiscard]] const Entry* find(const NodeUuid& uuid) const;

    // A request was sent to all voters.
    void asked(Instant now);
    // When the newest request was sent that is at least `waited` old: a voter that was heard since
    // then answers. nullopt: there is no such request.
    [[nodiscard]] std::optional<Instant> answers_since(Instant now, Duration waited) const;

  private:
    std::vector<Entry> entries_;
    std::optional<Instant> asked_;
    std::optional<Instant> asked_before_;
};

// Why this node has no leader.
class Outage {
  public:
    // `change` is the reason, and no leader was known since `since`. True if it is to be published
    // now.
    [[nodiscard]] bool stands(const Change& change, Instant since, Instant now);
    // No reason is known any more, but there is no leader yet.
    void clear();
    // A leader is known: the next outage is a new one.
    void end();

    [[nodiscard]] const std::optional<Trouble>& trouble() const { return trouble_; }
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    std::optional<Trouble> trouble_;
    std::optional<Instant> published_missing_;  // QuorumMissing
    std::optional<Instant> published_barred_;   // NobodyMayLead
    std::uint64_t revision_ = 0;
};

// The founders that are missing.
class MissingFounders {
  public:
    // Replaces the list. True if it is to be published now.
    [[nodiscard]] bool stand(std::vector<FounderAwaited> missing, Instant now);
    void clear();

    [[nodiscard]] const std::vector<FounderAwaited>& all() const { return missing_; }
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    std::vector<FounderAwaited> missing_;
    std::optional<Instant> published_;
    std::uint64_t revision_ = 0;
};

// Problems that each hello shows again while they last. Election::report() publishes only the first
// report of each; this list is for Election::troubles().
class RepeatedReports {
  public:
    // Beyond this number new ones are not kept: a stranger may invent any number of nodes.
    static constexpr std::size_t kCountMax = 16;

    // Keeps the report until `until`, in the place of the last one with this reason about the same
    // cluster or node.
    void stand(const Report& report, const std::string& about, Instant now, Instant until);
    // The problem with this cluster or node is over.
    void end(Reason reason, const std::string& about);
    void expire(Instant now);
    void clear();

    struct Entry {
        Report report{};
        std::string about{};
        Instant since{};
        Instant until{};
    };
    [[nodiscard]] const std::vector<Entry>& all() const { return entries_; }
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    std::vector<Entry> entries_;
    std::uint64_t revision_ = 0;
};

// All of these. They never influence the election.
struct Troubles {
    SilentVoters silent{};
    HeardVoters heard{};
    Outage outage{};
    MissingFounders founders{};
    RepeatedReports not_joined{};    // on a node that no leader admits: why; by cluster id
    RepeatedReports not_admitted{};  // on the leader: nodes that it refuses; by uuid

    // Rises whenever the result of Election::troubles() changes, except for times.
    [[nodiscard]] std::uint64_t revision() const {
        return silent.revision() + outage.revision() + founders.revision() + not_joined.revision() +
               not_admitted.revision();
    }
};

}  // namespace electiond
