// A cluster of real electiond processes, all of whose surroundings can break.
#include "lab.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace electiond::lab {
namespace {

using Clock = std::chrono::steady_clock;

std::string next_subnet() {
    static int labs = 0;
    return "10.77." + std::to_string(++labs);
}

[[noreturn]] void failed(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Lab::Lab(const Setting& setting)
    : LocalCluster({.transport = setting.transport,
                    .discovery = "static_list",
                    .nodes = setting.nodes,
                    .election_timeout = setting.election_timeout,
                    .subnet = next_subnet(),
                    .by_name = setting.by_name}),
      cuts_(plan().subnet) {
    preload(ELECTIOND_LAB_PRELOAD);
    std::vector<Watcher::Place> watched;
    for (int node = 1; node <= setting.nodes; ++node) {
        set_up(node);
        watched.push_back({node, host(node), api_port(node)});
    }
    watcher_ = std::make_unique<Watcher>(watched, setting.look_every);
}

Lab::~Lab() {
    for (const auto& [node, place] : places_) {
        if (running(node)) kill9(node);
        ::umount2(data(node).c_str(), MNT_DETACH);
    }
}

std::string Lab::cable(int node) const {
    return "lab" + plan().subnet.substr(6) + "n" + std::to_string(node);
}

void Lab::set_up(int node) {
    places_[node] = std::make_unique<Place>(cable(node), host(node), folder(node) / "control");
    std::filesystem::create_directory(data(node));
    if (::mount("tmpfs", data(node).c_str(), "tmpfs", 0, "size=64k,mode=0700") != 0) {
        failed(data(node));
    }
    set_command(node);
}

void Lab::set_command(int node) {
    const auto& place = *places_.at(node);
    auto command = place.boot;
    command.insert(command.end(), {"/usr/bin/nsenter", "--net=" + place.outpost.path()});
    const auto preload = place.control.command();
    command.insert(command.end(), preload.begin(), preload.end());
    run_through(node, command);
}

std::string Lab::give_address(int node) {
    const auto& outpost = places_.at(node)->outpost;
    const auto address = plan().subnet + "." + std::to_string(kFirstExtra + extra_++);
    must_run({"/usr/bin/nsenter", "--net=" + outpost.path(), "/usr/sbin/ip", "addr", "add",
              address + "/32", "dev", "eth0"});
    must_run({"/usr/sbin/ip", "route", "add", address, "dev", cable(node)});
    return address;
}

// ---- faults -------------------------------------------------------------------------------------

void Lab::set(const Links& links) {
    std::vector<Direction> directions;
    for (const auto& [from, to] : links.cuts()) directions.push_back({host(from), host(to)});
    cuts_.set(directions);
}

void Lab::black_hole(const std::string& address) {
    for (const auto* side : {"-s", "-d"}) {
        must_run({"/usr/sbin/iptables", "-I", "FORWARD", side, address, "-j", "DROP"});
    }
}

void Lab::fill_disk(int node) {
    const int file = ::open((data(node) / "ballast").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string block(4096, 'x');
    while (::write(file, block.data(), block.size()) > 0) continue;
    const bool full = errno == ENOSPC;
    ::close(file);
    if (!full) failed("the ballast");
}

void Lab::empty_disk(int node) { std::filesystem::remove(data(node) / "ballast"); }

void Lab::use_ext4(int node) {
    const auto image = (folder(node) / "image").string();
    if (::umount(data(node).c_str()) != 0) failed("umount");
    must_run({"/usr/bin/truncate", "-s", "8M", image});
    must_run({"/usr/sbin/mkfs.ext4", "-q", image});
    mend_ext4(node);
    std::filesystem::permissions(data(node), std::filesystem::perms(0700));
}

void Lab::abort_ext4(int node) {
    must_run({"/usr/bin/mount", "-o", "remount,abort", data(node).string()});
}

void Lab::mend_ext4(int node) {
    ::umount(data(node).c_str());
    must_run(
        {"/usr/bin/mount", "-o", "loop", (folder(node) / "image").string(), data(node).string()});
}

void Lab::step_wall_clock(int node, std::chrono::seconds by) {
    control(node).wall_offset_ns += std::chrono::nanoseconds(by).count();
}

void Lab::boot_long_ago(int node, std::chrono::seconds by) {
    const auto seconds = std::to_string(by.count());
    places_.at(node)->boot = {"/usr/bin/unshare", "--time", "--boottime", seconds,
                              "--monotonic",      seconds};
    set_command(node);
}

// ---- questions ----------------------------------------------------------------------------------

bool Lab::leads(int node, Instant since) const {
    const auto look = watcher_->newest(node);
    return look && look->asked >= since && look->leads;
}

std::set<int> Lab::leading() const {
    std::set<int> found;
    for (const auto& [node, place] : places_) {
        if (leads(node, {})) found.insert(node);
    }
    return found;
}

int Lab::leader_seen_by(int node) const {
    const auto look = watcher_->newest(node);
    return look && !look->leader.empty() ? std::stoi(look->leader) : 0;
}

int Lab::await_agreement(std::set<int> nodes, Milliseconds limit) {
    if (nodes.empty()) {
        const auto all = running();
        nodes.insert(all.begin(), all.end());
    }
    const auto since = Clock::now();
    int found = 0;
    const auto agreed = [&] {
        found = leader_seen_by(*nodes.begin());
        if (!nodes.contains(found) || !leads(found, since)) return false;
        const auto term = watcher_->newest(found)->term;
        return std::ranges::all_of(nodes, [&](int node) {
            const auto look = watcher_->newest(node);
            return look && look->asked >= since && look->term == term &&
                   leader_seen_by(node) == found;
        });
    };
    return cluster::wait_until(agreed, limit) ? found : 0;
}

bool Lab::await_calm(Milliseconds window, Milliseconds limit) {
    auto seen = watcher_->changes();
    auto since = Clock::now();
    const auto calm = [&] {
        const auto now = Clock::now();
        if (const auto changes = watcher_->changes(); changes != seen) {
            seen = changes;
            since = now;
        }
        return now - since >= window;
    };
    return cluster::wait_until(calm, limit);
}

Token Lab::newest_token() const {
    const auto leads = watcher_->leads();
    return leads.empty() ? 0 : leads.rbegin()->first;
}

std::optional<Lead> Lab::await_lead_after(Token token, Milliseconds limit) {
    if (!cluster::wait_until([&] { return newest_token() > token; }, limit)) return std::nullopt;
    return watcher_->leads().upper_bound(token)->second;
}

}  // namespace electiond::lab
