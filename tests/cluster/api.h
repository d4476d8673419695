// Asks a node's control API.
#pragma once

#include <Poco/JSON/Object.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace electiond::cluster {

struct Answer {
    int code = 0;  // 0: nobody answered
    std::string body;
    Poco::JSON::Object::Ptr json = new Poco::JSON::Object;  // empty where the body is no object

    [[nodiscard]] std::string text(const std::string& key) const;     // "" for null and for nothing
    [[nodiscard]] std::int64_t number(const std::string& key) const;  // -1 where there is none
    [[nodiscard]] bool is(const std::string& key) const;              // true only where it is true
};

[[nodiscard]] Answer ask(const std::string& host, std::uint16_t port, const std::string& method,
                         const std::string& path, const std::string& body = "",
                         std::chrono::milliseconds limit = std::chrono::seconds(10));

// On this machine.
[[nodiscard]] Answer ask(std::uint16_t port, const std::string& method, const std::string& path,
                         const std::string& body = "",
                         std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace electiond::cluster
