// The body of a slot: a node's Durable as one line of JSON.
#include "storage/record.h"

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/ParseHandler.h>
#include <Poco/JSON/Parser.h>

#include <sstream>

#include <electiond/error.h>

namespace electiond {
namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

[[noreturn]] void malformed(const std::string& why) {
    throw Error("the record is malformed: " + why, Error::data);
}

template <class Items, class Write>
Array::Ptr array(const Items& items, Write write) {
    Array::Ptr all = new Array;
    for (const auto& item : items) all->add(write(item));
    return all;
}

Object::Ptr write_voter(const Voter& voter) {
    Object::Ptr object = new Object(Poco::JSON_PRESERVE_KEY_ORDER);
    object->set("id", voter.id.value);
    object->set("uuid", voter.uuid.value);
    return object;
}

std::string text(const Object& object, const std::string& key) {
    return object.getValue<std::string>(key);
}

std::uint64_t number(const Object& object, const std::string& key) {
    const auto value = object.getValue<Poco::UInt64>(key);
    if (value > kNumberMax) malformed(key + " is too large");
    return value;
}

template <class Item>
std::vector<Item> items(const Object& object, const std::string& key,
                        Item (*read)(const Poco::Dynamic::Var&)) {
    const auto array = object.getArray(key);
    if (array.isNull()) malformed(key + " is not a list");
    std::vector<Item> all;
    for (const auto& item : *array) all.push_back(read(item));
    return all;
}

std::string read_text(const Poco::Dynamic::Var& item) { return item.convert<std::string>(); }
NodeUuid read_uuid(const Poco::Dynamic::Var& item) { return NodeUuid(read_text(item)); }
Voter read_voter(const Poco::Dynamic::Var& item) {
    const auto& object = *item.extract<Object::Ptr>();
    return {NodeId(text(object, "id")), NodeUuid(text(object, "uuid"))};
}

Durable read_fields(const Object& object) {
    Durable record;
    record.uuid = NodeUuid(text(object, "uuid"));
    record.node_id = NodeId(text(object, "nodeId"));
    record.cluster_name = text(object, "clusterName");
    record.cluster_id = text(object, "clusterId");
    record.supersedes = items(object, "supersedes", read_text);
    record.starts = number(object, "starts");
    record.term = number(object, "term");
    record.voted_for = NodeUuid(text(object, "votedFor"));
    const auto config = object.getObject("config");
    if (config.isNull()) malformed("config is not an object");
    record.config.number = {number(*config, "term"), number(*config, "version")};
    record.config.voters = items(*config, "voters", read_voter);
    record.config.banned = items(*config, "banned", read_uuid);
    record.promise = Milliseconds(number(object, "promiseMs"));
    record.founding_set = items(object, "foundingSet", read_voter);
    record.left = object.getValue<bool>("left");
    if (record.uuid.empty() || record.node_id.empty()) malformed("uuid or nodeId is empty");
    return record;
}

std::string line(const Object& object) {
    std::ostringstream text;
    object.stringify(text);
    return text.str();
}

Object write_fields(const Durable& record) {
    const auto same = [](const std::string& value) { return value; };
    const auto uuid = [](const NodeUuid& value) { return value.value; };
    Object::Ptr config = new Object(Poco::JSON_PRESERVE_KEY_ORDER);
    config->set("term", record.config.number.term);
    config->set("version", record.config.number.version);
    config->set("voters", array(record.config.voters, write_voter));
    config->set("banned", array(record.config.banned, uuid));

    Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    object.set("uuid", record.uuid.value);
    object.set("nodeId", record.node_id.value);
    object.set("clusterName", record.cluster_name);
    object.set("clusterId", record.cluster_id);
    object.set("supersedes", array(record.supersedes, same));
    object.set("starts", record.starts);
    object.set("term", record.term);
    object.set("votedFor", record.voted_for.value);
    object.set("config", config);
    object.set("promiseMs", static_cast<std::int64_t>(record.promise.count()));
    object.set("foundingSet", array(record.founding_set, write_voter));
    object.set("left", record.left);
    return object;
}

Object parse(const std::string& text) {
    Poco::JSON::Parser parser(new Poco::JSON::ParseHandler(true));  // keeps the order of keys
    return *parser.parse(text).extract<Object::Ptr>();
}

// Without the keys that this version does not know.
std::string known_line(Object object, const Object& known) {
    for (const auto& key : object.getNames()) {
        if (!known.has(key)) object.remove(key);
    }
    return line(object);
}

}  // namespace

std::string write_record(const Durable& record) { return line(write_fields(record)); }

// Parses tolerantly, and then checks that writing the result gives the same text.
Durable read_record(const std::string& text) {
    try {
        const auto object = parse(text);
        auto record = read_fields(object);
        const auto fields = write_fields(record);
        if (line(object) == text && known_line(object, fields) == line(fields)) return record;
    } catch (const Poco::Exception& error) {
        malformed(error.displayText());
    }
    malformed("it is not as electiond writes it");
}

}  // namespace electiond
