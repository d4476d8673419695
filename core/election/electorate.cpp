// One voter configuration.
#include "election/electorate.h"

#include <algorithm>

#include <electiond/error.h>

namespace electiond {

const Voter* Electorate::find(const NodeUuid& uuid) const {
    const auto at = std::ranges::find(voters, uuid, &Voter::uuid);
    return at == voters.end() ? nullptr : &*at;
}

const Voter* Electorate::find(const NodeId& id) const {
    const auto at = std::ranges::find(voters, id, &Voter::id);
    return at == voters.end() ? nullptr : &*at;
}

bool Electorate::bans(const NodeUuid& uuid) const {
    return std::ranges::find(banned, uuid) != banned.end();
}

std::size_t Electorate::place(const NodeUuid& uuid) const {
    return static_cast<std::size_t>(std::ranges::find(voters, uuid, &Voter::uuid) - voters.begin());
}

Electorate Electorate::with(const Voter& voter, Term term) const {
    ENSURE(!has(voter.uuid));
    Electorate next = *this;
    next.number = {term, number.version + 1};
    next.voters.push_back(voter);
    std::erase(next.banned, voter.uuid);
    return next;
}

Electorate Electorate::without(const NodeUuid& uuid, Term term) const {
    ENSURE(has(uuid));
    Electorate next = *this;
    next.number = {term, number.version + 1};
    std::erase_if(next.voters, [&](const Voter& voter) { return voter.uuid == uuid; });
    return next;
}

Electorate Electorate::banning(const NodeUuid& uuid, Term term) const {
    ENSURE(!bans(uuid));
    Electorate next = *this;
    next.number = {term, number.version + 1};
    std::erase_if(next.voters, [&](const Voter& voter) { return voter.uuid == uuid; });
    next.banned.push_back(uuid);
    if (next.banned.size() > kBannedMax) next.banned.erase(next.banned.begin());
    return next;
}

}  // namespace electiond
