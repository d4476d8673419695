// Which promise of the protocol was broken.
#include "support/referee.h"

#include <algorithm>
#include <span>

#include "election/overloaded.h"
#include "support/overlooked_voters.h"
#include "support/quorums.h"
#include "wire/codec.h"

namespace electiond::sim {
namespace {

std::string named(const SimNode& node) { return "node " + node_name(node.index()); }

bool same_but_for_name(const ConfigNumber& later, const ConfigNumber& saved) {
    return later.version == saved.version && later.term >= saved.term;
}

// D1b: a disk holds all that its node knows, but perhaps not the last name of its configuration.
bool holds(const Durable& disk, Durable known) {
    if (same_but_for_name(known.config.number, disk.config.number)) {
        known.config.number = disk.config.number;
    }
    return known == disk;
}

}  // namespace

void Referee::blame(const std::string& what) {
    if (!fault_) fault_ = what;
}

const SimNode* Referee::leader() const {
    const auto at = std::ranges::find_if(nodes_, [](const auto& node) { return node->leads(); });
    return at == nodes_.end() ? nullptr : at->get();
}

// ---- after every event -------------------------------------------------------------------------

void Referee::saw(const SimNode& node) {
    if (node.running()) {
        const auto& election = node.election();
        if (std::holds_alternative<Leading>(election.role())) {
            saw_lead(election.durable());
            const auto& disk = *node.disk.record();
            if (disk.term != election.term() || disk.voted_for != disk.uuid) {
                blame(named(node) + " leads by a vote for itself that it has not saved");
            }
            check_voters(node);
        }
        highest_term_ = std::max(highest_term_, election.term());
        check_followed(node);
        check_refusals(node);
        if (node.spins() >= 100) blame(named(node) + " spins: its deadline does not move");
    }
    check_leaders();
}

// Not after every event, because it copies the node twice; what is overlooked, is for a while.
void Referee::check_voters(const SimNode& leader) {
    if (++looks_ % 16 != 0) return;
    if (overlooks_a_change_of_voters(leader.election(), leader.clock.read(schedule_.now()))) {
        blame(named(leader) + " overlooks a change of the voters that is due");
    }
}

// A term has one leader, and it has votes that were seen to leave, from a quorum of the voters with
// whom it asked.
void Referee::saw_lead(const Durable& winner) {
    const auto [at, first] = led_.try_emplace({winner.cluster_id, winner.term}, winner.uuid);
    if (at->second != winner.uuid) {
        blame("two leaders of term " + std::to_string(winner.term) + ": " + at->second.value +
              " and " + winner.uuid.value);
    }
    if (!first) return;
    ++leaders_seen_;
    auto& campaign = campaigns_[{winner.cluster_id, winner.term, winner.uuid}];
    const auto& config = winner.config;
    const auto votes = std::ranges::count_if(config.voters, [&](const Voter& voter) {
        return voter.uuid == winner.uuid || campaign.granted.contains(voter.uuid);
    });
    const std::string who = "node " + winner.node_id.value;
    if (static_cast<std::size_t>(votes) < config.quorum()) {
        blame(who + " leads with " + std::to_string(votes) + " of " +
              std::to_string(config.voters.size()) + " votes");
    }
    if (campaign.asked_with && campaign.asked_with->version != config.number.version) {
        blame(who + " wins with another configuration than it asked with");
    }
    campaign.granted.clear();
}

// At no real moment do two nodes lead, each asked with its own clock; and tokens only rise.
void Referee::check_leaders() {
    const SimNode* leader = nullptr;
    for (const auto& node : nodes_) {
        if (!node->leads()) continue;
        if (leader && realm(*leader) == realm(*node)) {
            return blame(named(*leader) + " and " + named(*node) + " lead at once");
        }
        leader = node.get();
        check_leader(*leader);
    }
}

void Referee::check_leader(const SimNode& leader) {
    const FencingToken token = leader.token();
    auto& newest = tenures_[realm(leader)];
    if (token < newest.token || (token == newest.token && leader.index() != newest.holder)) {
        return blame("the fencing token did not rise: " + named(leader) + " leads with " +
                     std::to_string(token) + " after " + std::to_string(newest.token) +
                     " of node " + node_name(newest.holder));
    }
    newest = {token, leader.index()};
    highest_token_ = std::max(highest_token_, token);
    check_grants(leader);
}

// Among whom there may be one leader: everyone, or everyone of one cluster.
std::string Referee::realm(const SimNode& node) const {
    return many_leaders ? node.status()->view->cluster_id : std::string();
}

// Whom a board shows as the leader of a term has won that term.
void Referee::check_followed(const SimNode& node) {
    const auto status = node.status();
    const auto& followed = status->view->followed;
    if (!followed || status->leadership.in_office) return;
    std::pair now{status->term, followed->uuid};
    if (auto& before = followed_[node.index()]; before != now) {
        const auto at = led_.find({status->view->cluster_id, status->term});
        if (at == led_.end() || at->second != now.second) {
            blame(named(node) + " follows one who has not won its term");
        }
        before = std::move(now);
    }
}

// P1, P2: no node refuses another that is who it says.
void Referee::check_refusals(const SimNode& node) {
    const auto status = node.status();
    if (!impostors && status->view->rejected.contains("wrong_identity")) {
        blame(named(node) + " refuses the identity of a node that is who it says");
    }
}

// G2: until the end of a grant no other node is a visible leader.
void Referee::check_grants(const SimNode& leader) {
    std::erase_if(grants_, [&](const Grant& grant) { return grant.until <= schedule_.now(); });
    for (const auto& grant : grants_) {
        if (grant.node == leader.index() || grant.realm != realm(leader)) continue;
        const auto left = std::chrono::duration<double, std::milli>(grant.until - schedule_.now());
        return blame(named(leader) + " leads while a client relies on node " +
                     node_name(grant.node) + " for " + std::to_string(left.count()) + " ms more");
    }
}

void Referee::saw_grant(const SimNode& node, Moment until) {
    if (!node.leads()) return blame(named(node) + " gives a grant and does not lead");
    const auto same = std::ranges::find(grants_, node.index(), &Grant::node);
    if (same == grants_.end()) {
        grants_.push_back({node.index(), realm(node), until});
    } else {
        same->until = std::max(same->until, until);
    }
}

// ---- disks -------------------------------------------------------------------------------------

void Referee::saw_save(const SimNode& node, const std::optional<Durable>& before,
                       const Durable& after) {
    if (!after.blank() && one_cluster) {
        if (cluster_.empty()) cluster_ = after.cluster_id;
        if (cluster_ != after.cluster_id) blame("two clusters: " + named(node) + " is in another");
    }
    if (!before || before->uuid != after.uuid) return;
    const bool superseded =
        !before->blank() && before->cluster_id != after.cluster_id &&
        std::ranges::find(after.supersedes, before->cluster_id) != after.supersedes.end();
    if (superseded) return;  // B7
    const auto never = [&](bool broken, const char* what) {
        if (broken) blame(named(node) + " saves what must never be: " + what);
    };
    never(after.term < before->term, "a lower term");
    never(after.term == before->term && !before->voted_for.empty() &&
              before->voted_for != after.voted_for,
          "a second vote in one term");
    never(after.promise < before->promise, "a shorter promise");
    never(after.config.number < before->config.number, "an older configuration");
    never(!before->founding_set.empty() && before->founding_set != after.founding_set,
          "another founding set");
    never(!before->blank() && before->cluster_id != after.cluster_id, "another cluster");
    never(after.starts < before->starts, "fewer starts");
    never(after.node_id != before->node_id, "another id");
    if (after.config != before->config) check_configurations();
}

// Of any two configurations by which somebody could be elected now, every two quorums meet.
void Referee::check_configurations() {
    std::vector<const Durable*> disks;
    for (const auto& node : nodes_) {
        if (node->disk.record() && !node->disk.record()->blank()) {
            disks.push_back(&*node->disk.record());
        }
    }
    const auto electable = [&](const Electorate& config) {
        const auto grants = std::ranges::count_if(disks, [&](const Durable* voter) {
            return config.has(voter->uuid) && voter->config.number <= config.number;
        });
        return static_cast<std::size_t>(grants) >= config.quorum();
    };
    std::vector<const Electorate*> all;
    for (const auto* disk : disks) {
        const bool known = std::ranges::any_of(
            all, [&](const Electorate* other) { return *other == disk->config; });
        if (!known && electable(disk->config)) all.push_back(&disk->config);
    }
    for (const auto* a : all) {
        for (const auto* b : all) {
            if (a < b && may_part(*a, *b) && one_cluster) {
                blame("two configurations whose quorums need not meet: " +
                      std::to_string(a->number.term) + "." + std::to_string(a->number.version) +
                      " and " + std::to_string(b->number.term) + "." +
                      std::to_string(b->number.version));
            }
        }
    }
}

// ---- messages: nothing is said before it was saved (D1) ----------------------------------------

void Referee::saw_departure(const Departure& departure) {
    const auto& node = *nodes_[departure.from];
    const auto& disk = node.disk.record();
    const bool asks = departure.name == "vote-request" && !departure.answered;  // D1a
    if (!disk || (!holds(*disk, node.election().durable()) && !asks)) {
        return blame(named(node) + " speaks while its disk holds another state than it does");
    }
    // Whoever hears one of these may lead next, at once.
    if (departure.name == "timeout-now" && !departure.answered && node.leads()) {
        blame(named(node) + " hands over the lead and leads on");
    }
    // To read everything would cost more than all else: of what leaves over one and the same record
    // each kind is read once, and some; votes always.
    if (departure.name != "vote-request") {
        auto& read = read_[{departure.from, departure.name.size(), departure.answered != nullptr}];
        if (read.saves == node.disk.saves() && ++read.skipped % 32 != 0) return;
        read = {node.disk.saves(), 0};
    }
    try {
        if (departure.answered == nullptr) {
            const auto request = wire::decode_request(departure.name, departure.body);
            return check_request(node, *disk, std::get<PeerRequest>(request));
        }
        const auto request = wire::decode_request(departure.name, departure.answered->body);
        const auto reply = wire::decode_reply(departure.name, departure.body);
        check_reply(node, *disk, reply, std::get<PeerRequest>(request));
    } catch (const wire::DecodeError& error) {
        blame(named(node) + " says what nobody can read: " + error.what());
    }
}

void Referee::check_request(const SimNode& node, const Durable& disk, const PeerRequest& request) {
    const auto never = [&](bool broken, const char* what) {
        if (broken) blame(request.from.id.value + " asks before it has saved: " + what);
    };
    const auto unsaved = [&](const auto& set) { return !set.empty() && set != disk.founding_set; };
    never(request.from.uuid != disk.uuid, "its uuid");
    never(request.from.cluster_id != disk.cluster_id, "its cluster");
    std::visit(
        overloaded{
            [&](const PreVote& body) {
                never(request.term != disk.term + 1, "its term");
                never(!same_but_for_name(body.config, disk.config.number), "its configuration");
            },
            [&](const VoteRequest& body) {
                // D1a: it may be about to save that.
                const auto& known = node.election().durable();
                never(request.term != known.term, "not its term");
                never(request.term < disk.term, "a term that is over");
                never(known.voted_for != known.uuid, "not its own vote");
                never(request.term == disk.term && disk.voted_for != disk.uuid, "its own vote");
                never(!same_but_for_name(body.config, disk.config.number), "its configuration");
                campaigns_[{disk.cluster_id, request.term, disk.uuid}].asked_with = body.config;
            },
            [&](const Heartbeat& body) {
                never(request.term != disk.term, "its term");
                // D1b: but for the name that C3 has given it
                never(body.number > disk.config.number &&
                          (!same_but_for_name(body.number, disk.config.number) ||
                           body.number.term != request.term),
                      "its configuration");
                never(body.promise > disk.promise, "its own promise");
                saw_lead(disk);
            },
            [&](const TimeoutNow&) { never(request.term > disk.term, "the term it led"); },
            [&](const Hello& body) { never(unsaved(body.founding_set), "its founding set"); },
            [](const auto&) {}},
        request.body);
}

void Referee::check_reply(const SimNode& node, const Durable& disk, const PeerReply& reply,
                          const PeerRequest& request) {
    const auto never = [&](bool broken, const char* what) {
        if (broken) blame(named(node) + " answers before it has saved: " + what);
    };
    const auto unsaved = [&](const auto& set) { return !set.empty() && set != disk.founding_set; };
    never(reply.term > disk.term, "its term");
    never(reply.request_term != request.term, "not a term: requestTerm is no echo");
    std::visit(overloaded{[](const PreVoteReply&) {},
                          [&](const VoteReply& body) {
                              // A former life's address can be its own: then it asks itself.
                              if (body.granted && node.leads() && request.from.uuid != disk.uuid) {
                                  blame(named(node) + " votes for another and leads on");
                              }
                              never(body.granted && (disk.term != request.term ||
                                                     disk.voted_for != request.from.uuid),
                                    "the vote it grants");
                              if (!body.granted) return;
                              campaigns_[{disk.cluster_id, request.term, request.from.uuid}]
                                  .granted.insert(disk.uuid);
                          },
                          [&](const HeartbeatReply& body) {
                              if (!body.accepted) return;
                              const auto& heartbeat = std::get<Heartbeat>(request.body);
                              never(disk.term != request.term, "the term it follows");
                              never(body.config != disk.config.number, "its configuration");
                              never(heartbeat.promise > disk.promise, "what it promises");
                          },
                          [&](const HelloReply& body) {
                              never(unsaved(body.self.founding_set), "its founding set");
                          },
                          [](const auto&) {}},
               reply.body);
}

}  // namespace electiond::sim
