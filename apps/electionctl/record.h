// Reads the JSON of an answer leniently: a key that is missing, null or of another type is absent.
#pragma once

#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Object.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace electiond::ctl {

// One JSON object; empty if the value is not an object. Cheap to copy. One thread at a time.
class Record {
  public:
    Record() = default;
    explicit Record(const Poco::Dynamic::Var& value);

    [[nodiscard]] bool empty() const { return object_.isNull(); }
    [[nodiscard]] bool has(const std::string& key) const;
    // A string, or the digits of a number; "" if absent. Safe for a terminal: has no control
    // characters.
    [[nodiscard]] std::string text(const std::string& key) const;
    [[nodiscard]] std::optional<std::int64_t> number(const std::string& key) const;
    [[nodiscard]] std::optional<bool> flag(const std::string& key) const;
    [[nodiscard]] Record at(const std::string& key) const;
    [[nodiscard]] std::vector<Record> list(
        const std::string& key) const;  // the objects in an array
    [[nodiscard]] std::vector<std::string> texts(
        const std::string& key) const;  // the strings in an array, safe for a terminal
    // A count, given as a number or as the list itself.
    [[nodiscard]] std::optional<std::int64_t> count(const std::string& key) const;

  private:
    [[nodiscard]] Poco::Dynamic::Var value(const std::string& key) const;
    Poco::JSON::Object::Ptr object_;
};

// The records of an answer that is a list, or an object that holds one or more of them.
[[nodiscard]] std::vector<Record> records_of(const Poco::Dynamic::Var& value);

// The text with each control character replaced by '?', so that no answer can control the terminal.
[[nodiscard]] std::string printable(std::string text);

}  // namespace electiond::ctl
