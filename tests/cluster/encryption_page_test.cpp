// docs/encryption.md: its commands make an encrypted cluster of three nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "folder.h"
#include "ports.h"
#include "process.h"

namespace electiond::cluster {
namespace {

using testing::HasSubstr;

// The first block of shell commands of the page.
std::string commands_of(const std::string& page) {
    const std::string begin = "```sh\n";
    const auto from = page.find(begin);
    if (from == std::string::npos) return {};
    return page.substr(from + begin.size(), page.find("```", from + 1) - from - begin.size());
}

// The page's ports, 2450N and 2451N, become those of this test.
std::string with_ports(const std::string& commands, const Ports& ports) {
    const int tens = ports.first() / 10;
    const auto first = std::regex_replace(commands, std::regex("2450"), std::to_string(tens));
    return std::regex_replace(first, std::regex("2451"), std::to_string(tens + 1));
}

TEST(EncryptionPage, LeadsFromNothingToThreeEncryptedNodes) {
    const Folder folder;
    const Ports ports;
    const auto commands = commands_of(read(ELECTIOND_PAGES "/encryption.md"));
    ASSERT_THAT(commands, HasSubstr("electionctl tls init"));
    const auto* path = std::getenv("PATH");
    Process shell(
        {"/usr/bin/env",
         std::string("PATH=" ELECTIOND_BUILD "/bin:") + (path != nullptr ? path : "/bin"),
         "/bin/bash", "-ec", "cd " + folder.path().string() + "\n" + with_ports(commands, ports)},
        folder / "said");

    const auto code = shell.wait(std::chrono::seconds(60));
    shell.signal(SIGTERM);  // the nodes, too

    const auto said = read(folder / "said");
    EXPECT_EQ(code, 0) << said << read(folder / "lab/1.log");
    for (const auto* words : {"no fault found", "leads under term", "can lose 1 more",
                              "\"leaderId\":\"", "Plain text on a TLS port"}) {
        EXPECT_THAT(said, HasSubstr(words));
    }
}

}  // namespace
}  // namespace electiond::cluster
