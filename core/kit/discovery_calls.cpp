// Cases of a discovery: what each call does in one instance.
#include <algorithm>
#include <filesystem>
#include <set>

#include "kit/discovery_node.h"
#include "kit/output.h"
#include "kit/process.h"

namespace electiond::kit {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr int kManyCalls = 1500;
constexpr seconds kBudget{8};  // for many calls; a slow plugin makes fewer of them

bool is_name(const std::string& text) {
    return text.size() <= 64 && text.find_first_not_of(
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz"
                                    "0123456789._-") == std::string::npos;
}

std::string added_twice(const std::vector<Peer>& peers) {
    std::set<std::string> seen;
    for (const auto& each : peers) {
        const auto text = in_words(each);
        if (!seen.insert(each.id.empty() ? text : each.id.value).second) return text;
    }
    return "";
}

void polls(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    (void)node.poll();
}

// The host polls also if announce has failed.
void polls_first(Trial& trial) {
    DiscoveryNode node(trial);
    trial.in_time("poll", seconds(5), [&] { (void)node.object().poll(); });
    node.announce(peer("1", 1));
    (void)node.poll();
}

void gives_addresses(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    for (const auto& each : node.poll()) {
        expect(!each.addresses.empty(),
               "poll returns a peer without an address: " + in_words(each));
        for (const auto& address : each.addresses) {
            expect(address.port != 0 && Endpoint::parse(address.to_string()) == address,
                   "poll returns an address that nobody can connect to: " + address.to_string());
        }
    }
}

void gives_names(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    for (const auto& each : node.poll()) {
        expect(is_name(each.id.value),
               "poll returns an invalid id: \"" + each.id.value +
                   "\"; it must be empty, or have 1 to 64 characters of A-Z a-z 0-9 . _ -");
    }
}

void gives_each_once(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    const auto twice = added_twice(node.poll());
    expect(twice.empty(), "poll returns one peer twice: " + twice);
}

void gives_few(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    std::size_t count = 0;
    for (const auto& each : node.poll()) count += each.addresses.size();
    expect(count <= kSnapshotAddressesMax, "poll returns " + std::to_string(count) +
                                               " addresses; the host refuses more than " +
                                               std::to_string(kSnapshotAddressesMax));
}

void keeps_order(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    const auto first = node.poll();
    for (int round = 0; round < 20; ++round) {
        node.announce(peer("1", 1));
        expect(node.poll() == first,
               "poll returns another snapshot, or another order, although "
               "nothing has changed");
    }
}

void is_cheap(Trial& trial) {
    constexpr int kCalls = 50;
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    (void)node.poll();
    const auto begun = Clock::now();
    for (int round = 0; round < kCalls; ++round) {
        node.announce(peer("1", 1));
        (void)node.poll();
    }
    const auto taken = (Clock::now() - begun) / kCalls;
    expect(taken < Milliseconds(100),
           "announce and poll take " + in_words(taken) + " on average although nothing changes");
}

// Repeats a call until enough were made or the time is over; returns how many were made.
int call_often(DiscoveryNode& node, int most) {
    const auto deadline = Clock::now() + kBudget;
    int made = 0;
    for (; made < most && Clock::now() < deadline; ++made) {
        node.announce(peer("1", 1));
        (void)node.poll();
    }
    return made;
}

void works_for_long(Trial& trial) {
    DiscoveryNode node(trial);
    (void)call_often(node, kManyCalls);
}

void keeps_threads(Trial& trial) {
    DiscoveryNode node(trial);
    (void)call_often(node, 20);
    const auto before = threads_now().size();
    const int made = call_often(node, 100);
    const auto now = threads_now().size();
    expect(now <= before + 2, "announce and poll leave threads running: " + std::to_string(before) +
                                  " became " + std::to_string(now) + " in " + std::to_string(made) +
                                  " calls");
}

void keeps_descriptors(Trial& trial) {
    DiscoveryNode node(trial);
    (void)call_often(node, 20);
    const auto before = descriptors_now();
    const int made = call_often(node, 100);
    const auto now = descriptors_now();
    expect(now.size() <= before.size() + 2,
           "announce and poll leave descriptors open: " + std::to_string(before.size()) +
               " became " + std::to_string(now.size()) + " in " + std::to_string(made) + " calls");
}

void keeps_memory(Trial& trial) {
    constexpr std::size_t kMost = std::size_t{8} << 20;
    DiscoveryNode node(trial);
    (void)call_often(node, 200);
    const auto before = resident_bytes();
    const int made = call_often(node, kManyCalls);
    const auto now = resident_bytes();
    expect(kSanitized || now <= before + kMost,
           "announce and poll keep more memory with each call: " +
               std::to_string((now - before) / 1024) + " KiB in " + std::to_string(made) +
               " calls");
}

void announces_changes(Trial& trial) {
    DiscoveryNode node(trial);
    for (int round = 0; round < 10; ++round) {
        node.announce(peer("1", 1 + round));
        (void)node.poll();
    }
}

void announces_any_address(Trial& trial) {
    DiscoveryNode node(trial);
    auto self = peer("1", 1);
    self.addresses = {{"::1", 4001}, {"node-1.example", 4001}, {"10.0.0.1", 65535}};
    self.api = "[::1]:3001";
    node.announce(self);
    self.addresses.clear();
    for (std::uint16_t port = 1; port <= 8; ++port) self.addresses.push_back({"10.0.0.1", port});
    node.announce(self);
    self.api.clear();
    node.announce(self);
}

void withdraws_unannounced(Trial& trial) {
    DiscoveryNode node(trial);
    node.withdraw();
}

void withdraws_twice(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    node.withdraw();
    node.withdraw();
}

void comes_back(Trial& trial) {
    DiscoveryNode node(trial);
    for (int round = 0; round < 3; ++round) {
        node.announce(peer("1", 1));
        (void)node.poll();
        node.withdraw();
    }
    node.announce(peer("1", 1));
    (void)node.poll();
}

// Names, sizes and modification times of all files below `folder`.
std::set<std::string> contents_of(const fs::path& folder) {
    std::set<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const auto changed = entry.last_write_time().time_since_epoch().count();
        all.insert(entry.path().string() + " " + std::to_string(changed) + " " +
                   (entry.is_regular_file() ? std::to_string(entry.file_size()) : ""));
    }
    return all;
}

void checks(Trial& trial) {
    DiscoveryNode node(trial);
    for (const auto& finding : node.check(peer("1", 1))) {
        expect(!finding.text.empty(), "check returns a Finding without a text");
        expect(finding.text.find('\n') == std::string::npos,
               "check returns a Finding with more than one line: " + finding.text);
    }
}

void checks_without_address(Trial& trial) {
    DiscoveryNode node(trial);
    auto self = peer("1", 1);
    self.addresses.clear();
    (void)node.check(self);
}

void checks_without_a_trace(Trial& trial) {
    DiscoveryNode node(trial);
    const auto files = contents_of(trial.subject().folder);
    const auto descriptors = descriptors_now();
    const auto threads = threads_now();
    (void)node.check(peer("1", 1));
    expect(contents_of(trial.subject().folder) == files, "check makes or changes a file");
    const auto more = added(descriptors, descriptors_now());
    expect(more.empty(), "check leaves descriptors open: " + more);
    expect(added(threads, threads_now()).empty(), "check leaves a thread running");
}

void checks_while_in_use(Trial& trial) {
    DiscoveryNode running(trial);
    running.announce(peer("1", 1));
    (void)running.poll();
    const auto files = contents_of(trial.subject().folder);
    DiscoveryNode other(trial);
    (void)other.check(peer("1", 1));
    expect(contents_of(trial.subject().folder) == files,
           "check makes or changes a file while another instance runs");
    running.announce(peer("1", 1));
    (void)running.poll();
}

// With the options of the kit the calls work.
void check_agrees(Trial& trial) {
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    (void)node.poll();
    for (const auto& finding : node.check(peer("1", 1))) {
        expect(finding.weight != Finding::Weight::fault,
               "check finds a fault, although announce and poll work: " + finding.key + " " +
                   finding.text);
    }
}

void prints_nothing(Trial& trial) {
    const CapturedOutput output;
    DiscoveryNode node(trial);
    node.announce(peer("1", 1));
    (void)node.poll();
    (void)node.check(peer("1", 1));
    node.withdraw();
    node.destroy();
    const auto text = output.text();
    expect(text.empty(), "the plugin writes to standard output or error: " + text);
}

void logs_lines(Trial& trial) {
    {
        DiscoveryNode node(trial);
        node.announce(peer("1", 1));
        (void)node.poll();
        node.withdraw();
    }
    const auto fault = odd_line(trial.logged());
    expect(fault.empty(), "the plugin logs " + fault);
}

void logs_little(Trial& trial) {
    DiscoveryNode node(trial);
    (void)call_often(node, 5);
    const auto count = [&] {
        const auto lines = trial.logged();
        return std::ranges::count_if(
            lines, [](const LogLine& line) { return line.level != LogLevel::debug; });
    };
    const auto before = count();
    const int made = call_often(node, 100);
    const auto more = count() - before;
    expect(more < 10, "the plugin logs " + std::to_string(more) + " lines in " +
                          std::to_string(made) + " calls although nothing changes");
}

constexpr Case kCases[] = {
    {"poll", "factory", "With working options, announce and poll do not throw.", polls},
    {"poll_first", "poll", "poll before the first announce returns or throws; later calls work.",
     polls_first},
    {"poll_gives_addresses", "poll", "Each peer has at least one address, with a host and a port.",
     gives_addresses},
    {"poll_gives_names", "poll", "Each id is empty, or has 1 to 64 characters of A-Z a-z 0-9 . _ -",
     gives_names},
    {"poll_gives_each_once", "poll", "No peer is in one snapshot twice.", gives_each_once},
    {"poll_gives_few", "poll", "The peers of a snapshot have at most 256 addresses in all.",
     gives_few},
    {"poll_keeps_order", "poll",
     "While nothing changes, each poll returns the same peers in the same order.", keeps_order},
    {"poll_is_cheap", "poll",
     "While nothing changes, announce and poll take less than 0.1 s on average.", is_cheap},
    {"poll_works_for_long", "poll", "1500 calls, one after the other, return.", works_for_long},
    {"poll_keeps_threads", "poll", "Calls do not leave threads behind.", keeps_threads},
    {"poll_keeps_descriptors", "poll", "Calls do not leave descriptors open.", keeps_descriptors},
    {"poll_keeps_memory", "poll", "Calls leak no memory.", keeps_memory},
    {"announce_changes", "poll", "announce accepts a changed address.", announces_changes},
    {"announce_any_address", "poll",
     "announce accepts IPv4, IPv6 and host names, several addresses, and an empty API address.",
     announces_any_address},
    {"withdraw_unannounced", "factory", "withdraw without announce does nothing.",
     withdraws_unannounced},
    {"withdraw_twice", "poll", "A second withdraw does nothing.", withdraws_twice},
    {"withdraw_and_return", "poll", "After withdraw a node can announce itself again.", comes_back},
    {"check", "factory", "check returns findings, each with one line of text.", checks},
    {"check_without_address", "check", "check works before the address is known.",
     checks_without_address},
    {"check_leaves_no_trace", "check",
     "check makes and changes no file, and leaves no descriptor open and no thread.",
     checks_without_a_trace},
    {"check_while_in_use", "check", "check works while another instance runs, and changes nothing.",
     checks_while_in_use},
    {"check_agrees", "poll", "check finds no fault if announce and poll work.", check_agrees},
    {"prints_nothing", "poll", "No call writes to standard output or standard error.",
     prints_nothing},
    {"logs_lines", "poll", "Each log message is a single line; keys of fields are snake_case.",
     logs_lines},
    {"logs_little", "poll",
     "While nothing changes, 100 calls log fewer than 10 lines above level debug.", logs_little},
};

}  // namespace

std::span<const Case> discovery_calls() { return kCases; }

}  // namespace electiond::kit
