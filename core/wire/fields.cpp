// The typed fields: what each type accepts, and the message for everything else.
#include "wire/fields.h"

#include <algorithm>
#include <set>

namespace electiond::wire {
namespace {

// Deeper than our messages: a newer version may nest more in fields that we ignore.
constexpr std::size_t kDepthMax = 16;

constexpr std::size_t kTextMax = 64;
constexpr std::size_t kAddressMax = 272;  // a DNS name, brackets, a port
constexpr std::size_t kAddressesMax = 16;

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool is_id(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
}

// UTF-8 may stand in a name (the parser has checked it), control characters may not.
bool is_named(char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; }

std::string found(const simdjson::dom::element& value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "a list";
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) return '"' + excerpt(text) + '"';
    return excerpt(simdjson::to_string(value));
}

}  // namespace

std::string excerpt(std::string_view text) {
    constexpr std::size_t kLength = 40;
    std::string told(text.substr(0, kLength));
    for (auto& c : told) c = is_printable(c) ? c : '?';
    return text.size() > kLength ? told + "..." : told;
}

std::string Path::text() const {
    if (parent == nullptr) return {};
    auto before = parent->text();
    if (key.empty()) return before + '[' + std::to_string(index) + ']';
    if (!before.empty()) before += '.';
    return before.append(key);
}

// ---- one value ---------------------------------------------------------------------------------

Field Field::or_null() const { return given_ && value_.is_null() ? Field(path_) : *this; }

void Field::wrong(std::string_view expected) const {
    throw DecodeError(path_.text().append(": expected ").append(expected) + ", found " +
                      found(value_));
}

std::uint64_t Field::whole(std::uint64_t most) const {
    std::uint64_t number = 0;
    if (value_.get(number) != simdjson::SUCCESS || number > most)
        wrong("a whole number from 0 to " + std::to_string(most));
    return number;
}

std::string_view Field::text(std::size_t least, std::size_t most, bool (*accept)(char),
                             std::string_view expected) const {
    std::string_view text;
    if (value_.get(text) != simdjson::SUCCESS || text.size() < least || text.size() > most ||
        !std::ranges::all_of(text, accept)) {
        wrong(expected);
    }
    return text;
}

Endpoint Field::parsed(std::string_view address) const {
    auto endpoint = Endpoint::parse(address);
    if (!endpoint) wrong("host:port");
    return *std::move(endpoint);
}

std::size_t Field::size(std::size_t most) const {
    simdjson::dom::array list;
    if (value_.get(list) != simdjson::SUCCESS) wrong("a list");
    if (list.size() > most) {
        throw DecodeError(path_.text() + ": expected at most " + std::to_string(most) +
                          " items, found " + std::to_string(list.size()));
    }
    return list.size();
}

void Field::to(bool& flag) const {
    if (given_ && value_.get(flag) != simdjson::SUCCESS) wrong("true or false");
}

void Field::to(std::uint64_t& number, std::uint64_t most) const {
    if (given_) number = whole(most);
}

void Field::to(std::int64_t& number) const {
    if (given_) number = static_cast<std::int64_t>(whole(kNumberMax));
}

void Field::to(std::uint16_t& port) const {
    if (given_) port = static_cast<std::uint16_t>(whole(UINT16_MAX));
}

void Field::to(Milliseconds& length, Milliseconds most) const {
    if (given_) length = Milliseconds(whole(static_cast<std::uint64_t>(most.count())));
}

void Field::to(Duration& length) const {
    using std::chrono::microseconds;
    const auto most = std::chrono::duration_cast<microseconds>(kTimeMax).count();
    if (given_) length = microseconds(whole(static_cast<std::uint64_t>(most)));
}

void Field::to(std::string& label) const {
    if (given_) label = text(0, kTextMax, is_printable, "at most 64 printable characters");
}

void Field::to_name(std::string& name) const {
    if (given_) name = text(0, kTextMax, is_named, "at most 64 bytes without control characters");
}

void Field::to(NodeId& id) const {
    if (given_) id.value = text(0, kTextMax, is_id, "an id, at most 64 of A-Z a-z 0-9 . _ -");
}

void Field::to(NodeUuid& uuid) const {
    if (given_) uuid.value = text(1, kTextMax, is_printable, "1 to 64 printable characters");
}

void Field::to(Endpoint& endpoint) const {
    if (given_) endpoint = parsed(text(1, kAddressMax, is_printable, "host:port"));
}

void Field::to_address(std::string& address) const {
    if (!given_) return;
    address = text(0, kAddressMax, is_printable, "host:port");
    if (!address.empty()) (void)parsed(address);
}

void Field::to(State& state) const {
    std::string word;
    to(word);
    if (given_) state = parse_state(word).value_or(State::follower);
}

void Field::to(MemberRole& role) const {
    std::string word;
    to(word);
    if (given_) role = parse_member_role(word).value_or(MemberRole::observer);
}

// A newer peer may know reasons that we do not.
void Field::to(Reason& reason) const {
    std::string code;
    to(code);
    if (given_) reason = parse_reason(code).value_or(Reason::none);
}

// ---- what the messages are made of -------------------------------------------------------------

void Field::to(Voter& voter) const {
    const Fields in(*this);
    in.need("id").to(voter.id);
    in.need("uuid").to(voter.uuid);
}

// Votes are counted by uuid, so no uuid may be in a list twice.
void Field::to(std::vector<Voter>& voters) const {
    to<Voter>(voters, kListMax);
    std::set<NodeUuid> seen;
    for (const auto& voter : voters) {
        if (seen.insert(voter.uuid).second) continue;
        throw DecodeError(path_.text() + ": expected each uuid once, found \"" +
                          excerpt(voter.uuid.value) + "\" twice");
    }
}

// A configuration without voters could never be replaced: it has no quorum.
void Field::to(Electorate& config) const {
    const Fields in(*this);
    in.need("term").to(config.number.term);
    in.need("version").to(config.number.version);
    in.need("voters").to(config.voters);
    if (config.voters.empty()) {
        throw DecodeError(in["voters"].path_.text() + ": expected at least one voter, found none");
    }
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

// ---- an object, and the whole ------------------------------------------------------------------

// To go through the parser's own form of the object for each key would cost a third of the
// decoding.
Fields::Fields(const Field& object) : path_(object.path_) {
    simdjson::dom::object fields;
    if (object.value_.get(fields) != simdjson::SUCCESS) object.wrong("an object");
    all_.reserve(fields.size());
    for (auto at = fields.begin(); at != fields.end(); ++at) {
        all_.emplace_back(at.key(), at.value());
    }
}

Field Fields::operator[](std::string_view key) const {
    const Path path{.parent = &path_, .key = key};
    const auto last = std::find_if(all_.rbegin(), all_.rend(),
                                   [key](const auto& each) { return each.first == key; });
    return last == all_.rend() ? Field(path) : Field(path, last->second);
}

Field Fields::need(std::string_view key) const {
    auto field = (*this)[key];
    if (!field.given()) throw DecodeError(field.path_.text() + ": missing, but required");
    return field;
}

Document::Document(std::string_view body) {
    if (body.size() > kBodyMax) {
        throw DecodeError("body: expected at most " + std::to_string(kBodyMax) + " bytes, found " +
                          std::to_string(body.size()));
    }
    thread_local simdjson::dom::parser parser;
    auto error = simdjson::SUCCESS;
    if (parser.capacity() == 0) error = parser.allocate(kBodyMax, kDepthMax);
    if (error == simdjson::SUCCESS) error = parser.parse(body.data(), body.size()).get(root_);
    if (error != simdjson::SUCCESS) {
        throw DecodeError("body: expected a JSON object: " +
                          excerpt(simdjson::error_message(error)));
    }
    if (!root_.is_object()) throw DecodeError("body: expected an object, found " + found(root_));
    const auto in = fields();
    std::uint64_t version = 1;
    in["v"].to(version);
    if (version != 1) in["v"].wrong("1, the version of the protocol spoken here");
}

}  // namespace electiond::wire
