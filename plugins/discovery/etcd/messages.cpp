// The JSON of etcd's gateway, by Poco.
#include "etcd/messages.h"

#include <charconv>
#include <sstream>
#include <stdexcept>

#include <Poco/Base64Decoder.h>
#include <Poco/Base64Encoder.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include "common/peer_json.h"

namespace electiond::discovery::etcd {
namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

std::string to_base64(const std::string& bytes) {
    std::ostringstream out;
    Poco::Base64Encoder encoder(out);
    encoder.rdbuf()->setLineLength(0);
    encoder << bytes;
    encoder.close();
    return out.str();
}

std::string from_base64(const std::string& text) {
    std::istringstream in(text);
    Poco::Base64Decoder decoder(in);
    decoder.exceptions(std::ios::badbit);  // else a wrong character would only end the text
    std::string bytes;
    for (char c = 0; decoder.get(c);) bytes += c;
    return bytes;
}

std::string text_of(const Object& object) {
    std::ostringstream out;
    object.stringify(out);
    return out.str();
}

// Empty if there is none: this JSON leaves out what is zero or empty.
std::string text_at(const Object& object, const std::string& key) {
    const auto value = object.get(key);
    return value.isEmpty() ? std::string() : value.convert<std::string>();
}

std::int64_t number_at(const Object& object, const std::string& key) {
    const auto text = text_at(object, key);
    if (text.empty()) return 0;
    std::int64_t number = 0;
    const auto* const last = text.data() + text.size();
    const auto [end, failed] = std::from_chars(text.data(), last, number);
    if (failed != std::errc{} || end != last)
        throw std::runtime_error("\"" + key + "\" is not a number");
    return number;
}

bool flag_at(const Object& object, const std::string& key) {
    const auto value = object.get(key);
    return !value.isEmpty() && value.isBoolean() && value.convert<bool>();
}

Object::Ptr object_at(const Object& object, const std::string& key) {
    auto found = object.getObject(key);
    if (found.isNull()) throw std::runtime_error("it has no \"" + key + "\"");
    return found;
}

Object::Ptr object_in(const Array& array, unsigned index) {
    auto found = array.getObject(index);
    if (found.isNull()) throw std::runtime_error("a list does not hold objects");
    return found;
}

std::int64_t revision_of(const Object& answer) {
    return number_at(*object_at(answer, "header"), "revision");
}

KeyValue entry_of(const Object& object) {
    const auto lease = number_at(object, "lease");
    return {.key = from_base64(text_at(object, "key")),
            .value = from_base64(text_at(object, "value")),
            .lease = lease == 0 ? std::string() : std::to_string(lease),
            .mod_revision = number_at(object, "mod_revision")};
}

std::vector<KeyValue> entries_of(const Object& range) {
    std::vector<KeyValue> entries;
    const auto array = range.getArray("kvs");
    if (array.isNull()) return entries;
    for (unsigned i = 0; i < array->size(); ++i) entries.push_back(entry_of(*object_in(*array, i)));
    return entries;
}

Object put_of(const std::string& key, const std::string& value) {
    Object put;
    put.set("key", to_base64(key));
    put.set("value", to_base64(value));
    return put;
}

Object range_of(const std::string& key, const std::string& end) {
    Object range;
    range.set("key", to_base64(key));
    if (!end.empty()) range.set("range_end", to_base64(end));
    return range;
}

// [{"NAME": OBJECT}]
Array one_of(const std::string& name, const Object& object) {
    Object outer;
    outer.set(name, object);
    Array array;
    array.add(outer);
    return array;
}

}  // namespace

std::string range_request(const std::string& key, const std::string& end, std::size_t limit) {
    auto request = range_of(key, end);
    request.set("limit", std::to_string(limit));
    return text_of(request);
}

Range read_range(const std::string& text) {
    const auto answer = parse_object(text);
    return {.entries = entries_of(*answer),
            .revision = revision_of(*answer),
            .more = flag_at(*answer, "more")};
}

std::string put_request(const std::string& key, const std::string& value,
                        const std::string& lease) {
    auto request = put_of(key, value);
    if (!lease.empty()) request.set("lease", lease);
    return text_of(request);
}

std::int64_t read_revision(const std::string& text) { return revision_of(*parse_object(text)); }

std::string create_request(const std::string& key, const std::string& value) {
    Object absent;
    absent.set("key", to_base64(key));
    absent.set("target", "CREATE");
    absent.set("result", "EQUAL");
    absent.set("create_revision", "0");
    Array compare;
    compare.add(absent);
    Object request;
    request.set("compare", compare);
    request.set("success", one_of("request_put", put_of(key, value)));
    request.set("failure", one_of("request_range", range_of(key, {})));
    return text_of(request);
}

std::optional<KeyValue> read_created(const std::string& text) {
    const auto answer = parse_object(text);
    if (flag_at(*answer, "succeeded")) return std::nullopt;
    const auto responses = answer->getArray("responses");
    if (responses.isNull() || responses->size() != 1)
        throw std::runtime_error("it does not have exactly one response");
    const auto entries = entries_of(*object_at(*object_in(*responses, 0), "response_range"));
    if (entries.size() != 1) throw std::runtime_error("it does not have exactly one key");
    return entries.front();
}

std::string grant_request(std::chrono::seconds ttl) {
    Object request;
    request.set("TTL", std::to_string(ttl.count()));
    return text_of(request);
}

Lease read_grant(const std::string& text) {
    const auto answer = parse_object(text);
    const auto id = number_at(*answer, "ID");
    const std::chrono::seconds ttl(number_at(*answer, "TTL"));
    if (id == 0 || ttl.count() <= 0) throw std::runtime_error("it grants no lease");
    return {std::to_string(id), ttl};
}

std::string lease_request(const std::string& id) {
    Object request;
    request.set("ID", id);
    return text_of(request);
}

std::optional<std::chrono::seconds> read_keep_alive(const std::string& text) {
    const auto answer = parse_object(text);
    const std::chrono::seconds ttl(number_at(*object_at(*answer, "result"), "TTL"));
    return ttl.count() > 0 ? std::optional(ttl) : std::nullopt;
}

std::string authenticate_request(const std::string& user, const std::string& password) {
    Object request;
    request.set("name", user);
    request.set("password", password);
    return text_of(request);
}

std::string read_token(const std::string& text) {
    auto token = text_at(*parse_object(text), "token");
    // It becomes the value of an HTTP header.
    for (const char c : token) {
        if (c <= ' ' || c == 0x7f) throw std::runtime_error("its token is malformed");
    }
    if (token.empty()) throw std::runtime_error("it has no token");
    return token;
}

std::string watch_request(const std::string& key, const std::string& end, std::int64_t revision) {
    auto range = range_of(key, end);
    range.set("start_revision", std::to_string(revision));
    Object request;
    request.set("create_request", range);
    return text_of(request);
}

WatchNews read_watch(const std::string& line) {
    const auto answer = parse_object(line);
    const auto result = answer->getObject("result");
    if (result.isNull()) return {.canceled = true};  // {"error": …}
    const auto events = result->getArray("events");
    return {.created = flag_at(*result, "created"),
            .changed = !events.isNull() && events->size() > 0,
            .canceled = flag_at(*result, "canceled")};
}

// {"error": TEXT, "code": N}; of a stream {"error": {"grpc_code": N, "message": TEXT}}.
std::optional<Refusal> read_refusal(const std::string& text) {
    try {
        const auto answer = parse_object(text);
        if (!answer->has("error")) return std::nullopt;
        const auto inner = answer->getObject("error");
        if (inner.isNull()) {
            return Refusal{static_cast<int>(number_at(*answer, "code")), text_at(*answer, "error")};
        }
        return Refusal{static_cast<int>(number_at(*inner, "grpc_code")),
                       text_at(*inner, "message")};
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace electiond::discovery::etcd
