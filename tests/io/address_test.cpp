// IP addresses from text, and the addresses of the two ends of a socket.
#include <gtest/gtest.h>

#include <io/address.h>
#include <io/listening.h>

#include "scene.h"

namespace electiond::io {
namespace {

using scene::Client;

TEST(Address, IsReadFromLiteralsAndNotFromNames) {
    EXPECT_EQ(parse_address("127.0.0.1")->to_string(), "127.0.0.1");
    EXPECT_EQ(parse_address("2001:DB8::0:1")->to_string(), "2001:db8::1");
    EXPECT_TRUE(parse_address("fe80::1%1")->is_v6());
    for (const auto* name : {"", "localhost", "127.1", "1.2.3.4.5", "1.2.3.256", "01.2.3.4x",
                             "[::1]", "::1::", " 127.0.0.1", "127.0.0.1:80"}) {
        EXPECT_FALSE(parse_address(name)) << name;
    }
}

TEST(Address, BothEndsOfAConnection) {
    const auto listener = listen_on(Endpoint{"127.0.0.1", 0}, false, "test");
    const auto at = listens_on(listener);
    const Client client("127.0.0.1", at.port);
    const Descriptor accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(accepted.open() || errno == EAGAIN);
    EXPECT_EQ(other_end(client.descriptor())->endpoint(), at);
    EXPECT_EQ(own_end(accepted.get())->endpoint(), at);
    EXPECT_EQ(other_end(accepted.get()), own_end(client.descriptor()));
    EXPECT_FALSE(other_end(listener.get())) << "it is not connected";
}

TEST(Address, Ipv4ByAnIpv6SocketIsShownAsIpv4) {
    const auto listener = listen_on(Endpoint{"::", 0}, false, "test");
    const Client client("127.0.0.1", listens_on(listener).port);
    const Descriptor accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_EQ(other_end(accepted.get())->endpoint().host, "127.0.0.1");
    EXPECT_EQ(own_end(accepted.get())->endpoint().host, "127.0.0.1");
}

TEST(Address, OtherSocketsHaveNone) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const Descriptor one(ends[0]), other(ends[1]);
    EXPECT_FALSE(own_end(one.get()));
    EXPECT_FALSE(other_end(one.get()));
    EXPECT_FALSE(own_end(-1));
}

}  // namespace
}  // namespace electiond::io
