// The faults of certificates at --check and at the start, each with its place and remedy.
#include "certificate_files.h"

#include <sys/stat.h>

#include "certificate_scene.h"

namespace electiond {
namespace {

using std::chrono::hours;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

std::chrono::sys_seconds now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

class CertificateFilesTest : public testing::Test {
  protected:
    [[nodiscard]] std::vector<std::string> faults(const std::string& more = "") const {
        return review_certificates(scene_.settings(more), now()).faults;
    }
    // Those of transport.tls alone, since both sections name the same files.
    [[nodiscard]] std::vector<std::string> transport_faults(const std::string& more = "") const {
        std::vector<std::string> all;
        for (auto& each : faults(more)) {
            if (each.find("transport.tls.") != std::string::npos) all.push_back(each);
        }
        return all;
    }

    CertificateScene scene_;
};

TEST_F(CertificateFilesTest, AreInOrderIfTheyNameThisNode) {
    EXPECT_THAT(faults(), IsEmpty());
    scene_.put({.names = {"DNS:localhost", "DNS:1.lab"}});
    EXPECT_THAT(faults(), IsEmpty());
    scene_.put({.names = {"URI:electiond://lab/1"}, .by_intermediate = true});
    EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(CertificateFilesTest, AreNamedWhereverTheyAreMissing) {
    for (const auto* name : {"node.crt", "node.key", "ca.crt"}) {
        std::filesystem::remove(scene_.folder() / name);
    }

    EXPECT_THAT(
        faults(", crl: ca.crl"),
        UnorderedElementsAre(AllOf(StartsWith(scene_.place("5:25") + "transport.tls.cert is \""),
                                   HasSubstr("node.crt\", which cannot be read: No such file")),
                             StartsWith(scene_.place("5:40") + "transport.tls.key is \""),
                             StartsWith(scene_.place("5:54") + "transport.tls.ca is \""),
                             StartsWith(scene_.place("5:67") + "transport.tls.crl is \""),
                             StartsWith(scene_.place("4:19") + "api.tls.cert is \""),
                             StartsWith(scene_.place("4:34") + "api.tls.key is \"")));
}

TEST_F(CertificateFilesTest, AreRefusedIfTheyNameAnotherNodeOrNone) {
    const std::string begin =
        "transport.tls.cert is \"" + (scene_.folder() / "node.crt").string() +
        "\", which does not name this node, so the other nodes would refuse it: it is for ";
    for (const auto* name : {"URI:electiond://lab/2", "URI:electiond://lab/1x", "DNS:2.lab",
                             "DNS:*.lab", "IP:127.0.0.1"}) {
        scene_.put({.names = {name}});
        EXPECT_THAT(
            faults(),
            ElementsAre(AllOf(StartsWith(scene_.place("5:25") + begin + name + ", but must be for"),
                              HasSubstr("URI:electiond://lab/1 or DNS:1.lab; "
                                        "issue another"),
                              HasSubstr("transport.tls.identity: ca"))))
            << name;
        EXPECT_THAT(faults(", identity: ca"), IsEmpty()) << name;
    }
    scene_.put({});
    EXPECT_THAT(faults(), ElementsAre(HasSubstr(begin + "no name, but")));
}

// There `tls add` would refuse: the directory of the certificate belongs to the other cluster.
TEST_F(CertificateFilesTest, OfAnotherClusterAreReplacedByNewOnesInANewDirectory) {
    for (const auto* name : {"URI:electiond://orders/1", "URI:electiond://LAB/1"}) {
        scene_.put({.names = {"DNS:localhost", name}});
        EXPECT_THAT(faults(),
                    ElementsAre(AllOf(
                        HasSubstr("but must be for URI:electiond://lab/1 or DNS:1.lab; that is "
                                  "another cluster: correct cluster.name, or make"),
                        HasSubstr("(electionctl tls init --cluster lab --nodes"),
                        HasSubstr("transport.tls.identity: ca"), Not(HasSubstr("tls add")))))
            << name;
        EXPECT_THAT(faults(", identity: ca"), IsEmpty()) << name;
    }
    scene_.put({.names = {"URI:electiond://orders/1", "URI:electiond://lab/2"}});
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("issue another (electionctl tls add")));
}

TEST_F(CertificateFilesTest, NeedTheUriIfIdOrClusterHoldsADot) {
    const auto faults = [&](const std::string& node, const std::string& cluster) {
        scene_.put({.names = {"DNS:" + node + "." + cluster}});
        return review_certificates(scene_.settings("", node, cluster), now()).faults;
    };
    EXPECT_THAT(faults("n1", "lab"), IsEmpty());
    EXPECT_THAT(faults("n1.a", "lab"),
                ElementsAre(HasSubstr("but must be for URI:electiond://lab/n1.a (a DNS name does "
                                      "not count here, since the id or the cluster's name holds")));
    EXPECT_THAT(faults("n1", "lab.example"),
                ElementsAre(HasSubstr("but must be for URI:electiond://lab.example/n1 (a DNS")));
}

TEST_F(CertificateFilesTest, AreRefusedForEachFaultWithItsOwnWords) {
    const auto with_names = [](TestCa::Wish wish) {
        wish.names = CertificateScene::right().names;
        return wish;
    };
    const std::string cert = scene_.place("5:25") + "transport.tls.cert is ";
    const std::string key = scene_.place("5:40") + "transport.tls.key is ";

    scene_.put(with_names({.from = hours(-2), .until = hours(-1)}));
    EXPECT_THAT(transport_faults(),
                ElementsAre(AllOf(StartsWith(cert), HasSubstr("expired on"), HasSubstr("renew"))));
    scene_.put(with_names({.from = hours(1), .until = hours(2)}));
    EXPECT_THAT(transport_faults(),
                ElementsAre(AllOf(StartsWith(cert), HasSubstr("valid from"), HasSubstr("clock"))));
    scene_.put(with_names({.client = false}));
    EXPECT_THAT(transport_faults(), ElementsAre(AllOf(StartsWith(cert), HasSubstr("client"))));
    scene_.put(with_names({.server = false}));
    EXPECT_THAT(transport_faults(), ElementsAre(AllOf(StartsWith(cert), HasSubstr("server"))));

    TestCa other;
    scene_.put(other.issue(CertificateScene::right()));
    EXPECT_THAT(transport_faults(), ElementsAre(AllOf(StartsWith(cert), HasSubstr("would refuse"),
                                                      HasSubstr("authority"))));

    const auto files = scene_.put(CertificateScene::right());
    scene_.put_key(scene_.ca.issue(CertificateScene::right()));
    EXPECT_THAT(transport_faults(),
                ElementsAre(AllOf(StartsWith(key), HasSubstr("not the key of"))));
    scene_.put(files);
    std::filesystem::copy_file(scene_.ca.revoke({files}), scene_.folder() / "ca.crl");
    EXPECT_THAT(transport_faults(", crl: ca.crl"),
                ElementsAre(AllOf(StartsWith(cert), HasSubstr("revoked"))));
    ASSERT_EQ(::chmod((scene_.folder() / "node.key").c_str(), 0644), 0);
    EXPECT_THAT(faults(), ElementsAre(AllOf(StartsWith(key), HasSubstr("chmod 0600 ")),
                                      StartsWith(scene_.place("4:34") + "api.tls.key is ")));
}

TEST_F(CertificateFilesTest, AreAnnouncedThirtyDaysBeforeTheyExpire) {
    scene_.put({.names = {"URI:electiond://lab/1"}, .until = hours(24 * 31)});
    const auto warnings = [&](hours ahead) {
        return review_certificates(scene_.settings(), now() + ahead).warnings;
    };
    const auto of = [](const std::string& section) {
        return AllOf(StartsWith(section + ".cert ("), HasSubstr("in 2 days: renew it"));
    };
    // That of the test's authority, too, is used up by then.
    std::vector<std::string> early;
    for (auto& each : warnings(hours(0))) {
        if (each.find(".cert ") != std::string::npos) early.push_back(each);
    }
    EXPECT_THAT(early, IsEmpty());
    EXPECT_THAT(warnings(hours(24 * 29 - 1)),
                testing::IsSupersetOf({of("transport.tls"), of("api.tls")}));
}

}  // namespace
}  // namespace electiond
