// What a blank node has heard, and whether it may found a cluster.
#include "election/founding.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace electiond {
namespace {

// FNV-1a, from two starting points: 128 bits that every node computes alike. It must only differ
// for different sets of honest nodes (A1).
std::string hash128(std::string_view text) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string digits;
    for (std::uint64_t hash :
         {std::uint64_t{0xcbf29ce484222325}, std::uint64_t{0x84222325cbf29ce4}}) {
        for (const char c : text) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        }
        for (int digit = 0; digit < 16; ++digit, hash >>= 4) digits += kDigits[hash & 15];
    }
    return digits;
}

}  // namespace

std::string founding_hash(const std::string& cluster_name, const std::vector<Voter>& set) {
    std::vector<std::string> uuids;
    for (const auto& voter : set) uuids.push_back(voter.uuid.value);
    std::ranges::sort(uuids);
    std::string text = cluster_name;
    for (const auto& uuid : uuids) text += '\n' + uuid;
    return hash128(text);
}

void Founding::heard(Instant now, const Sender& from, const Hello& hello) {
    if (!hello.blank) {
        if (clusters_.size() < kHeardMax || clusters_.contains(from.cluster_id)) {
            auto& cluster = clusters_[from.cluster_id];
            cluster.heard = now;
            cluster.supersedes = from.supersedes;
            if (cluster.speaker.empty()) cluster.speaker = from.id;
        }
        last_member_answer_ = now;
        blank_.erase(from.uuid);
        return;
    }
    if (blank_.size() >= kHeardMax && !blank_.contains(from.uuid)) return;
    blank_[from.uuid] = {from.id, hello.wants_vote, hello.founding_set, now};
}

std::string Founding::rivals(Instant now, Duration window) const {
    std::vector<const std::pair<const std::string, Cluster>*> lately;
    for (const auto& entry : clusters_) {
        if (now - entry.second.heard <= window) lately.push_back(&entry);
    }
    const bool replaced = std::ranges::any_of(lately, [&](const auto* heir) {
        return std::ranges::all_of(lately, [&](const auto* other) {
            return other == heir || std::ranges::find(heir->second.supersedes, other->first) !=
                                        heir->second.supersedes.end();
        });
    });
    std::string text;
    if (lately.size() < 2 || replaced) return text;
    for (const auto* each : lately) {
        text += (text.empty() ? "" : " and ") + ("cluster id " + each->first) + " (node " +
                each->second.speaker.value + ")";
    }
    return text;
}

std::vector<Voter> Founding::set_now(Instant now, const Voter& self, const Policy& policy,
                                     Duration window) const {
    std::vector<Voter> heard{self};
    for (const auto& [uuid, candidate] : blank_) {
        if (candidate.wants_vote && now - candidate.heard <= window) {
            heard.push_back({candidate.id, uuid});
        }
    }
    std::ranges::sort(heard, {}, &Voter::uuid);

    std::vector<Voter> set;
    if (!policy.founders.empty()) {
        for (const auto& id : policy.founders) {
            if (std::ranges::count(heard, id, &Voter::id) != 1) return {};
            set.push_back(*std::ranges::find(heard, id, &Voter::id));
        }
        std::ranges::sort(set, {}, &Voter::uuid);
    } else if (policy.expect > 0 && heard.size() >= policy.expect) {
        set.assign(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(policy.expect));
    }
    return set;
}

std::optional<std::vector<Voter>> Founding::set_due(Instant now, const Voter& self,
                                                    const Policy& policy, Duration window) {
    if (!clusters_.empty()) return std::nullopt;
    auto set = set_now(now, self, policy, window);
    if (set != seen_set_) {
        seen_set_ = set;
        set_stable_since_ = now;
    }
    const bool stable = policy.expect < 2 || now - set_stable_since_ >= window;
    if (set.empty() || !stable || std::ranges::find(set, self) == set.end() || disagrees(set)) {
        return std::nullopt;
    }
    return set;
}

bool Founding::unanimous(const std::vector<Voter>& set, const NodeUuid& self) const {
    return std::ranges::all_of(set, [&](const Voter& voter) {
        const auto at = blank_.find(voter.uuid);
        return voter.uuid == self || (at != blank_.end() && at->second.set == set);
    });
}

std::optional<NodeId> Founding::disagrees(const std::vector<Voter>& set) const {
    for (const auto& voter : set) {
        const auto at = blank_.find(voter.uuid);
        if (at != blank_.end() && !at->second.set.empty() && at->second.set != set) {
            return at->second.id;
        }
    }
    return std::nullopt;
}

std::vector<const std::pair<const NodeUuid, Founding::Candidate>*> Founding::lately(
    Instant now, Duration window) const {
    std::vector<const std::pair<const NodeUuid, Candidate>*> found;
    for (const auto& entry : blank_) {
        if (now - entry.second.heard <= window) found.push_back(&entry);
    }
    return found;
}

// The promised set can't change any more, so another uuid of the same id is not counted.
std::vector<FounderAwaited> Founding::promised_but_silent(Instant now, const Voter& self,
                                                          const std::vector<Voter>& promised,
                                                          Duration window) const {
    const auto heard = lately(now, window);
    std::vector<FounderAwaited> missing;
    for (const auto& voter : promised) {
        if (voter.uuid == self.uuid ||
            std::ranges::any_of(heard, [&](const auto* each) { return each->first == voter.uuid; }))
            continue;
        auto& one = missing.emplace_back(FounderAwaited{.id = voter.id});
        const auto other = std::ranges::find_if(
            heard, [&](const auto* each) { return each->second.id == voter.id; });
        if (other != heard.end()) {
            one.why = "it is here as uuid " + (*other)->first.value +
                      ", but this node has promised to found with uuid " + voter.uuid.value +
                      "; empty the data directories of all founders, or let that node use its old "
                      "one again";
        }
    }
    return missing;
}

std::vector<FounderAwaited> Founding::awaited(Instant now, const Voter& self, const Policy& policy,
                                              const std::vector<Voter>& promised,
                                              Duration window) const {
    std::vector<FounderAwaited> missing;
    if (!clusters_.empty()) return missing;
    const auto heard = lately(now, window);
    std::size_t founders = policy.founders.size();
    std::size_t known = 1;
    if (!promised.empty()) {
        founders = promised.size();
        missing = promised_but_silent(now, self, promised, window);
        known = founders - missing.size();
    } else if (!policy.founders.empty()) {
        if (std::ranges::find(policy.founders, self.id) == policy.founders.end()) return missing;
        for (const auto& id : policy.founders) {
            const auto has_id = [&](const auto* each) { return each->second.id == id; };
            const auto namesakes = std::ranges::count_if(heard, has_id) + (id == self.id ? 1 : 0);
            const bool no_founder = std::ranges::any_of(
                heard, [&](const auto* each) { return has_id(each) && !each->second.wants_vote; });
            if (namesakes == 1 && !no_founder) continue;
            missing.push_back({.id = id});
            if (namesakes > 1) missing.back().why = "several nodes have this node.id";
            if (namesakes == 1)
                missing.back().why = "node.observer is set there, so it gets no vote";
        }
        known = founders - missing.size();
    } else if (policy.expect > 0) {
        founders = policy.expect;
        known += static_cast<std::size_t>(
            std::ranges::count_if(heard, [](const auto* each) { return each->second.wants_vote; }));
        if (known < founders) missing.push_back({});
    }
    for (auto& one : missing) {
        one.heard = known;
        one.founders = founders;
    }
    return missing;
}

}  // namespace electiond
