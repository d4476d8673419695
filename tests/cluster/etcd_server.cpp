// Runs a real etcd for a test.
#include "etcd_server.h"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>

#include <chrono>
#include <sstream>
#include <thread>

namespace electiond::cluster {
namespace {

constexpr char kEtcd[] = "/usr/bin/etcd";
constexpr char kEtcdctl[] = "/usr/bin/etcdctl";
constexpr std::chrono::seconds kToStart{30};

}  // namespace

std::optional<std::string> EtcdServer::missing() {
    for (const auto* program : {kEtcd, kEtcdctl}) {
        if (!std::filesystem::exists(program))
            return std::string(program) + " is missing: install etcd-server and etcd-client";
    }
    return std::nullopt;
}

EtcdServer::EtcdServer(Setup setup)
    : setup_(std::move(setup)),
      client_(ports_.next()),
      peer_(ports_.next()),
      metrics_(ports_.next()) {
    start();
}

std::string EtcdServer::endpoint(const std::string& host) const {
    return (setup_.certificate ? "https://" : "http://") + host + ":" + std::to_string(client_);
}

std::string EtcdServer::endpoint() const { return endpoint("127.0.0.1"); }

void EtcdServer::start() {
    const auto peers = "http://127.0.0.1:" + std::to_string(peer_);
    std::vector<std::string> command = {
        kEtcd,
        "--data-dir=" + (folder_ / "data").string(),
        "--listen-client-urls=" + endpoint(),
        "--advertise-client-urls=" + endpoint(),
        "--listen-peer-urls=" + peers,
        "--initial-advertise-peer-urls=" + peers,
        "--initial-cluster=default=" + peers,
        "--listen-metrics-urls=http://127.0.0.1:" + std::to_string(metrics_),
        "--metrics=extensive",
        "--logger=zap",
        "--log-outputs=stderr"};
    if (setup_.certificate) {
        command.push_back("--cert-file=" + setup_.certificate->cert.string());
        command.push_back("--key-file=" + setup_.certificate->key.string());
    }
    if (!setup_.client_authority.empty()) {
        command.push_back("--client-cert-auth");
        command.push_back("--trusted-ca-file=" + setup_.client_authority.string());
    }
    command.insert(command.end(), setup_.more.begin(), setup_.more.end());
    process_ = std::make_unique<Process>(command, folder_ / "log");
    const auto deadline = std::chrono::steady_clock::now() + kToStart;
    while (!is_up()) {
        if (std::chrono::steady_clock::now() > deadline || !process_->running())
            throw std::runtime_error("etcd does not start: " + log());
        std::this_thread::sleep_for(Milliseconds(20));
    }
}

void EtcdServer::kill9() { process_->kill9(); }

// It serves its metrics before it has a leader, and says so.
bool EtcdServer::is_up() const {
    try {
        Poco::Net::HTTPClientSession session("127.0.0.1", metrics_);
        session.setTimeout(Poco::Timespan(5, 0));
        Poco::Net::HTTPRequest request("GET", "/health");
        session.sendRequest(request);
        Poco::Net::HTTPResponse response;
        (void)session.receiveResponse(response);
        return response.getStatus() == 200;
    } catch (const Poco::Exception&) {
        return false;
    }
}

int EtcdServer::answered(const std::string& method) const {
    Poco::Net::HTTPClientSession session("127.0.0.1", metrics_);
    Poco::Net::HTTPRequest request("GET", "/metrics");
    session.sendRequest(request);
    Poco::Net::HTTPResponse response;
    auto& body = session.receiveResponse(response);
    int count = 0;
    for (std::string line; std::getline(body, line);) {
        if (!line.starts_with("grpc_server_started_total{") ||
            line.find("grpc_method=\"" + method + '"') == std::string::npos) {
            continue;
        }
        count += static_cast<int>(std::stod(line.substr(line.rfind(' ') + 1)));
    }
    return count;
}

Finished EtcdServer::ctl(std::vector<std::string> words) const {
    std::vector<std::string> command = {kEtcdctl, "--endpoints=" + endpoint(),
                                        "--command-timeout=20s", "--dial-timeout=20s"};
    if (!setup_.authority.empty()) command.push_back("--cacert=" + setup_.authority.string());
    if (demands_passwords_) command.push_back("--user=root:of-root");
    command.insert(command.end(), words.begin(), words.end());
    return run(command);
}

std::string EtcdServer::control(std::vector<std::string> words) const {
    auto finished = ctl(std::move(words));
    if (finished.code != 0) throw std::runtime_error("etcdctl fails: " + finished.said);
    return finished.said;
}

void EtcdServer::start_without_data() {
    kill9();
    std::filesystem::remove_all(folder_ / "data");
    demands_passwords_ = false;
    start();
}

void EtcdServer::demand_passwords() {
    control({"user", "add", "root:of-root"});
    control({"user", "grant-role", "root", "root"});
    control({"auth", "enable"});
    demands_passwords_ = true;
}

}  // namespace electiond::cluster
