// A cluster of real electiond processes.
#include "local_cluster.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace electiond::cluster {
namespace {

constexpr std::chrono::seconds kEnd{20};
constexpr std::size_t kShown = 8'000;  // so many characters of a log

// Peers are the files of a folder: each node writes one of them.
constexpr char kPeersProgram[] = R"(#!/bin/sh
set -eu
own=$2/$ELECTIOND_NODE_ID
case $1 in
list) cat "$2"/*.peer ;;
announce) cat >"$own.new" && mv "$own.new" "$own.peer" ;;
withdraw) rm "$own.peer" ;;
esac
)";

std::string in_quotes(int node) { return "\"" + std::to_string(node) + "\""; }

std::string address(const std::string& host, std::uint16_t port) {
    return "\"" + host + ":" + std::to_string(port) + "\"";
}

// The libraries are loaded before a sanitizer's own, which would mind.
std::string options_of(const char* sanitizer) {
    const char* already = std::getenv(sanitizer);
    return std::string(sanitizer) + "=verify_asan_link_order=0:" + (already ? already : "");
}

}  // namespace

bool wait_until(const std::function<bool()>& condition, Milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(Milliseconds{10});
    }
    return true;
}

LocalCluster::LocalCluster(Plan plan) : plan_(std::move(plan)), group_port_(ports_.next()) {
    std::filesystem::create_directory(registry().parent_path());
    if (plan_.discovery == "exec") {
        write(peers_program(), kPeersProgram);
        std::filesystem::permissions(peers_program(), std::filesystem::perms(0755));
    }
    if (plan_.by_name) preload(ELECTIOND_NAMES_PRELOAD);
    if (plan_.encrypted) authority_ = std::make_unique<TestCa>();
    for (int node = 1; node <= plan_.nodes; ++node) (void)node_of(node);
}

LocalCluster::Node& LocalCluster::node_of(int node) {
    auto [at, fresh] = nodes_.try_emplace(node);
    if (fresh) {
        move(node, host(node));
        move(node);
        std::filesystem::create_directory(folder(node));
    }
    return at->second;
}

std::string LocalCluster::host(int node) const {
    return plan_.subnet.empty() ? "127.0.0.1" : plan_.subnet + "." + std::to_string(node);
}

// ---- configuration ------------------------------------------------------------------------------

std::string LocalCluster::discovery_yaml() const {
    if (plan_.discovery == "file_registry") {
        return "{plugin: file_registry, path: " + registry().string() + "}";
    }
    if (plan_.discovery == "etcd") {
        return "{plugin: etcd, endpoints: [\"" + plan_.etcd + "\"], timeout: 1s}";
    }
    if (plan_.discovery == "multicast") {
        const int own = ports_.first() / Ports::kSize;
        return "{plugin: multicast, group: 239.255." + std::to_string(own / 256) + "." +
               std::to_string(own % 256) + ", port: " + std::to_string(group_port_) +
               ", interface: lo, ttl: 1}";
    }
    if (by_dns()) {
        const auto port = std::to_string(nodes_.begin()->second.peer);
        return "{plugin: dns, servers: [\"127.0.0.1:" + std::to_string(group_port_) + "\"], " +
               (plan_.discovery == "dns" ? "host: nodes.test, port: " + port
                                         : "srv: _electiond._tcp.test") +
               "}";
    }
    if (plan_.discovery == "exec") {
        std::string keys;
        for (const auto* key : {"command", "announce", "withdraw"}) {
            keys += std::string(key) + ": [" + peers_program().string() + ", " +
                    (key == std::string("command") ? "list" : key) + ", " +
                    peers_program().parent_path().string() + "], ";
        }
        return "{plugin: exec, " + keys + "interval: 500ms}";
    }
    std::string peers;
    for (const auto& [node, its] : nodes_) {
        peers += (peers.empty() ? "" : ", ") + in_quotes(node) + ": " +
                 address(plan_.by_name ? name(node) : its.peer_host, its.peer);
    }
    return "{plugin: static_list, peers: {" + peers + "}}";
}

std::string LocalCluster::founding_yaml(int node) const {
    static const std::map<std::string, std::string> usual = {
        {"file_registry", "claim"}, {"etcd", "claim"}, {"multicast", "expect"}, {"dns", "expect"}};
    const auto at = usual.find(plan_.discovery);
    const auto founding = !plan_.founding.empty() ? plan_.founding
                          : at != usual.end()     ? at->second
                                                  : "voters";
    if (founding == "claim") return "bootstrap: claim";
    if (node > plan_.nodes) return "bootstrap: join";
    if (founding == "expect") return "bootstrap: all, expect: " + std::to_string(plan_.nodes);
    std::string voters;
    for (int i = 1; i <= plan_.nodes; ++i) voters += (i > 1 ? ", " : "") + in_quotes(i);
    return "bootstrap: all, voters: [" + voters + "]";
}

std::string LocalCluster::transport_yaml(int node) const {
    const auto& its = nodes_.at(node);
    return "{plugin: " + plan_.transport + ", listen: " + address(its.peer_host, its.peer) +
           (plan_.by_name ? ", advertise: " + address(name(node), its.peer) : "") +
           (plan_.by_name || !plan_.subnet.empty() ? ", insecure: true" : "") +
           (plan_.encrypted ? ", tls: {cert: node.crt, key: node.key, ca: ca.crt}" : "") + "}";
}

// In one step: whoever reads it meanwhile reads the old or the new.
void LocalCluster::replace(int node, const std::string& file, const std::string& text) const {
    const auto fresh = folder(node) / (file + ".new");
    write(fresh, text);
    std::filesystem::permissions(fresh, std::filesystem::perms(0600));
    std::filesystem::rename(fresh, folder(node) / file);
}

void LocalCluster::certify(int node, TestCa& by, TestCa::Wish wish) {
    if (wish.names.empty()) wish.names = {identity(node)};
    const auto files = by.issue(wish);
    replace(node, "node.key", read(files.key));
    replace(node, "node.crt", read(files.cert));
}

void LocalCluster::trust(int node, const std::string& authorities) {
    replace(node, "ca.crt", authorities);
}

void LocalCluster::write_config(int node) {
    if (plan_.encrypted && !std::filesystem::exists(folder(node) / "node.crt")) {
        trust(node, read(authority().file()));
        certify(node);
    }
    const auto& its = nodes_.at(node);
    const std::string open = plan_.subnet.empty() ? "" : ", insecure: true";
    write(config(node),
          "node: {id: " + in_quotes(node) + ", data_dir: data}\n" + "cluster: {name: demo, " +
              founding_yaml(node) + "}\n" + "api: {listen: " + address(host(node), its.api) + open +
              "}\n" + "transport: " + transport_yaml(node) + "\n" + "discovery:\n  - " +
              discovery_yaml() + "\n" +
              "election:\n  election_timeout: " + std::to_string(plan_.election_timeout.count()) +
              "ms\n" + plan_.election + "log: {level: " + plan_.log_level + "}\n");
}

// ---- the DNS server -----------------------------------------------------------------------------

std::string LocalCluster::zone() const {
    std::string lines;
    for (const auto& [node, its] : nodes_) {
        lines +=
            its.peer_host + (plan_.discovery == "dns" ? " nodes.test" : " " + name(node)) + "\n";
    }
    return lines;
}

// It reads addresses again when it is told to, but SRV records only at its start.
void LocalCluster::serve_names() {
    if (!by_dns()) return;
    std::vector<std::string> services;
    for (const auto& [node, its] : nodes_) {
        services.push_back("--srv-host=_electiond._tcp.test," + name(node) + "," +
                           std::to_string(its.peer));
    }
    if (!dns_ || services != services_) {
        dns_.reset();
        std::filesystem::create_directory(folder_ / "dns");
        dns_ = std::make_unique<Dnsmasq>(folder_ / "dns", group_port_, services);
        services_ = services;
    }
    if (!names_kept_) publish();
}

void LocalCluster::publish() {
    names_kept_ = false;
    dns_->set_hosts(zone());
}

// ---- processes ----------------------------------------------------------------------------------

std::vector<std::string> LocalCluster::preloading() const {
    if (preloaded_.empty()) return {};
    std::string libraries;
    for (const auto& library : preloaded_) libraries += (libraries.empty() ? "" : ":") + library;
    return {"/usr/bin/env", "LD_PRELOAD=" + libraries, options_of("ASAN_OPTIONS"),
            names_.setting()};
}

void LocalCluster::spawn(int node) {
    auto& its = nodes_.at(node);
    auto command = its.prefix;
    std::ranges::copy(preloading(), std::back_inserter(command));
    const auto& program = its.program.empty() ? plan_.program : its.program;
    command.insert(command.end(), {program, "--config", config(node).string()});
    its.process = std::make_unique<Process>(command, log(node), its.errors);
}

void LocalCluster::start(int node) {
    (void)node_of(node);
    serve_names();
    write_config(node);
    spawn(node);
}

void LocalCluster::start_all() {
    std::vector<int> fresh;
    for (const auto& [node, its] : nodes_) {
        if (!running(node)) fresh.push_back(node);
    }
    serve_names();
    for (const int node : fresh) write_config(node);
    for (const int node : fresh) spawn(node);
}

void LocalCluster::kill9(int node) { process(node).kill9(); }

std::optional<int> LocalCluster::stop(int node) {
    signal(node, SIGTERM);
    return process(node).wait(kEnd);
}

void LocalCluster::stop_all() {
    const auto nodes = running();
    for (const int node : nodes) signal(node, SIGTERM);
    for (const int node : nodes) (void)process(node).wait(kEnd);
}

bool LocalCluster::running(int node) {
    const auto& its = nodes_.at(node).process;
    return its && its->running();
}

std::vector<int> LocalCluster::running() {
    std::vector<int> found;
    for (const auto& [node, its] : nodes_) {
        if (running(node)) found.push_back(node);
    }
    return found;
}

void LocalCluster::run_through(int node, std::vector<std::string> prefix) {
    node_of(node).prefix = std::move(prefix);
}

void LocalCluster::move(int node) {
    auto& its = nodes_.at(node);
    its.api = ports_.next();
    its.peer =
        plan_.discovery == "dns" && nodes_.size() > 1 ? nodes_.begin()->second.peer : ports_.next();
    // Of all on one port, each moves to another address.
    if (plan_.discovery == "dns")
        move(node, "127.0." + std::to_string(moves_++) + "." + std::to_string(node));
}

void LocalCluster::move(int node, const std::string& host) {
    nodes_.at(node).peer_host = host;
    names_.set(name(node), {host});
}

void LocalCluster::wipe(int node) { std::filesystem::remove_all(data(node)); }

// ---- questions ----------------------------------------------------------------------------------

Answer LocalCluster::get(int node, const std::string& path) {
    return ask(host(node), api_port(node), "GET", path);
}

Answer LocalCluster::post(int node, const std::string& path, const std::string& body) {
    return ask(host(node), api_port(node), "POST", path, body);
}

std::optional<int> LocalCluster::leader() {
    std::optional<int> found;
    for (const int node : running()) {
        if (get(node, "/status").text("state") != "LEADER") continue;
        if (found) return std::nullopt;
        found = node;
    }
    return found;
}

std::optional<int> LocalCluster::agreed(std::set<int> nodes) {
    if (nodes.empty()) {
        const auto all = running();
        nodes.insert(all.begin(), all.end());
    }
    const auto found = leader();
    if (!found || !nodes.contains(*found)) return std::nullopt;
    const bool all = std::ranges::all_of(nodes, [&](int node) {
        return get(node, "/status").text("leaderId") == std::to_string(*found);
    });
    return all ? found : std::nullopt;
}

int LocalCluster::await_leader(std::int64_t voters, Milliseconds limit) {
    std::optional<int> found;
    const auto as_wished = [&] {
        found = agreed();
        if (!found) return false;
        if (voters == 0) return true;
        return std::ranges::all_of(
            running(), [&](int node) { return get(node, "/status").number("voters") == voters; });
    };
    return wait_until(as_wished, limit) ? *found : 0;
}

bool LocalCluster::await_up(int node) {
    const bool known = wait_until([&] { return !running(node) || get(node, "/livez").code == 200; },
                                  std::chrono::seconds(20));
    return known && running(node);
}

// ---- places -------------------------------------------------------------------------------------

std::filesystem::path LocalCluster::folder(int node) const {
    return folder_ / std::to_string(node);
}

std::string LocalCluster::logs() const {
    std::string all;
    for (const auto& [node, its] : nodes_) {
        auto text = read(log(node));
        if (text.size() > kShown) text = "…" + text.substr(text.size() - kShown);
        all += "---- node " + std::to_string(node) + " (api " + std::to_string(its.api) +
               ", peers " + std::to_string(its.peer) + ") ----\n" + text;
    }
    return all;
}

}  // namespace electiond::cluster
