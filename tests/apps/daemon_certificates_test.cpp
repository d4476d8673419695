// The certificates of electiond: messages of --check and of the start, and their replacement.
#include <sys/stat.h>

#include "daemon_scene.h"
#include "support/test_ca.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::seconds;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class ElectiondWithTls : public testing::Test {
  protected:
    ElectiondWithTls() {
        copy(ca_.file(), "ca.crt");
        put({.names = {"URI:electiond://demo/1"}, .until = hours(24 * 40)});
        scene_.sections["transport"] = "{listen: \"127.0.0.1:" + std::to_string(scene_.peer) +
                                       "\", tls: {cert: node.crt, key: node.key, ca: ca.crt}}";
    }

    void put(const TestCa::Wish& wish) {
        const auto files = ca_.issue(wish);
        copy(files.cert, "node.crt");
        copy(files.key, "node.key");
    }
    void copy(const fs::path& from, const std::string& to) const {
        fs::copy_file(from, scene_.folder / to, fs::copy_options::overwrite_existing);
    }
    void end(cluster::Process& process) const {
        process.signal(SIGTERM);
        EXPECT_EQ(process.wait(seconds(10)), 0) << scene_.log();
    }

    TestCa ca_;
    DaemonScene scene_;
};

TEST_F(ElectiondWithTls, FindsNoFaultInRightCertificates) {
    const auto finished = scene_.run({"--check"});

    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, Not(HasSubstr("warning")));
}

TEST_F(ElectiondWithTls, NamesEveryFaultAtOnceThoseOfCertificatesToo) {
    put({.names = {"URI:electiond://demo/2"}});
    ASSERT_EQ(::chmod((scene_.folder / "node.key").c_str(), 0644), 0);
    scene_.sections["api"] = "{tls: {cert: none.crt, key: node.key}}";
    scene_.sections["log"] = "{level: loud}";
    scene_.sections["discovery"] = "[{plugin: file_registry}]";
    for (const auto& more : {std::vector<std::string>{}, {"--check"}, {"--daemon"}}) {
        const auto finished = scene_.run(more);

        EXPECT_EQ(finished.code, 78);
        for (const auto* fault : {
                 "log\\.level is \"loud\"",
                 "discovery\\[0\\]\\.path",
                 "transport\\.tls\\.key is [^\n]*chmod 0600 /",
                 "transport\\.tls\\.cert is [^\n]*does not name this node",
                 "api\\.tls\\.cert is [^\n]*No such file",
                 "api\\.tls\\.key is [^\n]*chmod 0600 /",
             }) {
            EXPECT_THAT(finished.said,
                        ContainsRegex(std::string("node\\.yaml:[0-9]+:[0-9]+: ") + fault))
                << finished.said;
        }
    }
}

TEST_F(ElectiondWithTls, DoesNotStartWithACertificateThatNamesAnotherNode) {
    put({.names = {"URI:electiond://demo/2", "DNS:localhost"}});

    const auto finished = scene_.run();

    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said,
                AllOf(HasSubstr("it is for URI:electiond://demo/2, DNS:localhost, but must be for "
                                "URI:electiond://demo/1 or DNS:1.demo; issue another"),
                      Not(HasSubstr("takes part"))));
}

TEST_F(ElectiondWithTls, SaysInCheckAndAtStartWhatWillExpire) {
    put({.names = {"URI:electiond://demo/1"}, .until = hours(24 * 10 + 1)});
    const auto notice = ContainsRegex(
        "transport\\.tls\\.cert \\([^)]*node\\.crt\\) expires on [-0-9]+, in 10 "
        "days: renew it");

    const auto finished = scene_.run({"--check"});

    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, notice);
    const auto process = scene_.start_and_lead();
    EXPECT_THAT(scene_.log(), notice);
    end(*process);
}

TEST_F(ElectiondWithTls, NeedsNoCertificateForWhatDoesNotServe) {
    end(*scene_.start_and_lead());
    for (const auto* name : {"node.crt", "node.key", "ca.crt"}) fs::remove(scene_.folder / name);

    EXPECT_EQ(scene_.run({"--print-config"}).code, 0);
    EXPECT_EQ(scene_.run({"--list-plugins"}).code, 0);
    const auto rejoined = scene_.run({"rejoin", "--yes"});
    EXPECT_EQ(rejoined.code, 0) << rejoined.said;
    EXPECT_EQ(scene_.run({"--check"}).code, 78);
}

TEST_F(ElectiondWithTls, ReadsReplacedCertificatesAtHupAndByItself) {
    const auto process = scene_.start_and_lead();
    const auto term = cluster::ask(scene_.api, "GET", "/status").number("term");

    process->signal(SIGHUP);  // nothing has changed
    EXPECT_TRUE(scene_.logs("certificates read again: transport.tls, valid until "))
        << scene_.log();
    put({.names = {"URI:electiond://demo/2"}});
    process->signal(SIGHUP);
    EXPECT_TRUE(scene_.logs("new certificates are not used, the old ones stay in use"))
        << scene_.log();
    EXPECT_THAT(scene_.log(), HasSubstr("does not name this node"));
    const auto shows = [&](const std::string& words) {
        return cluster::wait_until([&] {
            const auto status = cluster::ask(scene_.api, "GET", "/status").body;
            return status.find(words) != std::string::npos;
        });
    };
    EXPECT_TRUE(shows("\"certificate_not_reloaded\""));
    fs::resize_file(scene_.folder / "log", 0);
    put({.names = {"URI:electiond://demo/1"}});

    // At the latest at its next look, after 10 s.
    EXPECT_TRUE(cluster::wait_until(
        [&] { return scene_.log().find("read again: transport.tls") != std::string::npos; },
        seconds(60)))
        << scene_.log();
    EXPECT_TRUE(shows("\"certificate_expiring\"")) << "this one is valid for a day";
    EXPECT_EQ(cluster::ask(scene_.api, "GET", "/leader").code, 200);
    EXPECT_EQ(cluster::ask(scene_.api, "GET", "/status").number("term"), term);
    end(*process);
}

TEST_F(ElectiondWithTls, SaysThatChangedPathsNeedARestart) {
    const auto process = scene_.start_and_lead();
    copy(scene_.folder / "ca.crt", "other.crt");
    scene_.sections["transport"] = "{listen: \"127.0.0.1:" + std::to_string(scene_.peer) +
                                   "\", tls: {cert: node.crt, key: node.key, ca: other.crt}}";
    scene_.write_config();

    process->signal(SIGHUP);

    EXPECT_TRUE(scene_.logs("these changes need a restart: transport.tls.ca")) << scene_.log();
    EXPECT_TRUE(scene_.logs("certificates read again: transport.tls")) << scene_.log();
    end(*process);
}

// ---- who else can reach what --------------------------------------------------------------------

TEST(Electiond, WarnsAtStartAndInCheckOfPlainTextBeyondThisMachine) {
    DaemonScene scene;
    const auto peer = std::to_string(scene.peer);
    scene.sections["api"] =
        "{listen: \"0.0.0.0:" + std::to_string(scene.api) + "\", insecure: true}";
    scene.sections["transport"] =
        "{listen: \"0.0.0.0:" + peer + "\", advertise: \"127.0.0.1:" + peer + "\", insecure: true}";
    const auto warns = AllOf(
        ContainsRegex("warning:? .*transport\\.insecure: true lets peers talk in plain text on "
                      "transport\\.listen \\(0\\.0\\.0\\.0:" +
                      peer + "\\)"),
        ContainsRegex("warning:? .*api\\.insecure: true lets everybody who reaches api\\.listen"));

    const auto finished = scene.run({"--check"});
    const auto process = scene.start_and_lead();

    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, warns);
    EXPECT_THAT(scene.log(), warns);
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(seconds(10)), 0);
}

TEST(Electiond, WarnsOfADataDirectoryThatIsOpenToOthers) {
    DaemonScene scene;
    fs::create_directory(scene.folder / "data");
    fs::permissions(scene.folder / "data", fs::perms{0755});

    EXPECT_THAT(scene.run({"--check"}).said, HasSubstr("is open to others (mode 0755)"));
    const auto process = scene.start_and_lead();
    EXPECT_TRUE(scene.logs("is open to others (mode 0755)")) << scene.log();
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(seconds(10)), 0);
    fs::permissions(scene.folder / "data", fs::perms{0777});
    const auto finished = scene.run({"--check"});
    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said, HasSubstr("everybody may write to the data directory"));
}

}  // namespace
}  // namespace electiond
