// The daemon's configuration: YAML in, checked value out.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <electiond/error.h>
#include <electiond/limits.h>
#include <electiond/log.h>
#include <electiond/option_value.h>
#include <electiond/peer.h>
#include <electiond/tls.h>
#include <io/unix_socket.h>

#include "election/policy.h"
#include "settings/environment.h"

namespace electiond {

enum class LogFormat { text, json, logfmt };

// An address on which the control API listens.
using ListenAddress = std::variant<Endpoint, io::UnixSocket>;

// "127.0.0.1:7400" or "unix:/run/electiond/api.sock", as in the file.
[[nodiscard]] std::string to_string(const ListenAddress& address);

// Limits on clients of the control API: those of any listener, and one of the API alone.
struct ApiLimits : Limits {
    ApiLimits() {
        body_bytes = std::size_t{16} * 1024;
        idle_time = std::chrono::milliseconds{60'000};
    }
    // Long polls and event streams open at once, on all connections together.
    std::size_t streams = 2'000;

    bool operator==(const ApiLimits&) const = default;
};

// A value. All numbers are checked, all paths are absolute, and all defaults are filled in.
// docs/configuration-keys.md says what each key means.
struct Settings {
    using Duration = std::chrono::milliseconds;

    struct Node {
        NodeId id;
        std::filesystem::path data_dir;  // not created here, but by the storage
        std::int32_t priority = 100;     // 0: a witness
        bool observer = false;
    };
    struct Cluster {
        std::string name;
        std::optional<Bootstrap> bootstrap;  // not set: resolve_bootstrap() decides
        std::vector<NodeId> voters;          // empty: not given
        std::optional<std::size_t> expect;
        std::size_t max_voters = 7;  // odd: an even setting counts as the odd number below
        std::string where;           // place of `bootstrap`, for messages
    };
    // The places of a section `tls` and of its keys, for messages; a key that is not given has the
    // place of its section.
    struct TlsPlaces {
        std::string section, cert, key, ca, crl;
    };
    // The key api.tls. Paths are absolute. With `ca`, clients need a certificate that it has
    // signed.
    struct ApiTls {
        std::filesystem::path cert{}, key{}, ca{};

        bool operator==(const ApiTls&) const = default;
    };
    struct Api {
        std::vector<ListenAddress> listen;  // one or more; port 0 is any free one
        std::optional<std::filesystem::path> token_file;
        std::string token;  // content of the file; empty: changes need none. Never show it
        bool insecure = false;
        std::vector<std::string> hostnames;  // in small letters
        std::optional<ApiTls> tls;           // not given: plain text
        TlsPlaces tls_places;
        bool reading_needs_token = false;  // api.read: token
        ApiLimits limits;
    };
    struct Transport {
        std::string plugin = "http";
        Endpoint listen;
        std::optional<Endpoint> advertise;  // not given: the real endpoint, once it is bound
        bool insecure = false;
        Limits limits;
        bool limits_set = false;      // the section is there and changes a default
        std::optional<TlsFiles> tls;  // not given: plain text
        TlsPlaces tls_places;
        OptionSection options;     // the section, for the plugin
        std::string plugin_place;  // "node.yaml:5:21" of transport.plugin; empty by default
    };
    struct Discovery {
        std::string plugin;
        OptionSection options;     // the section, for the plugin
        std::string plugin_place;  // "node.yaml:3:22"
    };
    struct Plugins {
        std::vector<std::filesystem::path> directories;  // empty: plugin_directories() decides
    };
    struct Health {
        std::vector<std::string> command;  // either this …
        std::string url;                   // … or this
        Duration interval, timeout;
        int rise = 2, fall = 3;
    };
    struct Election {  // protocol.md section 7
        Duration election_timeout, heartbeat_interval, election_spread, request_timeout,
            hello_interval, client_grant, stable_after, dead_after;
        WhenNoneEligible when_none_eligible = WhenNoneEligible::nobody;
        std::optional<Health> health;
    };
    struct Hooks {
        std::vector<std::string> on_leader, on_follower, on_no_leader;  // argv; empty: none
        Duration timeout;
    };
    struct LogOutput {
        LogLevel level = LogLevel::info;
        LogFormat format = LogFormat::text;
    };

    std::filesystem::path file;  // as it was given; empty: the environment alone
    Node node;
    Cluster cluster;
    Api api;
    Transport transport;
    std::vector<Discovery> discovery;  // one or more
    Plugins plugins;
    Election election;
    Hooks hooks;
    LogOutput log;

    std::vector<std::string> warnings;  // whole sentences, for the log and for --check
    OptionValue merged;                 // what print_settings shows; each `where` is an origin
};

// The source of a configuration. The environment's overrides count in both cases.
struct ConfigSource {
    std::filesystem::path file;    // empty: the environment alone
    std::filesystem::path folder;  // absolute; relative paths in the configuration count from here

    // The file, whose folder counts.
    static ConfigSource of_file(const std::filesystem::path& file);
};

// "/etc/electiond/electiond.yaml", or "the environment": for messages.
[[nodiscard]] std::string source_name(const std::filesystem::path& file);

// The settings of a source that may have faults.
struct Draft {
    Settings settings;  // after faults: a wrong value is replaced by its default, and a
                        // plugin that cannot be tried has no name
    std::vector<std::string> faults;  // one line each
};

// Reads and checks `source`, with the overrides and ${NAME} of `env`. Opens only its file and
// api.token_file. Throws Error (code config) if the file is not a configuration at all.
[[nodiscard]] Draft read_settings(const ConfigSource& source, const Environment& env);

// As read_settings, but faults throw one Error (code config) that lists all of them, one per line.
[[nodiscard]] Settings load_settings(const ConfigSource& source, const Environment& env);

// Decides how this node may found its cluster. `arbiters` is how many of the loaded plugins can
// claim. Throws Error (code config) if the settings contradict the plugins.
[[nodiscard]] Bootstrap resolve_bootstrap(const Settings& settings, std::size_t arbiters);

// Warnings about founding in this mode: whole sentences, for the log and --check.
[[nodiscard]] std::vector<std::string> founding_warnings(const Settings& settings, Bootstrap mode);

// The merged configuration as YAML that loads again; a comment after each value says where it came
// from (file:line, environment NAME, default). Secrets are masked.
[[nodiscard]] std::string print_settings(const Settings& settings);

}  // namespace electiond
