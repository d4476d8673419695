// What may be concluded from what the nodes say.
#include "judge.h"

#include <algorithm>

namespace electiond::lab {
namespace {

constexpr std::size_t kFaults = 20;  // one is too many; more only tell the same again

std::string by(int node, Token token) {
    return "node " + std::to_string(node) + " under token " + std::to_string(token);
}

std::string ms(Instant::duration time) {
    return std::to_string(std::chrono::duration<double, std::milli>(time).count()) + " ms";
}

}  // namespace

void Judge::see(const Look& look) {
    auto& term = terms_[look.node];
    if (look.term < term) {
        accuse("the term of node " + std::to_string(look.node) + " fell from " +
               std::to_string(term) + " to " + std::to_string(look.term));
    }
    term = look.term;
    if (look.leads) {
        see_claim(look);
    } else if (look.token != 0 || look.valid_for.count() != 0) {
        accuse(by(look.node, look.token) + " does not lead, but grants " + ms(look.valid_for));
    }
}

void Judge::see_claim(const Look& look) {
    const auto until = look.valid_for.count() > 0 ? look.asked + look.valid_for : Instant{};
    const auto [at, fresh] =
        leads_.try_emplace(look.token, Lead{look.node, look.answered, look.asked, until});
    auto& lead = at->second;
    if (lead.node != look.node) {
        accuse(by(lead.node, look.token) + " and " + by(look.node, look.token) + " both lead");
    }
    lead.first_answered = std::min(lead.first_answered, look.answered);
    lead.last_asked = std::max(lead.last_asked, look.asked);
    lead.granted_until = std::max(lead.granted_until, until);
    for (const auto& [token, other] : leads_) {
        if (token != look.token) {
            compare(std::min(token, look.token), std::max(token, look.token));
        }
    }
}

// The newer lead had begun by `first_answered`.
void Judge::compare(Token older_token, Token newer_token) {
    const auto& older = leads_.at(older_token);
    const auto& newer = leads_.at(newer_token);
    const auto both = by(older.node, older_token) + " and " + by(newer.node, newer_token);
    if (older.last_asked >= newer.first_answered) {
        accuse(both + ": the older lead was claimed by one asked " +
               ms(older.last_asked - newer.first_answered) + " after the newer was");
    }
    if (older.node != newer.node && older.granted_until > newer.first_answered) {
        accuse(both + ": the newer leads " + ms(older.granted_until - newer.first_answered) +
               " before the older's grant ends");
    }
}

void Judge::accuse(const std::string& fault) {
    if (faults_.size() < kFaults && std::ranges::find(faults_, fault) == faults_.end()) {
        faults_.push_back(fault);
    }
}

}  // namespace electiond::lab
