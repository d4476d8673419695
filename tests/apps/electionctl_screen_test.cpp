// electionctl top on a real terminal: what a person sees and what the keys do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "fake_api.h"
#include "folder.h"
#include "local_cluster.h"
#include "process.h"

namespace electiond::ctl {
namespace {

using electiond::testing::FakeApi;
using electiond::testing::Seen;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::seconds kLong{30};

// A terminal of 80 columns and 24 lines that runs one command, then says how that ended.
class Terminal {
  public:
    explicit Terminal(const std::string& command) {
        EXPECT_EQ(tmux({"-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24",
                        command + "; echo \"ended with $?\"; exec cat"})
                      .code,
                  0);
    }
    ~Terminal() { (void)tmux({"kill-server"}); }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    [[nodiscard]] std::string shown() const { return tmux({"capture-pane", "-p"}).said; }
    void type(const std::string& key) const { EXPECT_EQ(tmux({"send-keys", key}).code, 0); }
    [[nodiscard]] bool shows(const std::string& text) const {
        return cluster::wait_until([&] { return shown().find(text) != std::string::npos; }, kLong);
    }

  private:
    [[nodiscard]] cluster::Finished tmux(std::vector<std::string> words) const {
        words.insert(words.begin(), {"/usr/bin/tmux", "-S", (folder_ / "socket").string()});
        return cluster::run(words);
    }

    const cluster::Folder folder_;
};

class Screen : public ::testing::Test {
  protected:
    Screen() {
        api_.on("GET /cluster", [this](const Seen&) {
            const std::string api = api_.host_and_port();
            const std::string leader =
                R"({"id":"1","state":"LEADER","term":7,"leaderId":"1","online":true,"role":"voter","api":")" +
                api + R"("})";
            return testing::Canned{200, R"({"cluster":[)" + leader +
                                            R"(,{"id":"2","online":false}],"leader":)" + leader +
                                            R"(,"term":7,"voters":3,"quorum":2,"canLose":0})"};
        });
        api_.on("POST /step-down", {200, R"({"successor":"2","term":8})"});
        api_.stream(testing::event("reset", 5, "{}"));
    }
    [[nodiscard]] std::string top() const {
        return std::string(ELECTIONCTL) + " --endpoint " + api_.url() + " top";
    }
    [[nodiscard]] bool asked_to_step_down() const {
        const auto seen = api_.seen();
        return std::ranges::any_of(seen, [](const Seen& each) { return each.method == "POST"; });
    }

    FakeApi api_;
};

TEST_F(Screen, ShowsTheClusterAndGivesTheTerminalBack) {
    const Terminal terminal(top());
    ASSERT_TRUE(terminal.shows("q quit")) << terminal.shown();
    ASSERT_TRUE(terminal.shows("leader 1")) << terminal.shown();
    EXPECT_THAT(terminal.shown(), HasSubstr("OFFLINE"));

    terminal.type("q");

    EXPECT_TRUE(terminal.shows("ended with 0")) << terminal.shown();
    EXPECT_THAT(terminal.shown(), Not(HasSubstr("leader 1")));
}

TEST_F(Screen, ExplainsItselfUntilAKey) {
    const Terminal terminal(top());
    ASSERT_TRUE(terminal.shows("leader 1"));

    terminal.type("h");
    EXPECT_TRUE(terminal.shows("any key closes it")) << terminal.shown();
    terminal.type("x");
    EXPECT_TRUE(terminal.shows("q quit")) << terminal.shown();
}

TEST_F(Screen, AsksTheLeaderToStepDownOnlyAfterAYes) {
    const Terminal terminal(top());
    ASSERT_TRUE(terminal.shows("leader 1"));

    terminal.type("s");
    ASSERT_TRUE(terminal.shows("ask node 1 to step down? y/n")) << terminal.shown();
    terminal.type("n");
    ASSERT_TRUE(terminal.shows("q quit")) << terminal.shown();
    EXPECT_FALSE(asked_to_step_down());

    terminal.type("s");
    ASSERT_TRUE(terminal.shows("ask node 1 to step down? y/n")) << terminal.shown();
    terminal.type("y");
    EXPECT_TRUE(terminal.shows("node 2")) << terminal.shown();
    EXPECT_TRUE(asked_to_step_down());
}

TEST_F(Screen, SaysThatItsEyesAreShutWhereNobodyAnswersAnyMore) {
    const Terminal terminal(top());
    ASSERT_TRUE(terminal.shows("leader 1"));

    api_.die();

    EXPECT_TRUE(terminal.shows("no endpoint answers")) << terminal.shown();
    EXPECT_TRUE(terminal.shows("was LEADER")) << terminal.shown();
    EXPECT_THAT(terminal.shown(), HasSubstr("leader was 1"));
    EXPECT_THAT(terminal.shown(), HasSubstr("last answer "));
    EXPECT_THAT(terminal.shown(), Not(HasSubstr(" yes ")));
}

TEST_F(Screen, ShowsAChangeThatTheStreamTells) {
    const Terminal terminal(top());
    ASSERT_TRUE(terminal.shows("leader 1"));
    ASSERT_TRUE(terminal.shows("live, figures")) << terminal.shown();

    api_.on(
        "GET /cluster",
        {200,
         R"({"cluster":[{"id":"2","state":"CANDIDATE","term":8,"online":true,"role":"voter"}],"term":8,"voters":3,"quorum":2})"});
    api_.tell(testing::event("no-leader", 6, "{}"));

    EXPECT_TRUE(terminal.shows("CANDIDATE")) << terminal.shown();
    EXPECT_THAT(terminal.shown(), HasSubstr("leader none"));
}

TEST_F(Screen, EndsWithTheSignalsCode) {
    const Terminal terminal(top());
    ASSERT_TRUE(terminal.shows("leader 1"));

    terminal.type("C-c");

    EXPECT_TRUE(terminal.shows("ended with 130")) << terminal.shown();
}

TEST_F(Screen, SaysWhichTerminalItCannotUse) {
    // The terminal library forgets a piece of memory there.
    const Terminal terminal("ASAN_OPTIONS=detect_leaks=0 TERM=nonsense " + top());

    EXPECT_TRUE(terminal.shows("ended with 64")) << terminal.shown();
    EXPECT_THAT(terminal.shown(), HasSubstr("TERM=nonsense"));
}

// At a terminal; what scripts see is in electionctl_changes_test.
TEST(Electionctl, AsksBeforeANodeLosesItsMembership) {
    testing::FakeApi api;
    api.on("DELETE /members/3", {200, R"({"removed":"3"})"});
    api.on("POST /leave", {200, R"({"left":true})"});
    const auto changed = [&] { return !api.seen().empty(); };
    const auto command = std::string(ELECTIONCTL) + " --endpoint " + api.url() + " members ";
    {
        const Terminal terminal(command + "remove 3");
        ASSERT_TRUE(terminal.shows("Node 3 loses its membership for good")) << terminal.shown();
        ASSERT_TRUE(terminal.shows("Continue? Type yes:"));
        terminal.type("no");
        terminal.type("Enter");
        EXPECT_TRUE(terminal.shows("ended with 1")) << terminal.shown();
        EXPECT_THAT(terminal.shown(), HasSubstr("Nothing was changed"));
        EXPECT_FALSE(changed());
    }
    {
        const Terminal terminal(command + "leave");
        ASSERT_TRUE(terminal.shows("leaves its cluster for good")) << terminal.shown();
        EXPECT_FALSE(changed());
        terminal.type("yes");
        terminal.type("Enter");
        EXPECT_TRUE(terminal.shows("ended with 0")) << terminal.shown();
        EXPECT_TRUE(changed());
    }
    {
        const Terminal terminal(command + "remove 3 --yes");
        EXPECT_TRUE(terminal.shows("ended with 0")) << terminal.shown();
        EXPECT_THAT(terminal.shown(), Not(HasSubstr("Type yes")));
    }
    // A script: standard input is no terminal.
    const Terminal terminal("true | " + command + "remove 3");
    EXPECT_TRUE(terminal.shows("ended with 0")) << terminal.shown();
}

// Otherwise a socket would get its number, and receive the output.
TEST(Electionctl, OpensNothingUnderTheNumberOfAStandardStreamThatIsClosed) {
    testing::FakeApi api;
    api.hang_on("GET /status");
    const cluster::Folder folder;
    cluster::Process process(
        {"/bin/sh", "-c", "exec $0 --endpoint $1 status >&-", ELECTIONCTL, api.url()},
        folder / "said");
    ASSERT_TRUE(cluster::wait_until([&] { return !api.seen().empty(); }, kLong));
    EXPECT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(process.pid()) + "/fd/1"),
              "/dev/null");
}

}  // namespace
}  // namespace electiond::ctl
