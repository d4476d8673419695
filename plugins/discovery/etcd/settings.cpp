// Reads the options of the discovery `etcd`.
#include "etcd/settings.h"

#include <algorithm>
#include <optional>

#include <electiond/peer.h>

namespace electiond::discovery::etcd {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kEndpointsMax = 16;
constexpr std::size_t kPrefixSizeMax = 200;
constexpr std::size_t kUserSizeMax = 200;
constexpr char kPlain[] = "http://";
constexpr char kTls[] = "https://";

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// "https://10.0.0.1:2379" as it is used from now on; nullopt if it is no such URL.
std::optional<std::string> endpoint_of(std::string text) {
    const std::string scheme = text.starts_with(kTls) ? kTls : kPlain;
    if (!text.starts_with(scheme)) return std::nullopt;
    if (text.ends_with('/')) text.pop_back();
    const auto place = Endpoint::parse(std::string_view(text).substr(scheme.size()));
    if (!place || place->port == 0) return std::nullopt;
    const bool plain = std::ranges::all_of(place->host, [](char c) {
        return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_' || c == ':';
    });
    return plain ? std::optional(scheme + place->to_string()) : std::nullopt;
}

std::vector<std::string> read_endpoints(Options& options) {
    constexpr char kKey[] = "endpoints";
    constexpr char kExpected[] = "URLs such as https://10.0.0.1:2379: http or https, host and port";
    std::vector<std::string> endpoints;
    const auto* given = options.value(kKey);
    if (given == nullptr) {
        options.missing(kKey, "name the members of etcd, as in endpoints: [https://10.0.0.1:2379]");
        return endpoints;
    }
    constexpr char kList[] = "a list of the members of etcd, as in [https://10.0.0.1:2379]";
    if (given->kind != OptionValue::Kind::list) {
        options.wrong(kKey, kList);
        return endpoints;
    }
    if (given->list.empty()) {
        options.fault(kKey, std::string("is an empty list, but must be ") + kList);
        return endpoints;
    }
    for (const auto& item : given->list) {
        if (item.kind == OptionValue::Kind::text && item.text.find('@') != std::string::npos) {
            // Not shown: it may contain a password.
            options.fault(kKey,
                          "holds a URL with a user or password; give them as user and "
                          "password_file instead",
                          item.where);
            continue;
        }
        const auto endpoint =
            item.kind == OptionValue::Kind::text ? endpoint_of(item.text) : std::nullopt;
        if (!endpoint) {
            options.wrong_item(kKey, item, kExpected);
        } else if (std::ranges::find(endpoints, *endpoint) != endpoints.end()) {
            options.fault(kKey, "holds " + item.shown() + " a second time; name each one once",
                          item.where);
        } else {
            endpoints.push_back(*endpoint);
        }
    }
    if (given->list.size() > kEndpointsMax) {
        options.fault(kKey, "holds " + std::to_string(given->list.size()) + " URLs, but may hold " +
                                std::to_string(kEndpointsMax) + "; a few members are enough");
    }
    return endpoints;
}

std::string read_prefix(Options& options) {
    auto prefix = options.text("prefix", "/electiond");
    const bool plain = std::ranges::all_of(prefix, [](char c) {
        return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_' || c == '/';
    });
    if (!plain || prefix.size() > kPrefixSizeMax || prefix.ends_with('/')) {
        options.wrong("prefix",
                      "1 to 200 of A-Z a-z 0-9 . _ - /, without a slash at its end, as in "
                      "/electiond");
    }
    return prefix;
}

std::chrono::milliseconds read_duration(Options& options, const std::string& key,
                                        std::chrono::milliseconds least,
                                        std::chrono::milliseconds most,
                                        std::chrono::milliseconds otherwise,
                                        const std::string& expected) {
    const auto given = options.duration(key, otherwise);
    if (given < least || given > most) options.wrong(key, expected);
    return std::clamp(given, least, most);
}

std::filesystem::path read_path(Options& options, const std::string& key) {
    return options.has(key) ? options.path(key) : std::filesystem::path();
}

// `key` is given, and makes no sense without `other`.
void require_with(Options& options, const std::string& key, const std::string& other) {
    if (!options.has(key) || options.has(other)) return;
    options.fault(key, "is given, but " + other + " is not; give both or neither");
}

void read_tls(Options& options, Settings& into) {
    into.ca = read_path(options, "ca");
    into.cert = read_path(options, "cert");
    into.key = read_path(options, "key");
    require_with(options, "cert", "key");
    require_with(options, "key", "cert");
    if (into.tls || into.endpoints.empty()) return;
    for (const auto* key : {"ca", "cert", "key"}) {
        if (!options.has(key)) continue;
        options.fault(key,
                      "is given, but no endpoint begins with https://; correct endpoints, or "
                      "remove this key");
    }
}

void read_user(Options& options, Settings& into) {
    into.user = options.text("user", {});
    const bool printable = std::ranges::all_of(
        into.user, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; });
    if (!printable || into.user.size() > kUserSizeMax)
        options.wrong(
            "user", "the name of a user of etcd: up to 200 printable characters, as in electiond");
    into.password_file = read_path(options, "password_file");
    require_with(options, "user", "password_file");
    require_with(options, "password_file", "user");
}

}  // namespace

Settings read_settings(Options& options) {
    Settings settings;
    settings.section = options.section();
    settings.endpoints = read_endpoints(options);
    settings.tls = std::ranges::any_of(
        settings.endpoints, [](const std::string& each) { return each.starts_with(kTls); });
    settings.prefix = read_prefix(options);
    settings.ttl = std::chrono::ceil<std::chrono::seconds>(
        read_duration(options, "ttl", 5s, 24h, 60s, "a duration from 5s to 24h"));
    settings.timeout = read_duration(options, "timeout", 100ms, 4s, 2s,
                                     "a duration from 100ms to 4s: electiond ends a call after 5s");
    read_tls(options, settings);
    read_user(options, settings);
    return settings;
}

}  // namespace electiond::discovery::etcd
