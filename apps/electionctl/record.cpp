// Reads the JSON of an answer leniently: a key that is missing, null or of another type is absent.
#include "electionctl/record.h"

#include <Poco/JSON/Array.h>

namespace electiond::ctl {
namespace {

std::vector<Record> objects_in(const Poco::Dynamic::Var& value) {
    std::vector<Record> records;
    if (value.type() != typeid(Poco::JSON::Array::Ptr)) return records;
    for (const auto& element : *value.extract<Poco::JSON::Array::Ptr>()) {
        Record record(element);
        if (!record.empty()) records.push_back(record);
    }
    return records;
}

}  // namespace

Record::Record(const Poco::Dynamic::Var& value) {
    if (value.type() == typeid(Poco::JSON::Object::Ptr)) {
        object_ = value.extract<Poco::JSON::Object::Ptr>();
    }
}

Poco::Dynamic::Var Record::value(const std::string& key) const {
    return object_.isNull() ? Poco::Dynamic::Var() : object_->get(key);
}

bool Record::has(const std::string& key) const { return !object_.isNull() && object_->has(key); }

std::string Record::text(const std::string& key) const {
    const auto found = value(key);
    if (found.isEmpty() || found.isBoolean()) return "";
    if (!found.isString() && !found.isNumeric()) return "";
    return printable(found.convert<std::string>());
}

std::optional<std::int64_t> Record::number(const std::string& key) const {
    const auto found = value(key);
    // isNumeric() is also true for a boolean.
    if (found.isEmpty() || found.isBoolean() || !found.isNumeric()) return std::nullopt;
    try {
        return found.convert<std::int64_t>();
    } catch (const Poco::Exception&) {
        return std::nullopt;  // beyond 64 bits
    }
}

std::optional<bool> Record::flag(const std::string& key) const {
    const auto found = value(key);
    if (found.isEmpty() || !found.isBoolean()) return std::nullopt;
    return found.convert<bool>();
}

Record Record::at(const std::string& key) const { return Record(value(key)); }

std::vector<Record> Record::list(const std::string& key) const { return objects_in(value(key)); }

std::vector<std::string> Record::texts(const std::string& key) const {
    std::vector<std::string> all;
    const auto found = value(key);
    if (found.type() != typeid(Poco::JSON::Array::Ptr)) return all;
    for (const auto& element : *found.extract<Poco::JSON::Array::Ptr>()) {
        if (element.isString()) all.push_back(printable(element.convert<std::string>()));
    }
    return all;
}

std::optional<std::int64_t> Record::count(const std::string& key) const {
    const auto found = value(key);
    if (found.type() == typeid(Poco::JSON::Array::Ptr)) {
        return static_cast<std::int64_t>(found.extract<Poco::JSON::Array::Ptr>()->size());
    }
    return number(key);
}

std::vector<Record> records_of(const Poco::Dynamic::Var& value) {
    std::vector<Record> records = objects_in(value);
    if (value.type() != typeid(Poco::JSON::Object::Ptr)) return records;
    for (const auto& [key, member] : *value.extract<Poco::JSON::Object::Ptr>()) {
        const auto found = objects_in(member);
        records.insert(records.end(), found.begin(), found.end());
    }
    return records;
}

std::string printable(std::string text) {
    for (char& c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) c = '?';
    }
    return text;
}

}  // namespace electiond::ctl
