// What may happen in a world and what comes of it.
#include "exploration/stage.h"

#include <algorithm>
#include <set>
#include <utility>

#include <electiond/error.h>

#include "election/carry_out.h"
#include "exploration/fingerprint.h"
#include "exploration/hasher.h"
#include "exploration/invariants.h"

namespace electiond::exploration {
namespace {

constexpr RealTime kGrid = 1000;  // so that every clock shows a whole nanosecond

// What a node is given, as part of the key under which the result is remembered.
constexpr unsigned kGivenShift = 56;
enum class Given : std::uint64_t { tick = 1, campaign, message, closed, command };

std::uint64_t key_of(Given given, std::uint64_t what = 0) {
    return (static_cast<std::uint64_t>(given) << kGivenShift) | what;
}

RealTime up_to_grid(RealTime time) { return (time + kGrid - 1) / kGrid * kGrid; }

}  // namespace

std::size_t Stage::KeyHash::operator()(const Key& key) const {
    return Hasher().add(key.actor).add(static_cast<std::uint64_t>(key.now)).add(key.input).value();
}

Stage::Stage(Rules rules) : rules_(std::move(rules)) {
    ENSURE(rules_.terms < kTermMax);
    for (std::size_t i = 0; i < kRenamings.size(); ++i) {
        bool same_clocks = true;
        for (NodeIndex node = 0; node < kNodes; ++node) {
            same_clocks = same_clocks && rules_.rates[node] == rules_.rates[kRenamings[i](node)];
        }
        if (same_clocks) renamings_.push_back(i);
    }
}

Instant Stage::local(RealTime real, NodeIndex node) const {
    return Instant(Duration(real / kGrid * rules_.rates[node]));
}

RealTime Stage::real(Instant local, NodeIndex node) const {
    const RealTime rate = rules_.rates[node];
    return local.time_since_epoch().count() * kGrid / rate;
}

Policy Stage::policy(NodeIndex /*node*/) const {
    return {.timing = rules_.timing, .bootstrap = Bootstrap::join, .founders = {}};
}

// ---- the beginning -----------------------------------------------------------------------------

World Stage::founded() {
    World world;
    world.now = 1000 * kGrid;
    world.led.fill(kNobody);
    world.crashes = rules_.crashes;
    world.commands = rules_.commands;
    Electorate config{.number = {0, 1}, .voters = {}, .banned = {}};
    for (NodeIndex node = 0; node < rules_.voters; ++node) {
        config.voters.push_back({id_of(node), uuid_of(node)});
    }
    for (NodeIndex node = 0; node < kNodes; ++node) {
        Durable record;
        record.uuid = uuid_of(node);
        record.node_id = id_of(node);
        record.cluster_id = record.cluster_name = "x";
        if (node < rules_.voters) record.config = config;
        start(world, node, record);
    }
    return world;
}

World Stage::led() {
    World world = founded();
    std::string fault;
    world = apply(std::move(world), {.kind = Action::Kind::campaign, .node = 0}, fault);
    settle(world);
    for (NodeIndex node = static_cast<NodeIndex>(rules_.voters); node < kNodes; ++node) {
        const auto hello =
            post_.request(node, {.to = uuid_of(0), .term = 0, .body = Hello{.blank = false}});
        world = apply(std::move(world), {.kind = Action::Kind::deliver, .which = *hello}, fault);
        settle(world);
    }
    ENSURE(fault.empty() && local(world.now, 0) < actor(world, 0).leads_until);
    return world;
}

// C4: a voter that has heard nothing for so long that it campaigns, while the others go on.
World Stage::overtaken() {
    constexpr NodeIndex kDeaf = 2;
    World world = led();
    std::string fault;
    while (local(world.now, kDeaf) < actor(world, kDeaf).election.promise().until) {
        world = apply(std::move(world), {.kind = Action::Kind::wait}, fault);
        world = apply(std::move(world), {.kind = Action::Kind::tick, .node = 0}, fault);
        settle(world, kDeaf);
    }
    world = apply(std::move(world), {.kind = Action::Kind::campaign, .node = kDeaf}, fault);
    ENSURE(fault.empty() && actor(world, kDeaf).election.term() == 2);
    return world;
}

// Everything is delivered once, but to who is deaf.
void Stage::settle(World& world, NodeIndex deaf) {
    std::set<MessageId> delivered;
    std::string fault;
    for (bool more = true; more;) {
        more = false;
        for (const MessageId id : std::vector(world.post)) {
            if (post_[id].to == deaf || !delivered.insert(id).second) continue;
            more = true;
            world = apply(std::move(world), {.kind = Action::Kind::deliver, .which = id}, fault);
        }
    }
    ENSURE(fault.empty());
}

// ---- what may happen ---------------------------------------------------------------------------

bool Stage::within_bounds(const World& world) const {
    return std::ranges::all_of(
        world.actors, [&](ActorId id) { return actors_[id].election.term() <= rules_.terms; });
}

std::vector<Action> Stage::actions(const World& world) const {
    using Kind = Action::Kind;
    std::vector<Action> all;
    for (const MessageId id : world.post) all.push_back({.kind = Kind::deliver, .which = id});
    for (NodeIndex node = 0; node < kNodes; ++node) {
        const Actor& one = actor(world, node);
        const Instant now = local(world.now, node);
        if (one.election.deadline() <= now) all.push_back({.kind = Kind::tick, .node = node});
        if (!one.leading && one.election.term() < rules_.terms) {
            all.push_back({.kind = Kind::campaign, .node = node});
        }
        if (world.crashes > 0) all.push_back({.kind = Kind::crash, .node = node});
        if (world.crashes > 0 && one.saving_over) {
            all.push_back({.kind = Kind::crash, .node = node, .which = kSaveLost});
        }
        const bool leads = now < one.leads_until;
        if (leads && world.open[node] && rules_.clients == Clients::ask_at_times) {
            all.push_back({.kind = Kind::ask, .node = node});
        }
        if (!leads || world.commands == 0) continue;
        for (std::uint32_t which = 0; which < rules_.orders.size() * kNodes; ++which) {
            if (which % kNodes == node) continue;
            all.push_back({.kind = Kind::command, .node = node, .which = which});
        }
    }
    if (next_instant(world)) all.push_back({.kind = Kind::wait});
    return all;
}

// Time stops wherever anything may be different than just before.
std::optional<RealTime> Stage::next_instant(const World& world) const {
    std::optional<RealTime> next;
    const auto consider = [&](RealTime at) {
        if (at > world.now && (!next || at < *next)) next = at;
    };
    for (NodeIndex node = 0; node < kNodes; ++node) {
        consider(up_to_grid(world.relied[node]));
        const Actor& one = actor(world, node);
        for (const Instant at : one.instants) {
            if (at <= local(world.now, node)) continue;
            // Rounded up: what ends at `at` has ended there.
            consider(up_to_grid(real(at, node) + (rules_.rates[node] == kGrid ? 0 : 1)));
            break;
        }
    }
    return next;
}

// ---- what comes of it --------------------------------------------------------------------------

World Stage::apply(World world, const Action& action, std::string& fault) {
    const NodeIndex node = action.node;
    switch (action.kind) {
        case Action::Kind::wait:
            world.now = *next_instant(world);
            break;
        case Action::Kind::tick:
            step(world, node, key_of(Given::tick), fault);
            break;
        case Action::Kind::campaign:
            step(world, node, key_of(Given::campaign), fault);
            break;
        case Action::Kind::deliver:
            step(world, post_[action.which].to, key_of(Given::message, action.which), fault);
            break;
        case Action::Kind::ask:
            grant(world, node);
            break;
        case Action::Kind::crash:
            crash(world, node, action.which == kSaveLost);
            break;
        case Action::Kind::command:
            --world.commands;
            step(world, node, key_of(Given::command, action.which), fault);
            break;
    }
    for (NodeIndex each = 0; each < kNodes; ++each) {
        if (rules_.clients == Clients::ask_always) grant(world, each);
        world.relied[each] = std::max<RealTime>(world.relied[each], 0);
    }
    drop_what_is_over(world);
    if (fault.empty()) fault = broken_promise(*this, world);
    return world;
}

// A crash before the save is a crash before the step; one between the save and the messages is one
// after the step whose messages never arrive. Both are among the worlds anyway. Not so where
// messages leave first: then the save may be lost (`save_lost`) and the messages not.
void Stage::crash(World& world, NodeIndex node, bool save_lost) {
    const Actor& before = actor(world, node);
    Durable record = save_lost                                 ? *before.saving_over
                     : rules_.fault == Fault::save_not_durable ? before.earlier
                                                               : before.disk;
    if (rules_.fault == Fault::vote_not_durable) record.voted_for = {};
    if (rules_.fault == Fault::promise_not_durable) record.promise = Milliseconds{0};
    --world.crashes;
    ++record.starts;
    start(world, node, std::move(record));
}

void Stage::start(World& world, NodeIndex node, Durable record) {
    Actor fresh{.election = Election(policy(node), record, Random(1), local(world.now, node)),
                .disk = record,
                .earlier = record};
    ElectionFingerprint::hold_timers(fresh.election);
    world.actors[node] = keep(node, std::move(fresh), world.now);
    world.book[node] = {};
    world.open[node] = false;
}

// §10: as GrantBook::grant, but that the margin for the client's clock is left out: clients rely on
// the leader up to the very end that it waits for.
void Stage::grant(World& world, NodeIndex node) const {
    const Instant now = local(world.now, node);
    const Instant lease_end = actor(world, node).leads_until;
    if (!world.open[node] || now >= lease_end) return;
    const Instant end = std::min<Instant>(now + rules_.timing.client_grant, lease_end);
    world.book[node] = std::max(world.book[node], end);
    world.relied[node] = std::max(world.relied[node], real(end, node));
}

void Stage::step(World& world, NodeIndex node, std::uint64_t input, std::string& fault) {
    const Outcome& out = outcome(node, {world.actors[node], world.now, input});
    world.actors[node] = out.actor;
    if (fault.empty()) fault = out.fault;
    world.post.insert(world.post.end(), out.sent.begin(), out.sent.end());
    std::ranges::sort(world.post);
    world.post.erase(std::unique(world.post.begin(), world.post.end()), world.post.end());
    if (out.grants != Grants::unchanged) world.open[node] = out.grants == Grants::open;
    if (!out.closed) return;
    const Instant until = rules_.fault == Fault::book_forgets ? Instant{} : world.book[node];
    const auto at = static_cast<std::uint64_t>(until.time_since_epoch().count());
    step(world, node, key_of(Given::closed, at), fault);
}

Input Stage::input_of(std::uint64_t key) const {
    const std::uint64_t what = key & ((std::uint64_t{1} << kGivenShift) - 1);
    switch (static_cast<Given>(key >> kGivenShift)) {
        case Given::message: {
            const Message& message = post_[static_cast<MessageId>(what)];
            if (const auto* request = std::get_if<PeerRequest>(&message.what)) {
                return RequestReceived{*request, false};
            }
            return ReplyReceived{std::get<PeerReply>(message.what), false};
        }
        case Given::closed:
            return GrantsClosed{Instant(Duration(what))};
        case Given::command:
            return Command{.ticket = 1, .what = wanted(static_cast<std::uint32_t>(what))};
        default:
            return Tick{};
    }
}

CommandBody Stage::wanted(std::uint32_t which) const {
    const std::string named = uuid_of(static_cast<NodeIndex>(which % kNodes)).value;
    if (rules_.orders[which / kNodes] == Order::remove) return Remove{named};
    return StepDown{named};
}

const Stage::Outcome& Stage::outcome(NodeIndex node, const Key& key) {
    const auto [at, fresh] = outcomes_.try_emplace(key);
    if (fresh) {
        ++steps_taken_;
        Actor actor = actors_[key.actor];
        Outcome out;
        if (key.input == key_of(Given::campaign)) {
            ElectionFingerprint::fire_timer(actor.election, local(key.now, node));
        }
        take(node, key.now, input_of(key.input), actor, out);
        if (!rules_.pre_votes) grant_pre_votes(node, key.now, actor, out);
        out.actor = keep(node, std::move(actor), key.now);
        at->second = std::move(out);
    }
    return at->second;
}

// The functions that carry_out() calls, as in Node, with a disk and a network that can be
// inspected.
struct Stage::Body {
    Stage& stage;
    NodeIndex node;
    const Input& input;
    Actor& actor;
    Outcome& outcome;

    void save(const Durable& durable) { actor.earlier = std::exchange(actor.disk, durable); }
    Instant close_grants() const {
        outcome.closed = true;
        outcome.grants = Grants::close;
        return {};  // the book is the world's: step() reads it
    }
    void reply(const Reply& reply) const {
        const auto* request = std::get_if<RequestReceived>(&input);
        if (!request) return;
        const auto id = stage.post_.reply(node, index_of(request->request.from.uuid),
                                          request->request.term, reply);
        if (id) outcome.sent.push_back(*id);
    }
    void send(const Outgoing& outgoing) const {
        if (!stage.rules_.pre_votes && std::holds_alternative<PreVote>(outgoing.body)) return;
        if (const auto id = stage.post_.request(node, outgoing)) outcome.sent.push_back(*id);
    }
    void publish(const Effects&) const {}
    void open_grants() const { outcome.grants = Grants::open; }
    void done(const Done&) const {}
    void claim(const Claim&) const {}
    void twin_is_due() const {}
};

void Stage::take(NodeIndex node, RealTime now, const Input& input, Actor& actor, Outcome& outcome) {
    const Durable before = actor.disk;
    Effects effects = actor.election.step(local(now, node), input);
    if (outcome.fault.empty()) {
        outcome.fault = broken_step(actor.election, before, effects, input, local(now, node));
    }
    actor.saving_over.reset();
    if (effects.send_before_save) actor.saving_over = before;
    Body body{*this, node, input, actor, outcome};
    (void)carry_out(std::move(effects), body);  // step() feeds what comes back
    ElectionFingerprint::hold_timers(actor.election);
}

// Pre-votes serve availability only, so nothing may depend on them being honest.
void Stage::grant_pre_votes(NodeIndex node, RealTime now, Actor& actor, Outcome& outcome) {
    for (const auto& voter : std::vector(actor.election.electorate().voters)) {
        if (!std::holds_alternative<PreCandidate>(actor.election.role())) return;
        if (index_of(voter.uuid) == node) continue;
        PreVoteReply granted;
        granted.granted = true;
        ReplyReceived answer;
        answer.reply.from = sender(index_of(voter.uuid));
        answer.reply.term = actor.election.term();
        answer.reply.request_term = actor.election.term() + 1;
        answer.reply.body = granted;
        take(node, now, answer, actor, outcome);
    }
}

// ---- what is shared ----------------------------------------------------------------------------

ActorId Stage::keep(NodeIndex node, Actor actor, RealTime now) {
    const auto& same_names = kRenamings[0];
    const Election& election = actor.election;
    Hasher hash;
    hash.add(node).add(static_cast<std::uint64_t>(now));
    hash.add(ElectionFingerprint::of(election, local(now, node), same_names));
    hash.add(ElectionFingerprint::of(actor.disk, same_names));
    if (rules_.fault == Fault::save_not_durable) {
        hash.add(ElectionFingerprint::of(actor.earlier, same_names));
    }
    if (actor.saving_over) hash.add(ElectionFingerprint::of(*actor.saving_over, same_names));
    if (const auto* lead = std::get_if<Leading>(&election.role())) {
        // Seqs are absolute, and messages name them.
        const std::uint64_t newest = lead->rounds.newest();
        hash.add(newest);
        for (std::uint64_t seq = 1; seq < newest; ++seq) {
            const auto sent = lead->rounds.sent(seq);
            hash.add(sent ? static_cast<std::uint64_t>(sent->time_since_epoch().count()) : 0);
        }
        for (const auto& [uuid, follower] : lead->roster.all()) hash.add(follower.seq);
    }
    const auto [at, fresh] = known_.try_emplace(hash.value(), static_cast<ActorId>(actors_.size()));
    if (fresh) {
        actor.leading = std::holds_alternative<Leading>(election.role());
        const auto state = election.leadership();
        const bool shown = state.leads_at(Instant::min());
        actor.leads_until = shown ? state.lease_until : Instant::min();
        actor.token = shown ? state.token : 0;
        actor.instants = ElectionFingerprint::instants(election);
        actors_.push_back(std::move(actor));
    }
    return at->second;
}

}  // namespace electiond::exploration
