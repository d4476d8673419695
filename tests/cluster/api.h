// Asks a node's control API.
#pragma once

#include <Poco/JSON/Object.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace electiond::cluster {

struct Answer {
    int code = 0;  // 0: no answer
    std::string body;
    Poco::JSON::Object::Ptr json = new Poco::JSON::Object;  // empty if the body is not an object

    [[nodiscard]] std::string text(const std::string& key) const;     // "" if null or missing
    [[nodiscard]] std::int64_t number(const std::string& key) const;  // -1 if there is none
    [[nodiscard]] bool is(const std::string& key) const;              // true only if it is true
};

[[nodiscard]] Answer ask(const std::string& host, std::uint16_t port, const std::string& method,
                         const std::string& path, const std::string& body = "",
                         std::chrono::milliseconds limit = std::chrono::seconds(10));

// On this machine.
[[nodiscard]] Answer ask(std::uint16_t port, const std::string& method, const std::string& path,
                         const std::string& body = "",
                         std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace electiond::cluster
