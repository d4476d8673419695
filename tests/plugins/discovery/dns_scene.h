// The discovery `dns` with a server of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "discovery_bench.h"
#include "fake_dns.h"

namespace electiond::bench {

inline std::vector<std::string> shown(const std::vector<Peer>& peers) {
    std::vector<std::string> texts;
    for (const auto& peer : peers) {
        EXPECT_TRUE(peer.id.empty());
        EXPECT_FALSE(peer.uuid);
        std::string text;
        for (const auto& address : peer.addresses) {
            text += (text.empty() ? "" : " ") + address.to_string();
        }
        texts.push_back(text);
    }
    return texts;
}

inline Peer self(const std::string& host, std::uint16_t port = 7401) {
    auto peer = node("1", 1);
    peer.addresses = {{host, port}};
    return peer;
}

// One instance with a server of its own; by default each poll asks again.
class Dns : public testing::Test {
  protected:
    // `more` replaces the options given here.
    [[nodiscard]] std::unique_ptr<Discovery> made(OptionMap options,
                                                  const std::vector<std::string>& servers) {
        const auto add = [&](const std::string& key, const OptionValue& value) {
            if (std::ranges::find(options, key, &OptionEntry::key) == options.end()) {
                options.push_back({key, value, "node.yaml:3:1"});
            }
        };
        add("servers", list(servers));
        add("min_ttl", text("0ms"));
        add("timeout", text("4s"));
        return make("dns", options, "demo", "/", Log([this](LogLine line) {
                        if (line.level != LogLevel::debug) lines_.push_back(line.to_string());
                    }));
    }
    [[nodiscard]] std::unique_ptr<Discovery> made(OptionMap options, const FakeDns& server) {
        return made(std::move(options), {server.address()});
    }

    std::vector<std::string> lines_;
};

inline std::string failure(Discovery& dns) {
    return fault([&] { (void)dns.poll(); });
}

inline FakeDns::Script same(std::vector<std::pair<std::uint16_t, std::string>> records,
                            std::uint32_t ttl = 0) {
    return [records = std::move(records), ttl](const Query& query) -> FakeDns::Answers {
        Response response(query);
        for (const auto& [type, data] : records) {
            if (type != query.type) continue;
            if (type == kA) response.a(query.name, data, ttl);
            if (type == kAaaa) response.aaaa(query.name, data, ttl);
        }
        return {response.bytes()};
    };
}

inline FakeDns::Answers silent(const Query&) { return {}; }

inline FakeDns::Answers services(const Query& query) {
    Response response(query);
    if (query.type == kSrv) {
        response.srv(query.name, "n2.test", 7402).srv(query.name, "n1.test", 7401);
    } else if (query.type == kA) {
        response.a(query.name, query.name == "n1.test" ? "10.0.0.1" : "10.0.0.2");
    } else if (query.name == "n1.test") {
        response.aaaa(query.name, "fd00::1");
    }
    return {response.bytes()};
}

}  // namespace electiond::bench
