// Changes with several endpoints: finds the leader although others hang, and asks only it, once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "electionctl_scene.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::Canned;
using electiond::testing::dead_url;
using electiond::testing::FakeApi;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;

// A node's API, as a follower of node 1, as node 1, or as one that hangs.
struct Follower : FakeApi {
    explicit Follower(const std::string& leader_api) { report(leader_api); }
    Follower(const std::string& leader_api, const std::filesystem::path& socket) : FakeApi(socket) {
        report(leader_api);
    }

  private:
    void report(const std::string& leader_api) {
        on("GET /leader", {503, kFollows});
        const std::string api = leader_api.empty() ? "null" : "\"" + leader_api + "\"";
        on("GET /cluster", {200, R"({"cluster":[],"leader":{"id":"1","api":)" + api + "}}"});
        on("POST /step-down", {400, R"({"error":"Not currently leader"})"});
        on("DELETE /members/3", {421, R"({"error":"Not leader"})"});
    }
};
struct Leader : FakeApi {
    Leader() {
        on("GET /leader", {200, kLeads});
        on("POST /step-down", {200, R"({"successor":"2","term":8})"});
        on("DELETE /members/3", {200, R"({"message":"Removed"})"});
    }
};
struct Hanging : FakeApi {
    Hanging() {
        for (const auto* question :
             {"GET /leader", "GET /cluster", "POST /step-down", "DELETE /members/3"}) {
            hang_on(question);
        }
    }
};

const std::vector<std::vector<std::string>> kChanges{{"step-down"}, {"members", "remove", "3"}};

// Done long before a request to an endpoint that hangs has timed out (3 s).
void expect_done_at_once(const std::string& endpoints, const std::vector<std::string>& words) {
    const auto begun = steady_clock::now();
    const Result result = ask(endpoints, words);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(2));
}

std::size_t changes_asked_of(const FakeApi& api) {
    return api.count("/step-down") + api.count("/members/3");
}

TEST(ElectionctlChange, ReachesTheLeaderBehindEndpointsThatHang) {
    for (const auto& words : kChanges) {
        Hanging first, second;
        Leader leader;

        expect_done_at_once(first.url() + "," + second.url() + "," + leader.url(), words);

        EXPECT_EQ(changes_asked_of(leader), 1U);
        EXPECT_EQ(changes_asked_of(first) + changes_asked_of(second), 0U);
    }
}

TEST(ElectionctlChange, ReachesTheLeaderAmongDeadAndForeignEndpoints) {
    for (const auto& words : kChanges) {
        FakeApi foreign;
        foreign.on("GET /leader", {200, "<html>welcome</html>"});
        Leader leader;
        Follower follower(leader.host_and_port());

        expect_done_at_once(
            dead_url() + "," + foreign.url() + "," + follower.url() + "," + leader.url(), words);

        EXPECT_EQ(changes_asked_of(leader), 1U);
        EXPECT_EQ(changes_asked_of(follower) + changes_asked_of(foreign), 0U);
    }
}

TEST(ElectionctlChange, ReachesALeaderThatIsNoneOfTheEndpoints) {
    for (const auto& words : kChanges) {
        Leader leader;
        Hanging hanging;
        Follower follower(leader.host_and_port());

        expect_done_at_once(hanging.url() + "," + follower.url(), words);

        EXPECT_EQ(changes_asked_of(leader), 1U);
        EXPECT_EQ(changes_asked_of(follower), 0U);
    }
}

// A follower's report may be out of date, or name an address that leads to another node from here.
TEST(ElectionctlChange, TrustsNoAddressThatDoesNotSayThatItLeads) {
    FakeApi other;
    other.on("GET /leader", {200, R"({"leaderId":"77","isLeader":true,"term":7})"});
    other.on("POST /step-down", {200, R"({"successor":"2","term":8})"});
    Follower first(other.host_and_port()), second(other.host_and_port());

    const Result result = ask(first.url() + "," + second.url(), {"step-down"});

    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr("node 1 leads, at http://" + other.host_and_port() +
                                      ", but that node does not confirm it"));
    EXPECT_EQ(changes_asked_of(other), 0U);
}

TEST(ElectionctlChange, SaysWhatEachEndpointSaidWhereNobodyKnowsALeader) {
    for (const auto& words : kChanges) {
        FakeApi waiting, foreign;
        waiting.on("GET /leader", {503, kNobody});
        foreign.on("GET /leader", {200, "<html>welcome</html>"});

        const Result result = ask(waiting.url() + "," + foreign.url() + "," + dead_url(), words);

        EXPECT_EQ(result.code, 1);
        EXPECT_EQ(result.out, "");
        EXPECT_THAT(result.err, HasSubstr("nothing was changed"));
        EXPECT_THAT(result.err, HasSubstr(waiting.url() + "/leader: it knows no leader"));
        EXPECT_THAT(result.err,
                    HasSubstr(foreign.url() + "/leader: answered HTTP 200, but not with JSON"));
        EXPECT_THAT(result.err, HasSubstr(dead_url() + "/leader: connection refused"));
        EXPECT_EQ(changes_asked_of(waiting), 0U);
    }
}

TEST(ElectionctlChange, FailsAsUnreachableWhereNobodyAnswers) {
    Hanging hanging;
    const Result dead = ask(dead_url() + "," + hanging.url(), {"--timeout", "200ms", "step-down"});
    EXPECT_EQ(dead.code, 69);
    EXPECT_THAT(dead.err, HasSubstr("/leader: no answer within 200 ms"));

    Hanging second;
    const Result late =
        ask(hanging.url() + "," + second.url(), {"--timeout", "200ms", "step-down"});
    EXPECT_EQ(late.code, 75);
}

TEST(ElectionctlChange, SaysThatItIsNotKnownWhereTheLeaderDoesNotAnswerTheOrder) {
    for (const auto& words : kChanges) {
        Leader leader;
        leader.hang_on("POST /step-down");
        leader.hang_on("DELETE /members/3");
        Follower follower(leader.host_and_port());
        std::vector<std::string> impatient{"--timeout", "500ms"};
        impatient.insert(impatient.end(), words.begin(), words.end());

        const Result result = ask(follower.url() + "," + leader.url(), impatient);

        EXPECT_EQ(result.code, 75);
        EXPECT_THAT(result.err, HasSubstr("it is not known whether this was done"));
        EXPECT_EQ(changes_asked_of(leader), 1U);
        EXPECT_EQ(changes_asked_of(follower), 0U);
    }
}

TEST(ElectionctlChange, SendsTheOperatorToALeaderThatOnlyItsOwnMachineCanAsk) {
    for (const auto& words : kChanges) {
        Follower first(""), second("");

        const Result result = ask(first.url() + "," + second.url(), words);

        EXPECT_EQ(result.code, 1);
        EXPECT_THAT(result.err,
                    HasSubstr("node 1 leads, but its API listens only on its own machine: run "
                              "electionctl there, or set api.listen (and api.token_file) there"));
    }
}

// The leader's loopback address means the asked node here: to name it would ask the same node
// again.
TEST(ElectionctlChange, DoesNotSendTheOperatorToALoopbackAddressWhereNoLeaderAnswers) {
    FakeApi other;
    other.on("GET /leader", {503, kFollows});
    for (const auto& words : kChanges) {
        for (const auto& api : {other.host_and_port(), dead_url().substr(7)}) {
            Follower follower(api);

            const Result result = ask(follower.url(), words);

            EXPECT_EQ(result.code, 1);
            EXPECT_THAT(result.err,
                        HasSubstr("node 1 leads, but its API listens only on its own machine"));
            EXPECT_THAT(result.err, Not(HasSubstr("name it with --endpoint")));
        }
    }
    EXPECT_EQ(changes_asked_of(other), 0U);
}

TEST(ElectionctlChange, LeavesTheSchemeOfALeaderOutIfItIsNotKnown) {
    Follower follower("no-such-host.invalid:7400");

    const Result result = ask(follower.url(), {"--timeout", "1s", "step-down"});

    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr("the leader is at no-such-host.invalid:7400: name it with"));
}

// A Unix socket speaks no TLS, but its node shows whether its TCP port does.
TEST(ElectionctlChange, NamesALeaderByHttpsIfTheNodeBehindTheSocketSpeaksTls) {
    std::string name = (std::filesystem::temp_directory_path() / "ctl-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    const std::filesystem::path folder(name);
    {
        Follower follower("no-such-host.invalid:7400", folder / "api.sock");
        follower.on("GET /status",
                    {200, R"({"id":"2","tls":{"api":{"expires":"2027-01-01T00:00:00Z"}}})"});
        for (const auto& words : kChanges) {
            EXPECT_THAT(ask(follower.url(), words).err,
                        HasSubstr("the leader is at https://no-such-host.invalid:7400: name it"));
        }
    }
    std::filesystem::remove_all(folder);
}

TEST(ElectionctlChange, DoesNotSayThatNobodyLeadsIfNoEndpointToldIt) {
    const Canned refusal{403, R"({"title":"Unknown host","detail":"does not know the name n1"})"};
    FakeApi first, second;
    for (auto* api : {&first, &second}) {
        api->on("GET /leader", refusal);
        api->on("GET /cluster", refusal);
    }
    for (const auto& words : kChanges) {
        const Result result = ask(first.url() + "," + second.url(), words);

        EXPECT_EQ(result.code, 1);
        EXPECT_THAT(result.err, HasSubstr(first.url() + "/cluster: does not know the name n1"));
        EXPECT_THAT(result.err, HasSubstr("no endpoint reported a leader"));
        EXPECT_THAT(result.err, Not(HasSubstr("no leader is known")));
    }
    first.on("GET /leader", {503, kNobody});
    EXPECT_THAT(ask(first.url() + "," + second.url(), {"step-down"}).err,
                HasSubstr("no leader is known; electionctl cluster shows why"));
}

TEST(ElectionctlChange, OfOneEndpointAsksNothingElseFirst) {
    Leader leader;
    EXPECT_EQ(ask(leader.url(), {"step-down"}).code, 0);
    EXPECT_EQ(leader.seen().size(), 1U);
}

TEST(ElectionctlChange, FindsLeadersByNameAndBehindAPath) {
    Leader leader;
    const std::string port = leader.host_and_port().substr(leader.host_and_port().find(':'));
    EXPECT_EQ(ask(dead_url() + ",localhost" + port, {"step-down"}).code, 0);

    leader.on("GET /a b/leader", {200, kLeads});
    leader.on("POST /a b/step-down", {200, R"({"successor":"2","term":8})"});
    EXPECT_EQ(ask(dead_url() + ",http://localhost" + port + "/a%20b/", {"step-down"}).code, 0);

    const Result unknown = ask(dead_url() + ",http://no-such-host.invalid", {"step-down"});
    EXPECT_EQ(unknown.code, 69);
    EXPECT_THAT(unknown.err, ::testing::ContainsRegex("unknown host name|still being looked up"));
}

}  // namespace
}  // namespace electiond::ctl
