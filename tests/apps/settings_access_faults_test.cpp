// Faults of who could reach what: addresses and sockets of the node, tokens and files of a user.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings/settings.h"
#include "settings_scene.h"

namespace electiond {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(SettingsFaults, KeepThePeersAddressFromOtherMachines) {
    const Scene scene;
    const auto faults = [&](const std::string& transport) {
        return scene.faults(with({{"transport", transport}}));
    };

    for (const auto* address : {"10.0.0.1:7401", "\"[fe80::1]:7401\"", "node1.example:7401"}) {
        EXPECT_THAT(faults(std::string("{listen: ") + address + "}"),
                    ElementsAre(AllOf(StartsWith("node.yaml:4:21: transport.listen is "),
                                      HasSubstr("set transport.tls"),
                                      HasSubstr("set transport.insecure: true"))))
            << address;
    }
    EXPECT_THAT(faults("{listen: 10.0.0.1:7401, tls: {cert: a, key: b, ca: c}}"), IsEmpty());
    EXPECT_THAT(faults("{advertise: 10.0.0.1:7401}"),
                ElementsAre(HasSubstr("transport.advertise is 10.0.0.1:7401, reachable beyond")));
    EXPECT_THAT(faults("{listen: 0.0.0.0:7401, insecure: true}"),
                ElementsAre(HasSubstr("transport.advertise is missing, but required because "
                                      "transport.listen is 0.0.0.0:7401")));
    EXPECT_THAT(faults("{listen: \"[::]:7401\", insecure: true, advertise: node1.example:7401}"),
                IsEmpty());
    for (const auto* address :
         {"127.9.9.9:1", "\"[::1]:1\"", "localhost:1", "\"[::ffff:127.0.0.1]:1\""}) {
        EXPECT_THAT(faults(std::string("{listen: ") + address + "}"), IsEmpty()) << address;
    }
}

TEST(SettingsFaults, RefuseThePathOfASocketThatIsTooLong) {
    const Scene scene;
    const std::string path = "/run/" + std::string(io::UnixSocket::kPathMax - 4, 'x');

    EXPECT_THAT(scene.faults(with({{"api", "{listen: unix:" + path + "}"}})),
                ElementsAre(AllOf(StartsWith("node.yaml:4:15: api.listen is \"unix:/run/xxx"),
                                  HasSubstr("whose path has 108 bytes, but that of a socket may "
                                            "have at most 107; choose a shorter path"))));
}

TEST(SettingsFaults, CountAUnixSocketAsLocal) {
    const Scene scene;

    EXPECT_THAT(scene.faults(with({{"api", "{listen: [unix:/run/a.sock, 127.0.0.1:1]}"}})),
                IsEmpty());
    EXPECT_THAT(scene.faults(with({{"api", "{listen: [unix:/run/a.sock, 0.0.0.0:1]}"}})),
                ElementsAre(HasSubstr("api.listen is 0.0.0.0:1, reachable beyond")));
}

TEST(SettingsFaults, KeepTheApiFromOtherMachinesWithoutAToken) {
    const Scene scene;
    scene.write("token", "sesame");
    std::filesystem::permissions(scene.folder() / "token", std::filesystem::perms{0600});
    const auto faults = [&](const std::string& rest) {
        return scene.faults(
            with({{"api", "{listen: [127.0.0.1:7400, 0.0.0.0:7402]" + rest + "}"}}));
    };

    EXPECT_THAT(faults(""), ElementsAre(AllOf(StartsWith("node.yaml:4:15: api.listen is "
                                                         "0.0.0.0:7402, reachable beyond"),
                                              HasSubstr("api.token_file"))));
    EXPECT_THAT(faults(", token_file: token"), IsEmpty());
    EXPECT_THAT(faults(", insecure: true"), IsEmpty());
    EXPECT_THAT(faults(", tls: {cert: a, key: b, ca: c}"), IsEmpty());
    // Encrypted, but open to everybody:
    EXPECT_THAT(faults(", tls: {cert: a, key: b}"),
                ElementsAre(HasSubstr("api.token_file, or api.tls with a ca")));
}

TEST(SettingsFaults, RefuseReadingByTokenWhereThereIsNone) {
    const Scene scene;
    scene.write("token", "sesame");
    std::filesystem::permissions(scene.folder() / "token", std::filesystem::perms{0600});
    const auto faults = [&](const std::string& rest) {
        return scene.faults(with({{"api", "{read: token" + rest + "}"}}));
    };

    for (const auto* rest : {"", ", tls: {cert: a, key: b}", ", insecure: true"}) {
        EXPECT_THAT(faults(rest),
                    ElementsAre(AllOf(StartsWith("node.yaml:4:13: api.read is \"token\", but "),
                                      HasSubstr("set api.token_file, or api.tls with a ca"))))
            << rest;
    }
    EXPECT_THAT(faults(", token_file: token"), IsEmpty());
    EXPECT_THAT(faults(", tls: {cert: a, key: b, ca: c}"), IsEmpty());
}

TEST(SettingsFaults, SayWhatIsWrongWithATokenFile) {
    const Scene scene;
    const auto faults = [&](const std::string& content, mode_t mode) {
        const auto file = scene.write("token", content);
        EXPECT_EQ(::chmod(file.c_str(), mode), 0);
        return scene.faults(with({{"api", "{token_file: token}"}}));
    };

    EXPECT_THAT(faults("sesame\n", 0600), IsEmpty());
    EXPECT_THAT(faults("sesame\n", 0604),
                ElementsAre(AllOf(StartsWith("node.yaml:4:19: api.token_file is "),
                                  HasSubstr("(mode 0604); chmod 0600 token"))));
    EXPECT_THAT(faults(" \n", 0600), ElementsAre(HasSubstr("which is empty")));
    EXPECT_THAT(faults("two\nlines\n", 0600), ElementsAre(HasSubstr("holds a space")));
    EXPECT_THAT(faults(std::string(5000, 'x'), 0600), ElementsAre(HasSubstr("too large")));
    EXPECT_THAT(scene.faults(with({{"api", "{token_file: gone}"}})),
                ElementsAre(HasSubstr("cannot be read: No such file")));
    EXPECT_THAT(scene.faults(with({{"api", "{token_file: .}"}})),
                ElementsAre(HasSubstr("is not a file that can be read")));
}

TEST(SettingsFaults, SayWhoseFilesMayNotBeRead) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    const Scene scene;
    ASSERT_EQ(::chmod(scene.folder().c_str(), 0755), 0);
    const auto token = scene.write("token", "sesame\n");
    const auto file = scene.write("node.yaml", with({{"api", "{token_file: token}"}}));
    ASSERT_EQ(::chmod(token.c_str(), 0600), 0);
    const auto said_with_mode = [&](mode_t mode) -> std::string {
        EXPECT_EQ(::chmod(file.c_str(), mode), 0);
        EXPECT_EQ(::seteuid(54321), 0);
        std::string said = "no fault";
        try {
            (void)load_settings(ConfigSource::of_file(file), {});
        } catch (const Error& error) {
            said = error.what();
        }
        EXPECT_EQ(::seteuid(0), 0);
        return said;
    };
    const std::string facts =
        "cannot be read: Permission denied; it belongs to root, group root, mode 0600; to let user "
        "54321 read it: ";

    EXPECT_THAT(said_with_mode(0644), AllOf(HasSubstr("api.token_file is "), HasSubstr(facts)));
    EXPECT_THAT(said_with_mode(0600), HasSubstr("the configuration " + facts));
}

}  // namespace
}  // namespace electiond
