// The options of the discovery `etcd`.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <electiond/options.h>

namespace electiond::discovery::etcd {

// A value. Paths that are not given are empty.
struct Settings {
    std::string section;                  // "discovery[0]", for messages
    std::vector<std::string> endpoints;   // "https://10.0.0.1:2379", in the operator's order
    bool tls = false;                     // at least one of them is https
    std::string prefix;                   // of all keys, without a slash at its end
    std::chrono::seconds ttl{};           // of the lease of this node's entry
    std::chrono::milliseconds timeout{};  // of one request to one endpoint
    std::filesystem::path ca, cert, key;
    std::string user;  // empty: without authentication
    std::filesystem::path password_file;

    // "discovery[0].ca".
    [[nodiscard]] std::string name(const std::string& key_name) const {
        return section + "." + key_name;
    }
};

// Records each fault in `options`; the result is valid only if there is none. Opens no file.
[[nodiscard]] Settings read_settings(Options& options);

}  // namespace electiond::discovery::etcd
