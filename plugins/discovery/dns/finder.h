// Finds the nodes by one look-up: from names to peers.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <electiond/error.h>
#include <electiond/peer.h>

#include "dns/client.h"
#include "dns/message.h"
#include "dns/settings.h"

namespace electiond::discovery {

// The result of one look-up.
struct Found {
    std::vector<Peer> peers{};                  // without this node; in the same order each time
    std::optional<std::chrono::seconds> ttl{};  // the shortest of all records used
    std::string none{};                         // why there is no node, not even this one
    std::vector<std::string> troubles{};        // questions that got no answer, and why
};

// One thread.
class Finder {
  public:
    explicit Finder(DnsSettings settings)
        : settings_(std::move(settings)), client_(settings_.client) {}

    // Asks the servers; for SRV, then asks for the addresses of the targets. If only some questions
    // are answered, the last answers to the others are used. Throws Error if the answers do not
    // show whether there are nodes, or if a stop is requested.
    [[nodiscard]] Found find(const Peer& self, const std::stop_token& stop);

    [[nodiscard]] const DnsSettings& settings() const { return settings_; }
    [[nodiscard]] std::string key() const { return settings_.srv.empty() ? "host" : "srv"; }

  private:
    void ask(std::set<Question> questions, const std::stop_token& stop);
    void find_hosts(Found& found, const std::set<Question>& own, const std::stop_token& stop);
    void find_services(Found& found, const std::set<Question>& own, const std::stop_token& stop);
    void require_any(const std::set<Question>& questions) const;
    [[nodiscard]] Error failure(const std::string& trouble) const;
    [[nodiscard]] std::set<Question> addresses_questions(const std::string& name) const;
    [[nodiscard]] std::set<Question> own_questions(const Peer& self) const;
    const Records* records_of(const Question& question, Found& found);
    [[nodiscard]] std::vector<Endpoint> addresses_of(const std::string& name, std::uint16_t port,
                                                     Found& found);
    void leave_out(const Peer& self, Found& found) const;

    DnsSettings settings_;
    Client client_;
    Client::Clock::time_point deadline_{};  // of the look-up under way
    Answers answers_;                       // answers of the look-up under way
    std::map<Question, Records> known_;     // the last answer to each question
};

}  // namespace electiond::discovery
