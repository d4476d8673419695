// Messages to JSON text, written by hand: a heartbeat is on the idle path.
#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <optional>
#include <utility>

#include "wire/codec.h"
#include "wire/names.h"
#include "wire/output.h"

namespace electiond::wire {
namespace {

// Appends compact JSON. out(key, value) adds a field to the open object, but not an empty optional.
class Writer {
  public:
    template <class T>
    Writer& operator()(std::string_view key, const T& value) {
        name(key);
        write(value);
        return *this;
    }
    template <class T>
    Writer& operator()(std::string_view key, const std::optional<T>& value) {
        return value ? (*this)(key, *value) : *this;
    }
    Writer& operator()(std::string_view key, Reason reason) {
        return reason == Reason::none ? *this : (*this)(key, to_string(reason));
    }
    Writer& operator()(ConfigNumber number) {
        return (*this)("configTerm", number.term)("configVersion", number.version);
    }

    template <class T>
    Writer& or_null(std::string_view key, const std::optional<T>& value) {
        return value ? (*this)(key, *value) : (*this)(key, nullptr);
    }

    // Adds fields that another Writer has written.
    void fields(std::string_view text) { literal(text); }

    template <class Fields>
    void object(Fields fields) {
        separate();
        out_.add('{');
        fields();
        out_.add('}');
    }

    [[nodiscard]] std::string take() { return out_.take(); }

  private:
    // The last character (a bracket, a colon, or the end of a value) shows whether a comma is due.
    void separate() {
        if (is_comma_due()) out_.add(',');
    }
    [[nodiscard]] bool is_comma_due() const {
        const char last = out_.last();
        return last != '{' && last != '[' && last != ':';
    }

    // Of a field. It is one of ours: there is nothing to escape.
    void name(std::string_view key) {
        char* at = out_.room(key.size() + 4);
        if (is_comma_due()) *at++ = ',';
        *at++ = '"';
        at += key.copy(at, key.size());
        *at++ = '"';
        *at++ = ':';
        out_.written(at);
    }

    void write(std::same_as<bool> auto flag) { literal(flag ? "true" : "false"); }
    void write(State state) { write(to_string(state)); }
    void write(MemberRole role) { write(to_string(role)); }
    void write(std::nullptr_t) { literal("null"); }
    template <std::integral T>
    requires(!std::same_as<T, bool>) void write(T number) {
        constexpr std::size_t kDigits = 20;
        separate();
        char* at = out_.room(kDigits);
        out_.written(std::to_chars(at, at + kDigits, number).ptr);
    }
    // A length of time, never negative: readers accept whole numbers from 0.
    void write(Milliseconds length) { write(std::max<Milliseconds::rep>(length.count(), 0)); }
    void write(Duration length) {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(length).count();
        write(std::max<Duration::rep>(us, 0));
    }

    static bool needs_escape(char c) {
        static constexpr auto kNeeds = [] {
            std::array<bool, 256> needs{};
            for (std::size_t byte = 0; byte < 0x20; ++byte) needs[byte] = true;
            needs['"'] = needs['\\'] = true;
            return needs;
        }();
        return kNeeds[static_cast<unsigned char>(c)];
    }
    static char* escape(char* at, char c) {
        static constexpr char kHex[] = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        *at++ = '\\';
        if (byte >= 0x20) {
            *at++ = c;
            return at;
        }
        for (const char each : {'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]}) *at++ = each;
        return at;
    }
    void write(std::string_view text) {
        constexpr std::size_t kEscaped = 6;  // bytes, at most
        separate();
        char* at = out_.room(kEscaped * text.size() + 2);
        *at++ = '"';
        for (const char c : text) {
            if (needs_escape(c)) [[unlikely]]
                at = escape(at, c);
            else
                *at++ = c;
        }
        *at++ = '"';
        out_.written(at);
    }
    void write(const std::string& text) { write(std::string_view(text)); }
    template <class Tag>
    void write(const Name<Tag>& name) {
        write(std::string_view(name.value));
    }
    void write(const Endpoint& endpoint) { write(endpoint.to_string()); }

    template <class T>
    void write(const std::vector<T>& list) {
        separate();
        out_.add('[');
        for (const auto& item : list) write(item);
        out_.add(']');
    }
    // Always the last field: what does not fit is left out, two bytes for "]}" are kept.
    void write(const std::vector<Member>& members) {
        separate();
        out_.add('[');
        for (const auto& member : members) {
            const auto before = out_.size();
            write(member);
            if (out_.size() + 2 <= kBodyMax) continue;
            out_.cut(before);
            break;
        }
        out_.add(']');
    }

    void write(const Voter& voter) {
        object([&] { (*this)("id", voter.id)("uuid", voter.uuid); });
    }
    void write(const Electorate& config) {
        object([&] {
            (*this)("term", config.number.term)("version", config.number.version)(
                "voters", config.voters)("banned", config.banned);
        });
    }
    void write(const Succession& succession) {
        object([&] { (*this)("order", succession.order)("stepMs", succession.step); });
    }
    void write(const LeaderHint& hint) {
        object([&] {
            (*this)("id", hint.id)("uuid", hint.uuid)("term", hint.term)("address", hint.address)(
                "ageMs", hint.age);
        });
    }
    void write(const Member& member) {
        object([&] {
            (*this)("id", member.id)("uuid", member.uuid)("addresses", member.addresses)(
                "api", member.api)("role", member.role)
                .or_null("lastAckMs", member.last_ack)("rttUs", member.rtt)(
                    "eligible", member.eligible)("priority", member.priority);
        });
    }

    void literal(std::string_view text) {
        separate();
        out_.add(text);
    }

    Output out_;
};

void put_sender(Writer& out, const Sender& sender) {
    out("v", 1);
    if (sender.uuid.empty()) return;
    out("clusterId", sender.cluster_id)("clusterName", sender.cluster_name);
    out("from", sender.uuid)("fromId", sender.id)("incarnation", sender.incarnation);
    out("address", sender.address);
    if (!sender.api.empty()) out("api", sender.api);
    if (!sender.supersedes.empty()) out("supersedes", sender.supersedes);
}

// The first fields of a message. A node says the same of itself in all its messages, so their text
// is kept.
const std::string& head_of(const Sender& sender) {
    thread_local std::optional<std::pair<Sender, std::string>> last;
    if (!last || last->first != sender) {
        Writer out;
        put_sender(out, sender);
        last.emplace(sender, out.take());
    }
    return last->second;
}

void put(Writer& out, const PreVote& ask) { out(ask.config); }

void put(Writer& out, const VoteRequest& ask) {
    out(ask.config)("transfer", ask.transfer)("reason", ask.cause);
}

void put(Writer& out, const Heartbeat& beat) {
    out("seq", beat.seq)("promiseMs", beat.promise)(beat.number)("view", beat.view);
    if (beat.config_pending) out("configPending", true);
    out("config", beat.config)("succession", beat.succession)("members", beat.members);
}

void put(Writer& out, const TimeoutNow& word) { out("reason", word.cause); }

void put(Writer& out, const Hello& hello) {
    out("blank", hello.blank);
    if (!hello.founding_set.empty()) out("foundingSet", hello.founding_set);
    out("wantsVote", hello.wants_vote)("priority", hello.priority)(hello.config);
}

void put(Writer& out, const StatusQuery& query) {
    if (query.members) out("members", true);
}

void put(Writer& out, const Sender&, const VoteReply& reply) {
    out("voteGranted", reply.granted)("leaderHint", reply.hint)("config", reply.config);
}

void put(Writer& out, const Sender&, const HeartbeatReply& ack) {
    out("received", true)("accepted", ack.accepted)("seq", ack.seq)(ack.config)("view", ack.view);
    out("eligible", ack.eligible)("priority", ack.priority)("wantsVote", ack.wants_vote);
    out("leaving", ack.leaving)("cooling", ack.cooling);
}

void put(Writer& out, const Sender&, const TimeoutNowReply& reply) {
    out("accepted", reply.accepted);
}

void put(Writer& out, const Sender& sender, const HelloReply& reply) {
    out("id", sender.id);
    put(out, reply.self);
    out("leaderHint", reply.hint)("config", reply.config);
}

void put(Writer& out, const Sender& sender, const StatusReply& status) {
    out("id", sender.id)("uuid", sender.uuid).or_null("port", status.port);
    out("state", status.state)("role", status.role).or_null("leaderId", status.leader_id);
    out("isLeader", status.is_leader)("leaseRemainingMs", status.lease_remaining);
    out("uptime", status.uptime).or_null("votedFor", status.voted_for)(status.config);
    out("voters", status.voters)("version", status.version)("members", status.members);
}

}  // namespace

std::string name_of(const RequestBody& body) {
    return std::string(kRequestNames.at(body.index()).name);
}

std::string encode(const PeerRequest& request) {
    return encode(request.from, request.term, request.body);
}

std::string encode(const Sender& from, Term term, const RequestBody& body) {
    Writer out;
    out.object([&] {
        out.fields(head_of(from));
        out("term", term);
        const auto* own_id = kRequestNames.at(body.index()).own_id;
        if (own_id != nullptr) out(own_id, from.id);
        std::visit([&](const auto& of_kind) { put(out, of_kind); }, body);
    });
    return out.take();
}

std::string encode(const PeerReply& reply) {
    return encode(reply.from, {reply.term, reply.request_term, reply.reason}, reply.body);
}

std::string encode(const Sender& from, const ReplyHead& head, const ReplyBody& body) {
    Writer out;
    out.object([&] {
        out.fields(head_of(from));
        out("term", head.term)("requestTerm", head.request_term)("reason", head.reason);
        std::visit([&](const auto& of_kind) { put(out, from, of_kind); }, body);
    });
    return out.take();
}

std::string encode_seed_reply(const SeedRequest& request, Term own_term) {
    const bool vote = request.name == "vote-request" || request.name == "pre-vote";
    Writer out;
    out.object([&] {
        if (!vote) out("received", true)("accepted", false);
        out("term", own_term);
        if (vote) out("voteGranted", false);
        out("reason", Reason::no_cluster_id);
    });
    return out.take();
}

std::string encode_malformed(const DecodeError& error) {
    Writer out;
    out.object([&] {
        out("error", std::string(error.what()));
        out("reason", Reason::malformed);
    });
    return out.take();
}

}  // namespace electiond::wire
