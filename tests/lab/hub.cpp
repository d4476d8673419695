// The test process's own network and mounts.
#include "hub.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "folder.h"
#include "process.h"

namespace electiond::lab {
namespace {

constexpr char kGateway[] = "10.77.0.1";

int network_of_this_thread() {
    const int handle = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (handle < 0) throw std::system_error(errno, std::generic_category(), "ns/net");
    return handle;
}

int fresh_network() {
    const int here = network_of_this_thread();
    if (::unshare(CLONE_NEWNET) != 0) {
        throw std::system_error(errno, std::generic_category(), "unshare");
    }
    const int fresh = network_of_this_thread();
    if (::setns(here, CLONE_NEWNET) != 0) {
        throw std::system_error(errno, std::generic_category(), "setns");
    }
    ::close(here);
    return fresh;
}

std::string in_path(int handle) {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(handle);
}

// What `command` reads from a file that it is given as its last word.
void must_run_with(std::vector<std::string> command, const std::string& input) {
    const cluster::Folder folder;
    cluster::write(folder / "input", input);
    command.push_back((folder / "input").string());
    must_run(command);
}

std::string enter() try {
    if (::geteuid() != 0) return "needs root";
    if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) {
        return "namespaces: " + std::generic_category().message(errno);
    }
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", "/run", "tmpfs", 0, nullptr) != 0) {
        return "mounts: " + std::generic_category().message(errno);
    }
    ::setenv("TMPDIR", "/run", 1);
    must_run({"/usr/sbin/ip", "link", "set", "lo", "up"});
    cluster::write("/proc/sys/net/ipv4/ip_forward", "1\n");
    Cuts("10.77.0");
    const Outpost trial("trial", "10.77.0.2");  // whatever is missing is known from now on
    return "";
} catch (const std::exception& error) {
    return error.what();
}

}  // namespace

const std::string& enter_hub() {
    static const std::string reason = enter();
    return reason;
}

Outpost::Outpost(const std::string& cable, const std::string& address) : handle_(fresh_network()) {
    must_run_with({"/usr/sbin/ip", "-batch"},
                  "link add " + cable + " type veth peer name eth0 netns " + path() +
                      "\naddr add " + kGateway + "/32 dev " + cable + "\nlink set " + cable +
                      " up\nroute add " + address + " dev " + cable + "\n");
    must_run_with({"/usr/bin/nsenter", "--net=" + path(), "/usr/sbin/ip", "-batch"},
                  "link set lo up\nlink set eth0 up\naddr add " + address +
                      "/32 dev eth0\nroute add " + kGateway + " dev eth0\nroute add default via " +
                      kGateway + "\n");
}

Outpost::~Outpost() { ::close(handle_); }

std::string Outpost::path() const { return in_path(handle_); }

Cuts::Cuts(const std::string& subnet) : chain_("cuts-" + subnet) {
    set({});
    must_run({"/usr/sbin/iptables", "-A", "FORWARD", "-s", subnet + ".0/24", "-j", chain_});
}

void Cuts::set(const std::vector<Direction>& directions) {
    directions_ = directions;
    apply();
}

void Cuts::lose(double share) {
    lost_ = share;
    apply();
}

// A chain that is restored is exchanged whole.
void Cuts::apply() const {
    std::string rules = "*filter\n:" + chain_ + " -\n";
    for (const auto& [from, to] : directions_) {
        rules += "-A " + chain_ + " -s " + from + " -d " + to + " -j DROP\n";
    }
    if (lost_ > 0) {
        rules += "-A " + chain_ + " -m statistic --mode random --probability " +
                 std::to_string(lost_) + " -j DROP\n";
    }
    must_run_with({"/usr/sbin/iptables-restore", "--noflush"}, rules + "COMMIT\n");
}

void must_run(const std::vector<std::string>& command) {
    const auto done = cluster::run(command);
    if (done.code == 0) return;
    std::string words;
    for (const auto& word : command) words += word + " ";
    throw std::runtime_error(words + "failed: " + done.said);
}

}  // namespace electiond::lab
