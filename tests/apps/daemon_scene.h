// Shared by the tests of the program electiond: the configuration of one node, in a temporary
// folder.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "api.h"
#include "folder.h"
#include "local_cluster.h"
#include "ports.h"
#include "process.h"

namespace electiond {

// A valid configuration: each section may be replaced, and others added, before it is written.
class DaemonScene {
  public:
    DaemonScene()
        : api(ports_.next()),
          peer(ports_.next()),
          sections{{"node", "{id: \"1\", data_dir: data}"},
                   {"cluster", "{name: demo}"},
                   {"api", "{listen: \"127.0.0.1:" + std::to_string(api) + "\"}"},
                   {"transport", "{listen: \"127.0.0.1:" + std::to_string(peer) + "\"}"},
                   {"discovery", "[{plugin: file_registry, path: cluster.json}]"},
                   {"election", "{election_timeout: 300ms}"}} {}

    [[nodiscard]] std::filesystem::path config() const { return folder / "node.yaml"; }
    void write_config() const {
        std::string text;
        for (const auto& [name, content] : sections) text += name + ": " + content + "\n";
        cluster::write(config(), text);
    }

    // Runs `electiond --config FILE MORE...` to its end.
    [[nodiscard]] cluster::Finished run(const std::vector<std::string>& more = {}) const {
        write_config();
        auto command = std::vector<std::string>{ELECTIOND, "--config", config().string()};
        command.insert(command.end(), more.begin(), more.end());
        return cluster::run(command);
    }

    // Starts electiond in the background; its output is in log(), except what `errors` (Process)
    // takes.
    [[nodiscard]] std::unique_ptr<cluster::Process> start(
        int errors = cluster::Process::kSame) const {
        write_config();
        return std::make_unique<cluster::Process>(
            std::vector<std::string>{ELECTIOND, "--config", config().string()}, folder / "log",
            errors);
    }
    [[nodiscard]] std::unique_ptr<cluster::Process> start_and_lead(
        int errors = cluster::Process::kSame) const {
        auto process = start(errors);
        EXPECT_TRUE(cluster::wait_until([&] {
            return !process->running() || cluster::ask(api, "GET", "/leader").code == 200;
        })) << log();
        EXPECT_TRUE(process->running()) << log();
        return process;
    }
    [[nodiscard]] std::string log() const { return cluster::read(folder / "log"); }
    [[nodiscard]] bool logs(const std::string& words) const {
        return cluster::wait_until([&] { return log().find(words) != std::string::npos; });
    }

    const cluster::Folder folder;

  private:
    cluster::Ports ports_;

  public:
    const std::uint16_t api, peer;
    std::map<std::string, std::string> sections;
};

}  // namespace electiond
