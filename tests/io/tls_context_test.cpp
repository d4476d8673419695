// Certificates and keys from files: each fault names the key, the file and the remedy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include <electiond/error.h>
#include <io/tls.h>

#include "scene.h"
#include "support/test_ca.h"

namespace electiond::io {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Wish = TestCa::Wish;

const std::vector<std::string> kNode{"URI:electiond://lab/1"};

class TlsContextTest : public ::testing::Test {
  protected:
    TlsSetup setup(const Wish& wish) {
        const auto files = ca.issue(wish);
        return {.cert = files.cert,
                .key = files.key,
                .ca = ca.file(),
                .same_authority = true,
                .section = "transport.tls"};
    }
    std::filesystem::path write(const std::string& name, const std::string& text) const {
        std::ofstream(folder / name) << text;
        return folder / name;
    }
    static std::string fault(const TlsSetup& setup) {
        try {
            (void)TlsContext::load(setup);
            return "none";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Error::config);
            return error.what();
        }
    }
    static std::string text_of(const std::filesystem::path& file) {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    TestCa ca;
    scene::Folder folder;
};

TEST_F(TlsContextTest, SaysWhatItsCertificateSays) {
    const auto context = TlsContext::load(setup({.names = kNode, .subject = "1"}));
    ASSERT_TRUE(context->own());
    EXPECT_EQ(context->own()->subject, "CN=1");
    EXPECT_EQ(context->own()->issuer, "CN=test CA");
    EXPECT_THAT(context->own()->names, ElementsAre("URI:electiond://lab/1"));
    EXPECT_FALSE(context->own()->is_authority);
    const auto authority = read_certificates(ca.file());
    ASSERT_EQ(authority.size(), 1U);
    EXPECT_TRUE(authority.front().is_authority);
}

TEST_F(TlsContextTest, AcceptsAnIntermediateAuthority) {
    EXPECT_EQ(fault(setup({.names = kNode, .by_intermediate = true})), "none");
}

TEST_F(TlsContextTest, RefusesFilesThatAreNone) {
    auto wrong = setup({.names = kNode});
    wrong.cert = folder / "none.crt";
    EXPECT_EQ(fault(wrong), "transport.tls.cert is \"" + wrong.cert.string() +
                                "\", which cannot be read: No such file or directory; name a PEM "
                                "file that this user may read");
    wrong.cert = "/dev/null";
    EXPECT_THAT(fault(wrong),
                HasSubstr("transport.tls.cert is \"/dev/null\", which is not a file"));
    wrong.cert = write("text.crt", "what is no certificate\n");
    EXPECT_THAT(fault(wrong), HasSubstr("which holds no certificate; expected PEM"));
    wrong = setup({.names = kNode});
    auto damaged = text_of(wrong.cert);
    damaged[damaged.size() / 2] ^= 1;
    damaged[damaged.size() / 2 + 1] = '*';
    wrong.cert = write("damaged.crt", damaged);
    EXPECT_THAT(fault(wrong), HasSubstr("which holds a damaged certificate"));
    wrong = setup({.names = kNode});
    wrong.ca = write("empty.crt", "");
    EXPECT_THAT(fault(wrong), HasSubstr("transport.tls.ca is \"" + wrong.ca.string() +
                                        "\", which holds no certificate; expected PEM"));
    wrong = setup({.names = kNode});
    wrong.crl = wrong.ca;
    EXPECT_THAT(fault(wrong), HasSubstr("which holds no revocation list; expected PEM"));
}

TEST_F(TlsContextTest, ReadsFilesOfUpToOneMebibyte) {
    constexpr std::size_t kMost = std::size_t{1024} * 1024;
    auto long_one = setup({.names = kNode});
    const auto certificate = text_of(long_one.cert);
    std::string padding;  // text before the certificate is skipped
    while (padding.size() < kMost - certificate.size()) padding += "of which nobody reads a line\n";
    padding.resize(kMost - certificate.size() - 1);
    for (const auto size : {std::size_t{16} * 1024, std::size_t{100'000}, padding.size()}) {
        const auto before = padding.substr(padding.size() - size) + "\n";
        long_one.cert = write("long.crt", before + certificate);
        EXPECT_EQ(fault(long_one), "none") << size;
    }
    long_one.cert = write("longer.crt", padding + "\n\n" + certificate);
    EXPECT_THAT(fault(long_one), HasSubstr("which has more than 1 MiB"));
}

TEST_F(TlsContextTest, RefusesAKeyOfAnotherCertificateOrForEveryone) {
    auto wrong = setup({.names = kNode});
    const auto other = setup({.names = kNode});
    wrong.key = other.key;
    EXPECT_THAT(fault(wrong), AllOf(HasSubstr("transport.tls.key is \"" + wrong.key.string() +
                                              "\", which is not the key of transport.tls.cert"),
                                    HasSubstr("name the two that belong together")));
    std::filesystem::permissions(other.key, std::filesystem::perms(0644));
    EXPECT_THAT(fault(other),
                HasSubstr("which everyone may read or write; chmod 0600 " + other.key.string()));
    wrong.key = wrong.cert;
    std::filesystem::permissions(wrong.cert, std::filesystem::perms(0600));
    EXPECT_THAT(fault(wrong), HasSubstr("which holds no private key; expected PEM"));
    wrong.key = write("locked.key",
                      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIH=\n"
                      "-----END ENCRYPTED PRIVATE KEY-----\n");
    std::filesystem::permissions(wrong.key, std::filesystem::perms(0600));
    EXPECT_THAT(fault(wrong), HasSubstr("which has a passphrase; remove it"));
    wrong.key.clear();
    EXPECT_THAT(fault(wrong), HasSubstr("transport.tls.key is missing"));
}

TEST_F(TlsContextTest, SaysWhoseKeyItMayNotRead) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    auto wrong = setup({.names = kNode});
    ASSERT_EQ(::chmod((folder / "").c_str(), 0755), 0);
    wrong.ca = write("ca.crt", text_of(wrong.ca));
    wrong.cert = write("node.crt", text_of(wrong.cert));
    wrong.key = write("node.key", text_of(wrong.key));
    ASSERT_EQ(::chmod(wrong.ca.c_str(), 0644), 0);
    ASSERT_EQ(::chmod(wrong.cert.c_str(), 0644), 0);
    ASSERT_EQ(::chmod(wrong.key.c_str(), 0600), 0);

    ASSERT_EQ(::seteuid(54321), 0);
    const auto said = fault(wrong);
    ASSERT_EQ(::seteuid(0), 0);

    EXPECT_THAT(said, HasSubstr("transport.tls.key is \"" + wrong.key.string() +
                                "\", which cannot be read: Permission denied; it belongs to root, "
                                "group root, mode 0600; to let user 54321 read it: "));
}

TEST_F(TlsContextTest, RefusesACertificateThatTheOthersWouldRefuse) {
    const std::string kNow = "20[0-9-]* [0-9][0-9]:[0-9][0-9] UTC here";
    EXPECT_THAT(fault(setup({.names = kNode, .from = -48h, .until = -24h})),
                AllOf(HasSubstr("which expired on "),
                      ContainsRegex(
                          "UTC; renew it, or correct this machine's clock, if it is wrong: it is " +
                          kNow)));
    EXPECT_THAT(fault(setup({.names = kNode, .from = 24h, .until = 48h})),
                ContainsRegex("UTC only; correct this machine's clock, if it is wrong .it is " +
                              kNow + "., or issue another"));
    EXPECT_THAT(fault(setup({.names = kNode, .client = false})),
                HasSubstr("which the other nodes would refuse: its certificate (CN=node, serial "));
    EXPECT_THAT(fault(setup({.names = kNode, .server = false})),
                HasSubstr("may not be used as a server (serverAuth)"));
    TestCa foreign("another CA");
    auto wrong = setup({.names = kNode});
    wrong.ca = foreign.file();
    EXPECT_THAT(fault(wrong), HasSubstr("was signed by CN=test CA, which is not in "
                                        "transport.tls.ca ("));
    wrong.same_authority = false;
    EXPECT_EQ(fault(wrong), "none");
    const auto files = ca.issue({.names = kNode});
    wrong = {.cert = files.cert,
             .key = files.key,
             .ca = ca.file(),
             .crl = ca.revoke({files}),
             .same_authority = true,
             .section = "transport.tls"};
    EXPECT_THAT(fault(wrong), HasSubstr("which the other nodes would refuse: its certificate"));
}

TEST_F(TlsContextTest, RefusesARevocationListThatIsOutOfDate) {
    auto wrong = setup({.names = kNode});
    wrong.crl = ca.revoke({}, -1h);
    EXPECT_THAT(fault(wrong), HasSubstr("so it would refuse every certificate; fetch a new list"));
}

TEST_F(TlsContextTest, SaysWhatExpiresSoon) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto wish = setup({.names = kNode, .until = 30h});
    const auto context = TlsContext::load(wish);
    const auto notes = context->expiring(now, 48h);
    EXPECT_THAT(notes, ::testing::Contains(AllOf(
                           HasSubstr("transport.tls.cert (" + wish.cert.string() + ") expires on "),
                           HasSubstr(", in 1 day: renew it"))));
    EXPECT_THAT(context->expiring(now, 1h), IsEmpty());
    EXPECT_THAT(context->expiring(now + 31h, 1h), ::testing::Contains(HasSubstr(") expired on ")));
}

TEST_F(TlsContextTest, AClientMayHaveNoFilesAtAll) {
    EXPECT_EQ(fault({.section = "--"}), "none");
    EXPECT_FALSE(TlsContext::load({.section = "--"})->own());
}

}  // namespace
}  // namespace electiond::io
