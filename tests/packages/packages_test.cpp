// The Debian packages: what they hold, how large they are, what lintian says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <sstream>

#include "folder.h"
#include "process.h"

namespace electiond {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

// Of a build folder, or those that the environment names.
fs::path packages() {
    const char* given = std::getenv("ELECTIOND_PACKAGES");
    return given != nullptr ? given : ELECTIOND_PACKAGES;
}

std::string output_of(const std::vector<std::string>& command) {
    const auto finished = cluster::run(command, std::chrono::seconds(100));
    EXPECT_EQ(finished.code, 0) << testing::PrintToString(command) << "\n" << finished.said;
    return finished.said;
}

// The one file of this package, as in electiond_0.1.0_amd64.deb.
std::string deb(const std::string& package) {
    for (const auto& entry : fs::directory_iterator(packages())) {
        const auto name = entry.path().filename().string();
        if (name.starts_with(package + "_" ELECTIOND_VERSION "_") && name.ends_with(".deb")) {
            return entry.path();
        }
    }
    ADD_FAILURE() << "no package " << package << " in " << packages();
    return {};
}

std::string field(const std::string& package, const std::string& name) {
    auto said = output_of({"/usr/bin/dpkg-deb", "--field", deb(package), name});
    while (said.ends_with('\n')) said.pop_back();
    return said;
}

// The files of a package, from its root, without folders and changelogs.
std::set<std::string> files(const std::string& package) {
    std::set<std::string> found;
    std::istringstream lines(output_of({"/usr/bin/dpkg-deb", "--contents", deb(package)}));
    for (std::string line; std::getline(lines, line);) {
        const auto name = line.substr(line.find(" ./") + 2);
        if (!name.ends_with('/') && name.find("/changelog") == std::string::npos)
            found.insert(name);
    }
    return found;
}

// A script of the package that dpkg runs; "" if there is none.
std::string script(const std::string& package, const std::string& name) {
    const auto finished = cluster::run({"/usr/bin/dpkg-deb", "--info", deb(package), name});
    return finished.code == 0 ? finished.said : "";
}

TEST(Packages, PleaseLintian) {
    for (const auto& entry : fs::directory_iterator(packages())) {
        if (entry.path().extension() != ".changes") continue;
        (void)output_of(
            {"/usr/bin/lintian", "--allow-root", "--fail-on", "error,warning", entry.path()});
        return;
    }
    ADD_FAILURE() << "no .changes in " << packages();
}

TEST(Packages, OfTheDaemonHoldsWhatRuns) {
    EXPECT_EQ(files("electiond"), (std::set<std::string>{
                                      "/lib/systemd/system/electiond.service",
                                      "/lib/systemd/system/electiond@.service",
                                      "/usr/lib/electiond/electiond-tls.so",
                                      "/usr/lib/electiond/plugins/exec.so",
                                      "/usr/lib/electiond/plugins/file_registry.so",
                                      "/usr/lib/electiond/plugins/http.so",
                                      "/usr/lib/electiond/plugins/multicast.so",
                                      "/usr/lib/electiond/plugins/static_list.so",
                                      "/usr/lib/electiond/plugins/tcp.so",
                                      "/usr/lib/sysusers.d/electiond.conf",
                                      "/usr/lib/tmpfiles.d/electiond.conf",
                                      "/usr/sbin/electiond",
                                      "/usr/share/bash-completion/completions/electiond",
                                      "/usr/share/doc/electiond/copyright",
                                      "/usr/share/doc/electiond/examples/electiond.yaml",
                                      "/usr/share/fish/vendor_completions.d/electiond.fish",
                                      "/usr/share/lintian/overrides/electiond",
                                      "/usr/share/man/man5/electiond.yaml.5.gz",
                                      "/usr/share/man/man8/electiond.8.gz",
                                      "/usr/share/zsh/vendor-completions/_electiond",
                                  }));
}

TEST(Packages, PluginsExtraContainsThePluginsThatNeedFurtherLibraries) {
    EXPECT_EQ(files("electiond-plugins-extra"),
              (std::set<std::string>{
                  "/usr/lib/electiond/plugins/dns.so",
                  "/usr/lib/electiond/plugins/etcd.so",
                  "/usr/share/doc/electiond-plugins-extra/copyright",
              }));
    EXPECT_THAT(field("electiond-plugins-extra", "Depends"),
                testing::AllOf(HasSubstr("electiond (= " ELECTIOND_VERSION ")"),
                               HasSubstr("libc-ares2"), HasSubstr("libcurl4")));
    EXPECT_THAT(
        field("electiond", "Depends"),
        testing::AllOf(HasSubstr("libssl3"), Not(HasSubstr("ares")), Not(HasSubstr("libcurl"))));
}

TEST(Packages, OfTheClientHoldsTheClient) {
    EXPECT_EQ(files("electionctl"), (std::set<std::string>{
                                        "/usr/bin/electionctl",
                                        "/usr/share/bash-completion/completions/electionctl",
                                        "/usr/share/doc/electionctl/copyright",
                                        "/usr/share/fish/vendor_completions.d/electionctl.fish",
                                        "/usr/share/man/man1/electionctl.1.gz",
                                        "/usr/share/zsh/vendor-completions/_electionctl",
                                    }));
    EXPECT_THAT(field("electionctl", "Depends"), Not(HasSubstr("electiond")));
}

TEST(Packages, OfTheSdkHoldsEachHeader) {
    std::set<std::string> expected{
        "/usr/libexec/electiond/electiond-kit",
        "/usr/share/cmake/electiond/electiondConfig.cmake",
        "/usr/share/cmake/electiond/electiondConfigVersion.cmake",
        "/usr/share/cmake/electiond/electiondTargets.cmake",
        "/usr/share/doc/electiond-dev/copyright",
        "/usr/share/pkgconfig/electiond.pc",
    };
    const auto headers = fs::path(ELECTIOND_SOURCE) / "core/sdk/electiond";
    for (const auto& entry : fs::directory_iterator(headers)) {
        expected.insert("/usr/include/electiond/" + entry.path().filename().string());
    }
    EXPECT_EQ(files("electiond-dev"), expected);
    const std::string same(" (= " ELECTIOND_VERSION ")");
    EXPECT_THAT(field("electiond-dev", "Depends"), HasSubstr("electiond" + same));
    EXPECT_THAT(field("electiond-dev", "Depends"), HasSubstr("electionctl" + same));
}

TEST(Packages, HaveTheirDebugSymbolsApart) {
    constexpr int kSizeMax = 5120;  // KiB, of the daemon and its plugins

    EXPECT_LT(std::stoi(field("electiond", "Installed-Size")), kSizeMax);
    EXPECT_THAT(files("electiond-dbgsym"), Not(testing::IsEmpty()));
    EXPECT_THAT(files("electionctl-dbgsym"), Not(testing::IsEmpty()));
}

TEST(Packages, StartNothingByThemselves) {
    const auto after = script("electiond", "postinst");
    EXPECT_THAT(after, Not(testing::ContainsRegex("\\bstart\\b")));
    EXPECT_THAT(after, Not(HasSubstr("deb-systemd-invoke restart 'electiond.service'")));
    EXPECT_EQ(script("electiond", "conffiles"), "");
    // An upgrade stops nothing before the new files are there.
    EXPECT_EQ(script("electiond", "preinst"), "");
}

TEST(Changelog, IsMadeFromThePageOfChanges) {
    const auto source = fs::path(ELECTIOND_SOURCE);
    const cluster::Folder folder;
    const auto make = [&](const std::string& version) {
        return cluster::run({source / "config/debian/make-changelog", source / "docs/changes.md",
                             version, "1700000000"});
    };

    cluster::write(folder / "changelog", make(ELECTIOND_VERSION).said);
    EXPECT_EQ(output_of({"/usr/bin/dpkg-parsechangelog", "--file", folder / "changelog",
                         "--show-field", "Version"}),
              ELECTIOND_VERSION "\n");

    const auto forgotten = make("99.0.0");
    EXPECT_EQ(forgotten.code, 65);
    EXPECT_THAT(forgotten.said, HasSubstr("CMakeLists.txt says 99.0.0: add a heading"));
}

// Nobody has chosen a licence.
TEST(Packages, SayThatThereIsNoLicence) {
    const cluster::Folder folder;
    for (const auto* package :
         {"electiond", "electiond-plugins-extra", "electionctl", "electiond-dev"}) {
        (void)output_of({"/usr/bin/dpkg-deb", "--extract", deb(package), folder / package});
        EXPECT_THAT(
            cluster::read(folder.path() / package / "usr/share/doc" / package / "copyright"),
            HasSubstr("No licence has been granted yet"));
    }
}

}  // namespace
}  // namespace electiond
