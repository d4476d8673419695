// Keeps, for each address, why the last request to it failed, as text for the operator.
#include "node/failed_addresses.h"

#include <algorithm>
#include <utility>

#include "election/overloaded.h"

namespace electiond {
namespace {

constexpr std::size_t kTextMax = 200;
constexpr std::size_t kAddressesShown = 3;
constexpr const char* kNoAddress = "no address of it is known";

std::string cause(const Response& answer) {
    switch (answer.kind) {
        case Response::Kind::timed_out:
            return answer.body.empty() ? "no answer in time" : answer.body;
        case Response::Kind::unreachable:
            return answer.body.empty() ? "cannot be reached" : answer.body;
        case Response::Kind::busy:
            return "answers that it is too busy";
        default:
            return "what answers there is not electiond of this version";
    }
}

void add(std::string& text, std::size_t& shown, const std::string& fault) {
    if (shown++ < kAddressesShown) text += (text.empty() ? "" : "; ") + fault;
}

std::string why_silent(const std::vector<Endpoint>& addresses, const FailedAddresses& faults) {
    return addresses.empty() ? kNoAddress : faults.why(addresses);
}

// The addresses of the nodes with this id, as discovery or the nodes themselves report them.
std::vector<Endpoint> addresses_of(const NodeId& id, const AddressBook& book) {
    std::vector<Endpoint> addresses;
    for (const auto& peer : book.peers({})) {
        if (peer.id != id) continue;
        addresses.insert(addresses.end(), peer.addresses.begin(), peer.addresses.end());
    }
    return addresses;
}

}  // namespace

void FailedAddresses::failed(const Endpoint& address, const Response& answer) {
    const auto text = cause(answer);
    const auto where = address.to_string();
    const bool named = text.find(where) != std::string::npos;
    note(address, named ? text : where + ": " + text);
}

void FailedAddresses::wrong(const Endpoint& address, const std::string& what) {
    note(address, address.to_string() + " " + what);
}

void FailedAddresses::note(const Endpoint& address, std::string text) {
    text.resize(std::min({text.size(), kTextMax, text.find('\n')}));
    const auto at = faults_.find(address);
    if (at == faults_.end() && faults_.size() >= kFaultsMax) return;
    if (at != faults_.end() && at->second == text) return;
    faults_[address] = std::move(text);
    ++revision_;
}

std::string FailedAddresses::why(const std::vector<Endpoint>& addresses) const {
    std::string text;
    std::size_t shown = 0;
    for (const auto& address : addresses) {
        if (const auto at = faults_.find(address); at != faults_.end()) {
            add(text, shown, at->second);
        }
    }
    return text;
}

std::string FailedAddresses::why() const {
    std::string text;
    std::size_t shown = 0;
    for (const auto& [address, fault] : faults_) add(text, shown, fault);
    return text;
}

void explain(Change& change, const AddressBook& book, const FailedAddresses& faults) {
    const auto fill = [&](SilentVoter& silent) {
        if (silent.why.empty()) silent.why = why_silent(book.addresses_shown(silent.voter), faults);
    };
    const auto fill_all = [&](std::vector<SilentVoter>& all) { std::ranges::for_each(all, fill); };
    std::visit(overloaded{[&](VoterSilent& one) { fill(one.subject); },
                          [&](QuorumMissing& one) { fill_all(one.silent); },
                          [&](NobodyMayLead& one) { fill_all(one.silent); },
                          [&](FounderAwaited& one) {
                              if (!one.why.empty()) return;
                              one.why = one.id.empty()
                                            ? faults.why()
                                            : why_silent(addresses_of(one.id, book), faults);
                          },
                          [](auto&) {}},
               change);
}

}  // namespace electiond
