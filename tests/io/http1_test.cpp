// HTTP/1 heads: what is read, what is refused, how early, and what is written.
#include <io/http1.h>

#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http1_corpus.h"

namespace electiond::io {
namespace {

const std::string kHost = "Host: x\r\n";

// 0: accepted, 1: incomplete, otherwise the status of the refusal.
template <class Result>
int status_of(const Result& result) {
    if (std::holds_alternative<HttpIncomplete>(result)) return 1;
    const auto* refused = std::get_if<HttpRefused>(&result);
    return refused == nullptr ? 0 : refused->status;
}

int request_status(const std::string& bytes, const HttpLimits& limits = {}) {
    return status_of(read_request_head(bytes, limits));
}

int response_status(const std::string& bytes, const HttpLimits& limits = {}) {
    return status_of(read_response_head(bytes, limits));
}

// The views of the head are into `bytes`, so no temporary may be passed.
HttpRequestHead request_in(const std::string& bytes) {
    auto result = read_request_head(bytes, {});
    EXPECT_EQ(status_of(result), 0) << bytes;
    auto* head = std::get_if<HttpRequestHead>(&result);
    return head == nullptr ? HttpRequestHead{} : std::move(*head);
}
HttpRequestHead request_in(std::string&&) = delete;

HttpResponseHead response_in(const std::string& bytes) {
    auto result = read_response_head(bytes, {});
    EXPECT_EQ(status_of(result), 0) << bytes;
    auto* head = std::get_if<HttpResponseHead>(&result);
    return head == nullptr ? HttpResponseHead{} : std::move(*head);
}
HttpResponseHead response_in(std::string&&) = delete;

TEST(Http1, AnswersEachSampleAsStated) {
    for (const auto& sample : request_samples()) {
        EXPECT_EQ(request_status(sample.bytes), sample.status) << "request: " << sample.what;
    }
    for (const auto& sample : response_samples()) {
        EXPECT_EQ(response_status(sample.bytes), sample.status) << "response: " << sample.what;
    }
    EXPECT_GE(request_samples().size(), 200u);
}

TEST(Http1, WaitsForTheEndOfEachGoodHeadAndNoLonger) {
    for (const auto& sample : request_samples()) {
        if (sample.status != 0) continue;
        for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
            ASSERT_EQ(request_status(sample.bytes.substr(0, size)), 1)
                << sample.what << ", the first " << size << " bytes";
        }
        EXPECT_EQ(request_in(sample.bytes).head_bytes, sample.bytes.size()) << sample.what;
    }
    for (const auto& sample : response_samples()) {
        if (sample.status != 0) continue;
        for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
            ASSERT_EQ(response_status(sample.bytes.substr(0, size)), 1)
                << sample.what << ", the first " << size << " bytes";
        }
        EXPECT_EQ(response_in(sample.bytes).head_bytes, sample.bytes.size()) << sample.what;
    }
}

TEST(Http1, SaysWhyInASentenceWithoutTheInput) {
    for (const auto& sample : request_samples()) {
        const auto result = read_request_head(sample.bytes, {});
        const auto* refused = std::get_if<HttpRefused>(&result);
        if (refused == nullptr) continue;
        EXPECT_TRUE(refused->reason.ends_with('.')) << refused->reason;
        EXPECT_THAT(refused->reason, testing::Each(testing::AllOf(
                                         testing::Ge(' '), testing::Lt(127), testing::Ne('"'))));
        EXPECT_FALSE(reason_phrase(refused->status).empty()) << refused->status;
    }
}

TEST(Http1, GivesThePartsOfARequest) {
    const std::string bytes =
        "\r\nPOST /step-down?x=1 HTTP/1.1\r\nHost:\t node-1:7400 \r\nContent-Length: 007\r\n"
        "X: a  b\r\nx: c\r\nEmpty:\r\nExpect: 100-continue\r\n\r\n";
    const auto head = request_in(bytes);

    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/step-down?x=1");
    EXPECT_EQ(head.minor_version, 1);
    EXPECT_EQ(head.body_bytes, 7u);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_TRUE(head.expects_continue);
    ASSERT_EQ(head.fields.size(), 6u);
    EXPECT_EQ(head.fields[3].name, "x");
    EXPECT_EQ(find_field(head.fields, "HOST"), "node-1:7400");
    EXPECT_EQ(find_field(head.fields, "X"), "a  b");
    EXPECT_EQ(find_field(head.fields, "empty"), "");
    EXPECT_EQ(find_field(head.fields, "Origin"), std::nullopt);
}

TEST(Http1, SaysWhetherTheClientWantsToGoOn) {
    struct {
        const char* start;
        const char* fields;
        bool keep_alive;
    } const cases[] = {
        {"GET / HTTP/1.1", "", true},
        {"GET / HTTP/1.0", "", false},
        {"GET / HTTP/1.1", "Connection: close\r\n", false},
        {"GET / HTTP/1.1", "Connection: keep-alive, CLOSE\r\n", false},
        {"GET / HTTP/1.1", "Connection: TE\r\nConnection: close\r\n", false},
        {"GET / HTTP/1.1", "Connection: closer\r\n", true},
        {"GET / HTTP/1.1", "Connection: not a list\r\n", false},
        {"GET / HTTP/1.0", "Connection: Keep-Alive\r\n", true},
        {"GET / HTTP/1.0", "Connection: x,keep-alive\t,\r\n", true},
        {"GET / HTTP/1.0", "Connection: keep-alive, close\r\n", false},
        {"GET / HTTP/1.0", "Connection: keep-alives\r\n", false},
        {"POST / HTTP/1.1", "", false},
        {"PUT / HTTP/1.1", "", false},
        {"PATCH / HTTP/1.1", "", false},
        {"DELETE / HTTP/1.1", "", true},
        {"POST / HTTP/1.1", "Content-Length: 0\r\n", true},
        {"POST / HTTP/1.1", "Content-Length: 0\r\nConnection: close\r\n", false},
    };
    for (const auto& [start, fields, keep_alive] : cases) {
        const auto bytes = std::string(start) + "\r\n" + kHost + fields + "\r\n";
        EXPECT_EQ(request_in(bytes).keep_alive, keep_alive) << bytes;
    }
}

TEST(Http1, ExpectsAContinueOnlyWhereABodyFollowsAndTheClientKnowsOf100) {
    struct {
        const char* bytes;
        bool expects;
    } const cases[] = {
        {"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-CONTINUE\r\nContent-Length: 1\r\n\r\n", true},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", false},
        {"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", false},
        {"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", false},
        {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", false},
    };
    for (const auto& [text, expects] : cases) {
        const std::string bytes = text;
        EXPECT_EQ(request_in(bytes).expects_continue, expects) << bytes;
    }
}

TEST(Http1, FindsEachOfManyRequestsThatCameAtOnce) {
    std::string stream;
    std::vector<const Sample*> sent;
    for (const auto& sample : request_samples()) {
        if (sample.status != 0) continue;
        sent.push_back(&sample);
        stream += sample.bytes + std::string(request_in(sample.bytes).body_bytes.value_or(0), '\n');
    }
    ASSERT_GE(sent.size(), 40u);

    for (const auto* sample : sent) {
        const auto result = read_request_head(stream, {});
        const auto* head = std::get_if<HttpRequestHead>(&result);
        ASSERT_NE(head, nullptr) << sample->what;
        const auto alone = request_in(sample->bytes);
        EXPECT_EQ(head->head_bytes, sample->bytes.size()) << sample->what;
        EXPECT_EQ(head->target, alone.target) << sample->what;
        EXPECT_EQ(head->body_bytes, alone.body_bytes) << sample->what;
        EXPECT_EQ(head->fields.size(), alone.fields.size()) << sample->what;
        stream.erase(0, head->head_bytes + head->body_bytes.value_or(0));
    }
    EXPECT_EQ(stream, "");
}

TEST(Http1, RefusesAtTheFirstByteThatIsWrong) {
    const std::vector<std::pair<std::string, int>> cases = {
        {"\x16", 400},
        {std::string(1, '\0'), 400},
        {"\n", 400},
        {"GET\t", 400},
        {"GET  ", 400},
        {"GET /a\x7f", 400},
        {"GET / HTTq", 400},
        {"GET / HTTP/1.1\n", 400},
        {"GET / HTTP/1.12", 400},
        {"GET / HTTP/1.9\r\n", 505},
        {"GET x HTTP/1.1\r\n", 400},
        {"GET / HTTP/1.1\r\n ", 400},
        {"GET / HTTP/1.1\r\nX ", 400},
        {"GET / HTTP/1.1\r\nX\r", 400},
        {"GET / HTTP/1.1\r\nX: a\n", 400},
        {"GET / HTTP/1.1\r\nX: a\rb", 400},
        {"GET / HTTP/1.1\r\nHost: x:y\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 5,\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 99999\r\n", 413},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 411},
        {"POST / HTTP/1.1\r\nExpect: x\r\n", 417},
    };
    for (const auto& [bytes, status] : cases) {
        EXPECT_EQ(request_status(bytes), status) << bytes;
        EXPECT_EQ(request_status(bytes.substr(0, bytes.size() - 1)), 1) << "too early: " << bytes;
    }
}

TEST(Http1, CountsEveryByteOfAHeadAgainstTheLimit) {
    const std::string head = "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const HttpLimits fits{.head_bytes = head.size()};
    const HttpLimits short_by_one{.head_bytes = head.size() - 1};

    EXPECT_EQ(request_status(head, fits), 0);
    EXPECT_EQ(request_status(head + std::string(100'000, 'x'), fits), 0);
    EXPECT_EQ(request_status(head, short_by_one), 431);
    EXPECT_EQ(request_status(head.substr(0, head.size() - 2), short_by_one), 1);
    EXPECT_EQ(request_status(head.substr(0, head.size() - 1), short_by_one), 431);
    EXPECT_EQ(request_status("GET / HTTP/1.1\r\n X", {.head_bytes = 17}), 400);

    EXPECT_EQ(request_status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n",
                             {.body_bytes = 4}),
              0);
    EXPECT_EQ(request_status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n",
                             {.body_bytes = 3}),
              413);
}

TEST(Http1, ReadsLongHeadsInLinearTime) {
    constexpr std::size_t kLong = std::size_t{4} * 1024 * 1024;
    const HttpLimits limits{.head_bytes = kLong};
    const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n";
    // Quadratic, each of these would take days; the time limit of the test would end them.
    EXPECT_EQ(request_status(std::string(kLong, 'A'), limits), 431);
    EXPECT_EQ(request_status("GET /" + std::string(kLong, '%'), limits), 431);
    EXPECT_EQ(request_status("GET /" + std::string(kLong / 2, '%') + " HTTP/1.1\r\n", limits), 400);
    EXPECT_EQ(request_status(get + "X:" + std::string(kLong, ' '), limits), 431);
    EXPECT_EQ(request_status(get + "X: a" + std::string(kLong / 2, ' ') + "\r\n\r\n", limits), 0);
    EXPECT_EQ(
        request_status(get + "Connection:" + std::string(kLong / 2, ',') + "\r\n\r\n", limits), 0);
    EXPECT_EQ(
        request_status(get + "Content-Length:" + std::string(kLong / 2, '0') + "\r\n\r\n", limits),
        0);
    std::string interim;
    while (interim.size() < kLong) interim += "HTTP/1.1 100 Continue\r\n\r\n";
    EXPECT_EQ(response_status(interim, limits), 431);
}

TEST(Http1, GivesThePartsOfAResponse) {
    const std::string bytes =
        "HTTP/1.1 100 Continue\r\nA: b\r\n\r\n"
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}";
    const auto head = response_in(bytes);

    EXPECT_EQ(head.head_bytes, bytes.size() - 2);
    EXPECT_EQ(head.status, 503);
    EXPECT_EQ(head.body_bytes, 2u);
    EXPECT_TRUE(head.keep_alive);
    ASSERT_EQ(head.fields.size(), 2u);
    EXPECT_EQ(find_field(head.fields, "retry-after"), "1");
}

TEST(Http1, KeepsNoConnectionWhoseResponseEndsWithIt) {
    struct {
        const char* bytes;
        std::optional<std::size_t> body_bytes;
        bool keep_alive;
    } const cases[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", std::nullopt, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n", 1, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", 1, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n", 1, true},
        {"HTTP/1.1 204 No Content\r\n\r\n", 0, true},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 0, true},
    };
    for (const auto& [text, body_bytes, keep_alive] : cases) {
        const std::string bytes = text;
        const auto head = response_in(bytes);
        EXPECT_EQ(head.body_bytes, body_bytes) << bytes;
        EXPECT_EQ(head.keep_alive, keep_alive) << bytes;
    }
}

TEST(Http1, WritesResponses) {
    const std::vector<HttpField> more = {{"Allow", "GET, HEAD"}, {"X", ""}};
    EXPECT_EQ(write_response_head(405, "application/json", 15, true, more),
              "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: application/json\r\n"
              "Content-Length: 15\r\nConnection: keep-alive\r\nAllow: GET, HEAD\r\nX: \r\n\r\n");
    EXPECT_EQ(write_response_head(200, "", 0, false),
              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(write_response_head(200, "text/event-stream", std::nullopt, false),
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(write_response_head(204, "text/plain", 3, true),
              "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(write_response_head(599, "", 0, true),
              "HTTP/1.1 599 \r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
    for (int status = 200; status < 600; ++status) {
        const auto head = write_response_head(status, "text/plain", 5, true, more);
        EXPECT_EQ(response_in(head).status, status);
        EXPECT_EQ(response_in(head).head_bytes, head.size());
    }
}

TEST(Http1, WritesRequests) {
    EXPECT_EQ(write_request_head("POST", "/vote-request", "node-1:4001", "application/json", 2),
              "POST /vote-request HTTP/1.1\r\nHost: node-1:4001\r\n"
              "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(write_request_head("POST", "/x", "x", "", 0),
              "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    const std::vector<HttpField> more = {{"Connection", "close"}};
    EXPECT_EQ(write_request_head("GET", "/leader?wait=1s", "[::1]:7400", "", 0, more),
              "GET /leader?wait=1s HTTP/1.1\r\nHost: [::1]:7400\r\nConnection: close\r\n\r\n");
}

TEST(Http1, LeavesTheZoneOfAnAddressOutOfHost) {
    const auto head = write_request_head("POST", "/x", "[fe80::1%eth0]:4001", "", 0);
    EXPECT_EQ(find_field(request_in(head).fields, "Host"), "[fe80::1]:4001");
}

TEST(Http1DeathTest, WritesNothingThatCouldBeReadAsMore) {
    using Fields = std::vector<HttpField>;
    const std::string nul("a\0b", 3);
    for (const auto& value :
         {std::string("a\r\nb"), std::string("a\nb"), std::string("a\rb"), nul}) {
        EXPECT_EXIT((void)write_response_head(200, "", 0, true, Fields{{"X", value}}),
                    testing::ExitedWithCode(70), "broken invariant");
        EXPECT_EXIT((void)write_response_head(200, value, 0, true), testing::ExitedWithCode(70),
                    "");
        EXPECT_EXIT((void)write_request_head("GET", "/", value, "", 0), testing::ExitedWithCode(70),
                    "");
        EXPECT_EXIT((void)write_request_head("GET", "/" + value, "x", "", 0),
                    testing::ExitedWithCode(70), "");
        EXPECT_EXIT((void)write_request_head(value, "/", "x", "", 0), testing::ExitedWithCode(70),
                    "");
    }
    EXPECT_EXIT((void)write_response_head(200, "", std::nullopt, true), testing::ExitedWithCode(70),
                "")
        << "the body could not end before the connection";
    for (const char* name : {"", "X ", "X:", "content-length", "transfer-encoding", "CONNECTION"}) {
        EXPECT_EXIT((void)write_response_head(200, "", 0, true, Fields{{name, "1"}}),
                    testing::ExitedWithCode(70), "")
            << name;
    }
    EXPECT_EXIT((void)write_request_head("GET", "/", "x", "", 0, Fields{{"host", "y"}}),
                testing::ExitedWithCode(70), "");
    EXPECT_EXIT((void)write_request_head("GET", "/a b", "x", "", 0), testing::ExitedWithCode(70),
                "");
}

}  // namespace
}  // namespace electiond::io
