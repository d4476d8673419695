// The text of a registry: parsed tolerantly, and written with all entries and keys that it had.
#include "registry/document.h"

#include <sstream>
#include <stdexcept>

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Parser.h>
#include <electiond/error.h>

namespace electiond::registry {
namespace {

constexpr unsigned kIndent = 2;

constexpr char kNodes[] = "nodes";
constexpr char kUpdatedAt[] = "updatedAt";
constexpr char kHeartbeat[] = "heartbeat";
constexpr char kExpireAfter[] = "expireAfterMs";

[[noreturn]] void garbled(const std::string& file, const std::string& why) {
    throw Error("the registry " + file + " cannot be read: " + why +
                    "; a node that can write it replaces it by a new one and keeps this one as " +
                    file + ".garbled",
                Error::data);
}

Poco::JSON::Object::Ptr parse(const std::string& text) {
    Poco::JSON::Parser parser(new Poco::JSON::ParseHandler(true));
    const auto value = parser.parse(text);
    if (value.type() != typeid(Poco::JSON::Object::Ptr)) {
        throw std::runtime_error("it is not a JSON object");
    }
    return value.extract<Poco::JSON::Object::Ptr>();
}

std::optional<std::uint64_t> number_of(const Entry& entry, const std::string& key) {
    const auto value = entry->get(key);
    if (!value.isInteger() || value.isBoolean()) return std::nullopt;
    try {
        return value.convert<Poco::UInt64>();
    } catch (const Poco::Exception&) {  // negative
        return std::nullopt;
    }
}

}  // namespace

std::optional<std::string> text_of(const Entry& entry, const std::string& key) {
    const auto value = entry->get(key);
    if (!value.isString()) return std::nullopt;
    return value.extract<std::string>();
}

std::string compact_text(const Entry& entry) {
    std::ostringstream out;
    entry->stringify(out);
    return out.str();
}

Heartbeat heartbeat_of(const Entry& entry) {
    Heartbeat heartbeat{.updated_at = text_of(entry, kUpdatedAt).value_or(""),
                        .count = number_of(entry, kHeartbeat).value_or(0)};
    constexpr auto kMax = std::chrono::milliseconds(kExpireAfterMax).count();
    const auto ms = number_of(entry, kExpireAfter);
    if (ms && *ms <= static_cast<std::uint64_t>(kMax)) {
        const std::chrono::milliseconds after(static_cast<std::int64_t>(*ms));
        if (after >= kExpireAfterMin) heartbeat.expire_after = after;
    }
    return heartbeat;
}

void put_heartbeat(Poco::JSON::Object& entry, const Heartbeat& heartbeat) {
    entry.set(kUpdatedAt, heartbeat.updated_at);
    entry.set(kHeartbeat, heartbeat.count);
    if (heartbeat.expire_after) {
        entry.set(kExpireAfter, std::int64_t{heartbeat.expire_after->count()});
    }
}

Document::Document() : root_(new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER)) {}

Document::Document(const std::string& text, const std::string& file) : Document() {
    if (text.size() > kSizeMax) garbled(file, "it is longer than 1 MiB");
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) garbled(file, "it is empty");
    try {
        root_ = parse(text);
    } catch (const Poco::Exception& error) {
        garbled(file, "it is not JSON (" + error.displayText() + ")");
    } catch (const std::exception& error) {
        garbled(file, error.what());
    }
    if (!root_->has(kNodes)) return;
    if (!root_->isArray(kNodes)) garbled(file, "its \"nodes\" is not a list");
    for (const auto& item : *root_->getArray(kNodes)) {
        if (item.type() != typeid(Entry)) continue;
        entries_.push_back(item.extract<Entry>());
    }
}

std::string Document::text(const std::string& file) const {
    Poco::JSON::Array::Ptr nodes = new Poco::JSON::Array;
    for (const auto& entry : entries_) nodes->add(entry);
    auto root = root_;
    root->set(kNodes, nodes);
    std::ostringstream out;
    root->stringify(out, kIndent);
    out << '\n';
    if (out.str().size() > kSizeMax) {
        throw Error("the registry " + file +
                        " would be longer than 1 MiB; remove entries that are not needed",
                    Error::data);
    }
    return out.str();
}

}  // namespace electiond::registry
