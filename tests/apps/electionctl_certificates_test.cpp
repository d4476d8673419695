// electionctl tls: the real program makes certificates; the program openssl verifies them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <io/child.h>
#include <io/tls.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "support/test_ca.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Ran {
    int code = -1;
    std::string text{};  // both streams
};

Ran run(std::vector<std::string> words) {
    io::Child child({.command = std::move(words),
                     .out = io::Output::captured(),
                     .err = io::Output::captured()});
    const auto ended = child.wait(std::chrono::seconds(60));
    return {ended ? ended->as_shell() : -1, child.output()};
}

Ran openssl(std::vector<std::string> words) {
    words.insert(words.begin(), "/usr/bin/openssl");
    return run(words);
}

std::string contents(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

mode_t mode_of(const fs::path& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

class Certificates : public testing::Test {
  protected:
    Certificates() {
        auto name = (fs::temp_directory_path() / "electiond-tls-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error(name);
        scratch_ = name;
        dir_ = scratch_ / "tls";
    }
    ~Certificates() override { fs::remove_all(scratch_); }

    Ran tls(std::vector<std::string> words) {
        words.insert(words.begin(), {ELECTIONCTL, "tls"});
        return run(words);
    }
    Ran in_dir(std::vector<std::string> words) {
        words.insert(words.end(), {"--dir", dir_});
        return tls(words);
    }
    Ran init() {
        return in_dir(
            {"init", "--cluster", "lab", "--nodes", "1=10.0.0.1,node1.example", "2=fd00::2", "3"});
    }

    [[nodiscard]] fs::path file(const std::string& name) const { return dir_ / name; }
    [[nodiscard]] std::map<std::string, std::string> all() const {
        std::map<std::string, std::string> found;
        for (const auto& entry : fs::directory_iterator(dir_)) {
            found[entry.path().filename()] = contents(entry.path());
        }
        return found;
    }
    [[nodiscard]] io::Certificate certificate(const std::string& name) const {
        return io::read_certificates(file(name)).front();
    }
    Ran verify(const std::string& name, std::vector<std::string> more = {}) {
        more.insert(more.begin(), {"verify", "-x509_strict", "-CAfile", file("ca.crt")});
        more.push_back(file(name));
        return openssl(more);
    }

    fs::path scratch_, dir_;
};

constexpr const char* kOperator = "URI:electiond://lab/role/operator";

TEST_F(Certificates, InitMakesAnAuthorityNodesAndAnOperator) {
    const auto made = init();

    ASSERT_EQ(made.code, 0) << made.text;
    std::vector<std::string> names;
    for (const auto& [name, text] : all()) names.push_back(name);
    EXPECT_THAT(names, ElementsAre("1.crt", "1.key", "2.crt", "2.key", "3.crt", "3.key", "ca.crt",
                                   "ca.key", "operator.crt", "operator.key"));
    EXPECT_EQ(mode_of(dir_), 0700U);
    for (const auto* id : {"1", "2", "3", "ca", "operator"}) {
        const std::string name(id);
        EXPECT_EQ(mode_of(file(name + ".key")), 0600U);
        EXPECT_EQ(mode_of(file(name + ".crt")), 0644U);
        EXPECT_EQ(verify(name + ".crt").code, 0) << verify(name + ".crt").text;
        EXPECT_EQ(openssl({"pkey", "-in", file(name + ".key"), "-pubout"}).text,
                  openssl({"x509", "-in", file(name + ".crt"), "-noout", "-pubkey"}).text);
        EXPECT_THAT(made.text, Not(HasSubstr("PRIVATE")));
    }
    EXPECT_THAT(certificate("1.crt").names,
                ElementsAre("URI:electiond://lab/1", "IP:10.0.0.1", "DNS:node1.example",
                            "DNS:localhost", "IP:127.0.0.1", testing::StartsWith("IP:")));
    EXPECT_THAT(certificate("operator.crt").names, ElementsAre(kOperator));
}

TEST_F(Certificates, CertificatesAreWhatOpenSslExpects) {
    ASSERT_EQ(init().code, 0);

    for (const auto* host : {"-verify_ip=fd00::2", "-verify_ip=127.0.0.1", "-verify_ip=::1",
                             "-verify_hostname=localhost"}) {
        const std::string words(host);
        const auto equals = words.find('=');
        EXPECT_EQ(verify("2.crt", {words.substr(0, equals), words.substr(equals + 1)}).code, 0)
            << host;
    }
    EXPECT_NE(verify("2.crt", {"-verify_ip", "10.0.0.1"}).code, 0);
    for (const auto* purpose : {"sslserver", "sslclient"}) {
        EXPECT_EQ(verify("3.crt", {"-purpose", purpose}).code, 0) << purpose;
    }
    EXPECT_EQ(verify("operator.crt", {"-purpose", "sslclient"}).code, 0);
    EXPECT_NE(verify("operator.crt", {"-purpose", "sslserver"}).code, 0);
    const auto leaf = openssl({"x509", "-in", file("1.crt"), "-noout", "-text"}).text;
    EXPECT_THAT(leaf, AllOf(HasSubstr("Subject: CN = 1\n"), HasSubstr("NIST CURVE: P-256"),
                            HasSubstr("ecdsa-with-SHA256"), HasSubstr("CA:FALSE")));
    const auto authority = openssl({"x509", "-in", file("ca.crt"), "-noout", "-text"}).text;
    EXPECT_THAT(authority,
                AllOf(HasSubstr("CA:TRUE, pathlen:0"), HasSubstr("Certificate Sign, CRL Sign")));
}

TEST_F(Certificates, ValidityAllowsForClocksThatDiffer) {
    using namespace std::chrono_literals;
    const auto before = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    ASSERT_EQ(in_dir({"init", "--cluster", "lab", "--nodes", "1", "--days", "30"}).code, 0);
    const auto after = std::chrono::system_clock::now();

    const auto leaf = certificate("1.crt");
    EXPECT_GE(leaf.not_before, before - 5min);
    EXPECT_LE(leaf.not_before, after - 5min);
    EXPECT_GE(leaf.not_after, before + 24h * 30);
    EXPECT_LE(leaf.not_after, after + 24h * 30);
    EXPECT_GE(certificate("ca.crt").not_after, before + 24h * 3650);
    EXPECT_NE(leaf.serial, certificate("operator.crt").serial);
    EXPECT_GE(leaf.serial.size(), 24U) << "128 random bits; one in 2^32 begins with 32 zeros";
}

TEST_F(Certificates, NothingIsOverwritten) {
    ASSERT_EQ(init().code, 0);
    const auto before = all();

    const auto again = in_dir({"init", "--cluster", "lab", "--nodes", "2", "7"});
    const auto added = in_dir({"add", "7", "2"});

    EXPECT_EQ(again.code, 1);
    EXPECT_THAT(again.text, AllOf(HasSubstr("2.crt, 2.key, operator.crt, operator.key, ca.crt, "
                                            "ca.key; nothing was written"),
                                  HasSubstr("tls renew"), Not(HasSubstr("interrupted"))));
    EXPECT_EQ(added.code, 1);
    EXPECT_EQ(all(), before);
}

TEST_F(Certificates, WhatAnInterruptedRunLeavesIsNamed) {
    ASSERT_EQ(::mkdir(dir_.c_str(), 0700), 0);
    std::ofstream(file("1.key")) << "half";
    std::ofstream(file(".2.key.new")) << "half";

    const auto refused = init();
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.text, AllOf(HasSubstr("holds already: 1.key;"),
                                    HasSubstr("interrupted before it had written ca.crt")));

    fs::remove(file("1.key"));
    EXPECT_EQ(init().code, 0);
    EXPECT_FALSE(fs::exists(file(".2.key.new")));
    EXPECT_EQ(verify("2.crt").code, 0);
}

TEST_F(Certificates, AFolderInWhichOthersMayWriteIsRefused) {
    ASSERT_EQ(::mkdir(dir_.c_str(), 0700), 0);
    ASSERT_EQ(::chmod(dir_.c_str(), 0777), 0);

    const auto open = init();
    EXPECT_EQ(open.code, 1);
    EXPECT_THAT(open.text, HasSubstr("chmod go-w"));
    EXPECT_THAT(all(), IsEmpty());

    const auto nowhere =
        tls({"init", "--cluster", "lab", "--nodes", "1", "--dir", scratch_ / "a/b"});
    EXPECT_EQ(nowhere.code, 74);
    EXPECT_THAT(nowhere.text, HasSubstr("No such file"));

    if (::geteuid() == 0) {
        ASSERT_EQ(::chmod(dir_.c_str(), 0700), 0);
        ASSERT_EQ(::chown(dir_.c_str(), 12345, 12345), 0);
        EXPECT_THAT(init().text, HasSubstr("belongs to another user"));
    }
}

TEST_F(Certificates, ArgumentsThatMakeNoSenseAreRefused) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{"init", "--nodes", "1"}, "needs --cluster"},
        {{"init", "--cluster", "lab"}, "needs --nodes"},
        {{"init", "--cluster", "la/b", "--nodes", "1"}, "--cluster 'la/b'"},
        {{"init", "--cluster", "lab", "--nodes", "../1"}, "the node's id '../1'"},
        {{"init", "--cluster", "lab", "--nodes", std::string(65, 'a')}, "1 to 64"},
        {{"init", "--cluster", "lab", "--nodes", "1", "1=::1"}, "is given twice"},
        {{"init", "--cluster", "lab", "--nodes", "ca"}, "ca.key are the files of the authority"},
        {{"init", "--cluster", "lab", "--nodes", "operator"}, "the files of the operator"},
        {{"init", "--cluster", "lab", "--nodes", "1=10.0.0.1:7400"}, "without port"},
        {{"init", "--cluster", "lab", "--nodes", "1=300.0.0.1"}, "neither an IP address nor"},
        {{"init", "--cluster", "lab", "--nodes", "1=a,,b"}, "''"},
        {{"init", "--cluster", "lab", "--nodes", "1=*.example"}, "nor a host name"},
        {{"init", "--cluster", "lab", "--nodes", "1=fe80::1%lo"}, "interface"},
        {{"init", "--cluster", "lab", "--nodes", "1=2.lab"}, "also means: node 2"},
        {{"init", "--cluster", "lab", "--nodes", "1", "--days", "0"}, "1 to 3650"},
        {{"init", "--cluster", "lab", "--nodes", "1", "--endpoint", "x"}, "asks no node"},
        {{"renew", "--ca", "1"}, "only the authority"},
        {{"sign"}, "unknown verb tls sign"},
        {{}, "not an option of tls"},
    };
    for (const auto& [words, expected] : cases) {
        const auto refused = in_dir(words);
        EXPECT_EQ(refused.code, 64) << expected;
        EXPECT_THAT(refused.text, HasSubstr(expected));
    }
    EXPECT_FALSE(fs::exists(dir_));
    EXPECT_EQ(run({ELECTIONCTL, "--endpoint", "127.0.0.1", "tls", "show"}).code, 64);
    EXPECT_THAT(tls({"--help"}).text, AllOf(HasSubstr("renew --ca"), Not(HasSubstr("--endpoint"))));
    // By its DNS name it is itself; with a dot in the cluster's name only the URI counts.
    EXPECT_EQ(in_dir({"init", "--cluster", "lab", "--nodes", "1=1.lab"}).code, 0);
    EXPECT_EQ(tls({"init", "--cluster", "b.c", "--nodes", "1=a.b.c", "--dir", scratch_ / "b"}).code,
              0);
}

TEST_F(Certificates, AddMakesACertificateForOneMoreNode) {
    ASSERT_EQ(init().code, 0);

    const auto added = in_dir({"add", "4=node4.example"});

    ASSERT_EQ(added.code, 0) << added.text;
    EXPECT_EQ(verify("4.crt").code, 0);
    EXPECT_THAT(certificate("4.crt").names,
                testing::IsSupersetOf({"URI:electiond://lab/4", "DNS:node4.example"}));
    const auto other = in_dir({"add", "5", "--cluster", "other"});
    EXPECT_EQ(other.code, 1);
    EXPECT_THAT(other.text, HasSubstr("are of cluster lab, not of other: make those of another "
                                      "cluster in another directory (electionctl tls init "
                                      "--cluster other --nodes"));
    EXPECT_FALSE(fs::exists(file("5.crt")));
}

TEST_F(Certificates, RenewKeepsTheNamesAndChangesTheKey) {
    ASSERT_EQ(init().code, 0);
    const auto before = all();
    const auto names = certificate("1.crt").names;

    const auto renewed = in_dir({"renew", "1", "operator"});

    ASSERT_EQ(renewed.code, 0) << renewed.text;
    const auto after = all();
    for (const std::string id : {"1", "operator"}) {
        EXPECT_EQ(verify(id + ".crt").code, 0);
        EXPECT_NE(after.at(id + ".key"), before.at(id + ".key"));
        EXPECT_EQ(after.at(id + ".key.old"), before.at(id + ".key"));
        EXPECT_EQ(after.at(id + ".crt.old"), before.at(id + ".crt"));
        EXPECT_EQ(mode_of(file(id + ".key")), 0600U);
        EXPECT_EQ(tls({"show", file(id + ".crt"), "--key", file(id + ".key")}).code, 0);
    }
    EXPECT_EQ(certificate("1.crt").names, names);
    EXPECT_NE(certificate("1.crt").serial, certificate("1.crt.old").serial);
    EXPECT_NE(verify("operator.crt", {"-purpose", "sslserver"}).code, 0);
    EXPECT_EQ(after.at("2.crt"), before.at("2.crt"));

    EXPECT_EQ(in_dir({"renew", "2=10.0.0.9"}).code, 0);
    EXPECT_THAT(certificate("2.crt").names,
                testing::IsSupersetOf({"URI:electiond://lab/2", "IP:10.0.0.9"}));
    EXPECT_THAT(in_dir({"renew", "9"}).text, HasSubstr("there is no"));
}

TEST_F(Certificates, RenewLeavesForeignCertificatesAlone) {
    ASSERT_EQ(init().code, 0);
    TestCa other;
    fs::copy(other.issue({.names = {"DNS:web.example"}}).cert, file("web.crt"));
    const auto before = contents(file("web.crt"));

    EXPECT_THAT(in_dir({"renew"}).text,
                AllOf(HasSubstr("left out web.crt"), HasSubstr("1, 2, 3, operator")));
    EXPECT_EQ(in_dir({"renew", "web"}).code, 1);
    EXPECT_EQ(contents(file("web.crt")), before);
}

TEST_F(Certificates, ANewAuthorityIsTrustedBesideTheOldOne) {
    ASSERT_EQ(init().code, 0);
    ASSERT_EQ(in_dir({"revoke", file("3.crt")}).code, 0);

    const auto made = in_dir({"renew", "--ca"});
    ASSERT_EQ(made.code, 0) << made.text;
    EXPECT_EQ(io::read_certificates(file("ca.crt")).size(), 2U);
    EXPECT_EQ(verify("1.crt").code, 0) << "of the old one";
    EXPECT_EQ(in_dir({"renew", "--ca"}).code, 1) << "the first change has not ended";
    ASSERT_EQ(in_dir({"renew", "1"}).code, 0);

    const std::vector<std::string> revocations{"-crl_check", "-CRLfile", file("ca.crl")};
    EXPECT_EQ(verify("1.crt", revocations).code, 0) << "of the new one";
    EXPECT_EQ(verify("2.crt", revocations).code, 0) << "of the old one";
    EXPECT_THAT(verify("3.crt", revocations).text, HasSubstr("certificate revoked"));
    EXPECT_NE(openssl({"verify", "-CAfile", file("ca.crt.old"), file("1.crt")}).code, 0);
}

TEST_F(Certificates, RevokeAddsToTheList) {
    ASSERT_EQ(init().code, 0);
    TestCa other;

    const auto first = in_dir({"revoke", file("1.crt")});
    EXPECT_THAT(first.text, HasSubstr("crl: ca.crl"));
    EXPECT_EQ(in_dir({"revoke", file("2.crt"), file("1.crt")}).code, 0);
    const auto foreign = in_dir({"revoke", other.issue({}).cert});

    EXPECT_EQ(foreign.code, 1);
    EXPECT_THAT(foreign.text, HasSubstr("was not signed by this authority"));
    const std::vector<std::string> revocations{"-crl_check", "-CRLfile", file("ca.crl")};
    EXPECT_THAT(verify("1.crt", revocations).text, HasSubstr("certificate revoked"));
    EXPECT_THAT(verify("2.crt", revocations).text, HasSubstr("certificate revoked"));
    EXPECT_EQ(verify("3.crt", revocations).code, 0);
}

TEST_F(Certificates, AnAuthorityThatCannotBeUsedIsNamed) {
    ASSERT_EQ(init().code, 0);
    const auto key = contents(file("ca.key"));

    ASSERT_EQ(::chmod(file("ca.key").c_str(), 0640), 0);
    EXPECT_THAT(in_dir({"add", "4"}).text, HasSubstr("others may read"));
    ASSERT_EQ(::chmod(file("ca.key").c_str(), 0600), 0);
    fs::copy(file("1.key"), file("ca.key"), fs::copy_options::overwrite_existing);
    EXPECT_THAT(in_dir({"add", "4"}).text, HasSubstr("does not belong to an authority"));
    ASSERT_EQ(openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                       "-aes-128-cbc", "-pass", "pass:secret", "-out", file("ca.key")})
                  .code,
              0);
    const auto asked = in_dir({"add", "4"});
    EXPECT_EQ(asked.code, 65);
    EXPECT_THAT(asked.text, HasSubstr("passphrase"));
    std::ofstream(file("ca.key")) << "nothing";
    EXPECT_THAT(in_dir({"add", "4"}).text, HasSubstr("no private key"));
    fs::remove(file("ca.key"));
    EXPECT_THAT(in_dir({"renew"}).text, HasSubstr("there is no"));

    std::ofstream(file("ca.key")) << key;
    ASSERT_EQ(::chmod(file("ca.key").c_str(), 0600), 0);
    EXPECT_EQ(in_dir({"add", "4"}).code, 0);
}

TEST_F(Certificates, ShowExplains) {
    using std::chrono::hours;
    ASSERT_EQ(init().code, 0);
    TestCa other("foreign");
    const auto expired = other.issue({.names = {"URI:electiond://lab/1", "DNS:\x1b[31m"},
                                      .from = hours(-72),
                                      .until = hours(-50),
                                      .client = false,
                                      .subject = "bad\x1b[31m"});

    const auto node = tls({"show", file("1.crt"), "--ca", file("ca.crt"), "--key", file("1.key")});
    EXPECT_EQ(node.code, 0);
    EXPECT_THAT(
        node.text,
        AllOf(HasSubstr("node 1 of cluster lab"), HasSubstr("10.0.0.1, node1.example"),
              HasSubstr("as a server and as a client"), testing::ContainsRegex("36[45] days left"),
              HasSubstr("EC P-256"), HasSubstr("yes, signed by"), HasSubstr("belongs")));
    EXPECT_THAT(tls({"show", file("operator.crt")}).text,
                AllOf(HasSubstr("an operator of cluster lab"), HasSubstr("as a client only")));
    EXPECT_THAT(tls({"show", file("ca.crt")}).text,
                AllOf(HasSubstr("an authority"), HasSubstr("itself")));

    const auto bad = tls({"show", expired.cert, "--ca", file("ca.crt")});
    EXPECT_EQ(bad.code, 1);
    EXPECT_THAT(bad.text, AllOf(HasSubstr("EXPIRED 2 days ago"), HasSubstr("as a server only"),
                                HasSubstr("NO, not accepted by"), Not(HasSubstr("\x1b"))));
    EXPECT_THAT(tls({"show", other.issue({.from = hours(1)}).cert}).text,
                HasSubstr("NOT YET VALID"));
    EXPECT_EQ(tls({"show", file("1.crt"), "--key", file("2.key")}).code, 1);
    const auto key = tls({"show", file("1.key")});
    EXPECT_EQ(key.code, 65);
    EXPECT_THAT(key.text, Not(HasSubstr("PRIVATE")));
    EXPECT_THAT(tls({"show", other.issue({.by_intermediate = true}).cert}).text,
                HasSubstr(", 2 of 2"));
}

}  // namespace
}  // namespace electiond
