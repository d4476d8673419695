// docs/encryption.md: its commands make an encrypted cluster of three nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "page.h"

namespace electiond::cluster {
namespace {

using testing::HasSubstr;

TEST(EncryptionPage, LeadsFromNothingToThreeEncryptedNodes) {
    const Folder folder;
    const auto commands = blocks("encryption.md", "sh").at(0);
    ASSERT_THAT(commands, HasSubstr("electionctl tls init"));

    const auto shown = run_commands(commands, folder);

    EXPECT_EQ(shown.code, 0) << shown.said << read(folder / "lab/1.log");
    for (const auto* words : {"no fault found", "leads in term", "can lose 1 more",
                              "\"leaderId\":\"", "Plain text on a TLS port"}) {
        EXPECT_THAT(shown.said, HasSubstr(words));
    }
}

}  // namespace
}  // namespace electiond::cluster
