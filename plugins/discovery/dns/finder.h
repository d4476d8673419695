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

// What one look-up has found.
struct Found {
    std::vector<Peer> peers{};                  // without ourselves; in the same order each time
    std::optional<std::chrono::seconds> ttl{};  // the least of all records used
    std::string none{};                         // why nobody is there, not even ourselves
    std::vector<std::string> troubles{};        // questions that got no answer, and why
};

// One thread.
class Finder {
  public:
    explicit Finder(DnsSettings settings)
        : settings_(std::move(settings)), client_(settings_.client) {}

    // Asks the servers, and for targets of SRV records once more. A question that got no answer is
    // replaced by its last one, if others got one. Throws Error if the servers do not say who is
    // there, or if a stop is requested.
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
    Client::Clock::time_point deadline_{};  // of the look-up under way …
    Answers answers_;                       // … and what it was answered
    std::map<Question, Records> known_;     // the last answer to each question
};

}  // namespace electiond::discovery
