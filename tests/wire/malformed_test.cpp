// What is refused, and in which words.
#include <gtest/gtest.h>

#include "wire/codec.h"

namespace electiond::wire {
namespace {

std::string refusal(std::string_view name, const std::string& text) {
    try {
        (void)decode_request(name, text);
    } catch (const DecodeError& error) {
        return error.what();
    }
    return "accepted";
}

std::string reply_refusal(std::string_view name, const std::string& text) {
    try {
        (void)decode_reply(name, text);
    } catch (const DecodeError& error) {
        return error.what();
    }
    return "accepted";
}

// A heartbeat that is whole without `more`.
std::string beat(const std::string& more) {
    return R"({"clusterId":"c","from":"u","term":7,"leaderId":"1","seq":2)" + more + "}";
}

std::string times(int count, const std::string& item) {
    std::string list;
    for (int i = 0; i < count; ++i) list += (i == 0 ? "" : ",") + item;
    return "[" + list + "]";
}

std::string config(const std::string& voters, const std::string& banned = "[]") {
    return R"(,"config":{"term":1,"version":1,"voters":)" + voters + R"(,"banned":)" + banned + "}";
}

TEST(Malformed, NamesTheFieldThatIsMissing) {
    const std::pair<const char*, std::string> cases[] = {
        {"from", R"({"clusterId":"c","term":7,"leaderId":"1","seq":2})"},
        {"term", R"({"clusterId":"c","from":"u","leaderId":"1","seq":2})"},
        {"leaderId", R"({"clusterId":"c","from":"u","term":7,"seq":2})"},
        {"seq", R"({"clusterId":"c","from":"u","term":7,"leaderId":"1"})"},
        {"config.voters", beat(R"(,"config":{"term":1,"version":1})")},
        {"config.term", beat(R"(,"config":{})")},
        {"members[1].uuid", beat(R"(,"members":[{"id":"1","uuid":"a"},{"id":"2"}])")},
        {"succession.order", beat(R"(,"succession":{"stepMs":1})")},
    };
    for (const auto& [field, text] : cases)
        EXPECT_EQ(refusal("heartbeat", text), std::string(field) + ": missing, but required");
    EXPECT_EQ(refusal("vote-request", R"({"clusterId":"c","from":"u","term":7})"),
              "candidateId: missing, but required");
    EXPECT_EQ(refusal("pre-vote", R"({"clusterId":"c","from":"u","term":7})"),
              "candidateId: missing, but required");
}

TEST(Malformed, TakesNothingButWholeNumbersForNumbers) {
    const std::string wanted = ": expected a whole number from 0 to 9007199254740991, found ";
    for (const auto& [value, found] : std::vector<std::pair<std::string, std::string>>{
             {"true", "true"},
             {"null", "null"},
             {R"("7")", R"("7")"},
             {"-1", "-1"},
             {"9007199254740992", "9007199254740992"},
             {"18446744073709551615", "18446744073709551615"},
             {"[]", "a list"},
             {"{}", "an object"}}) {
        EXPECT_EQ(refusal("heartbeat", beat(R"(,"view":)" + value)), "view" + wanted + found);
        EXPECT_EQ(refusal("vote-request", R"({"term":)" + value + "}"), "term" + wanted + found);
    }
    for (const auto* value : {"1.5", "7.0", "1e3", "1E400", "99999999999999999999999", "-0.0", "+1",
                              "01", "0x1", "NaN"}) {
        EXPECT_NE(refusal("heartbeat", beat(R"(,"view":)" + std::string(value))), "accepted")
            << value;
    }
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"view":9007199254740991)")), "accepted");
}

TEST(Malformed, TakesNothingButTrueAndFalseForFlags) {
    const std::string vote =
        R"({"clusterId":"c","from":"u","term":7,"candidateId":"1","transfer":)";

    EXPECT_EQ(refusal("vote-request", vote + "1}"), "transfer: expected true or false, found 1");
    EXPECT_EQ(refusal("vote-request", vote + R"("true"})"),
              "transfer: expected true or false, found \"true\"");
    EXPECT_EQ(refusal("vote-request", vote + "null}"),
              "transfer: expected true or false, found null");
}

TEST(Malformed, TakesANumberForAnIdInSeedMessagesOnly) {
    EXPECT_EQ(refusal("heartbeat", R"({"clusterId":"c","from":"u","term":7,"leaderId":1,"seq":2})"),
              "leaderId: expected an id, at most 64 of A-Z a-z 0-9 . _ -, found 1");
    EXPECT_EQ(refusal("heartbeat", R"({"term":7,"leaderId":1})"), "accepted");
}

TEST(Malformed, BoundsEveryText) {
    const std::string long_text(65, 'x');
    const auto quoted = '"' + long_text + '"';
    const auto shown = '"' + std::string(40, 'x') + "...\"";
    const std::string id = ": expected an id, at most 64 of A-Z a-z 0-9 . _ -, found ";
    const std::string label = ": expected at most 64 printable characters, found ";
    const std::string uuid = ": expected 1 to 64 printable characters, found ";

    EXPECT_EQ(refusal("heartbeat", beat(R"(,"fromId":)" + quoted)), "fromId" + id + shown);
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"fromId":"a b")")), "fromId" + id + "\"a b\"");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"clusterId":)" + quoted)), "clusterId" + label + shown);
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"incarnation":"\u0007\u0000ü")")),
              "incarnation" + label + "\"????\"");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"from":"")")), "from" + uuid + "\"\"");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"from":)" + quoted)), "from" + uuid + shown);
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"clusterName":"a\nb")")),
              "clusterName: expected at most 64 bytes without control characters, found \"a?b\"");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"clusterName":"Zürich")")), "accepted");
}

TEST(Malformed, WantsAddressesThatCanBeReached) {
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"api":"")")), "accepted");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"address":"")")),
              "address: expected host:port, found \"\"");
    for (const std::string key : {"address", "api"}) {
        EXPECT_EQ(refusal("heartbeat", beat(",\"" + key + R"(":"nowhere")")),
                  key + ": expected host:port, found \"nowhere\"");
        EXPECT_EQ(refusal("heartbeat", beat(",\"" + key + R"(":"h:70000")")),
                  key + ": expected host:port, found \"h:70000\"");
        EXPECT_EQ(refusal("heartbeat", beat(",\"" + key + R"(":null)")),
                  key + ": expected host:port, found null");
    }
}

TEST(Malformed, BoundsEveryLengthOfTime) {
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"promiseMs":86400001)")),
              "promiseMs: expected a whole number from 0 to 86400000, found 86400001");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"promiseMs":86400000)")), "accepted");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"succession":{"order":[],"stepMs":86400001})")),
              "succession.stepMs: expected a whole number from 0 to 86400000, found 86400001");
    EXPECT_EQ(refusal("heartbeat",
                      beat(R"(,"members":[{"id":"1","uuid":"a","lastAckMs":9007199254740991}])")),
              "members[0].lastAckMs: expected a whole number from 0 to 3153600000000, found "
              "9007199254740991");
}

TEST(Malformed, BoundsEveryList) {
    const std::string text = R"("x")";
    const std::string member = R"({"id":"1","uuid":"a"})";
    const std::string addresses = R"(,"members":[{"id":"1","uuid":"a","addresses":)";

    EXPECT_EQ(refusal("heartbeat", beat(R"(,"supersedes":)" + times(65, text))),
              "supersedes: expected at most 64 items, found 65");
    EXPECT_EQ(refusal("heartbeat", beat(config(times(65, member)))),
              "config.voters: expected at most 64 items, found 65");
    EXPECT_EQ(refusal("heartbeat", beat(config("[" + member + "]", times(65, text)))),
              "config.banned: expected at most 64 items, found 65");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"members":)" + times(1025, member))),
              "members: expected at most 1024 items, found 1025");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"members":)" + times(1024, member))), "accepted");
    EXPECT_EQ(refusal("heartbeat", beat(addresses + times(17, R"("h:1")") + "}]")),
              "members[0].addresses: expected at most 16 items, found 17");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"members":{})")),
              "members: expected a list, found an object");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"members":[7])")),
              "members[0]: expected an object, found 7");
}

TEST(Malformed, TakesNoConfigThatCannotDecide) {
    EXPECT_EQ(refusal("heartbeat", beat(config("[]"))),
              "config.voters: expected at least one voter, found none");
    EXPECT_EQ(
        refusal("heartbeat", beat(config(R"([{"id":"1","uuid":"a"},{"id":"2","uuid":"a"}])"))),
        "config.voters: expected each uuid once, found \"a\" twice");
    EXPECT_EQ(
        refusal("heartbeat", beat(config(R"([{"id":"1","uuid":"a"},{"id":"1","uuid":"b"}])"))),
        "accepted");
    EXPECT_EQ(refusal("hello", R"({"clusterId":"","from":"u","term":0,"foundingSet":)"
                               R"([{"id":"1","uuid":"a"},{"id":"2","uuid":"a"}]})"),
              "foundingSet: expected each uuid once, found \"a\" twice");
}

TEST(Malformed, TakesNoSenderWithTwoIds) {
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"fromId":"2")")),
              "leaderId: expected the same as fromId, found \"1\"");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"fromId":"1")")), "accepted");
}

TEST(Malformed, SpeaksOneVersionOfTheProtocol) {
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"v":1)")), "accepted");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"v":2)")),
              "v: expected 1, the version of the protocol spoken here, found 2");
    EXPECT_EQ(refusal("heartbeat", beat(R"(,"v":0)")),
              "v: expected 1, the version of the protocol spoken here, found 0");
}

TEST(Malformed, IsWhatIsNoJsonObject) {
    for (const std::string text :
         {"", " ", "null", "true", "7", R"("x")", "[]", "[{}]", "{", "}", "{}}", "{} {}", "{a:1}",
          R"({"term":7,})", R"({"term":7} x)", R"({'term':7})", R"({"term":7/*x*/})",
          "{\"term\":7,\"x\":\"\xff\"}", R"({"term":7,"x":"\ud800"})"}) {
        EXPECT_NE(refusal("heartbeat", text), "accepted") << text;
        EXPECT_NE(reply_refusal("heartbeat", text), "accepted") << text;
    }
    EXPECT_EQ(refusal("heartbeat", "[]"), "body: expected an object, found a list");
    EXPECT_EQ(refusal("heartbeat", "{").substr(0, 29), "body: expected a JSON object:");
}

TEST(Malformed, IsWhatIsTooDeepOrTooLong) {
    const auto nested = [](std::size_t depth) {
        return beat(",\"x\":" + std::string(depth, '[') + std::string(depth, ']'));
    };
    EXPECT_EQ(refusal("heartbeat", nested(10)), "accepted");
    EXPECT_EQ(refusal("heartbeat", nested(17)).substr(0, 29), "body: expected a JSON object:");
    EXPECT_EQ(refusal("heartbeat", nested(30'000)).substr(0, 29), "body: expected a JSON object:");
    EXPECT_EQ(refusal("heartbeat", std::string(kBodyMax, '[')).substr(0, 29),
              "body: expected a JSON object:");
    EXPECT_EQ(refusal("heartbeat", std::string(kBodyMax + 1, ' ')),
              "body: expected at most 65536 bytes, found 65537");
}

TEST(Malformed, KnowsItsRequestsByName) {
    EXPECT_EQ(refusal("append\n", "{}"), "not a request of the protocol: \"append?\"");
    EXPECT_EQ(reply_refusal("", "{}"), "not a request of the protocol: \"\"");
}

TEST(Malformed, WantsOfAnAnswerWhatCountsInIt) {
    const std::string least = R"({"clusterId":"c","from":"u","term":7)";

    EXPECT_EQ(reply_refusal("vote-request", least + "}"), "voteGranted: missing, but required");
    EXPECT_EQ(reply_refusal("pre-vote", least + "}"), "voteGranted: missing, but required");
    EXPECT_EQ(reply_refusal("heartbeat", least + R"(,"seq":1})"),
              "accepted: missing, but required");
    EXPECT_EQ(reply_refusal("heartbeat", least + R"(,"accepted":true})"),
              "seq: missing, but required");
    EXPECT_EQ(reply_refusal("timeout-now", least + "}"), "accepted: missing, but required");
    EXPECT_EQ(reply_refusal("hello", R"({"from":"u","term":7})"),
              "clusterId: missing, but required");
    EXPECT_EQ(reply_refusal("hello", R"({"clusterId":"c","term":7})"),
              "from: missing, but required");
    EXPECT_EQ(reply_refusal("status", R"({"clusterId":"c","from":"u"})"),
              "term: missing, but required");
    EXPECT_EQ(reply_refusal("vote-request", R"({"term":7,"voteGranted":true})"),
              "clusterId: missing, but required");
    EXPECT_EQ(reply_refusal("hello", least + R"(,"reason":7})"),
              "reason: expected at most 64 printable characters, found 7");
    EXPECT_EQ(reply_refusal("hello", least + R"(,"leaderHint":{"id":"1","uuid":"a","term":true}})"),
              "leaderHint.term: expected a whole number from 0 to 9007199254740991, found true");
    EXPECT_EQ(reply_refusal("status", least + R"(,"port":70000})"),
              "port: expected a whole number from 0 to 65535, found 70000");
}

}  // namespace
}  // namespace electiond::wire
