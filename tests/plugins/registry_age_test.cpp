// How the entries of the registry are renewed and expire, by clocks that the tests control.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <electiond/plugin.h>
#include <registry/document.h>

#include "discovery/discovery_bench.h"
#include "file_registry/file_registry.h"

namespace electiond::discovery {
namespace {

using namespace std::chrono_literals;

using bench::fault;
using bench::node;
using std::chrono::hours;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class RegistryAge : public testing::Test {
  protected:
    // A node's registry, with its own wall clock. All share the steady one, as on one machine.
    struct Host {
        std::chrono::system_clock::time_point wall{hours(480'000)};
        std::vector<std::string> log{};
        std::unique_ptr<FileRegistry> registry{};
    };

    std::unique_ptr<Host> host(const std::string& expire_after = "") {
        auto host = std::make_unique<Host>();
        bench::OptionMap map{{"path", bench::text("cluster.json")}};
        if (!expire_after.empty()) map.push_back({"expire_after", bench::text(expire_after)});
        OptionSection section{.name = "discovery[0]", .root = {}, .directory = folder_.path()};
        section.root.kind = OptionValue::Kind::map;
        section.root.map = std::move(map);
        Options options(PluginKind::discovery, std::move(section));
        const Log log(
            [at = host.get()](const LogLine& line) { at->log.push_back(line.to_string()); });
        host->registry = std::make_unique<FileRegistry>(
            PluginSetup{.options = options, .cluster = "demo", .node_id = "x", .log = log},
            FileRegistry::World{.reader = {.clock = [this] { return now_; }},
                                .wall_clock = [at = host.get()] { return at->wall; }});
        options.throw_faults();
        return host;
    }

    // One round of the host's scout.
    static std::vector<Peer> round(Host& host, const Peer& self) {
        host.registry->announce(self, {});
        return host.registry->poll({});
    }

    // Rounds of both, half an hour apart, until `span` is over.
    void live(Host& a, Host& b, hours span) {
        for (const auto end = now_ + span; now_ < end; now_ += 30min) {
            (void)round(a, node("a", 1));
            (void)round(b, node("b", 2));
        }
    }

    [[nodiscard]] registry::Entry entry_of(const std::string& id) const {
        const registry::Document document(bench::read(file_), "");
        for (const auto& entry : document.entries()) {
            if (registry::text_of(entry, "id") == id) return entry;
        }
        return {};
    }

    bench::Folder folder_;
    std::filesystem::path file_ = folder_ / "cluster.json";
    Reader::Instant now_{hours(1000)};
};

TEST_F(RegistryAge, ANodeRenewsItsEntryFourTimesADayAndWritesNothingBetween) {
    const auto a = host();
    int writes = 0;
    std::string before;

    for (int minute = 0; minute < 24 * 60; ++minute, now_ += 1min) {
        (void)round(*a, node("a", 1));
        const auto text = bench::read(file_);
        writes += text == before ? 0 : 1;
        before = text;
    }

    EXPECT_EQ(writes, 4);
    const auto heartbeat = registry::heartbeat_of(entry_of("a"));
    EXPECT_EQ(heartbeat.count, 4U);
    EXPECT_EQ(heartbeat.expire_after, 24h);
}

TEST_F(RegistryAge, TheEntryOfADeadNodeGoesAfterADay) {
    const auto a = host();
    const auto b = host();
    (void)round(*b, node("b", 2));
    (void)round(*a, node("a", 1));

    for (const auto end = now_ + 23h + 59min; now_ < end; now_ += 1min) {
        EXPECT_THAT(round(*a, node("a", 1)), UnorderedElementsAre(node("a", 1), node("b", 2)));
    }
    for (const auto end = now_ + 6h + 1min; now_ < end; now_ += 1min) (void)round(*a, node("a", 1));

    EXPECT_THAT(a->registry->poll({}), ElementsAre(node("a", 1)));
    EXPECT_THAT(a->log, ElementsAre(AllOf(HasSubstr("entry of node b is removed"),
                                          HasSubstr("not renewed for 1440 min"),
                                          HasSubstr("uuid=uuid-of-b"))));
    EXPECT_THAT(round(*b, node("b", 2)), UnorderedElementsAre(node("a", 1), node("b", 2)))
        << "it was only asleep, and writes itself again";
}

TEST_F(RegistryAge, NoLivingNodeExpiresWhateverTheWallClocksDo) {
    const auto a = host();
    const auto b = host();
    (void)round(*a, node("a", 1));

    for (const auto jump : {hours(0), hours(-100'000), hours(+300'000), hours(-1)}) {
        b->wall += jump;
        live(*a, *b, 60h);
        a->wall -= jump;
        live(*a, *b, 60h);
    }

    EXPECT_THAT(a->registry->poll({}), UnorderedElementsAre(node("a", 1), node("b", 2)));
    EXPECT_THAT(a->log, IsEmpty());
    EXPECT_THAT(b->log, IsEmpty());
}

TEST_F(RegistryAge, ANodeWhoseWallClockStandsStillLives) {
    const auto a = host();
    const auto b = host();

    live(*a, *b, 200h);  // neither wall clock moves

    EXPECT_THAT(a->registry->poll({}), UnorderedElementsAre(node("a", 1), node("b", 2)));
    EXPECT_THAT(a->log, IsEmpty());
}

TEST_F(RegistryAge, ANodeThatHasJustStartedExpiresNobody) {
    (void)round(*host(), node("b", 2));
    now_ += 1000h;  // all nodes were off for weeks

    const auto a = host();
    for (const auto end = now_ + 23h; now_ < end; now_ += 1h) {
        EXPECT_THAT(round(*a, node("a", 1)), UnorderedElementsAre(node("a", 1), node("b", 2)));
    }
}

TEST_F(RegistryAge, ALateReaderLooksAgainBeforeItRemoves) {
    const auto a = host();
    const auto b = host();
    (void)round(*a, node("a", 1));
    (void)round(*b, node("b", 2));
    (void)round(*a, node("a", 1));

    now_ += 100h;  // a is stopped (SIGSTOP); b goes on
    (void)round(*b, node("b", 2));

    EXPECT_THAT(round(*a, node("a", 1)), UnorderedElementsAre(node("a", 1), node("b", 2)));
}

// The server of the registry was down: no node could renew its entry.
TEST_F(RegistryAge, ATimeWithoutTheRegistryMakesNoEntryOlder) {
    const auto a = host();
    const auto b = host();
    live(*a, *b, 10h);
    const auto away = folder_ / "away.json";

    std::filesystem::rename(file_, away);
    std::filesystem::create_directory(file_);
    for (const auto end = now_ + 100h; now_ < end; now_ += 30min) {
        EXPECT_NE(fault([&] { (void)round(*a, node("a", 1)); }), "");
        EXPECT_NE(fault([&] { (void)round(*b, node("b", 2)); }), "");
    }
    std::filesystem::remove(file_);
    std::filesystem::rename(away, file_);

    EXPECT_THAT(round(*a, node("a", 1)), UnorderedElementsAre(node("a", 1), node("b", 2)));
    EXPECT_THAT(a->log, IsEmpty());
}

TEST_F(RegistryAge, ACallThatHungForDaysExpiresNobody) {
    const auto a = host();
    const auto b = host();
    live(*a, *b, 10h);

    now_ += 100h;  // both hang on the same server, and a gets its answer first

    EXPECT_THAT(round(*a, node("a", 1)), UnorderedElementsAre(node("a", 1), node("b", 2)));
    for (const auto end = now_ + 23h; now_ < end; now_ += 1h) (void)round(*a, node("a", 1));
    EXPECT_THAT(a->registry->poll({}), UnorderedElementsAre(node("a", 1), node("b", 2)));
    for (const auto end = now_ + 8h; now_ < end; now_ += 1h) (void)round(*a, node("a", 1));
    EXPECT_THAT(a->registry->poll({}), ElementsAre(node("a", 1))) << "b is dead by now";
}

TEST_F(RegistryAge, ATimeInWhichNobodyCouldWriteExpiresNobody) {
    const auto a = host();
    const auto b = host();
    live(*a, *b, 10h);
    const auto lock = folder_ / "cluster.json.lock";

    std::filesystem::remove(lock);
    std::filesystem::create_directory(lock);
    for (const auto end = now_ + 100h; now_ < end; now_ += 30min) {
        (void)fault([&] { (void)round(*a, node("a", 1)); });
        EXPECT_THAT(a->registry->poll({}), UnorderedElementsAre(node("a", 1), node("b", 2)))
            << "it can be read";
        (void)fault([&] { (void)round(*b, node("b", 2)); });
    }
    EXPECT_NE(fault([&] { (void)round(*a, node("a", 1)); }), "") << "the heartbeat is due";
    std::filesystem::remove(lock);

    EXPECT_THAT(round(*a, node("a", 1)), UnorderedElementsAre(node("a", 1), node("b", 2)));
    EXPECT_THAT(a->log, IsEmpty());
}

TEST_F(RegistryAge, EachNodeSaysForHowLongItsOwnEntryIsGood) {
    const auto patient = host("8760h");
    const auto hasty = host("1h");
    (void)round(*patient, node("a", 1));
    (void)round(*hasty, node("b", 2));

    for (const auto end = now_ + 100h; now_ < end; now_ += 10min) {
        (void)round(*hasty, node("b", 2));
    }
    EXPECT_THAT(hasty->registry->poll({}), UnorderedElementsAre(node("a", 1), node("b", 2)))
        << "a renews each 6 h, which is less often than b would want of itself";

    for (const auto end = now_ + 7h; now_ < end; now_ += 10min) {
        (void)round(*patient, node("a", 1));
    }
    EXPECT_THAT(patient->registry->poll({}), ElementsAre(node("a", 1)));
}

TEST_F(RegistryAge, AnEntryOfAnOlderVersionNeverExpires) {
    const std::string old =
        R"({"nodes":[{"cluster":"demo","id":"b","uuid":"uuid-of-b","addresses":["127.0.0.1:4002"],)"
        R"("api":"127.0.0.1:3002","updatedAt":"2020-01-01T00:00:00Z"},)"
        R"({"cluster":"other","id":"c","updatedAt":"2020-01-01T00:00:00Z","expireAfterMs":60000}]})";
    bench::write(file_, old);
    const auto a = host();

    for (const auto end = now_ + 1000h; now_ < end; now_ += 1h) (void)round(*a, node("a", 1));

    EXPECT_THAT(a->registry->poll({}), UnorderedElementsAre(node("a", 1), node("b", 2)));
    EXPECT_EQ(registry::compact_text(entry_of("b")),
              R"({"cluster":"demo","id":"b","uuid":"uuid-of-b","addresses":["127.0.0.1:4002"],)"
              R"("api":"127.0.0.1:3002","updatedAt":"2020-01-01T00:00:00Z"})");
    EXPECT_TRUE(entry_of("c")) << "another cluster's: its nodes see to it";
}

TEST_F(RegistryAge, AWrongHeartbeatExpiresNothing) {
    for (const auto* after : {"\"24h\"", "-1", "0", "59999", "31536000001", "1e99", "true", "{}",
                              "60000.5", "null", "[]", "18446744073709551615"}) {
        Poco::JSON::Object::Ptr json = new Poco::JSON::Object;
        const registry::Document document(
            std::string(R"({"nodes":[{"heartbeat":"x","expireAfterMs":)") + after + "}]}", "");
        const auto heartbeat = registry::heartbeat_of(document.entries().front());
        EXPECT_FALSE(heartbeat.expire_after) << after;
        EXPECT_EQ(heartbeat.count, 0U);
    }
}

TEST_F(RegistryAge, ARestartedNodeRenewsAtOnce) {
    (void)round(*host(), node("a", 1));  // killed: its entry stays
    (void)round(*host(), node("a", 1));

    EXPECT_EQ(registry::heartbeat_of(entry_of("a")).count, 2U);
}

TEST_F(RegistryAge, ARenewedEntryKeepsItsPlace) {
    const auto a = host();
    const auto b = host();
    (void)round(*a, node("a", 1));
    (void)round(*b, node("b", 2));

    now_ += 7h;

    EXPECT_THAT(round(*a, node("a", 1)), ElementsAre(node("a", 1), node("b", 2)));
}

TEST_F(RegistryAge, ARenewalThatFailsIsTriedAgainAtTheNextCall) {
    const auto a = host();
    (void)round(*a, node("a", 1));
    now_ += 7h;
    std::filesystem::create_directory(folder_ / "away");
    std::filesystem::rename(folder_ / "cluster.json.lock", folder_ / "away/lock");
    std::filesystem::create_directory(folder_ / "cluster.json.lock");

    EXPECT_NE(fault([&] { (void)round(*a, node("a", 1)); }), "");
    EXPECT_THAT(a->registry->poll({}), ElementsAre(node("a", 1)));
    std::filesystem::remove(folder_ / "cluster.json.lock");
    (void)round(*a, node("a", 1));

    EXPECT_EQ(registry::heartbeat_of(entry_of("a")).count, 2U);
}

TEST_F(RegistryAge, RefusesAnUnusableExpireAfter) {
    for (const auto* wrong : {"0s", "59s", "8761h", "1", "soon", "-1h"}) {
        EXPECT_THAT(fault([&] { (void)host(wrong); }),
                    AllOf(HasSubstr("discovery[0].expire_after"), HasSubstr("must be a duration")))
            << wrong;
    }
    EXPECT_THAT(fault([&] { (void)host("1m"); }), IsEmpty());
}

}  // namespace
}  // namespace electiond::discovery
