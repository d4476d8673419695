// The discovery `etcd` on a server that works: entries under a lease, watches, claims, and options.
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>

#include "discovery/etcd_scene.h"

namespace electiond::bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kClaimKey[] = "/electiond/demo/claim";

class EtcdTest : public EtcdScene {};

TEST_F(EtcdTest, AnnouncesUnderALeaseAndRemovesTheEntry) {
    const auto a = etcd({{"ttl", text("30s")}});

    a->announce(node("a", 1));

    EXPECT_EQ(value(kKey), R"({"id":"a","uuid":"uuid-of-a","addresses":["127.0.0.1:4001"],)"
                           R"("api":"127.0.0.1:3001"})");
    EXPECT_THAT(server().control({"lease", "timetolive", lease_of(kKey)}),
                HasSubstr("granted with TTL(30s)"));
    a->withdraw();
    EXPECT_EQ(value(kKey), "");
    EXPECT_THAT(server().control({"lease", "list"}), HasSubstr("found 0 leases"));
}

TEST_F(EtcdTest, NeedsNoRequestWhileNothingChanges) {
    const auto a = etcd();
    const auto b = etcd();
    ASSERT_TRUE(eventually([&] {
        a->announce(node("a", 1));
        b->announce(node("b", 2));
        return knows(*a, node("b", 2)) && knows(*b, node("a", 1));
    }));
    const auto requests = [&] {
        int count = 0;
        for (const auto* method : {"Range", "Put", "LeaseGrant", "LeaseKeepAlive", "Watch", "Txn"})
            count += server().answered(method);
        return count;
    };
    // Waits until each watch is confirmed.
    ASSERT_TRUE(eventually([&] {
        const int before = requests();
        for (int round = 0; round < 20; ++round) {
            a->announce(node("a", 1));
            (void)a->poll();
            b->announce(node("b", 2));
            (void)b->poll();
        }
        return requests() == before;
    }));

    const auto begun = Clock::now();
    const int before = requests();
    int rounds = 0;
    for (; Clock::now() - begun < seconds(2); ++rounds) {
        a->announce(node("a", 1));
        EXPECT_THAT(ids(*a), ElementsAre("a", "b"));
    }

    EXPECT_GT(rounds, 500);
    // The ten seconds after which each looks again may end within.
    EXPECT_LE(requests() - before, 2);
}

TEST_F(EtcdTest, LearnsOfAChangeByItsWatch) {
    const auto a = etcd();
    const auto b = etcd();
    a->announce(node("a", 1));
    for (std::uint16_t number = 10; number < 30; ++number) {
        b->announce(node("b", number));
        const auto begun = Clock::now();
        EXPECT_TRUE(eventually([&] { return knows(*a, node("b", number)); }));
        EXPECT_LT(Clock::now() - begun, seconds(5)) << "before it looks by itself";
    }
    b->withdraw();
    EXPECT_TRUE(eventually([&] { return ids(*a) == std::vector<std::string>{"a"}; }));
}

TEST_F(EtcdTest, KeepsItsLeaseAlive) {
    const auto a = etcd({{"ttl", text("5s")}});
    a->announce(node("a", 1));
    const auto lease = lease_of(kKey);
    const auto end = Clock::now() + seconds(8);

    while (Clock::now() < end) {
        a->announce(node("a", 1));
        EXPECT_THAT(ids(*a), ElementsAre("a"));
        std::this_thread::sleep_for(milliseconds(100));
    }

    EXPECT_EQ(lease_of(kKey), lease);
}

TEST_F(EtcdTest, LeavesNoEntryBehindIfTheNodeDies) {
    const auto b = etcd();
    {
        const auto a = etcd({{"ttl", text("5s")}});
        a->announce(node("a", 1));
        ASSERT_THAT(ids(*b), ElementsAre("a"));
    }
    EXPECT_TRUE(eventually([&] { return ids(*b).empty(); }));
}

TEST_F(EtcdTest, ComesBackWithTheNextAnnounceIfItsLeaseIsRevoked) {
    const auto a = etcd();
    const auto b = etcd();
    a->announce(node("a", 1));

    for (int round = 0; round < 3; ++round) {
        // Else what it saw before its last announce would look like the end of the lease.
        ASSERT_TRUE(eventually([&] { return knows(*a, node("a", 1)); }));
        const auto lease = lease_of(kKey);
        server().control({"lease", "revoke", lease});
        ASSERT_TRUE(eventually([&] { return ids(*a).empty(); }));
        a->announce(node("a", 1));
        EXPECT_TRUE(knows(*b, node("a", 1)) || eventually([&] { return knows(*b, node("a", 1)); }));
        EXPECT_NE(lease_of(kKey), lease);
    }
    EXPECT_THAT(lines_.all(), IsEmpty());
}

TEST_F(EtcdTest, RepairsAnEntryThatWasOverwritten) {
    const auto a = etcd();
    const auto b = etcd();
    a->announce(node("a", 1));

    server().control({"put", kKey, "#"});  // without a lease, too
    ASSERT_TRUE(eventually([&] { return ids(*a).empty(); }));
    a->announce(node("a", 1));

    EXPECT_TRUE(eventually([&] { return knows(*b, node("a", 1)); }));
    EXPECT_NE(lease_of(kKey), "0");
}

TEST_F(EtcdTest, IgnoresKeysThatHoldNoNodeAndWarnsOnce) {
    const auto a = etcd();
    const auto good = R"({"id":"z","uuid":"u","addresses":["127.0.0.1:4009"],"api":""})";
    server().control({"put", "/electiond/demo/nodes/z", good});
    server().control({"put", "/electiond/demo/nodes/b", "garbage"});
    server().control({"put", "/electiond/demo/nodes/c", good});  // another node's
    server().control({"put", "/electiond/demo/nodes/d e", good});
    server().control({"put", "/electiond/demo/nodes/", good});
    server().control({"put", "/electiond/demo/nodes/f", std::string(20'000, 'x')});
    server().control({"put", "/electiond/demo/nodes0", good});
    server().control({"put", "/electiond/demo2/nodes/y", good});

    for (int round = 0; round < 10; ++round) EXPECT_THAT(ids(*a), ElementsAre("z"));

    EXPECT_THAT(lines_.all(), ElementsAre(AllOf(HasSubstr("does not hold a node and is ignored"),
                                                HasSubstr("etcdctl del"))));
}

TEST_F(EtcdTest, WarnsAtMostOnceAMinuteAboutKeysThatComeAndGo) {
    const auto a = etcd();
    for (const std::string key : {"b", "c", "d", "e"}) {
        server().control({"put", "/electiond/demo/nodes/" + key, "garbage"});
        std::this_thread::sleep_for(std::chrono::milliseconds(200));  // the watch reports it
        EXPECT_THAT(ids(*a), IsEmpty());
        server().control({"del", "/electiond/demo/nodes/" + key});
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        EXPECT_THAT(ids(*a), IsEmpty());
    }

    EXPECT_THAT(lines_.all(), ElementsAre(HasSubstr("nodes/b\" does not hold a node")));
}

TEST_F(EtcdTest, ReadsALimitedNumberOfKeys) {
    const auto a = etcd();
    for (int number = 0; number < 300; ++number) {
        const auto id = "n" + std::to_string(1000 + number);
        const auto other = etcd();
        other->announce(node(id, 1));
    }

    EXPECT_EQ(a->poll().size(), 256U);

    EXPECT_THAT(lines_.all(), ElementsAre(HasSubstr("more than 256 nodes")));

    const auto last = etcd();
    last->announce(node("z", 2));
    (void)last->poll();
    const int writes = server().answered("Put");
    for (int round = 0; round < 10; ++round) {
        last->announce(node("z", 2));
        (void)last->poll();
    }
    EXPECT_EQ(server().answered("Put"), writes) << "its own entry stands behind the others";
}

TEST_F(EtcdTest, LeavesTheKeyOfTwoNodesWithOneIdToTheOneThatCameLast) {
    const auto first = etcd();
    const auto second = etcd();
    auto twin = node("a", 2);
    twin.uuid = NodeUuid("another");
    first->announce(node("a", 1));
    second->announce(twin);

    std::string sentence;
    ASSERT_TRUE(eventually([&] {
        (void)first->poll();
        sentence = fault([&] { first->announce(node("a", 1)); });
        return !sentence.empty();
    }));
    EXPECT_THAT(sentence, AllOf(HasSubstr("another node announces itself as \"a\""),
                                HasSubstr("127.0.0.1:4002"), HasSubstr("uuid another"),
                                HasSubstr("node.id")));
    for (int round = 0; round < 20; ++round) {
        (void)fault([&] { first->announce(node("a", 1)); });
        EXPECT_TRUE(knows(*first, twin));
        second->announce(twin);
    }

    second->withdraw();
    EXPECT_TRUE(eventually([&] {
        (void)first->poll();
        return fault([&] { first->announce(node("a", 1)); }).empty();
    }));
    EXPECT_TRUE(eventually([&] { return knows(*first, node("a", 1)); }));
}

TEST_F(EtcdTest, TriesTheNextEndpointAndStaysWithIt) {
    Poco::Net::ServerSocket silent(Poco::Net::SocketAddress("127.0.0.1", 0), 8);
    const auto connected = [&] {
        if (!silent.poll(Poco::Timespan(0), Poco::Net::Socket::SELECT_READ)) return false;
        (void)silent.acceptConnection();
        return true;
    };
    const auto a = make(
        "etcd", {{"endpoints", list({"http://" + silent.address().toString(), "http://127.0.0.1:1",
                                     "http://no-such-host.invalid:1", server().endpoint()})},
                 {"timeout", text("1s")}});

    EXPECT_TRUE(eventually([&] { return fault([&] { a->announce(node("a", 1)); }).empty(); }));
    EXPECT_TRUE(connected());
    while (connected()) {
    }

    for (int round = 0; round < 10; ++round) EXPECT_THAT(ids(*a), ElementsAre("a"));
    EXPECT_FALSE(connected());
}

// ---- claims -------------------------------------------------------------------------------------

TEST_F(EtcdTest, GivesTheClaimToTheFirst) {
    const auto a = etcd();
    const auto b = etcd();

    EXPECT_EQ(a->arbiter()->claim("demo", claim_of("a")), claim_of("a"));
    EXPECT_EQ(b->arbiter()->claim("demo", claim_of("b")), claim_of("a"));
    EXPECT_EQ(a->arbiter()->claim("demo", claim_of("c")), claim_of("a"));
    EXPECT_EQ(lease_of(kClaimKey), "0") << "the claim has no lease, so it stays when its node goes";

    a->arbiter()->replace_claim("demo", claim_of("b"));
    EXPECT_EQ(b->arbiter()->claim("demo", claim_of("c")), claim_of("b"));
}

TEST_F(EtcdTest, KeepsAClaimForEachNameOfACluster) {
    const auto a = etcd();
    const std::vector<std::string> names = {"demo",    "Demo", "de.mo", "de%2Fmo",
                                            "../demo", "d/e",  "d\n",   "\xc3\xa9"};

    for (const auto& name : names) {
        EXPECT_EQ(a->arbiter()->claim(name, claim_of("a" + std::to_string(name.size()))),
                  claim_of("a" + std::to_string(name.size())))
            << name;
    }
    for (const auto& name : names) {
        EXPECT_EQ(a->arbiter()->claim(name, claim_of("late")),
                  claim_of("a" + std::to_string(name.size())));
    }
}

TEST_F(EtcdTest, NeverOverwritesAGarbledClaim) {
    const auto a = etcd();
    const std::string good = R"({"cluster":"demo","clusterId":"c","uuid":"u"})";
    for (const auto& garbage :
         {std::string("#"), good.substr(0, 30), std::string("[]"), std::string("null"),
          std::string(R"({"cluster":"other","clusterId":"c","uuid":"u"})"),
          std::string(R"({"cluster":"demo","clusterId":7,"uuid":"u"})"),
          std::string(R"({"cluster":"demo","clusterId":"c"})"),
          R"({"cluster":"demo","uuid":"u","clusterId":")" + std::string(65, 'c') + "\"}"}) {
        server().control({"put", kClaimKey, garbage});

        EXPECT_THAT(fault([&] { (void)a->arbiter()->claim("demo", claim_of("a")); }),
                    AllOf(HasSubstr(kClaimKey), HasSubstr("recover --claim")))
            << garbage;
        EXPECT_EQ(value(kClaimKey), garbage);
    }
    a->arbiter()->replace_claim("demo", claim_of("b"));
    EXPECT_EQ(a->arbiter()->claim("demo", claim_of("c")), claim_of("b"));
}

TEST_F(EtcdTest, RefusesAClaimThatItCouldNotReadBack) {
    EXPECT_THAT(fault([&] { (void)etcd()->arbiter()->claim("demo", Claim{}); }),
                HasSubstr("cannot be stored"));
    EXPECT_EQ(value(kClaimKey), "");
}

TEST_F(EtcdTest, HasOneWinnerOfManyClaimsAtOnce) {
    constexpr std::size_t kNodes = 8;
    std::vector<std::unique_ptr<Discovery>> nodes;
    for (std::size_t number = 0; number < kNodes; ++number) nodes.push_back(etcd());
    std::vector<Claim> found(kNodes);
    {
        std::vector<std::jthread> threads;
        for (std::size_t number = 0; number < kNodes; ++number) {
            threads.emplace_back([&, number] {
                found[number] =
                    nodes[number]->arbiter()->claim("demo", claim_of(std::to_string(number)));
            });
        }
    }
    EXPECT_NE(found.front(), Claim{});
    EXPECT_THAT(found, testing::Each(found.front()));
}

// ---- options ------------------------------------------------------------------------------------

std::string fault_of(OptionMap options) {
    return fault([&] { (void)make("etcd", std::move(options)); });
}

TEST(EtcdOptions, AreCheckedAllAtOnce) {
    EXPECT_THAT(fault_of({}), HasSubstr("discovery[0].endpoints is missing"));
    EXPECT_THAT(fault_of({{"endpoints", text("http://a:1")}}), HasSubstr("must be a list"));
    EXPECT_THAT(fault_of({{"endpoints", list({})}}),
                HasSubstr("endpoints is an empty list, but must be a list"));
    const auto sentence = fault_of({{"endpoints", list({"10.0.0.1:2379"})},
                                    {"ttl", text("1s")},
                                    {"timeout", text("9s")},
                                    {"prefix", text("a b")},
                                    {"cert", text("c")},
                                    {"user", text("u")}});
    for (const auto* words :
         {"discovery[0].endpoints holds \"10.0.0.1:2379\", but must hold URLs",
          "discovery[0].ttl is \"1s\", but must be a duration from 5s to 24h",
          "discovery[0].timeout is \"9s\", but must be a duration from 100ms to 4s",
          "discovery[0].prefix is \"a b\"", "discovery[0].cert is given, but key is not",
          "discovery[0].user is given, but password_file is not"}) {
        EXPECT_THAT(sentence, HasSubstr(words));
    }
}

TEST(EtcdOptions, TakeOnlyUrlsWithHostAndPort) {
    for (const auto* wrong :
         {"http://a", "http://a:0", "http://:1", "ftp://a:1", "http://a:1/x", "http://a b:1",
          "http://a?:1", "http://a:65536", "HTTP://a:1", "http://fe80::1:1", "http://a%25:1", ""}) {
        EXPECT_THAT(fault_of(at_endpoint(wrong)), HasSubstr("discovery[0].endpoints holds"))
            << wrong;
    }
    for (const auto* right :
         {"http://a:1", "https://a.example:2379/", "http://[::1]:2379", "http://10.0.0.1:65535"}) {
        EXPECT_EQ(fault_of(at_endpoint(right)), "") << right;
    }
    EXPECT_THAT(fault_of({{"endpoints", list({"http://a:1", "http://a:1/"})}}),
                HasSubstr("a second time"));
}

TEST(EtcdOptions, NeverShowAPasswordThatStandsInAUrl) {
    const auto sentence = fault_of(at_endpoint("http://me:geheim@a:1"));

    EXPECT_THAT(sentence, AllOf(HasSubstr("password_file"), Not(HasSubstr("geheim"))));
}

TEST(EtcdOptions, WantTlsFilesOnlyWithHttps) {
    EXPECT_THAT(fault_of(at_endpoint("http://a:1", {{"ca", text("x")}})),
                HasSubstr("discovery[0].ca is given, but no endpoint begins with https://"));
    EXPECT_EQ(fault_of(at_endpoint("https://a:1", {{"ca", text("x")}})), "");
}

// ---- check --------------------------------------------------------------------------------------

auto finding(Finding::Weight weight, const std::string& key, const std::string& words) {
    return AllOf(Field(&Finding::weight, weight), Field(&Finding::key, key),
                 Field(&Finding::text, HasSubstr(words)));
}

TEST(EtcdCheck, ChecksItsFilesAndAsksNoServer) {
    using enum Finding::Weight;
    Folder folder;
    TestCa ca;
    const auto files = ca.issue({});
    const auto check = [&](OptionMap options) {
        return make("etcd", std::move(options), "demo", folder.path())->check(node("a", 1));
    };

    EXPECT_THAT(check(at_endpoint("http://10.0.0.1:1")), IsEmpty());
    EXPECT_THAT(check(at_endpoint("https://a:1", {{"ca", text(ca.file().string())},
                                                  {"cert", text(files.cert.string())},
                                                  {"key", text(files.key.string())}})),
                ElementsAre(finding(warning, "cert", "expires")));  // tomorrow
    EXPECT_THAT(check(at_endpoint("https://a:1", {{"ca", text("no.crt")}})),
                ElementsAre(finding(fault, "ca", "no.crt")));
    EXPECT_THAT(
        check(at_endpoint("https://a:1", {{"user", text("u")}, {"password_file", text("none")}})),
        ElementsAre(finding(fault, "password_file", "cannot be read")));
    write(folder / "secret", "geheim\n");
    std::filesystem::permissions(folder / "secret", std::filesystem::perms(0644));
    EXPECT_THAT(
        check(at_endpoint("https://a:1", {{"user", text("u")}, {"password_file", text("secret")}})),
        ElementsAre(finding(fault, "password_file", "everyone may read")));
    std::filesystem::permissions(folder / "secret", std::filesystem::perms(0600));
    EXPECT_THAT(check(at_endpoint("http://10.0.0.1:1",
                                  {{"user", text("u")}, {"password_file", text("secret")}})),
                ElementsAre(finding(warning, "endpoints", "unencrypted")));
    EXPECT_THAT(check(at_endpoint("http://127.0.0.1:1",
                                  {{"user", text("u")}, {"password_file", text("secret")}})),
                IsEmpty());
}

}  // namespace
}  // namespace electiond::bench
