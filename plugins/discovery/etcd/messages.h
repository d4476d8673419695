// The JSON of etcd's gateway: what is asked, and what is answered. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace electiond::discovery::etcd {

// Numbers of 64 bits are texts in this JSON, keys and values are base64. Each read_… throws
// std::exception if the text is not what it must be.

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

// All keys from `key` up to, and without, `end`; an empty `end`: the one key.
[[nodiscard]] std::string range_request(const std::string& key, const std::string& end,
                                        std::size_t limit);
[[nodiscard]] Range read_range(const std::string& text);

// An empty lease: the key lasts.
[[nodiscard]] std::string put_request(const std::string& key, const std::string& value,
                                      const std::string& lease);
[[nodiscard]] std::int64_t read_revision(const std::string& text);

// Creates the key if it does not exist, else reads it.
[[nodiscard]] std::string create_request(const std::string& key, const std::string& value);
// What was there already; nullopt: it was created.
[[nodiscard]] std::optional<KeyValue> read_created(const std::string& text);

struct Lease {
    std::string id;  // its number
    std::chrono::seconds ttl{};
};
[[nodiscard]] std::string grant_request(std::chrono::seconds ttl);
[[nodiscard]] Lease read_grant(const std::string& text);
// To keep a lease alive, and to revoke it.
[[nodiscard]] std::string lease_request(const std::string& id);
// What is left of it; nullopt: there is no such lease any more.
[[nodiscard]] std::optional<std::chrono::seconds> read_keep_alive(const std::string& text);

[[nodiscard]] std::string authenticate_request(const std::string& user,
                                               const std::string& password);
[[nodiscard]] std::string read_token(const std::string& text);

// All changes of the keys in [key, end) from this revision on.
[[nodiscard]] std::string watch_request(const std::string& key, const std::string& end,
                                        std::int64_t revision);
// One line of a watch.
struct WatchNews {
    bool created = false;   // from now on it reports
    bool changed = false;   // something has
    bool canceled = false;  // nothing more comes
};
[[nodiscard]] WatchNews read_watch(const std::string& line);

// How etcd refuses a request.
struct Refusal {
    int code = 0;         // of gRPC
    std::string message;  // "etcdserver: requested lease not found"
};
// nullopt: it is no refusal of etcd's. Does not throw for what it reads.
[[nodiscard]] std::optional<Refusal> read_refusal(const std::string& text);

}  // namespace electiond::discovery::etcd
