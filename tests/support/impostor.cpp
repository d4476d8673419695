// An impostor: has the certificate of one member and speaks as other nodes with it.
#include "support/impostor.h"

#include <algorithm>
#include <utility>

#include "election/overloaded.h"
#include "node/peer_identity.h"
#include "wire/codec.h"

namespace electiond::sim {
namespace {

constexpr std::size_t kOverheard = 64;
constexpr const char* kSource = "10.0.9.9:9";

template <class T>
void keep(std::deque<T>& list, T one) {
    list.push_back(std::move(one));
    if (list.size() > kOverheard) list.pop_front();
}

// The most harmful answer to a request.
ReplyBody consent(const PeerRequest& asked, const Sender& from, const Electorate& config) {
    return std::visit(
        overloaded{[](const PreVote&) -> ReplyBody {
                       PreVoteReply reply;
                       reply.granted = true;
                       return reply;
                   },
                   [](const VoteRequest&) -> ReplyBody {
                       VoteReply reply;
                       reply.granted = true;
                       return reply;
                   },
                   [](const Heartbeat& beat) -> ReplyBody {
                       return HeartbeatReply{.accepted = true,
                                             .seq = beat.seq,
                                             .config = beat.number,
                                             .view = beat.view,
                                             .eligible = true,
                                             .priority = 100};
                   },
                   [](const TimeoutNow&) -> ReplyBody { return TimeoutNowReply{.accepted = true}; },
                   [&](const Hello&) -> ReplyBody {
                       return HelloReply{.self = {.blank = false, .config = config.number},
                                         .hint = LeaderHint{.id = from.id,
                                                            .uuid = from.uuid,
                                                            .term = asked.term,
                                                            .address = std::nullopt},
                                         .config = std::nullopt};
                   },
                   [](const StatusQuery&) -> ReplyBody { return StatusReply{}; }},
        asked.body);
}

}  // namespace

Impostor::Impostor(SimCluster& cluster, std::size_t host, Duration mean)
    : cluster_(cluster), host_(host), mean_(mean), random_(cluster.random.next()) {
    cluster_.referee.impostors = true;
    watch_ = std::exchange(cluster_.network.watch, [this](const Departure& departure) {
        watch_(departure);
        overhear(departure);
    });
    cluster_.network.falsify = [this](std::size_t node, std::size_t asker, const Request& asked,
                                      Response& said) {
        if (node == host_) falsify(asker, asked, said);
    };
    forge_soon();
}

Impostor::~Impostor() {
    cluster_.network.watch = std::move(watch_);
    cluster_.network.falsify = nullptr;
    *alive_ = nullptr;
}

void Impostor::overhear(const Departure& departure) {
    if (departure.from == host_) return;
    keep(departure.answered ? answers_ : requests_,
         {std::string(departure.name), std::string(departure.body)});
}

void Impostor::forge_soon() {
    cluster_.schedule.after(random_.below(2 * mean_), [alive = alive_] {
        if (Impostor* self = *alive) {
            self->forge_soon();
            self->forge();
        }
    });
}

// Somebody else, who has run before; null if nobody has.
SimNode* Impostor::other(std::size_t than) {
    auto& node = cluster_.node(random_.below(cluster_.nodes().size()));
    return node.index() == than || !node.disk.record() ? nullptr : &node;
}

// How it speaks as `victim` to `told`; nothing if that could not know that it is a lie.
std::optional<Sender> Impostor::lie(SimNode& victim, const SimNode& told, bool& by_uuid) {
    const auto& record = *victim.disk.record();
    by_uuid = random_.chance(500);
    const bool known = &victim == &told || told.election().electorate().has(record.uuid);
    if (by_uuid && !known) return std::nullopt;
    Sender from{.cluster_id = record.cluster_id,
                .cluster_name = record.cluster_name,
                .uuid = record.uuid,
                .id = by_uuid ? NodeId(node_name(host_)) : record.node_id,
                .incarnation = "forged",
                .address = std::nullopt,
                .api = {},
                .supersedes = {}};
    if (random_.chance(20)) {  // B7
        from.supersedes = {told.election().durable().cluster_id};
        from.cluster_id = "another";
    }
    if (random_.chance(300)) from.address = cluster_.node(host_).peer().addresses.front();
    return from;
}

Term Impostor::some_term() {
    const Term highest = cluster_.referee.highest_term();
    return random_.chance(300) ? random_.below(highest + 1) : highest + random_.below(Term{4});
}

RequestBody Impostor::some_request(const SimNode& to) {
    const auto number = to.election().electorate().number;
    switch (random_.below(std::uint64_t{6})) {
        case 0:
            return PreVote{.config = number};
        case 1:
            return VoteRequest{.config = number, .transfer = random_.chance(500)};
        case 2:
            return TimeoutNow{};
        case 3:
            return Hello{.blank = false, .config = number};
        default:
            return Heartbeat{.seq = 1 + random_.below(std::uint64_t{1000}),
                             .promise = to.policy().timing.election_timeout,
                             .number = number,
                             .view = 1};
    }
}

void Impostor::forge() {
    auto* to = other(host_);
    auto* victim = other(host_);
    if (!to || !victim || !to->running() || to->paused()) return;
    Request request;
    request.source = kSource;
    request.verified_names = SimNetwork::certificate_of(host_);
    if (random_.chance(300)) {
        if (requests_.empty()) return;
        const auto& old = requests_[random_.below(requests_.size())];
        request.name = old.name;
        request.body = old.body;
        return deliver(*to, std::move(request));
    }
    bool by_uuid = false;
    const auto from = lie(*victim, *to, by_uuid);
    if (!from) return;
    if (!by_uuid && random_.chance(300)) {
        const auto& id = victim->disk.record()->node_id.value;
        const std::vector<std::string> others[] = {{},
                                                   {"URI:electiond://another/" + id},
                                                   {"URI:electiond://SIM/" + id},
                                                   {"URI:electiond://sim/" + id + "0"},
                                                   {"DNS:*.sim"},
                                                   {"DNS:" + id + ".sim" + '\0'}};
        request.verified_names = others[random_.below(std::size(others))];
    }
    const PeerRequest message{.from = *from, .term = some_term(), .body = some_request(*to)};
    request.name = wire::name_of(message.body);
    request.body = wire::encode(message);
    deliver(*to, std::move(request));
}

void Impostor::deliver(SimNode& to, Request request) {
    to.deliver(request, [counts = counts_, name = request.name](const Response& answer) {
        ++counts->requests;
        const bool refused = answer.kind == Response::Kind::ok &&
                             wire::decode_reply(name, answer.body).reason == Reason::wrong_identity;
        if (!refused) ++counts->accepted;
    });
}

void Impostor::falsify(std::size_t asker, const Request& asked, Response& said) {
    const auto& told = cluster_.node(asker);
    auto* victim = other(host_);
    if (!falsifies_ || !victim || !told.running() || random_.chance(500)) return;
    if (random_.chance(200)) {
        const auto old = std::ranges::find(answers_, asked.name, &Overheard::name);
        if (old == answers_.end()) return;
        said.body = old->body;
        ++counts_->answers;
        return;
    }
    bool by_uuid = false;
    const auto from = lie(*victim, told, by_uuid);
    if (!from) return;
    const auto decoded = wire::decode_request(asked.name, asked.body);
    const auto& request = std::get<PeerRequest>(decoded);
    said.body =
        wire::encode(PeerReply{.from = *from,
                               .term = random_.chance(200) ? some_term() : request.term,
                               .request_term = request.term,
                               .reason = Reason::none,
                               .body = consent(request, *from, told.election().electorate())});
    ++counts_->answers;
}

}  // namespace electiond::sim
