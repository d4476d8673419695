// Problems that last: how an election notices them, and when each is published.
#include "election/troubles.h"

#include <algorithm>
#include <utility>

#include "election/election.h"

namespace electiond {
namespace {

bool due(const std::optional<Instant>& published, Instant now) {
    return !published || now - *published >= kPublishAgain;
}

}  // namespace

std::string_view to_string(Bar bar) {
    switch (bar) {
        case Bar::priority:
            return "priority 0";
        case Bar::wants_no_vote:
            return "node.observer is set";
        case Bar::unhealthy:
            return "it is unhealthy";
        case Bar::stopping:
            return "it is stopping";
        case Bar::leaving:
            return "it is leaving the cluster";
        case Bar::cooling:
            return "it has just stepped down";
        case Bar::not_eligible:
            break;
    }
    return "not eligible";
}

// ---- silent voters -----------------------------------------------------------------------------

void SilentVoters::keep(const Electorate& config) {
    const auto gone =
        std::erase_if(entries_, [&](const Entry& entry) { return !config.has(entry.voter.uuid); });
    if (gone > 0) ++revision_;
}

std::optional<std::uint64_t> SilentVoters::silent(const Voter& voter, Instant since, Instant now) {
    auto at = std::ranges::find(entries_, voter, &Entry::voter);
    if (at == entries_.end()) at = entries_.insert(at, Entry{.voter = voter});
    if (!at->silent) {
        at->silent = true;
        at->since = since;
        at->counted = false;
        ++revision_;
    }
    if (at->open) return std::nullopt;
    if (!due(at->published, now)) {
        if (!std::exchange(at->counted, true)) ++at->unpublished;
        return std::nullopt;
    }
    at->open = true;
    at->published = now;
    return std::exchange(at->unpublished, 0) - (at->counted ? 1 : 0);
}

std::optional<Duration> SilentVoters::back(const NodeUuid& uuid, Instant now) {
    const auto at = std::ranges::find_if(
        entries_, [&](const Entry& entry) { return entry.silent && entry.voter.uuid == uuid; });
    if (at == entries_.end()) return std::nullopt;
    at->silent = false;
    ++revision_;
    if (!std::exchange(at->open, false)) return std::nullopt;
    return now - at->since;
}

void SilentVoters::forget_all() {
    for (auto& entry : entries_) {
        if (entry.silent) ++revision_;
        entry.silent = entry.open = false;
    }
}

// ---- voters that answer ------------------------------------------------------------------------

HeardVoters::Entry* HeardVoters::entry(const Electorate& config, const NodeUuid& uuid) {
    const auto at = std::ranges::find(entries_, uuid, &Entry::uuid);
    if (at != entries_.end()) return &*at;
    if (!config.has(uuid)) return nullptr;
    std::erase_if(entries_, [&](const Entry& entry) { return !config.has(entry.uuid); });
    return &entries_.emplace_back(Entry{.uuid = uuid});
}

const HeardVoters::Entry* HeardVoters::find(const NodeUuid& uuid) const {
    const auto at = std::ranges::find(entries_, uuid, &Entry::uuid);
    return at == entries_.end() ? nullptr : &*at;
}

void HeardVoters::asked(Instant now) {
    if (asked_ == now) return;
    asked_before_ = std::exchange(asked_, now);
}

std::optional<Instant> HeardVoters::answers_since(Instant now, Duration waited) const {
    return asked_ && now - *asked_ >= waited ? asked_ : asked_before_;
}

// ---- no leader ---------------------------------------------------------------------------------

bool Outage::stands(const Change& change, Instant since, Instant now) {
    if (!trouble_ || trouble_->change != change) {
        trouble_ = Trouble{change, since};
        ++revision_;
    }
    auto& published =
        std::holds_alternative<QuorumMissing>(change) ? published_missing_ : published_barred_;
    if (!due(published, now)) return false;
    published = now;
    return true;
}

void Outage::clear() {
    if (!trouble_) return;
    trouble_.reset();
    ++revision_;
}

void Outage::end() {
    clear();
    published_missing_.reset();
    published_barred_.reset();
}

// ---- founders ----------------------------------------------------------------------------------

bool MissingFounders::stand(std::vector<FounderAwaited> missing, Instant now) {
    if (missing != missing_) {
        missing_ = std::move(missing);
        ++revision_;
    }
    if (missing_.empty() || !due(published_, now)) return false;
    published_ = now;
    return true;
}

void MissingFounders::clear() {
    if (missing_.empty()) return;
    missing_.clear();
    ++revision_;
}

// ---- reports that are repeated -----------------------------------------------------------------

void RepeatedReports::stand(const Report& report, const std::string& about, Instant now,
                            Instant until) {
    const auto at = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return entry.report.reason == report.reason && entry.about == about;
    });
    if (at == entries_.end()) {
        if (entries_.size() >= kCountMax) return;
        entries_.push_back({report, about, now, until});
        ++revision_;
        return;
    }
    at->until = until;
    if (at->report == report) return;
    at->report = report;
    ++revision_;
}

void RepeatedReports::end(Reason reason, const std::string& about) {
    const auto ended = std::erase_if(entries_, [&](const Entry& entry) {
        return entry.report.reason == reason && entry.about == about;
    });
    revision_ += ended;
}

void RepeatedReports::expire(Instant now) {
    revision_ += std::erase_if(entries_, [&](const Entry& entry) { return entry.until <= now; });
}

void RepeatedReports::clear() {
    revision_ += entries_.size();
    entries_.clear();
}

// ---- how the election notices them -------------------------------------------------------------

// nullptr on a leader, because it knows the voters by their acks.
HeardVoters::Entry* Election::heard_from(const Sender& from) {
    if (leading() || durable_.blank() || from.cluster_id != durable_.cluster_id) return nullptr;
    auto* entry = troubles_.heard.entry(durable_.config, from.uuid);
    if (entry) entry->heard = now_;
    return entry;
}

namespace {

// Takes from a hello why its sender may not lead. Hellos do not contain its health: acks do.
void note_hello(HeardVoters::Entry& entry, const Hello& hello) {
    if (hello.priority <= 0) {
        entry.bar = Bar::priority;
    } else if (!hello.wants_vote) {
        entry.bar = Bar::wants_no_vote;
    } else if (entry.bar != Bar::not_eligible) {
        entry.bar.reset();
    }
}

}  // namespace

void Election::note_request(const PeerRequest& request) {
    auto* entry = heard_from(request.from);
    if (!entry) return;
    if (const auto* hello = std::get_if<Hello>(&request.body)) return note_hello(*entry, *hello);
    const bool campaigns = std::holds_alternative<PreVote>(request.body) ||
                           std::holds_alternative<VoteRequest>(request.body);
    if (campaigns) entry->bar.reset();
}

void Election::note_reply(const PeerReply& reply) {
    auto* entry = heard_from(reply.from);
    if (!entry) return;
    if (const auto* hello = std::get_if<HelloReply>(&reply.body)) note_hello(*entry, hello->self);
}

// Keeps what the leader reports of the voters, for the time after that leader is gone.
void Election::note_members(const std::vector<Member>& members) {
    for (const auto& member : members) {
        if (!member.last_ack || member.uuid == me()) continue;
        auto* entry = troubles_.heard.entry(durable_.config, member.uuid);
        if (!entry) continue;
        entry->bar.reset();
        if (!member.eligible) {
            entry->bar = member.priority <= 0 ? Bar::priority : Bar::not_eligible;
        }
    }
}

// The leader calls this at each round of heartbeats.
void Election::watch_voters() {
    const auto& lead = *leading();
    auto& silent = troubles_.silent;
    silent.keep(durable_.config);
    std::size_t answering = 1;
    std::size_t able = eligible() ? 1 : 0;
    std::vector<const Follower*> lost;
    for (const auto& voter : durable_.config.voters) {
        const auto* follower = lead.roster.find(voter.uuid);
        if (!follower) continue;
        if (now_ - follower->heard() >= timing().election_timeout) {
            lost.push_back(follower);
        } else {
            ++answering;
            if (!follower->acked || follower->eligible) ++able;
        }
    }
    for (const auto* follower : lost) {
        const Voter voter{follower->id, follower->uuid};
        const auto unpublished = silent.silent(voter, follower->heard(), now_);
        if (!unpublished) continue;
        out_.changes.emplace_back(
            VoterSilent{.subject = {.voter = voter},
                        .term = durable_.term,
                        .away = now_ - follower->heard(),
                        .answering = answering,
                        .voters = durable_.config.voters.size(),
                        .can_lose = can_lose(answering, able, durable_.config.quorum()),
                        .unpublished = *unpublished});
    }
}

// The leader has received an ack.
void Election::voter_acked(const Follower& follower) {
    if (!is_fresh(follower, now_, timing().election_timeout)) return;
    const auto away = troubles_.silent.back(follower.uuid, now_);
    if (!away) return;
    out_.changes.emplace_back(
        VoterBack{.voter = {follower.id, follower.uuid}, .term = durable_.term, .away = *away});
}

// Why this node may not lead; nullopt if it may.
std::optional<Bar> Election::own_bar() const {
    if (policy_.priority <= 0) return Bar::priority;
    if (stopping_) return Bar::stopping;
    if (leaving()) return Bar::leaving;
    if (!healthy_) return Bar::unhealthy;
    if (!wants_vote()) return Bar::wants_no_vote;
    if (cooling(now_)) return Bar::cooling;
    return std::nullopt;
}

// The election timer has run out and no leader is known. Checks whether too few voters answer, or
// none of them may lead: by the answers to the campaign that has just failed or, if this node may
// not campaign, to its hellos.
void Election::watch_outage() {
    const auto& config = durable_.config;
    if (!config.has(me())) return troubles_.outage.clear();
    const bool campaigned = !std::holds_alternative<Following>(role_);
    const bool asks_first = may_campaign() && !campaigned;
    // If this process was stopped for a while, answers may have arrived that it has not read yet.
    const bool overslept = now_ - election_timer_ >= timing().request_timeout;
    if (leader(now_) || asks_first || overslept) return;
    const Instant since = published_last_leader_.empty() ? started_ : published_leader_until_;
    const auto asked = troubles_.heard.answers_since(now_, timing().request_timeout);
    if (!asked || now_ < since + 2 * timing().election_timeout) return;

    std::vector<Voter> voters = config.voters;
    std::ranges::sort(voters);  // by id
    std::vector<Voter> answering;
    std::vector<BarredVoter> barred;
    std::vector<SilentVoter> silent;
    for (const auto& voter : voters) {
        const bool own = voter.uuid == me();
        const auto* heard = own ? nullptr : troubles_.heard.find(voter.uuid);
        if (!own && (!heard || heard->heard < *asked)) {
            silent.push_back({.voter = voter});
            continue;
        }
        answering.push_back(voter);
        if (const auto bar = own ? own_bar() : heard->bar) barred.push_back({voter, *bar});
    }
    if (answering.size() < config.quorum()) {
        outage_stands(QuorumMissing{.term = durable_.term,
                                    .quorum = config.quorum(),
                                    .answering = std::move(answering),
                                    .silent = std::move(silent)},
                      since);
    } else if (barred.size() == answering.size()) {
        outage_stands(
            NobodyMayLead{
                .term = durable_.term, .answering = std::move(barred), .silent = std::move(silent)},
            since);
    } else {
        troubles_.outage.clear();
    }
}

void Election::outage_stands(Change change, Instant since) {
    if (troubles_.outage.stands(change, since, now_)) out_.changes.push_back(std::move(change));
}

// A node that is to found a cluster calls this at each hello.
void Election::watch_founders() {
    if (!durable_.blank() || policy_.bootstrap != Bootstrap::all || !wants_vote()) return;
    if (now_ - started_ < 5 * timing().election_timeout) return;
    auto missing =
        founding_.awaited(now_, self(), policy_, durable_.founding_set, 4 * timing().hello);
    if (!troubles_.founders.stand(std::move(missing), now_)) return;
    for (const auto& founder : troubles_.founders.all()) out_.changes.emplace_back(founder);
}

// Until when such a problem lasts if no further hello shows it. One hello may be lost, so this is
// twice the longest interval of say_hello_when_due(), and the time of a response.
Instant Election::lasts_until() const {
    return now_ + 2 * std::max(timing().hello, 5 * timing().election_timeout) +
           timing().request_timeout;
}

std::vector<Trouble> Election::troubles() const {
    std::vector<Trouble> all;
    for (const auto& entry : troubles_.silent.all()) {
        if (!entry.silent) continue;
        all.push_back(
            {VoterSilent{.subject = {.voter = entry.voter}, .term = durable_.term}, entry.since});
    }
    if (const auto& outage = troubles_.outage.trouble()) all.push_back(*outage);
    for (const auto& founder : troubles_.founders.all()) all.push_back({founder, started_});
    for (const auto* reports : {&troubles_.not_joined, &troubles_.not_admitted}) {
        for (const auto& entry : reports->all()) all.push_back({entry.report, entry.since});
    }
    return all;
}

}  // namespace electiond
