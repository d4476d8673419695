// The authority for tests, seen by OpenSSL's own program: its certificates are what was wished for.
#include "support/test_ca.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <io/child.h>
#include <sys/stat.h>

namespace electiond {
namespace {

using std::chrono::hours;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Ran {
    int code = -1;
    std::string output{};
};

Ran openssl(std::vector<std::string> words) {
    words.insert(words.begin(), "/usr/bin/openssl");
    io::Child child({.command = std::move(words),
                     .out = io::Output::captured(),
                     .err = io::Output::captured()});
    const auto ended = child.wait(std::chrono::seconds(30));
    return {ended ? ended->as_shell() : -1, child.output()};
}

Ran verify(const TestCa& ca, const TestCa::Files& files, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"verify", "-CAfile", ca.file(), "-untrusted", files.cert});
    more.push_back(files.cert);
    return openssl(more);
}

TEST(TestCa, IssuesWhatIsWished) {
    TestCa ca("an authority");
    const auto files = ca.issue(
        {.names = {"URI:electiond://lab/1", "DNS:1.lab", "IP:10.0.0.1", "IP:fd00::1", "email:a@b"},
         .server = false,
         .subject = "one"});

    EXPECT_EQ(verify(ca, files).code, 0);
    const auto shown = openssl({"x509", "-in", files.cert, "-noout", "-text"}).output;
    EXPECT_THAT(shown, AllOf(HasSubstr("URI:electiond://lab/1, DNS:1.lab, IP Address:10.0.0.1, "
                                       "IP Address:FD00:0:0:0:0:0:0:1, email:a@b"),
                             HasSubstr("Subject: CN = one"), HasSubstr("CN = an authority"),
                             HasSubstr("TLS Web Client Authentication"), HasSubstr("CA:FALSE"),
                             Not(HasSubstr("TLS Web Server Authentication"))));
    struct stat key {};
    ASSERT_EQ(::stat(files.key.c_str(), &key), 0);
    EXPECT_EQ(key.st_mode & 0777, 0600U);
    const auto of_key = openssl({"pkey", "-in", files.key, "-pubout"}).output;
    EXPECT_EQ(of_key, openssl({"x509", "-in", files.cert, "-noout", "-pubkey"}).output);
}

TEST(TestCa, WrongKindsAreWrong) {
    TestCa ca;
    TestCa other;

    EXPECT_THAT(verify(ca, ca.issue({.from = hours(-2), .until = hours(-1)})).output,
                HasSubstr("certificate has expired"));
    EXPECT_THAT(verify(ca, ca.issue({.from = hours(1)})).output, HasSubstr("not yet valid"));
    EXPECT_NE(verify(ca, other.issue({})).code, 0);
    EXPECT_THAT(verify(ca, ca.issue({.server = false}), {"-purpose", "sslserver"}).output,
                HasSubstr("purpose"));
    EXPECT_EQ(verify(ca, ca.issue({.server = false}), {"-purpose", "sslclient"}).code, 0);
}

TEST(TestCa, AnIntermediateStandsInTheSameFile) {
    TestCa ca;
    const auto files = ca.issue({.by_intermediate = true});

    EXPECT_EQ(verify(ca, files).code, 0);
    EXPECT_NE(openssl({"verify", "-CAfile", ca.file(), files.cert}).code, 0);
}

TEST(TestCa, RevokesSome) {
    TestCa ca;
    const auto lost = ca.issue({});
    const auto lost_too = ca.issue({.by_intermediate = true});
    const auto kept = ca.issue({});
    const auto kept_too = ca.issue({.by_intermediate = true});
    const auto list = ca.revoke({lost, lost_too});
    const std::vector<std::string> checked{"-crl_check_all", "-CRLfile", list};

    EXPECT_THAT(verify(ca, lost, checked).output, HasSubstr("certificate revoked"));
    EXPECT_THAT(verify(ca, lost_too, checked).output, HasSubstr("certificate revoked"));
    EXPECT_EQ(verify(ca, kept, checked).code, 0);
    EXPECT_EQ(verify(ca, kept_too, checked).code, 0);
    EXPECT_THAT(verify(ca, kept, {"-crl_check", "-CRLfile", ca.revoke({}, hours(-1))}).output,
                HasSubstr("CRL has expired"));
}

TEST(TestCa, ItsFilesGoWithIt) {
    std::filesystem::path folder;
    {
        TestCa ca;
        folder = ca.file().parent_path();
        EXPECT_TRUE(std::filesystem::exists(ca.issue({}).key));
    }
    EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
}  // namespace electiond
