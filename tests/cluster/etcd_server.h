// Runs a real etcd for a test: starts, kills, pauses and fills it, and asks it by etcdctl.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../support/test_ca.h"
#include "folder.h"
#include "ports.h"
#include "process.h"

namespace electiond::cluster {

// One member, with its data in a temporary folder, which the destructor removes. One thread only.
// Throws std::runtime_error if etcd does not start.
class EtcdServer {
  public:
    struct Setup {
        std::optional<TestCa::Files> certificate{};  // enables TLS
        std::filesystem::path client_authority{};    // clients need certificates of this authority
        std::filesystem::path authority{};           // etcdctl trusts it
        std::vector<std::string> more{};             // arguments
    };

    // Why this machine cannot run one; nullopt if it can.
    [[nodiscard]] static std::optional<std::string> missing();

    EtcdServer() : EtcdServer(Setup{}) {}
    explicit EtcdServer(Setup setup);

    void start();  // again, with the data that it has; waits until it answers
    void kill9();
    void start_without_data();  // kills it, removes its data and users, and starts it
    void pause() { process_->signal(SIGSTOP); }
    void resume() { process_->signal(SIGCONT); }

    [[nodiscard]] std::string endpoint() const;
    // Its endpoint with this name or address instead of 127.0.0.1.
    [[nodiscard]] std::string endpoint(const std::string& host) const;
    // etcdctl with these words, and `--user=root:…` once authentication is on.
    [[nodiscard]] Finished ctl(std::vector<std::string> words) const;
    // The same; returns its output, and throws std::runtime_error if it fails.
    std::string control(std::vector<std::string> words) const;
    // Creates the user root, and requires users and passwords from now on.
    void demand_passwords();

    // How many requests of a method ("Range") it has answered so far.
    [[nodiscard]] int answered(const std::string& method) const;
    [[nodiscard]] std::string log() const { return read(folder_ / "log"); }

  private:
    [[nodiscard]] bool is_up() const;

    const Setup setup_;
    const Folder folder_;
    Ports ports_;
    const std::uint16_t client_, peer_, metrics_;
    std::unique_ptr<Process> process_;
    bool demands_passwords_ = false;
};

}  // namespace electiond::cluster
