// Cases of a transport that says it can authenticate (can_authenticate).
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>

#include "kit/stranger.h"
#include "kit/transport_node.h"

namespace electiond::kit {
namespace {

namespace fs = std::filesystem;
using Kind = Response::Kind;

constexpr Milliseconds kRefusal{2000};  // the timeout of requests that must fail

// The files of node `id`: those of the folder's authority, or of another one.
Setup with_tls(const Trial& trial, const std::string& id, const std::string& authority = "ca") {
    const auto folder = trial.subject().certificates / authority;
    return {.node_id = id,
            .tls = TlsFiles{.cert = folder / (id + ".crt"),
                            .key = folder / (id + ".key"),
                            .ca = folder / "ca.crt"}};
}

std::vector<std::string> names_of(const std::string& id) {
    return {std::string("URI:electiond://") + kCluster + "/" + id};
}

bool proves(const std::vector<std::string>& names, const std::string& id) {
    const auto expected = names_of(id).front();
    return std::ranges::find(names, expected) != names.end();
}

std::string listed(const std::vector<std::string>& names) {
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
    return all.empty() ? "none" : all;
}

void can_authenticate(Trial& trial) {
    if (!trial.make_transport()->can_authenticate()) throw Skipped{"it cannot authenticate"};
    if (trial.subject().certificates.empty()) throw Skipped{"no certificates are given"};
}

void carries(Trial& trial) {
    TransportNode receiver(trial, echo, with_tls(trial, "1"));
    TransportNode sender(trial, echo, with_tls(trial, "2"));
    for (int n = 0; n < 20; ++n) (void)sender.ask(receiver.endpoint());
}

void proves_names(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler(), with_tls(trial, "1"));
    TransportNode sender(trial, echo, with_tls(trial, "2"));
    for (int n = 0; n < 3; ++n) {
        const auto pending = sender.send(receiver.endpoint(), request("hello"));
        const auto [arrived, respond] = held.take();
        respond({Kind::ok, "{}"});
        const auto response = pending->await();
        expect(proves(arrived.verified_names, "2") && !proves(arrived.verified_names, "1"),
               "a request of node 2 has the verified_names " + listed(arrived.verified_names) +
                   " instead of " + names_of("2").front());
        expect(proves(response.verified_names, "1") && !proves(response.verified_names, "2"),
               "a response of node 1 has the verified_names " + listed(response.verified_names) +
                   " instead of " + names_of("1").front());
    }
}

void believes_no_sender(Trial& trial) {
    HeldRequests held;
    TransportNode receiver(trial, held.handler(), with_tls(trial, "1"));
    TransportNode sender(trial, echo, with_tls(trial, "2"));
    auto forged = request("hello");
    forged.verified_names = names_of("3");
    const auto pending = sender.send(receiver.endpoint(), forged);
    const auto [arrived, respond] = held.take();
    respond({.kind = Kind::ok, .body = "{}", .verified_names = names_of("3")});
    const auto response = pending->await();
    expect(!proves(arrived.verified_names, "3") && !proves(response.verified_names, "3"),
           "verified_names are taken from what the other side sends, not from its certificate");
}

void expect_refused(TransportNode& sender, const TransportNode& receiver, const std::string& who) {
    const auto response =
        sender.send(receiver.endpoint(), request("hello"), kRefusal)->await(kRefusal);
    expect(response.kind == Kind::unreachable || response.kind == Kind::timed_out,
           "a request of " + who + " is reported as " + in_words(response) +
               " instead of unreachable or timed_out");
    expect(receiver.delivered() == 0, "a request of " + who + " is delivered");
}

void refuses_another_authority(Trial& trial) {
    TransportNode receiver(trial, echo, with_tls(trial, "1"));
    TransportNode sender(trial, echo, with_tls(trial, "2", "other"));
    expect_refused(sender, receiver, "a node with a certificate of another authority");
    expect_refused(receiver, sender, "a node to a peer with a certificate of another authority");
}

void refuses_plain_text(Trial& trial) {
    TransportNode receiver(trial, echo, with_tls(trial, "1"));
    TransportNode sender(trial);
    expect_refused(sender, receiver, "a node without TLS");
}

void sends_no_plain_text(Trial& trial) {
    constexpr const char* kSecret = "electiond-kit-secret";
    std::atomic<bool> heard_it = false;
    FalsePeer peer;
    peer.respond_with([&](const std::string& heard) {
        if (heard.find(kSecret) != std::string::npos) heard_it = true;
        return std::string();
    });
    TransportNode plain(trial);
    TransportNode sender(trial, echo, with_tls(trial, "2"));
    for (const auto& to : {peer.endpoint(), plain.endpoint()}) {
        const auto response = sender.send(to, request("hello", kSecret), kRefusal)->await(kRefusal);
        expect(response.kind != Kind::ok, "with TLS, a response of a peer without TLS counts");
    }
    expect(!heard_it && plain.delivered() == 0, "with TLS, a body is sent in plain text");
}

void factory_reads_no_file(Trial& trial) {
    auto setup = with_tls(trial, "1");
    setup.tls->cert = trial.subject().folder / "missing.crt";
    const auto error = trial.error_of("the factory", [&] { trial.make_and_destroy(setup); });
    expect(!error, "the factory reads the files of TLS: " + error.value_or(""));
}

void names_a_missing_file(Trial& trial) {
    auto setup = with_tls(trial, "1");
    setup.tls->cert = trial.subject().folder / "missing.crt";
    CaseInbox inbox(trial, echo);
    const auto node = trial.make_transport(setup);
    const auto text = trial.refusal("start without its certificate", Error::config,
                                    [&] { (void)node->start(inbox); });
    expect(text.find("missing.crt") != std::string::npos,
           "the Error about a missing certificate does not name the file: " + text);
}

void reloads(Trial& trial) {
    TransportNode receiver(trial, echo, with_tls(trial, "1"));
    TransportNode sender(trial, echo, with_tls(trial, "2"));
    for (int n = 0; n < 3; ++n) {
        (void)sender.ask(receiver.endpoint());
        trial.call("reload_tls", [&] { receiver.object().reload_tls(); });
        trial.call("reload_tls", [&] { sender.object().reload_tls(); });
    }
    (void)sender.ask(receiver.endpoint());
}

void keeps_the_old_files(Trial& trial) {
    auto setup = with_tls(trial, "1");
    const auto copy = trial.subject().folder / "copy.crt";
    fs::copy_file(setup.tls->cert, copy, fs::copy_options::overwrite_existing);
    setup.tls->cert = copy;
    TransportNode receiver(trial, echo, setup);
    TransportNode sender(trial, echo, with_tls(trial, "2"));
    (void)sender.ask(receiver.endpoint());
    std::ofstream(copy, std::ios::trunc) << "garbage";
    const auto text = trial.refusal("reload_tls of a file that is not a certificate", Error::config,
                                    [&] { receiver.object().reload_tls(); });
    expect(text.find("copy.crt") != std::string::npos,
           "the Error of reload_tls does not name the file: " + text);
    TransportNode newcomer(trial, echo, with_tls(trial, "2"));
    (void)newcomer.ask(receiver.endpoint());
}

constexpr Case kCases[] = {
    {"tls", "send", "It can authenticate (a transport need not do this).", can_authenticate},
    {"tls_carries", "tls", "Nodes with certificates of the same authority reach each other.",
     carries},
    {"tls_proves_names", "tls_carries",
     "verified_names are the names of the other side's certificate.", proves_names},
    {"tls_believes_no_sender", "tls_carries",
     "verified_names are not taken from what the other side sends.", believes_no_sender},
    {"tls_other_authority", "tls_carries",
     "Certificates of another authority are refused, by sender and by receiver.",
     refuses_another_authority},
    {"tls_refuses_plain_text", "tls_carries", "A node without TLS is refused.", refuses_plain_text},
    {"tls_sends_no_plain_text", "tls_carries", "Nothing is ever sent in plain text.",
     sends_no_plain_text},
    {"tls_factory", "tls", "The factory reads none of the files.", factory_reads_no_file},
    {"tls_missing_file", "tls",
     "If a file is missing, start throws an Error (code config) that names it.",
     names_a_missing_file},
    {"tls_reload", "tls_carries", "reload_tls with unchanged files disturbs no request.", reloads},
    {"tls_reload_keeps", "tls_carries",
     "If a file is wrong, reload_tls throws an Error (code config) that names it; the old ones "
     "stay.",
     keeps_the_old_files},
};

}  // namespace

std::span<const Case> transport_tls() { return kCases; }

}  // namespace electiond::kit
