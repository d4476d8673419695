// The faults that follow from the nodes' answers alone, without knowledge of their internals.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace electiond::lab {

using Instant = std::chrono::steady_clock::time_point;  // the watcher's own clock
using Milliseconds = std::chrono::milliseconds;
using Token = std::uint64_t;

// One answer to GET /leader. Its content was true at some moment between `asked` and `answered`.
struct Look {
    int node = 0;
    Instant asked{}, answered{};
    bool leads = false;
    std::uint64_t term = 0;
    Token token = 0;
    Milliseconds valid_for{0};
    std::string leader = "";  // the leader that it reports
};

// All claims to lead under one token.
struct Lead {
    int node = 0;
    Instant first_answered, last_asked;
    Instant granted_until;  // the latest end of a grant, as its client may count it
};

// Looks of one node must come in the order in which they were taken; nodes may come in any.
class Judge {
  public:
    void see(const Look& look);
    [[nodiscard]] const std::map<Token, Lead>& leads() const { return leads_; }
    // None of these faults can be caused by a slow network, a slow node or a slow watcher.
    [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

  private:
    void see_claim(const Look& look);
    void compare(Token older, Token newer);
    void accuse(const std::string& fault);

    std::map<Token, Lead> leads_;
    std::map<int, std::uint64_t> terms_;  // of each node
    std::vector<std::string> faults_;
};

}  // namespace electiond::lab
