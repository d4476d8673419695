// The body of a slot: a node's Durable as one line of JSON.
#include "storage/record.h"

#include <set>

#include <simdjson.h>

#include <electiond/error.h>

#include "wire/writer.h"

namespace electiond {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

[[noreturn]] void malformed(const std::string& why) {
    throw Error("the record is malformed: " + why, Error::data);
}

std::string text(const element& value) { return std::string(std::string_view(value)); }
NodeUuid uuid(const element& value) { return NodeUuid(text(value)); }
Voter voter(const element& value) {
    return {NodeId(text(value["id"])), NodeUuid(text(value["uuid"]))};
}

std::uint64_t number(const object& in, std::string_view key) {
    const auto value = std::uint64_t(in[key]);
    if (value > kNumberMax) malformed(std::string(key) + " is too large");
    return value;
}

template <class Item>
std::vector<Item> list(const element& value, Item (*read)(const element&)) {
    std::vector<Item> all;
    for (const auto item : array(value)) all.push_back(read(item));
    return all;
}

Durable read_fields(const object& in) {
    Durable record;
    record.uuid = uuid(in["uuid"]);
    record.node_id = NodeId(text(in["nodeId"]));
    record.cluster_name = text(in["clusterName"]);
    record.cluster_id = text(in["clusterId"]);
    record.supersedes = list(in["supersedes"], text);
    record.starts = number(in, "starts");
    record.term = number(in, "term");
    record.voted_for = uuid(in["votedFor"]);
    const object config = in["config"];
    record.config.number = {number(config, "term"), number(config, "version")};
    record.config.voters = list(config["voters"], voter);
    record.config.banned = list(config["banned"], uuid);
    record.promise = Milliseconds(number(in, "promiseMs"));
    record.founding_set = list(in["foundingSet"], voter);
    record.left = bool(in["left"]);
    if (record.uuid.empty() || record.node_id.empty()) malformed("uuid or nodeId is empty");
    return record;
}

// The fields without which there is no record.
std::string required(const Durable& record) {
    wire::Writer out;
    out.object([&] {
        out("uuid", record.uuid)("nodeId", record.node_id)("clusterName", record.cluster_name);
        out("clusterId", record.cluster_id)("supersedes", record.supersedes);
        out("starts", record.starts)("term", record.term)("votedFor", record.voted_for);
        out("config", record.config)("promiseMs", record.promise);
        out("foundingSet", record.founding_set)("left", record.left);
    });
    return out.take();
}

// Each field once, and those of `known` all there, with the same values, in the same order.
bool only_adds_to(const object& known, const object& found) {
    std::set<std::string_view> keys;
    auto next = known.begin();
    for (const auto [key, value] : found) {
        if (!keys.insert(key).second) return false;
        const bool is_next = next != known.end() && next.key() == key &&
                             simdjson::to_string(next.value()) == simdjson::to_string(value);
        if (is_next) {
            ++next;
        } else if (known[key].error() == simdjson::SUCCESS) {
            return false;
        }
    }
    return next == known.end();
}

bool is_compact(const std::string& text) {
    std::string least(text.size(), '\0');
    std::size_t size = 0;
    const auto error = simdjson::minify(text.data(), text.size(), least.data(), size);
    return error == simdjson::SUCCESS && size == text.size();
}

}  // namespace

// A later version may add a field here: it must also read a record without it.
std::string write_record(const Durable& record) { return required(record); }

// Parses tolerantly, and then checks that writing the result gives the same text.
Durable read_record(const std::string& text) {
    try {
        thread_local simdjson::dom::parser parser;
        const object found = parser.parse(text);
        auto record = read_fields(found);
        const auto known = required(record);
        if (known == text) return record;
        simdjson::dom::parser second;
        if (is_compact(text) && only_adds_to(second.parse(known), found)) return record;
    } catch (const simdjson::simdjson_error& error) {
        malformed(error.what());
    }
    malformed("it is not as electiond writes it");
}

}  // namespace electiond
