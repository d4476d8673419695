// Sockets that listen: what is refused and with which words, and what happens to socket files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <electiond/error.h>

#include <io/listening.h>

#include "../names/name_service.h"
#include "scene.h"

namespace electiond::io {
namespace {

using namespace scene;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Refusal {
    std::string what;
    int code = 0;
};

template <class Where, class... More>
Refusal refusal(const Where& where, More... more) {
    try {
        (void)listen_on(where, more...);
    } catch (const Error& error) {
        return {error.what(), error.code()};
    }
    return {"it listens", 0};
}

TEST(Listening, PortZeroIsReplaced) {
    const auto listener = listen_on(Endpoint{"127.0.0.1", 0}, false, "api.listen");
    EXPECT_EQ(listens_on(listener).host, "127.0.0.1");
    EXPECT_NE(listens_on(listener).port, 0);
    const Client client("127.0.0.1", listens_on(listener).port);
}

TEST(Listening, AnAddressInUseNamesItTheKeyAndTheRemedy) {
    const auto first = listen_on(Endpoint{"127.0.0.1", 0}, false, "api.listen");
    const auto at = listens_on(first);
    const auto refused = refusal(at, false, "api.listen");
    EXPECT_EQ(refused.what, "cannot listen on " + at.to_string() +
                                " (api.listen): Address already in use; stop the program that "
                                "listens there, or choose another port");
    EXPECT_EQ(refused.code, Error::os);
}

TEST(Listening, AnAddressOfAnotherHostIsRefused) {
    EXPECT_THAT(
        refusal(Endpoint{"198.51.100.1", 0}, false, "transport.listen").what,
        AllOf(StartsWith("cannot listen on 198.51.100.1:0 (transport.listen): Cannot assign"),
              ContainsRegex("; choose an address of this host: .*127\\.0\\.0\\.1")));
}

TEST(Listening, APortOfRootsIsRefusedToOthers) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    std::ifstream first("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    int port = 0;
    if (first >> port; port <= 7) GTEST_SKIP() << "here everybody may listen on any port";
    ASSERT_EQ(::seteuid(65534), 0);
    const auto refused = refusal(Endpoint{"127.0.0.1", 7}, false, "api.listen");
    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_EQ(refused.what,
              "cannot listen on 127.0.0.1:7 (api.listen): Permission denied; choose a port above "
              "1023, or grant CAP_NET_BIND_SERVICE");
}

TEST(Listening, ANameIsResolved) {
    const auto listener = listen_on(Endpoint{"localhost", 0}, false, "api.listen");
    EXPECT_NE(listens_on(listener).port, 0);
}

TEST(Listening, ANameThatDoesNotResolveSaysWhy) {
    const Folder folder;
    names::NameService service(folder / "names");
    const auto* before = std::getenv(names::kVariable);
    const std::string other = before == nullptr ? "" : before;
    ::setenv(names::kVariable, (folder / "names").c_str(), 1);
    service.set("nosuch.example", {});
    EXPECT_THAT(refusal(Endpoint{"nosuch.example", 0}, false, "api.listen").what,
                AllOf(StartsWith("cannot listen on nosuch.example:0 (api.listen): "),
                      HasSubstr("; no name service knows this name: correct it, or give an "
                                "address of this host")));
    service.fail("nosuch.example");
    EXPECT_THAT(refusal(Endpoint{"nosuch.example", 0}, false, "api.listen").what,
                HasSubstr("; the name service does not answer: repair it, or give an address"));
    service.set("nosuch.example", {"198.51.100.1"});
    EXPECT_THAT(refusal(Endpoint{"nosuch.example", 0}, false, "api.listen").what,
                HasSubstr("; choose an address of this host: "));
    ::setenv(names::kVariable, other.c_str(), 1);
}

TEST(Listening, Ipv6TakesIpv4TooUnlessItIsAskedNotTo) {
    const auto both = listen_on(Endpoint{"::", 0}, false, "api.listen");
    const Client v4("127.0.0.1", listens_on(both).port);
    const Client v6("::1", listens_on(both).port);

    const auto alone = listen_on(Endpoint{"::", 0}, true, "api.listen");
    const Client only("::1", listens_on(alone).port);
    const Client refused(Client::socket_for("127.0.0.1"));
    EXPECT_EQ(refused.try_to_connect("127.0.0.1", listens_on(alone).port), ECONNREFUSED);
}

class UnixListening : public ::testing::Test {
  protected:
    // Left over by a program that was killed.
    void leave_a_socket() const { const auto gone = listen_on(at, "api.listen"); }
    [[nodiscard]] std::string refused() const { return refusal(at, "api.listen").what; }
    [[nodiscard]] std::string start() const {
        return "cannot listen on unix:" + at.path.string() + " (api.listen): ";
    }

    Folder folder;
    UnixSocket at{.path = folder / "api.sock"};
};

TEST_F(UnixListening, HasTheModeThatIsAskedForWhateverTheUmask) {
    const auto before = ::umask(0077);
    at.mode = 0662;
    const auto listener = listen_on(at, "api.listen");
    ::umask(before);
    struct stat found {};
    ASSERT_EQ(::stat(at.path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0662U);
    const Client client(at);
}

TEST_F(UnixListening, HasTheGroupThatIsAskedFor) {
    if (::getuid() != 0) GTEST_SKIP() << "only root may give files to any group";
    at.group = "daemon";
    const auto listener = listen_on(at, "api.listen");
    struct stat found {};
    ASSERT_EQ(::stat(at.path.c_str(), &found), 0);
    EXPECT_EQ(found.st_gid, 1U);
}

TEST_F(UnixListening, AnUnknownGroupIsAFaultOfTheConfigurationAndLeavesNothing) {
    at.group = "no-such-group";
    const auto result = refusal(at, "api.listen");
    EXPECT_EQ(result.what, start() +
                               "there is no group no-such-group; create it, or correct "
                               "api.socket_group");
    EXPECT_EQ(result.code, Error::config);
    EXPECT_FALSE(std::filesystem::exists(at.path));
}

TEST_F(UnixListening, ASocketThatWasLeftOverIsReplaced) {
    leave_a_socket();
    ASSERT_TRUE(std::filesystem::is_socket(at.path));
    const auto listener = listen_on(at, "api.listen");
    const Client client(at);
}

TEST_F(UnixListening, ALivingOneIsKept) {
    const auto living = listen_on(at, "api.listen");
    EXPECT_EQ(refused(),
              start() + "another program listens there; stop it, or choose another path");
    const Client client(at);
}

TEST_F(UnixListening, ALivingOneWhoseQueueIsFullIsKept) {
    const auto living = listen_on(at, "api.listen");
    ASSERT_EQ(::listen(living.get(), 0), 0);
    const Client waits(at);
    EXPECT_THAT(refused(), HasSubstr("another program listens there"));
    EXPECT_TRUE(std::filesystem::is_socket(at.path));
}

TEST_F(UnixListening, AnythingElseThanASocketIsKept) {
    std::ofstream(at.path) << "precious";
    const auto result = refusal(at, "api.listen");
    EXPECT_EQ(result.what,
              start() + "this path exists, but is not a socket; move it, or choose another path");
    EXPECT_EQ(result.code, Error::config);
    EXPECT_EQ(std::filesystem::file_size(at.path), 8U);
}

TEST_F(UnixListening, ALinkIsNotFollowed) {
    leave_a_socket();
    const UnixSocket link{.path = folder / "link.sock"};
    std::filesystem::create_symlink(at.path, link.path);
    EXPECT_THAT(refusal(link, "api.listen").what, HasSubstr("is not a socket"));
    EXPECT_TRUE(std::filesystem::is_socket(at.path));
}

TEST_F(UnixListening, APathThatIsTooLongIsAFaultOfTheConfiguration) {
    const auto room = UnixSocket::kPathMax - (folder / "").native().size();
    at.path = folder / std::string(room, 'p');
    EXPECT_TRUE(listen_on(at, "api.listen").open());
    at.path = folder / std::string(room + 1, 'p');
    const auto result = refusal(at, "api.listen");
    EXPECT_EQ(result.what, start() + "the path has more than 107 bytes; choose a shorter one");
    EXPECT_EQ(result.code, Error::config);
}

TEST_F(UnixListening, AMissingFolderIsNamed) {
    at.path = folder / "missing/api.sock";
    EXPECT_EQ(refused(), start() +
                             "No such file or directory; create its directory, and let the "
                             "daemon's user write there");
}

TEST_F(UnixListening, ItsFileGoesWithItButAnothersStays) {
    auto first = listen_on(at, "api.listen");
    { const SocketFile file(at.path); }
    EXPECT_FALSE(std::filesystem::exists(at.path));

    std::optional<SocketFile> file;
    first = listen_on(at, "api.listen");
    file.emplace(at.path);
    std::filesystem::remove(at.path);
    const auto second = listen_on(at, "api.listen");
    file.reset();
    EXPECT_TRUE(std::filesystem::is_socket(at.path)) << "it is the second one's";

    file.emplace(at.path);
    std::filesystem::remove(at.path);
    file.reset();  // gone already: nothing happens
}

TEST_F(UnixListening, AFileThatMovedToAnotherOwnerIsRemovedOnce) {
    const auto listener = listen_on(at, "api.listen");
    SocketFile first(at.path);
    { const SocketFile second(std::move(first)); }
    EXPECT_FALSE(std::filesystem::exists(at.path));
    std::ofstream(at.path) << "another's";
}

}  // namespace
}  // namespace electiond::io
