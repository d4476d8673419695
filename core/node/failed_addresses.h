// Why an address does not answer as it should: for people.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <electiond/peer.h>
#include <electiond/transport.h>

#include "election/change.h"
#include "node/address_book.h"

namespace electiond {

// How the newest request to each address ended, where that was no proper answer of the node that it
// was meant for. Owned by Node, loop thread only.
class FailedAddresses {
  public:
    // No message came back.
    void failed(const Endpoint& address, const Answer& answer);
    // Something else is wrong there: "is of cluster x, not y".
    void wrong(const Endpoint& address, const std::string& what);
    void answered(const Endpoint& address) {
        if (!faults_.empty() && faults_.erase(address) > 0) ++revision_;
    }

    // "10.0.0.3:7401: connection refused", of several the first few, "; " between them; empty where
    // nothing failed.
    [[nodiscard]] std::string why(const std::vector<Endpoint>& addresses) const;
    // Of all addresses.
    [[nodiscard]] std::string why() const;
    // Moves with everything that why() may say.
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    void note(const Endpoint& address, std::string text);

    static constexpr std::size_t kFaultsMax = 1024;

    std::map<Endpoint, std::string> faults_;  // whole sentences
    std::uint64_t revision_ = 0;
};

// Adds to a change why the nodes that it names do not answer.
void explain(Change& change, const AddressBook& book, const FailedAddresses& faults);

}  // namespace electiond
