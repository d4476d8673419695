// Counts the votes of one campaign: each uuid once, voters of one configuration only.
#pragma once

#include <set>

#include "election/electorate.h"

namespace electiond {

// A value. A vote counted twice, or a vote of a node that is no voter, could elect two leaders.
class Tally {
  public:
    void count(const Electorate& electorate, const NodeUuid& voter) {
        if (electorate.has(voter)) granted_.insert(voter);
    }
    void refuse(const Electorate& electorate, const NodeUuid& voter) {
        if (electorate.has(voter)) refused_.insert(voter);
    }
    [[nodiscard]] bool has(const NodeUuid& voter) const { return granted_.contains(voter); }
    [[nodiscard]] bool won(const Electorate& electorate) const {
        return granted_.size() >= electorate.quorum();
    }
    // True if so many have refused that the others are no quorum.
    [[nodiscard]] bool lost(const Electorate& electorate) const {
        return electorate.voters.size() - refused_.size() < electorate.quorum();
    }
    [[nodiscard]] std::size_t votes() const { return granted_.size(); }

  private:
    std::set<NodeUuid> granted_;
    std::set<NodeUuid> refused_;
};

}  // namespace electiond
