// Parses the answer of a DNS server strictly, into plain values.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace electiond::discovery {

enum class RecordType : std::uint16_t { a = 1, aaaa = 28, srv = 33 };

struct Question {
    std::string name;  // absolute, without a dot at its end
    RecordType type = RecordType::a;

    auto operator<=>(const Question&) const = default;
    [[nodiscard]] std::string to_string() const;  // "electiond.example.org A"
};

struct Service {
    std::string target;  // as in the record: not necessarily the name of a host
    std::uint16_t port = 0;

    auto operator<=>(const Service&) const = default;
};

// The answer to one question. Sorted and without duplicates, whatever the order in the message.
struct Records {
    std::vector<std::string> addresses{};  // of A and AAAA, as text; only those of one host
    std::vector<Service> services{};       // of SRV
    std::chrono::seconds ttl{0};           // the shortest of all records used; 0 if there are none
    bool name_exists = true;               // false: NXDOMAIN

    [[nodiscard]] bool empty() const { return addresses.empty() && services.empty(); }
};

// More records than this in one answer are a fault: no cluster is so large.
inline constexpr std::size_t kRecordsMax = 256;

struct Answer {
    std::optional<Records> records{};  // empty records are also an answer: there is no node
    std::string fault{};  // without records: what the server did, as in "answered SERVFAIL"
};

// Reads a whole message. Only records of the answer section count, and of these only those that
// belong to the name of the question, or to the one that its CNAME records lead to. Pure.
[[nodiscard]] Answer read_answer(std::span<const unsigned char> message, const Question& question);

// True if DNS can look up this name: 1 to 253 characters, labels of 1 to 63 of A-Z a-z 0-9 _ -, and
// not an IP address.
[[nodiscard]] bool is_dns_name(std::string_view name);

// The canonical text of an IP address; nullopt if `text` is not one.
[[nodiscard]] std::optional<std::string> canonical_address(const std::string& text);

// The name without a dot at its end, in lower case.
[[nodiscard]] std::string normal_name(std::string_view name);

}  // namespace electiond::discovery
