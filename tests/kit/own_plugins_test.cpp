// Our own plugins, the templates and the guests without a defect pass the whole conformance kit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <ostream>

#include "../support/dnsmasq.h"
#include "etcd_server.h"
#include "plugin_scene.h"

namespace electiond::cluster {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;
using Words = std::vector<std::string>;

// Names that begin with one of these are about what a plugin need not do.
const Words kSpreads = {"spreads",
                        "spreads_all",
                        "spreads_changes",
                        "spreads_withdrawal",
                        "spreads_to_many",
                        "spreads_in_order",
                        "spreads_in_one_cluster",
                        "withdraw_itself_alone",
                        "announce_repairs",
                        "announce_refuses_unreadable",
                        "announce_after_restart"};
const Words kClaims = {"arbiter",
                       "claim_first_counts",
                       "claim_second_gets_first",
                       "claim_lasts",
                       "claim_beside_announcements",
                       "claim_per_cluster",
                       "claim_at_once",
                       "claim_replaced",
                       "claim_replaced_unset",
                       "claim_stops"};
const Words kLimits = {"limits",
                       "limits_take_bodies",
                       "limits_refuse_bodies",
                       "limits_of_sender",
                       "limits_change",
                       "limits_waiting",
                       "limits_connections",
                       "limits_strangers",
                       "limits_request_time",
                       "limits_idle_time",
                       "reload"};
const Words kTls = {"tls",
                    "tls_carries",
                    "tls_proves_names",
                    "tls_believes_no_sender",
                    "tls_other_authority",
                    "tls_refuses_plain_text",
                    "tls_sends_no_plain_text",
                    "tls_factory",
                    "tls_missing_file",
                    "tls_reload",
                    "tls_reload_keeps"};

Words both(Words first, const Words& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

// A multicast group that no other test process on this host uses.
std::string own_group() {
    const auto process = static_cast<unsigned>(::getpid());
    return "group=239." + std::to_string(192 + (process >> 16) % 64) + "." +
           std::to_string(process >> 8 & 255) + "." + std::to_string(process & 255);
}

struct Tested {
    std::string name;
    std::filesystem::path file;
    Words options;
    Words skipped;
};

void PrintTo(const Tested& tested, std::ostream* out) { *out << tested.name; }

std::vector<Tested> tested() {
    const Words no_options = {"factory_refuses_wrong_values"};
    // It listens nowhere, so that no stranger can come.
    const Words no_strangers = {"stop_listens_no_more", "stranger_any_bytes",
                                "stranger_half_message", "stranger_short", "logs_little"};
    return {
        {"file_registry", kOwnPlugins / "file_registry.so", {"--option", "path=cluster.json"}, {}},
        {"static_list",
         kOwnPlugins / "static_list.so",
         {"--option", "peers={1: 127.0.0.1:4001, 2: 127.0.0.1:4002}"},
         both(kSpreads, kClaims)},
        {"exec",
         kOwnPlugins / "exec.so",
         {"--option", R"(command=[/bin/echo, '{"id": "2", "address": "127.0.0.1:4002"}'])",
          "--option", "announce=[/bin/cat]", "--option", "withdraw=[/bin/cat]"},
         both(kSpreads, kClaims)},
        {"multicast",
         kOwnPlugins / "multicast.so",
         {"--option", own_group(), "--option", "port=17403", "--option", "interface=lo"},
         kClaims},
        {"dns", kOwnPlugins / "dns.so", {"--option", "host=nodes.test"}, both(kSpreads, kClaims)},
        {"http", kOwnPlugins / "http.so", {}, no_options},
        {"tcp", kOwnPlugins / "tcp.so", {}, no_options},
        {"discovery_guest", kKitGuests / "discovery_guest.so", {"--option", "path=x"}, {}},
        {"transport_guest",
         kKitGuests / "transport_guest.so",
         {},
         both(no_options, both(no_strangers, both(kLimits, kTls)))},
        {"template_discovery",
         kKitGuests / "template_discovery.so",
         {"--option", "directory=nodes"},
         kClaims},
        {"template_transport",
         kKitGuests / "template_transport.so",
         {},
         both(no_options, both(kLimits, kTls))},
    };
}

class OwnPlugins : public testing::TestWithParam<Tested> {};

TEST_P(OwnPlugins, PassTheKit) {
    Words words{"check", GetParam().file};
    words.insert(words.end(), GetParam().options.begin(), GetParam().options.end());
    const Folder folder;
    std::optional<Dnsmasq> server;
    if (GetParam().name == "dns") {
        if (!Dnsmasq::installed()) GTEST_SKIP() << "needs dnsmasq (package dnsmasq-base)";
        const std::vector<std::string> records = {"--host-record=nodes.test,10.0.0.1,fd00::3",
                                                  "--host-record=nodes.test,10.0.0.2"};
        server.emplace(folder.path(), std::nullopt, records);
        words.insert(words.end(), {"--option", "servers=[\"" + server->address() + "\"]"});
    }

    const auto finished = plugin(words);

    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(lines_with(finished.said, "not ok "), IsEmpty());
    EXPECT_THAT(skipped(finished.said), testing::UnorderedElementsAreArray(GetParam().skipped));
}

INSTANTIATE_TEST_SUITE_P(All, OwnPlugins, testing::ValuesIn(tested()),
                         [](const auto& each) { return each.param.name; });

// Each case has keys of its own: a claim of an earlier one would count.
TEST(OwnPluginsWithAServer, EtcdPassesTheKit) {
    if (const auto missing = EtcdServer::missing()) GTEST_SKIP() << *missing;
    const EtcdServer server;

    const auto finished = plugin({"check", kOwnPlugins / "etcd.so", "--option",
                                  "endpoints=[\"" + server.endpoint() + "\"]", "--option",
                                  "prefix=/kit/${KIT_CASE}"});

    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(lines_with(finished.said, "not ok "), IsEmpty());
    EXPECT_THAT(skipped(finished.said), IsEmpty());
}

}  // namespace
}  // namespace electiond::cluster
