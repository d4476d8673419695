// One voter configuration: which nodes vote, what a quorum is, and which configuration is newer.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "election/term.h"

namespace electiond {

// A voter entry is the pair (id, uuid); votes, acks and promises are counted by uuid alone.
struct Voter {
    NodeId id{};
    NodeUuid uuid{};

    auto operator<=>(const Voter&) const = default;
};

// Configurations are ordered by (term, version): K1.
struct ConfigNumber {
    Term term = 0;
    std::uint64_t version = 0;

    auto operator<=>(const ConfigNumber&) const = default;
};

// A value: each change makes a new one. `banned` holds the uuids removed for good, the last 64 of
// them.
struct Electorate {
    ConfigNumber number{};
    std::vector<Voter> voters{};
    std::vector<NodeUuid> banned{};

    bool operator==(const Electorate&) const = default;

    // More than half of the voters. An electorate without voters has no quorum: returns 1 then,
    // which no count can reach.
    [[nodiscard]] std::size_t quorum() const { return voters.size() / 2 + 1; }

    [[nodiscard]] bool has(const NodeUuid& uuid) const { return find(uuid) != nullptr; }
    [[nodiscard]] const Voter* find(const NodeUuid& uuid) const;
    [[nodiscard]] const Voter* find(const NodeId& id) const;
    [[nodiscard]] bool bans(const NodeUuid& uuid) const;

    // The place of `uuid` in the list, from 0; voters.size() if it is no voter.
    [[nodiscard]] std::size_t place(const NodeUuid& uuid) const;

    // The next configuration of the leader of `term` with one voter more, or one less: K2.
    [[nodiscard]] Electorate with(const Voter& voter, Term term) const;
    [[nodiscard]] Electorate without(const NodeUuid& uuid, Term term) const;
    // The same with `uuid` banned for good, voter or not; the last kBannedMax bans are kept (§6.4).
    [[nodiscard]] Electorate banning(const NodeUuid& uuid, Term term) const;

    static constexpr std::size_t kBannedMax = 64;
};

// How many of the `answering` voters may fail, in the worst case, so that those left are a quorum
// and include a voter that may lead. `able`: how many of them may lead now.
[[nodiscard]] constexpr std::size_t can_lose(std::size_t answering, std::size_t able,
                                             std::size_t quorum) {
    if (answering <= quorum || able <= 1) return 0;
    return std::min(answering - quorum, able - 1);
}

}  // namespace electiond
