// JSON text to messages: every field is read into the type it must have, or refused by name.
#include <cstdint>
#include <set>
#include <typeinfo>
#include <utility>

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include "wire/codec.h"
#include "wire/names.h"

namespace electiond::wire {
namespace {

using JsonObject = Poco::JSON::Object::Ptr;
using JsonArray = Poco::JSON::Array::Ptr;
using Poco::Dynamic::Var;

// Deeper than any message of ours: a newer peer may nest more in what we ignore.
constexpr std::size_t kDepthMax = 16;

constexpr std::size_t kTextMax = 64;
constexpr std::size_t kAddressMax = 272;  // a DNS name, brackets, a port
constexpr std::size_t kListMax = 64;      // voters, banned, succession, supersedes
constexpr std::size_t kMembersMax = 1024;
constexpr std::size_t kAddressesMax = 16;

// Longer waits and ages would not fit our nanoseconds.
constexpr Milliseconds kTimeMax = std::chrono::hours(24 * 365 * 100);

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool is_id(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
}

// UTF-8 may stand in a name (the parser has checked it), control characters may not.
bool is_named(char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; }

// What is told of a hostile text: its beginning, in printable characters.
std::string excerpt(std::string_view text) {
    constexpr std::size_t kLength = 40;
    std::string told(text.substr(0, kLength));
    for (auto& c : told) c = is_printable(c) ? c : '?';
    return text.size() > kLength ? told + "..." : told;
}

std::string found(const Var& value) {
    if (value.isEmpty()) return "null";
    if (value.type() == typeid(JsonObject)) return "an object";
    if (value.type() == typeid(JsonArray)) return "a list";
    if (value.type() == typeid(std::string))
        return '"' + excerpt(value.extract<std::string>()) + '"';
    return excerpt(value.toString());
}

// One field, there or not. to(target) leaves the target, its default, as it is where the field is
// missing, and throws where the field is not what the target can hold. null is a wrong type, too,
// except where or_null() takes it for a missing field.
class Field {
  public:
    Field(std::string path, Var value, bool given = true)
        : path_(std::move(path)), value_(std::move(value)), given_(given) {}

    [[nodiscard]] bool given() const { return given_; }
    [[nodiscard]] Field or_null() const { return {path_, value_, given_ && !value_.isEmpty()}; }

    void to(bool& flag) const {
        if (!given_) return;
        if (value_.type() != typeid(bool)) wrong("true or false");
        flag = value_.extract<bool>();
    }
    void to(std::uint64_t& number, std::uint64_t most = kNumberMax) const {
        if (given_) number = whole(most);
    }
    void to(std::int64_t& number) const {
        if (given_) number = static_cast<std::int64_t>(whole(kNumberMax));
    }
    void to(std::uint16_t& port) const {
        if (given_) port = static_cast<std::uint16_t>(whole(UINT16_MAX));
    }
    void to(Milliseconds& length, Milliseconds most = kTimeMax) const {
        if (!given_) return;
        length = Milliseconds(whole(static_cast<std::uint64_t>(most.count())));
    }
    // Whole microseconds on the wire.
    void to(Duration& length) const {
        using std::chrono::microseconds;
        const auto most = std::chrono::duration_cast<microseconds>(kTimeMax).count();
        if (given_) length = microseconds(whole(static_cast<std::uint64_t>(most)));
    }

    void to(std::string& label) const {
        if (given_) label = text(0, kTextMax, is_printable, "at most 64 printable characters");
    }
    void to_name(std::string& name) const {
        if (given_)
            name = text(0, kTextMax, is_named, "at most 64 bytes without control characters");
    }
    void to(NodeId& id) const {
        if (given_) id.value = text(0, kTextMax, is_id, "an id, at most 64 of A-Z a-z 0-9 . _ -");
    }
    void to(NodeUuid& uuid) const {
        if (given_) uuid.value = text(1, kTextMax, is_printable, "1 to 64 printable characters");
    }
    void to(Endpoint& endpoint) const {
        if (given_) endpoint = parsed(text(1, kAddressMax, is_printable, "host:port"));
    }
    // host:port as text; empty where nobody knows it.
    void to_address(std::string& address) const {
        if (!given_) return;
        address = text(0, kAddressMax, is_printable, "host:port");
        if (!address.empty()) (void)parsed(address);
    }
    // A newer peer may know reasons that we do not.
    void to(Reason& reason) const {
        std::string code;
        to(code);
        if (given_) reason = parse_reason(code).value_or(Reason::none);
    }

    void to(Voter& voter) const;
    void to(Electorate& config) const;
    void to(Member& member) const;
    void to(Succession& succession) const;
    void to(LeaderHint& hint) const;
    void to(std::vector<Voter>& voters) const;

    template <class T>
    void to(std::vector<T>& list, std::size_t most = kListMax) const {
        if (!given_) return;
        list.clear();
        for (const auto& item : items(most)) item.to(list.emplace_back());
    }
    template <class T, class... Limit>
    void to(std::optional<T>& value, Limit... limit) const {
        if (given_) to(value.emplace(), limit...);
    }

    [[noreturn]] void wrong(const std::string& expected) const {
        throw DecodeError(path_ + ": expected " + expected + ", found " + found(value_));
    }

  private:
    friend class Fields;

    [[nodiscard]] std::uint64_t whole(std::uint64_t most) const {
        // A Var that holds true or 1.0 would also convert to a number, and "7" too.
        if (value_.type() == typeid(Poco::Int64)) {
            const auto number = value_.extract<Poco::Int64>();
            if (number >= 0 && static_cast<std::uint64_t>(number) <= most)
                return static_cast<std::uint64_t>(number);
        }
        wrong("a whole number from 0 to " + std::to_string(most));
    }

    [[nodiscard]] const std::string& text(std::size_t least, std::size_t most, bool (*accept)(char),
                                          const char* expected) const {
        if (value_.type() != typeid(std::string)) wrong(expected);
        const auto& text = value_.extract<std::string>();
        if (text.size() < least || text.size() > most || !std::ranges::all_of(text, accept))
            wrong(expected);
        return text;
    }

    [[nodiscard]] Endpoint parsed(const std::string& address) const {
        auto endpoint = Endpoint::parse(address);
        if (!endpoint) wrong("host:port");
        return *std::move(endpoint);
    }

    [[nodiscard]] std::vector<Field> items(std::size_t most) const {
        if (value_.type() != typeid(JsonArray)) wrong("a list");
        const auto& array = value_.extract<JsonArray>();
        if (array->size() > most) {
            throw DecodeError(path_ + ": expected at most " + std::to_string(most) +
                              " items, found " + std::to_string(array->size()));
        }
        std::vector<Field> all;
        all.reserve(array->size());
        for (const auto& item : *array)
            all.emplace_back(path_ + '[' + std::to_string(all.size()) + ']', item);
        return all;
    }

    std::string path_;  // the whole name, for messages
    Var value_;
    bool given_;
};

// The fields of one object.
class Fields {
  public:
    explicit Fields(const Field& field) : prefix_(field.path_) {
        if (field.value_.type() != typeid(JsonObject)) field.wrong("an object");
        object_ = field.value_.extract<JsonObject>();
        if (!prefix_.empty()) prefix_ += '.';
    }

    [[nodiscard]] Field operator[](const char* key) const {
        const bool given = object_->has(key);
        return {prefix_ + key, given ? object_->get(key) : Var(), given};
    }
    [[nodiscard]] Field need(const char* key) const {
        auto field = (*this)[key];
        if (!field.given()) throw DecodeError(field.path_ + ": missing, but required");
        return field;
    }

  private:
    JsonObject object_;
    std::string prefix_;
};

void Field::to(Voter& voter) const {
    const Fields in(*this);
    in.need("id").to(voter.id);
    in.need("uuid").to(voter.uuid);
}

// Votes are counted by uuid: nobody may stand in a list twice.
void Field::to(std::vector<Voter>& voters) const {
    to<Voter>(voters, kListMax);
    std::set<NodeUuid> seen;
    for (const auto& voter : voters) {
        if (!seen.insert(voter.uuid).second)
            throw DecodeError(path_ + ": expected each uuid once, found \"" +
                              excerpt(voter.uuid.value) + "\" twice");
    }
}

// One without voters could never be replaced again: nobody would be its quorum.
void Field::to(Electorate& config) const {
    const Fields in(*this);
    in.need("term").to(config.number.term);
    in.need("version").to(config.number.version);
    in.need("voters").to(config.voters);
    if (config.voters.empty())
        throw DecodeError(in["voters"].path_ + ": expected at least one voter, found none");
    in["banned"].to(config.banned);
}

void Field::to(Member& member) const {
    const Fields in(*this);
    in.need("id").to(member.id);
    in.need("uuid").to(member.uuid);
    in["addresses"].to(member.addresses, kAddressesMax);
    in["api"].to_address(member.api);
    in["role"].to(member.role);
    in["lastAckMs"].or_null().to(member.last_ack);
    in["rttUs"].to(member.rtt);
    in["eligible"].to(member.eligible);
    in["priority"].to(member.priority);
}

void Field::to(Succession& succession) const {
    const Fields in(*this);
    in.need("order").to(succession.order);
    in.need("stepMs").to(succession.step, kPromiseMax);
}

void Field::to(LeaderHint& hint) const {
    const Fields in(*this);
    in.need("id").to(hint.id);
    in.need("uuid").to(hint.uuid);
    in.need("term").to(hint.term);
    in["address"].to(hint.address);
    in["ageMs"].to(hint.age);
}

void read(const Fields& in, Sender& sender) {
    in.need("clusterId").to(sender.cluster_id);
    in["clusterName"].to_name(sender.cluster_name);
    in.need("from").to(sender.uuid);
    in["fromId"].to(sender.id);
    in["incarnation"].to(sender.incarnation);
    in["address"].to(sender.address);
    in["api"].to_address(sender.api);
    in["supersedes"].to(sender.supersedes);
}

void read(const Fields& in, ConfigNumber& number) {
    in["configTerm"].to(number.term);
    in["configVersion"].to(number.version);
}

void read(const Fields& in, PreVote& ask) { read(in, ask.config); }

void read(const Fields& in, VoteRequest& ask) {
    read(in, ask.config);
    in["transfer"].to(ask.transfer);
    in["reason"].to(ask.cause);
}

void read(const Fields& in, Heartbeat& beat) {
    in.need("seq").to(beat.seq);
    in["promiseMs"].to(beat.promise, kPromiseMax);
    read(in, beat.number);
    in["view"].to(beat.view);
    in["config"].to(beat.config);
    in["succession"].to(beat.succession);
    in["members"].to(beat.members, kMembersMax);
}

void read(const Fields& in, TimeoutNow& word) { in["reason"].to(word.cause); }

void read(const Fields& in, Hello& hello) {
    in["blank"].to(hello.blank);
    in["foundingSet"].to(hello.founding_set);
    in["wantsVote"].to(hello.wants_vote);
    in["priority"].to(hello.priority);
    read(in, hello.config);
}

void read(const Fields& in, StatusQuery& query) { in["members"].to(query.members); }

void read(const Fields& in, VoteReply& reply) {
    in.need("voteGranted").to(reply.granted);
    in["leaderHint"].to(reply.hint);
    in["config"].to(reply.config);
}

void read(const Fields& in, HeartbeatReply& ack) {
    in.need("accepted").to(ack.accepted);
    in.need("seq").to(ack.seq);
    read(in, ack.config);
    in["view"].to(ack.view);
    in["eligible"].to(ack.eligible);
    in["priority"].to(ack.priority);
    in["wantsVote"].to(ack.wants_vote);
    in["leaving"].to(ack.leaving);
    in["cooling"].to(ack.cooling);
}

void read(const Fields& in, TimeoutNowReply& reply) { in.need("accepted").to(reply.accepted); }

void read(const Fields& in, HelloReply& reply) {
    read(in, reply.self);
    in["leaderHint"].to(reply.hint);
    in["config"].to(reply.config);
}

void read(const Fields& in, StatusReply& status) {
    in["address"].to(status.address);
    in["api"].to_address(status.api);
    in["port"].or_null().to(status.port);
    in["state"].to(status.state);
    in["role"].to(status.role);
    in["leaderId"].or_null().to(status.leader_id);
    in["isLeader"].to(status.is_leader);
    in["leaseRemainingMs"].to(status.lease_remaining);
    in["uptime"].to(status.uptime);
    in["votedFor"].or_null().to(status.voted_for);
    read(in, status.config);
    in["voters"].to(status.voters);
    in["version"].to(status.version);
    in["members"].to(status.members, kMembersMax);
}

// The body of the right kind; its index is that of the request's name.
template <class Body, std::size_t... Index>
Body empty_body(std::size_t index, std::index_sequence<Index...>) {
    const Body bodies[] = {Body(std::in_place_index<Index>)...};
    return bodies[index];
}
template <class Body>
Body empty_body(std::size_t index) {
    return empty_body<Body>(index, std::make_index_sequence<std::variant_size_v<Body>>());
}

std::size_t known_index(std::string_view name) {
    const auto index = request_index(name);
    if (index < kRequestNames.size()) return index;
    throw DecodeError("no request of the protocol: \"" + excerpt(name) + '"');
}

Var parse(std::string_view body) {
    if (body.size() > kBodyMax) {
        throw DecodeError("body: expected at most " + std::to_string(kBodyMax) + " bytes, found " +
                          std::to_string(body.size()));
    }
    try {
        Poco::JSON::Parser parser;
        parser.setDepth(kDepthMax);
        return parser.parse(std::string(body));
    } catch (const Poco::Exception& error) {
        throw DecodeError("body: expected a JSON object: " + excerpt(error.message()));
    } catch (const std::exception& error) {
        throw DecodeError("body: expected a JSON object: " + excerpt(error.what()));
    }
}

Fields open(std::string_view body) {
    const auto json = parse(body);
    if (json.type() != typeid(JsonObject))
        throw DecodeError("body: expected an object, found " + found(json));
    const Fields in(Field("", json));
    std::uint64_t version = 1;
    in["v"].to(version);
    if (version != 1) in["v"].wrong("1, the version of the protocol spoken here");
    return in;
}

// A request says its sender's id twice, as the seed's field and as our own.
void read_own_id(const Fields& in, const char* own_id, NodeId& id) {
    const auto field = std::string_view(own_id) == "id" ? in[own_id] : in.need(own_id);
    NodeId own = id;
    field.to(own);
    if (!id.empty() && own != id) field.wrong("the same as fromId");
    id = own;
}

}  // namespace

bool known_request(std::string_view name) { return request_index(name) < kRequestNames.size(); }

std::variant<PeerRequest, SeedRequest> decode_request(std::string_view name,
                                                      std::string_view body) {
    const auto index = known_index(name);
    PeerRequest request{.body = empty_body<RequestBody>(index)};
    const bool query = std::holds_alternative<StatusQuery>(request.body);
    const auto in = open(query && body.empty() ? "{}" : body);
    const bool seed = !in["clusterId"].given();
    if (seed && !query) {
        SeedRequest old{std::string(name)};
        in.need("term").to(old.term);
        return old;
    }
    if (!seed) read(in, request.from);
    if (!query) read_own_id(in, kRequestNames.at(index).own_id, request.from.id);
    (query ? in["term"] : in.need("term")).to(request.term);
    // Who has no cluster is blank: the default where `blank` is missing.
    if (auto* hello = std::get_if<Hello>(&request.body))
        hello->blank = request.from.cluster_id.empty();
    std::visit([&](auto& of_kind) { read(in, of_kind); }, request.body);
    return request;
}

PeerReply decode_reply(std::string_view request_name, std::string_view body) {
    PeerReply reply{.body = empty_body<ReplyBody>(known_index(request_name))};
    const auto in = open(body);
    read(in, reply.from);
    in.need("term").to(reply.term);
    in["requestTerm"].to(reply.request_term);
    in["reason"].to(reply.reason);
    if (auto* hello = std::get_if<HelloReply>(&reply.body))
        hello->self.blank = reply.from.cluster_id.empty();
    std::visit([&](auto& of_kind) { read(in, of_kind); }, reply.body);
    return reply;
}

}  // namespace electiond::wire
