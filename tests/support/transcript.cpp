// What happened in one simulation.
#include "support/transcript.h"

#include <bit>
#include <cstdio>
#include <cstring>

#include "election/overloaded.h"
#include "wire/codec.h"

namespace electiond::sim {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string in_words(ConfigNumber config) {
    return " config=" + number(config.term) + "." + number(config.version);
}

std::string in_words(const RequestBody& body) {
    return std::visit(
        overloaded{[](const PreVote& it) { return in_words(it.config); },
                   [](const VoteRequest& it) {
                       return in_words(it.config) + (it.transfer ? " transfer" : "");
                   },
                   [](const Heartbeat& it) {
                       return " seq=" + number(it.seq) + in_words(it.number) +
                              (it.config ? " +config of " + number(it.config->voters.size()) : "") +
                              (it.members ? " +view " : " view=") + number(it.view);
                   },
                   [](const Hello& it) {
                       return std::string(it.blank ? " blank" : " member") + in_words(it.config) +
                              (it.founding_set.empty() ? "" : " with founding set");
                   },
                   [](const auto&) { return std::string(); }},
        body);
}

std::string in_words(const VoteReply& it) {
    return std::string(it.granted ? " granted" : " refused") +
           (it.config ? in_words(it.config->number) : "") +
           (it.hint ? " hint=" + it.hint->id.value : "");
}

std::string in_words(const ReplyBody& body) {
    return std::visit(overloaded{[](const VoteReply& it) { return in_words(it); },
                                 [](const HeartbeatReply& it) {
                                     return std::string(it.accepted ? " accepted" : " refused") +
                                            " seq=" + number(it.seq) + in_words(it.config) +
                                            " view=" + number(it.view) +
                                            (it.eligible ? "" : " not eligible") +
                                            (it.cooling ? " cooling" : "");
                                 },
                                 [](const TimeoutNowReply& it) {
                                     return std::string(it.accepted ? " accepted" : " ignored");
                                 },
                                 [](const HelloReply& it) {
                                     return std::string(it.self.blank ? " blank" : " member") +
                                            (it.hint ? " hint=" + it.hint->id.value : "");
                                 },
                                 [](const StatusReply&) { return std::string(); }},
                      body);
}

}  // namespace

std::string node_name(std::size_t index) {
    return index == Transcript::kWorld ? "-" : std::to_string(index);
}

std::string in_short(std::string_view name, std::string_view body, bool answer) {
    try {
        if (answer) {
            const auto reply = wire::decode_reply(name, body);
            const auto reason = to_string(reply.reason);
            return std::string(name) + "! term=" + number(reply.term) + in_words(reply.body) +
                   (reason.empty() ? "" : " " + std::string(reason));
        }
        const auto request = std::get<PeerRequest>(wire::decode_request(name, body));
        return std::string(name) + "? term=" + number(request.term) + in_words(request.body);
    } catch (const std::exception& error) {
        return std::string(name) + " unreadable (" + error.what() + ")";
    }
}

Transcript::Entry& Transcript::next() {
    if (ring_.size() < kept_) return ++entered_, ring_.emplace_back();
    return ring_[entered_++ % kept_];
}

void Transcript::message(Moment now, std::size_t from, std::size_t to, bool answer,
                         std::string_view name, std::string_view body, std::string_view fate) {
    Entry& entry = next();
    entry.when = now;
    entry.from = from;
    entry.to = to;
    entry.kind = answer ? Entry::Kind::answer : Entry::Kind::request;
    entry.name = name;
    entry.text = body;
    entry.fate = fate;
    digest(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    digest(from * 1024 + to);
    digest(name);
    digest(body);
    digest(fate);
}

void Transcript::line(Moment now, std::size_t node, std::string_view text) {
    Entry& entry = next();
    entry.when = now;
    entry.from = node;
    entry.kind = Entry::Kind::line;
    entry.text = text;
    digest(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    digest(node);
    digest(text);
}

void Transcript::digest(std::uint64_t word) {
    hash_ = std::rotl((hash_ ^ word) * 0x9e3779b97f4a7c15, 29);
}

// Eight bytes at a time: every message of every simulation passes here.
void Transcript::digest(std::string_view text) {
    digest(text.size());
    while (!text.empty()) {
        std::uint64_t word = 0;
        const std::size_t taken = std::min(text.size(), sizeof word);
        std::memcpy(&word, text.data(), taken);
        digest(word);
        text.remove_prefix(taken);
    }
}

std::string Transcript::text() const {
    std::string all;
    const std::size_t first = ring_.size() < kept_ ? 0 : entered_ % kept_;
    for (std::size_t i = 0; i < ring_.size(); ++i) {
        const Entry& entry = ring_[(first + i) % ring_.size()];
        char when[32];
        std::snprintf(when, sizeof when, "%14.6f  ",
                      static_cast<double>(entry.when.time_since_epoch().count()) / 1e9);
        all += when;
        if (entry.kind == Entry::Kind::line) {
            all += node_name(entry.from) + "       " + entry.text + '\n';
            continue;
        }
        const bool answer = entry.kind == Entry::Kind::answer;
        all += node_name(entry.from) + " > " + node_name(entry.to) + "   " +
               in_short(entry.name, entry.text, answer) + "   " + entry.fate + '\n';
    }
    return all;
}

}  // namespace electiond::sim
