// Finds the nodes by one look-up: from names to peers.
#include "dns/finder.h"

#include <algorithm>
#include <utility>

#include <electiond/wording.h>

namespace electiond::discovery {
namespace {

// Adds a node with these addresses, except those that another node already has.
void add_peer(std::vector<Endpoint> addresses, Found& found) {
    std::erase_if(addresses, [&](const Endpoint& address) {
        return std::ranges::any_of(found.peers, [&](const Peer& peer) {
            return std::ranges::find(peer.addresses, address) != peer.addresses.end();
        });
    });
    if (addresses.empty()) return;
    found.peers.push_back({.id = {}, .uuid = {}, .addresses = std::move(addresses), .api = {}});
}

void count_ttl(const Records& records, Found& found) {
    if (!records.empty()) found.ttl = std::min(found.ttl.value_or(records.ttl), records.ttl);
}

}  // namespace

Found Finder::find(const Peer& self, const std::stop_token& stop) {
    Found found;
    deadline_ = Client::Clock::now() + settings_.timeout;
    answers_.clear();
    const auto own = own_questions(self);
    if (settings_.srv.empty()) {
        find_hosts(found, own, stop);
    } else {
        find_services(found, own, stop);
    }
    // Forget the answers to questions that are no longer asked.
    std::erase_if(known_, [&](const auto& each) { return !answers_.contains(each.first); });
    if (found.peers.empty() && found.none.empty()) {
        if (!found.troubles.empty()) throw failure(found.troubles.front());
        found.none =
            (settings_.srv.empty() ? settings_.host : settings_.srv) + " has no usable record";
    }
    leave_out(self, found);
    return found;
}

// Does not repeat questions that this look-up has answers to: a failure would replace the answer.
void Finder::ask(std::set<Question> questions, const std::stop_token& stop) {
    std::erase_if(questions, [this](const Question& question) {
        const auto answer = answers_.find(question);
        return answer != answers_.end() && answer->second.records;
    });
    if (questions.empty()) return;
    for (auto& [question, answer] : client_.ask(questions, deadline_, stop)) {
        answers_[question] = std::move(answer);
    }
}

// Each address of the name is a node.
void Finder::find_hosts(Found& found, const std::set<Question>& own, const std::stop_token& stop) {
    const auto questions = addresses_questions(settings_.host);
    auto all = questions;
    all.insert(own.begin(), own.end());
    ask(all, stop);
    require_any(questions);
    for (const auto& address : addresses_of(settings_.host, settings_.port, found)) {
        add_peer({address}, found);
    }
    if (std::ranges::all_of(questions, [&](const Question& question) {
            const auto& records = answers_.at(question).records;
            return records && !records->name_exists;
        })) {
        found.none = settings_.host + " does not exist (NXDOMAIN)";
    }
}

// Each target of a record is a node. Priority and weight are ignored: all nodes are used.
void Finder::find_services(Found& found, const std::set<Question>& own,
                           const std::stop_token& stop) {
    const Question asked{settings_.srv, RecordType::srv};
    auto all = own;
    all.insert(asked);
    ask(all, stop);
    require_any({asked});
    const auto& records = *records_of(asked, found);
    count_ttl(records, found);
    if (!records.name_exists) found.none = settings_.srv + " does not exist (NXDOMAIN)";
    std::vector<Service> services;
    std::set<Question> questions;
    for (const auto& service : records.services) {
        if (is_dns_name(service.target)) {
            services.push_back(service);
            questions.merge(addresses_questions(service.target));
        } else {
            found.troubles.push_back(asked.to_string() + ": a record has the target " +
                                     in_quotes(service.target) + ", which is no host name");
        }
    }
    ask(questions, stop);
    require_any(questions);
    for (const auto& service : services) {
        add_peer(addresses_of(service.target, service.port, found), found);
    }
}

// Throws if no record was found and a question got no answer: "no node" would be a guess.
void Finder::require_any(const std::set<Question>& questions) const {
    std::string trouble;
    for (const auto& question : questions) {
        const auto& answer = answers_.at(question);
        if (answer.records && !answer.records->empty()) return;
        if (!answer.records && trouble.empty()) {
            trouble = question.to_string() + ": " + answer.fault;
        }
    }
    if (!trouble.empty()) throw failure(trouble);
}

Error Finder::failure(const std::string& trouble) const {
    return Error("discovery dns cannot look up " + trouble +
                     "; check these servers, or correct the keys servers and " + key(),
                 Error::unavailable);
}

std::set<Question> Finder::addresses_questions(const std::string& name) const {
    std::set<Question> questions;
    if (settings_.ipv4) questions.insert({name, RecordType::a});
    if (settings_.ipv6) questions.insert({name, RecordType::aaaa});
    return questions;
}

// If this node announces a name, the answers contain its addresses: asks which they are.
std::set<Question> Finder::own_questions(const Peer& self) const {
    std::set<Question> questions;
    for (const auto& address : self.addresses) {
        if (is_dns_name(address.host)) {
            questions.merge(addresses_questions(normal_name(address.host)));
        }
    }
    return questions;
}

// The answer of this look-up. If there is none, adds a trouble and returns the last answer, or
// nullptr if there never was one.
const Records* Finder::records_of(const Question& question, Found& found) {
    const auto& answer = answers_.at(question);
    if (answer.records) return &(known_[question] = *answer.records);
    found.troubles.push_back(question.to_string() + ": " + answer.fault);
    const auto last = known_.find(question);
    return last == known_.end() ? nullptr : &last->second;
}

// IPv4 first.
std::vector<Endpoint> Finder::addresses_of(const std::string& name, std::uint16_t port,
                                           Found& found) {
    std::vector<Endpoint> addresses;
    for (const auto& question : addresses_questions(name)) {
        const auto* records = records_of(question, found);
        if (records == nullptr) continue;
        count_ttl(*records, found);
        for (const auto& address : records->addresses) addresses.push_back({address, port});
    }
    return addresses;
}

// Removes the peers that have an address which this node announces, by itself or by a name.
void Finder::leave_out(const Peer& self, Found& found) const {
    std::set<Endpoint> own;
    for (const auto& address : self.addresses) {
        if (const auto literal = canonical_address(address.host)) {
            own.insert({*literal, address.port});
        }
        for (const auto& question : addresses_questions(normal_name(address.host))) {
            const auto answer = answers_.find(question);
            if (answer == answers_.end() || !answer->second.records) continue;
            for (const auto& each : answer->second.records->addresses) {
                own.insert({each, address.port});
            }
        }
    }
    std::erase_if(found.peers, [&](const Peer& peer) {
        return std::ranges::any_of(peer.addresses,
                                   [&](const Endpoint& address) { return own.contains(address); });
    });
}

}  // namespace electiond::discovery
