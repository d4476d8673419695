// A cluster of real electiond processes, with its own folder and ports; on loopback, unless the
// plan has other addresses.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "../names/name_service.h"
#include "../support/dnsmasq.h"
#include "../support/test_ca.h"
#include "api.h"
#include "folder.h"
#include "ports.h"
#include "process.h"

namespace electiond::cluster {

inline constexpr char kNeedsDnsmasq[] = "needs dnsmasq (package dnsmasq-base)";

struct Plan {
    std::string transport = "http";
    // dns: the addresses of nodes.test, where all nodes have one port, each at an address of its
    // own; dns_srv: by SRV records.
    std::string discovery = "file_registry";
    // claim, or by all: as many as expect says, or those that voters names. "": the default for
    // this discovery.
    std::string founding = "";
    int nodes = 3;
    Milliseconds election_timeout{1000};
    std::string election = "";  // further keys of that section, one a line, as "  key: value"
    std::string log_level = "info";
    std::string subnet = "";          // "10.77.1": node 3 has 10.77.1.3; "": all are at 127.0.0.1
    bool by_name = false;             // peers have only host names; for static_list
    bool encrypted = false;           // peers speak TLS
    std::string etcd = "";            // its endpoint, for the discovery of that name
    std::string program = ELECTIOND;  // the daemon; another build has its plugins next to it
};

// True as soon as `condition` is; false if it does not become true within `limit`.
[[nodiscard]] bool wait_until(const std::function<bool()>& condition,
                              Milliseconds limit = std::chrono::seconds(20));

// Nodes are named 1 to `nodes`; more may be added. One thread only.
class LocalCluster {
  public:
    explicit LocalCluster(Plan plan = {});

    // Processes. Each start writes the node's YAML again; none of these calls waits for an answer.
    void start(int node);
    void start_all();  // those that do not run, at the same time
    void kill9(int node);
    [[nodiscard]] std::optional<int> stop(int node);  // SIGTERM; its exit code, if it ends at all
    void stop_all();                                  // SIGTERM to all at once, then waits
    void signal(int node, int signal) { process(node).signal(signal); }
    [[nodiscard]] Process& process(int node) { return *nodes_.at(node).process; }
    [[nodiscard]] bool running(int node);
    [[nodiscard]] std::vector<int> running();
    // A prefix to the command of a node, for example one that changes the user.
    void run_through(int node, std::vector<std::string> prefix);
    // The daemon of one node from its next start on; Plan::program is for all nodes.
    void install(int node, const std::string& program) { node_of(node).program = program; }
    // A library that is loaded before each node's own, from its next start on.
    void preload(const std::string& library) { preloaded_.push_back(library); }
    // A setting of one node by its environment: "ELECTIOND_NODE_PRIORITY=0".
    void configure(int node, const std::string& setting) {
        run_through(node, {"/usr/bin/env", setting});
    }

    // Where its standard error goes from the next start on: a descriptor that stays open until
    // then, or Process::kClosed. Its log() then has only its standard output.
    void direct_errors(int node, int errors) { node_of(node).errors = errors; }

    void move(int node);  // to new ports, from the next start on
    // To this address for its peers, from the next start on; its host name has the address at once.
    void move(int node, const std::string& host);
    void wipe(int node);  // removes its data directory
    // Of dns and dns_srv: the DNS server. Each start publishes the addresses of all nodes there,
    // except between keep_names() and publish().
    [[nodiscard]] Dnsmasq& name_server() { return *dns_; }
    void keep_names() { names_kept_ = true; }
    void publish();

    // Of an encrypted cluster. A node's certificate, key and authorities are files in its folder,
    // made at its first start, and replaced here in its place.
    [[nodiscard]] TestCa& authority() { return *authority_; }
    void certify(int node, TestCa& by, TestCa::Wish wish = {});  // names: by default its own
    void certify(int node) { certify(node, authority()); }
    void trust(int node, const std::string& authorities);  // PEM
    [[nodiscard]] static std::string identity(int node) {
        return "URI:electiond://demo/" + std::to_string(node);
    }

    // Queries.
    [[nodiscard]] Answer get(int node, const std::string& path);
    [[nodiscard]] Answer post(int node, const std::string& path, const std::string& body = "");
    [[nodiscard]] std::optional<int> leader();  // the only running node that leads now
    // The leader that all of `nodes` report, including itself; default: all running nodes.
    [[nodiscard]] std::optional<int> agreed(std::set<int> nodes = {});
    // Waits for such a leader; 0 if there is none in time. With `voters`, also until it has so many
    // voters.
    [[nodiscard]] int await_leader(std::int64_t voters = 0,
                                   Milliseconds limit = std::chrono::seconds(20));
    [[nodiscard]] bool await_up(int node);  // its election loop runs
    [[nodiscard]] std::int64_t term(int node) { return get(node, "/status").number("term"); }

    // Addresses and files.
    [[nodiscard]] std::filesystem::path folder(int node) const;
    [[nodiscard]] std::filesystem::path data(int node) const { return folder(node) / "data"; }
    [[nodiscard]] std::filesystem::path log(int node) const { return folder(node) / "log"; }
    [[nodiscard]] std::filesystem::path config(int node) const {
        return folder(node) / "node.yaml";
    }
    // The program for exec; the nodes' entries are next to it.
    [[nodiscard]] std::filesystem::path peers_program() const {
        return registry().parent_path() / "peers";
    }
    [[nodiscard]] std::filesystem::path registry() const {
        return folder_ / "registry/cluster.json";
    }
    [[nodiscard]] std::string host(int node) const;
    [[nodiscard]] static std::string name(int node) {
        return "node-" + std::to_string(node) + ".test";
    }
    [[nodiscard]] names::NameService& name_service() { return names_; }
    [[nodiscard]] std::uint16_t api_port(int node) const { return nodes_.at(node).api; }
    [[nodiscard]] std::uint16_t peer_port(int node) const { return nodes_.at(node).peer; }
    [[nodiscard]] std::string peer_address(int node) const {
        return nodes_.at(node).peer_host + ":" + std::to_string(peer_port(node));
    }
    [[nodiscard]] std::string logs() const;  // the end of each node's
    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] Ports& ports() { return ports_; }

  private:
    struct Node {
        std::uint16_t api = 0, peer = 0;
        std::string peer_host;  // where it listens for its peers
        std::vector<std::string> prefix;
        std::string program;  // empty: that of the plan
        int errors = Process::kSame;
        std::unique_ptr<Process> process;
    };
    Node& node_of(int node);  // made where it is new
    [[nodiscard]] bool by_dns() const { return plan_.discovery.starts_with("dns"); }
    [[nodiscard]] std::string zone() const;
    void serve_names();
    [[nodiscard]] std::string discovery_yaml() const;
    [[nodiscard]] std::string founding_yaml(int node) const;
    void write_config(int node);
    [[nodiscard]] std::string transport_yaml(int node) const;
    void replace(int node, const std::string& file, const std::string& text) const;
    [[nodiscard]] std::vector<std::string> preloading() const;
    void spawn(int node);

    Plan plan_;
    Folder folder_;
    std::unique_ptr<TestCa> authority_;
    names::NameService names_{folder_ / "names"};
    std::vector<std::string> preloaded_;
    Ports ports_;
    std::uint16_t group_port_;  // of multicast, or of the DNS server
    std::unique_ptr<Dnsmasq> dns_;
    bool names_kept_ = false;
    int moves_ = 0;
    std::vector<std::string> services_;  // the SRV records that it has
    std::map<int, Node> nodes_;
};

}  // namespace electiond::cluster
