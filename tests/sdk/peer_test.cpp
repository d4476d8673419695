// Endpoint text, both ways.
#include <electiond/peer.h>
#include <gtest/gtest.h>

namespace electiond {
namespace {

TEST(Endpoint, ReadsWhatItWrites) {
    for (const auto* text : {"127.0.0.1:4001", "[::1]:4001", "node1.example:0", "a:65535"}) {
        const auto endpoint = Endpoint::parse(text);

        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(endpoint->to_string(), text);
    }
}

TEST(Endpoint, RefusesWhatIsNotHostAndPort) {
    for (const auto* text : {"", ":1", "host", "host:", "host:x", "host:65536", "host:-1",
                             "::1:4001", "[::1]4001", "[]:1", "a b:1", "http://a:1"}) {
        EXPECT_FALSE(Endpoint::parse(text)) << text;
    }
}

}  // namespace
}  // namespace electiond
