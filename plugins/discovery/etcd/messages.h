// The JSON of etcd's gateway: writes requests, parses responses. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace electiond::discovery::etcd {

// In this JSON, 64-bit numbers are strings, and keys and values are base64. Each read_… throws
// std::exception if the text is not such a response.

struct KeyValue {
    std::string key;
    std::string value;
    std::string lease;  // its number; empty: none
    std::int64_t mod_revision = 0;
};

struct Range {
    std::vector<KeyValue> entries;  // by key
    std::int64_t revision = 0;      // of the store, when it was read
    bool more = false;              // than the limit
};

// All keys in [key, end); if `end` is empty, only `key`.
[[nodiscard]] std::string range_request(const std::string& key, const std::string& end,
                                        std::size_t limit);
[[nodiscard]] Range read_range(const std::string& text);

// If `lease` is empty, the key does not expire.
[[nodiscard]] std::string put_request(const std::string& key, const std::string& value,
                                      const std::string& lease);
[[nodiscard]] std::int64_t read_revision(const std::string& text);

// Creates the key if it does not exist, else reads it.
[[nodiscard]] std::string create_request(const std::string& key, const std::string& value);
// The existing key; nullopt if it was created.
[[nodiscard]] std::optional<KeyValue> read_created(const std::string& text);

struct Lease {
    std::string id;  // its number
    std::chrono::seconds ttl{};
};
[[nodiscard]] std::string grant_request(std::chrono::seconds ttl);
[[nodiscard]] Lease read_grant(const std::string& text);
// To keep a lease alive, and to revoke it.
[[nodiscard]] std::string lease_request(const std::string& id);
// The time that is left; nullopt if the lease does not exist any more.
[[nodiscard]] std::optional<std::chrono::seconds> read_keep_alive(const std::string& text);

[[nodiscard]] std::string authenticate_request(const std::string& user,
                                               const std::string& password);
[[nodiscard]] std::string read_token(const std::string& text);

// All changes of the keys in [key, end) from this revision on.
[[nodiscard]] std::string watch_request(const std::string& key, const std::string& end,
                                        std::int64_t revision);
// One line of a watch.
struct WatchNews {
    bool created = false;   // from now on it reports changes
    bool changed = false;   // a key has changed
    bool canceled = false;  // the watch has ended
};
[[nodiscard]] WatchNews read_watch(const std::string& line);

// How etcd refuses a request.
struct Refusal {
    int code = 0;         // of gRPC
    std::string message;  // "etcdserver: requested lease not found"
};
// Returns nullopt if the text is not a refusal of etcd. Does not throw for malformed text.
[[nodiscard]] std::optional<Refusal> read_refusal(const std::string& text);

}  // namespace electiond::discovery::etcd
