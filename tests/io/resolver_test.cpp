// Names: that hang, move, fail, are doubted, or have several addresses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <map>
#include <memory>
#include <mutex>

#include <io/resolver.h>

#include "../names/name_service.h"
#include "scene.h"

namespace electiond::io {
namespace {

using namespace scene;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One for this process: look-ups that hang outlive the test that caused them.
names::NameService& service() {
    static const Folder folder;
    static names::NameService one = [] {
        ::setenv(names::kVariable, (folder / "names").c_str(), 1);
        return names::NameService(folder / "names");
    }();
    return one;
}

class ResolverTest : public ::testing::Test {
  protected:
    ResolverTest() {
        (void)service();
        loop.start();
    }
    ~ResolverTest() override { stop(); }

    void stop() {
        loop.stop([this] { resolver.close(); });
    }

    // Each test has names of its own, as the service lives longer.
    static std::string name(const std::string& what) {
        return what + "-" + ::testing::UnitTest::GetInstance()->current_test_info()->name() +
               ".test";
    }
    std::vector<std::string> find(const std::string& host) {
        std::vector<std::string> texts;
        on_loop(loop, [&] {
            for (const auto& each : resolver.find(host)) texts.push_back(each.to_string());
        });
        return texts;
    }
    // Once it has any.
    std::vector<std::string> find_soon(const std::string& host) {
        std::vector<std::string> texts;
        EXPECT_TRUE(soon([&] { return !(texts = find(host)).empty(); })) << host;
        return texts;
    }
    void doubt(const std::string& host) {
        on_loop(loop, [&] { resolver.doubt(host); });
    }
    bool first_look_up_runs(const std::string& host) {
        bool runs = false;
        on_loop(loop, [&] { runs = resolver.first_look_up_runs(host); });
        return runs;
    }
    std::string failure(const std::string& host) {
        const std::lock_guard lock(mutex);
        return failures[host];
    }
    int found(const std::string& host, bool in_doubt) {
        const std::lock_guard lock(mutex);
        return founds[{host, in_doubt}];
    }

    std::mutex mutex;
    std::map<std::string, std::string> failures;
    std::map<std::pair<std::string, bool>, int> founds;
    Loop loop{[](const std::exception& error) { ADD_FAILURE() << error.what(); }};
    Resolver resolver{loop,
                      {.on_failure =
                           [this](const std::string& host, const std::string& reason) {
                               const std::lock_guard lock(mutex);
                               failures[host] = reason;
                           },
                       .on_addresses =
                           [this](const std::string& host, const Addresses&, bool doubted) {
                               const std::lock_guard lock(mutex);
                               ++founds[{host, doubted}];
                           }}};
};

TEST_F(ResolverTest, ALiteralIsItsOwnAddress) {
    EXPECT_THAT(find("192.0.2.1"), ElementsAre("192.0.2.1"));
    EXPECT_THAT(find("::1"), ElementsAre("::1"));
    doubt("192.0.2.1");
    EXPECT_EQ(service().asked("192.0.2.1"), 0);
}

TEST_F(ResolverTest, ANameHasItsAddressesOnceItIsLookedUpAndIsThenFresh) {
    service().set(name("two"), {"192.0.2.1", "192.0.2.2"});
    EXPECT_TRUE(find(name("two")).empty());
    EXPECT_THAT(find_soon(name("two")), ElementsAre("192.0.2.1", "192.0.2.2"));
    for (int n = 0; n < 100; ++n) (void)find(name("two"));
    EXPECT_EQ(service().asked(name("two")), 1);
    EXPECT_EQ(found(name("two"), false), 1);
    EXPECT_FALSE(first_look_up_runs(name("two")));
}

TEST_F(ResolverTest, ANameThatHangsDelaysNoOther) {
    for (int n = 0; n < 20; ++n) {
        const auto hangs = name("hangs" + std::to_string(n));
        service().hang(hangs);
        EXPECT_TRUE(find(hangs).empty());
        EXPECT_TRUE(first_look_up_runs(hangs));
    }
    service().set(name("other"), {"192.0.2.1"});
    EXPECT_THAT(find_soon(name("other")), ElementsAre("192.0.2.1"));
    EXPECT_TRUE(first_look_up_runs(name("hangs0")));
}

TEST_F(ResolverTest, AHangingLookUpHoldsUpNoStopAndMayReturnAfterIt) {
    service().hang(name("hangs"));
    EXPECT_TRUE(find(name("hangs")).empty());
    ASSERT_TRUE(soon([&] { return service().asked(name("hangs")) == 1; }));
    const auto begun = Clock::now();
    stop();
    EXPECT_LT(Clock::now() - begun, 5s);
    service().set(name("hangs"), {"192.0.2.1"});  // its thread returns, to nobody
    EXPECT_EQ(found(name("hangs"), false), 0);
}

TEST_F(ResolverTest, OneThatHungReportsWhenItReturns) {
    service().hang(name("hangs"));
    EXPECT_TRUE(find(name("hangs")).empty());
    ASSERT_TRUE(soon([&] { return service().asked(name("hangs")) == 1; }));
    service().set(name("hangs"), {"192.0.2.1"});
    EXPECT_TRUE(soon([&] { return found(name("hangs"), false) == 1; }));
    EXPECT_THAT(find(name("hangs")), ElementsAre("192.0.2.1"));
}

TEST_F(ResolverTest, AFailureIsReportedAndTheNameTriedAgain) {
    service().set(name("later"), {});
    EXPECT_TRUE(find(name("later")).empty());
    EXPECT_TRUE(soon([&] { return !failure(name("later")).empty(); }));
    EXPECT_THAT(failure(name("later")), HasSubstr("not known"));
    service().set(name("later"), {"192.0.2.1"});
    EXPECT_THAT(find_soon(name("later")), ElementsAre("192.0.2.1"));
}

TEST_F(ResolverTest, ADoubtedNameIsLookedUpAtMostOnceASecond) {
    service().set(name("moves"), {"192.0.2.1"});
    const auto begun = Clock::now();
    EXPECT_THAT(find_soon(name("moves")), ElementsAre("192.0.2.1"));
    service().set(name("moves"), {"192.0.2.2"});
    EXPECT_TRUE(soon([&] {
        doubt(name("moves"));
        return service().asked(name("moves")) >= 3;
    }));
    EXPECT_GE(Clock::now() - begun, 2s);
    EXPECT_TRUE(soon([&] { return found(name("moves"), true) >= 1; }));
    EXPECT_THAT(find(name("moves")), ElementsAre("192.0.2.2"));
}

TEST_F(ResolverTest, AKnownAddressStaysWhileTheNameIsGone) {
    service().set(name("gone"), {"192.0.2.1"});
    EXPECT_THAT(find_soon(name("gone")), ElementsAre("192.0.2.1"));
    service().set(name("gone"), {});
    doubt(name("gone"));
    EXPECT_TRUE(soon([&] { return service().asked(name("gone")) >= 2; }));
    EXPECT_THAT(find(name("gone")), ElementsAre("192.0.2.1"));
    EXPECT_EQ(failure(name("gone")), "") << "an address is known";
}

TEST_F(ResolverTest, TheAddressThatWorkedIsFirstAndThoseThatFailedAreLast) {
    const auto host = name("three");
    service().set(host, {"192.0.2.1", "192.0.2.2", "192.0.2.3"});
    (void)find_soon(host);
    on_loop(loop, [&] { resolver.worked(host, *parse_address("192.0.2.2")); });
    EXPECT_THAT(find(host), ElementsAre("192.0.2.2", "192.0.2.1", "192.0.2.3"));
    on_loop(loop, [&] { resolver.failed(host, *parse_address("192.0.2.1")); });
    EXPECT_THAT(find(host), ElementsAre("192.0.2.2", "192.0.2.3", "192.0.2.1"));

    service().set(host, {"192.0.2.1", "192.0.2.2", "192.0.2.4"});
    doubt(host);
    EXPECT_TRUE(soon([&] { return found(host, true) == 1; }));
    EXPECT_THAT(find(host), ElementsAre("192.0.2.2", "192.0.2.4", "192.0.2.1"))
        << "the good one, new ones, the known ones";
    on_loop(loop, [&] {
        resolver.worked(host, *parse_address("192.0.2.3"));  // not its address any more
        resolver.failed("unheard-of.test", *parse_address("192.0.2.1"));
    });
    EXPECT_THAT(find(host), ElementsAre("192.0.2.2", "192.0.2.4", "192.0.2.1"));
}

TEST_F(ResolverTest, BeginsNothingAfterItsClose) {
    on_loop(loop, [&] { resolver.close(); });
    service().set(name("late"), {"192.0.2.1"});
    EXPECT_TRUE(find(name("late")).empty());
    EXPECT_FALSE(first_look_up_runs(name("late")));
    stop();
    EXPECT_EQ(service().asked(name("late")), 0);
}

}  // namespace
}  // namespace electiond::io
