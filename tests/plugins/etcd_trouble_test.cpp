// The discovery `etcd` while its server is dead, paused, compacted or full.
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>

#include "discovery/etcd_scene.h"

namespace electiond::bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr milliseconds kToStop{500};

class EtcdTrouble : public EtcdScene {};

// The message of a poll once it fails; "" if it never does.
std::string trouble_of(Discovery& discovery) {
    std::string sentence;
    (void)eventually([&] {
        sentence = fault([&] { (void)discovery.poll(); });
        return !sentence.empty();
    });
    return sentence;
}

TEST_F(EtcdTrouble, KilledAndStartedAgainItIsFoundAgain) {
    const auto a = etcd();
    const auto b = etcd();
    a->announce(node("a", 1));
    b->announce(node("b", 2));
    ASSERT_THAT(ids(*a), ElementsAre("a", "b"));

    for (int round = 0; round < 3; ++round) {
        server().kill9();
        EXPECT_THAT(trouble_of(*a),
                    AllOf(HasSubstr("no endpoint of etcd answers"),
                          HasSubstr(server().endpoint() + ": Connection refused"),
                          HasSubstr("start etcd, or correct discovery[0].endpoints")));
        EXPECT_LT(time_of([&] { (void)a->poll(); }), seconds(1)) << "no timeout is waited for";
        server().start();
        EXPECT_TRUE(eventually([&] {
            try {
                a->announce(node("a", 1));
                b->announce(node("b", static_cast<std::uint16_t>(2 + round)));
                return knows(*a, node("b", static_cast<std::uint16_t>(2 + round))) &&
                       knows(*b, node("a", 1));
            } catch (const Error&) {
                return false;
            }
        }));
    }
    EXPECT_THAT(lines_.all(), IsEmpty()) << "the host logs what a call throws";
}

TEST_F(EtcdTrouble, StartedAnewWithoutItsDataItIsFilledAgain) {
    const auto a = etcd({{"timeout", text("500ms")}});
    a->announce(node("a", 1));
    ASSERT_THAT(ids(*a), ElementsAre("a"));

    server().control({"del", "--prefix", ""});
    server().control({"lease", "revoke",
                      server()
                          .control({"lease", "list"})
                          .substr(server().control({"lease", "list"}).find('\n') + 1, 16)});

    EXPECT_TRUE(eventually([&] {
        (void)a->poll();
        a->announce(node("a", 1));
        return knows(*a, node("a", 1)) && value(kKey) != "";
    }));
}

TEST_F(EtcdTrouble, PausedItIsNamedInTime) {
    const auto a = etcd({{"timeout", text("1s")}});
    a->announce(node("a", 1));
    ASSERT_THAT(ids(*a), ElementsAre("a"));

    server().pause();

    const auto sentence = trouble_of(*a);
    EXPECT_THAT(sentence, HasSubstr(server().endpoint() + ": no answer within 1 s"));
    EXPECT_LT(time_of([&] { (void)a->poll(); }), seconds(2));
    EXPECT_EQ(fault([&] { (void)a->poll(); }), sentence) << "one cause, one text";
    EXPECT_LT(time_of([&] { a->withdraw(); }), seconds(3));
    server().resume();
    EXPECT_TRUE(eventually(
        [&] { return fault([&] { a->announce(node("a", 1)); }).empty() && ids(*a).size() == 1; }));
}

TEST_F(EtcdTrouble, PausedItHoldsNoCallBeyondItsStop) {
    const auto a = etcd({{"timeout", text("4s")}});
    server().pause();

    const std::vector<std::function<void(std::stop_token)>> calls = {
        [&](std::stop_token stop) { a->announce(node("a", 1), stop); },
        [&](std::stop_token stop) { (void)a->poll(stop); },
        [&](std::stop_token stop) { (void)a->arbiter()->claim("demo", claim_of("a"), stop); },
        [&](std::stop_token stop) { a->arbiter()->replace_claim("demo", claim_of("a"), stop); }};
    for (const auto& call : calls) {
        std::stop_source stop;
        Clock::time_point requested;
        std::string sentence;
        {
            const std::jthread stopper([&] {
                std::this_thread::sleep_for(milliseconds(200));
                requested = Clock::now();
                stop.request_stop();
            });
            sentence = fault([&] { call(stop.get_token()); });
        }
        EXPECT_LT(Clock::now() - requested, kToStop);
        EXPECT_THAT(sentence, HasSubstr("stopped before etcd answered"));
    }
    server().resume();
}

TEST_F(EtcdTrouble, WithSeveralDeadEndpointsNoCallTakesLongerThanTheHostAllows) {
    std::vector<std::string> endpoints;
    std::vector<std::unique_ptr<Poco::Net::ServerSocket>> silent;
    for (int i = 0; i < 8; ++i) {
        silent.push_back(
            std::make_unique<Poco::Net::ServerSocket>(Poco::Net::SocketAddress("127.0.0.1", 0), 8));
        endpoints.push_back("http://" + silent.back()->address().toString());
    }
    const auto a = make("etcd", {{"endpoints", list(endpoints)}, {"timeout", text("1s")}});

    EXPECT_LT(time_of([&] { (void)a->poll(); }), seconds(5));

    // All endpoints are tried, and the message names the asked ones in the order of the file.
    (void)time_of([&] { (void)a->poll(); });
    const auto sentence = fault([&] { (void)a->poll(); });
    std::size_t at = 0;
    for (const auto& each : endpoints) {
        EXPECT_NE(sentence.find(each), std::string::npos) << sentence;
        EXPECT_LE(at, sentence.find(each));
        at = sentence.find(each);
    }
}

TEST_F(EtcdTrouble, CompactedItsWatchGoesOn) {
    const auto a = etcd();
    const auto b = etcd();
    a->announce(node("a", 1));
    ASSERT_THAT(ids(*a), ElementsAre("a"));

    for (std::uint16_t round = 0; round < 5; ++round) {
        for (std::uint16_t i = 0; i < 5; ++i)
            b->announce(node("b", static_cast<std::uint16_t>(10 * (round + 1) + i)));
        const auto fields = server().control({"get", kKey, "--write-out=fields"});
        const auto revision = fields.substr(fields.find("\"Revision\" : ") + 13);
        server().control({"compact", revision.substr(0, revision.find('\n'))});
        EXPECT_TRUE(eventually([&] {
            return knows(*a, node("b", static_cast<std::uint16_t>(10 * (round + 1) + 4)));
        }));
    }
    EXPECT_THAT(lines_.all(), IsEmpty());
}

// ---- out of space -------------------------------------------------------------------------------

class FullEtcd : public EtcdScene {
  protected:
    void start_server() override {
        EtcdServer::Setup setup;
        setup.more = {"--quota-backend-bytes=4194304"};
        server_ = std::make_unique<EtcdServer>(std::move(setup));
    }

    // Until etcd raises its alarm. `meanwhile` is called between two steps.
    void fill(const std::function<void()>& meanwhile) {
        const std::string block(120'000, 'x');
        for (int i = 0; i < 200; ++i) {
            meanwhile();
            if (server().ctl({"put", "ballast", block}).code != 0) break;
        }
        ASSERT_THAT(server().control({"alarm", "list"}), HasSubstr("NOSPACE"));
    }
    void make_room() {
        const auto fields = server().control({"get", "x", "--write-out=fields"});
        const auto revision = fields.substr(fields.find("\"Revision\" : ") + 13);
        server().control({"compact", revision.substr(0, revision.find('\n'))});
        server().control({"defrag"});
        server().control({"alarm", "disarm"});
    }
};

TEST_F(FullEtcd, ServesWhatItHasAndNamesTheRemedy) {
    const auto a = etcd({{"ttl", text("10s")}});
    const auto late = etcd();
    a->announce(node("a", 1));
    ASSERT_EQ(a->arbiter()->claim("demo", claim_of("a")), claim_of("a"));
    ASSERT_THAT(ids(*a), ElementsAre("a"));
    fill([&] { a->announce(node("a", 1)); });

    EXPECT_EQ(late->arbiter()->claim("demo", claim_of("b")), claim_of("a"));
    EXPECT_THAT(ids(*late), ElementsAre("a"));
    for (const auto& refused : {fault([&] { late->announce(node("b", 2)); }), fault([&] {
                                    (void)late->arbiter()->claim("other", claim_of("b"));
                                })}) {
        EXPECT_THAT(refused,
                    AllOf(HasSubstr("etcd has no space left"), HasSubstr("etcdctl alarm disarm")));
    }
    const auto end = Clock::now() + seconds(13);
    while (Clock::now() < end) {
        a->announce(node("a", 1));  // keeps its lease alive
        std::this_thread::sleep_for(milliseconds(200));
    }
    EXPECT_THAT(ids(*late), ElementsAre("a"));

    make_room();
    late->announce(node("b", 2));
    EXPECT_EQ(late->arbiter()->claim("other", claim_of("b")), claim_of("b"));
    EXPECT_TRUE(eventually([&] { return ids(*a).size() == 2; }));
    EXPECT_THAT(lines_.all(), IsEmpty());
}

}  // namespace
}  // namespace electiond::bench
