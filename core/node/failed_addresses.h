// Keeps, for each address, why the last request to it failed, as text for the operator.
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

// Keeps an address until the expected node answers there. Owned by Node, loop thread only.
class FailedAddresses {
  public:
    // The request got no response, or a refusal of the transport (kind is not ok).
    void failed(const Endpoint& address, const Response& answer);
    // A wrong node responded: "is of cluster x, not y".
    void wrong(const Endpoint& address, const std::string& what);
    void answered(const Endpoint& address) {
        if (!faults_.empty() && faults_.erase(address) > 0) ++revision_;
    }

    // "10.0.0.3:7401: connection refused"; of several failures the first few, separated by "; ";
    // empty if no request failed.
    [[nodiscard]] std::string why(const std::vector<Endpoint>& addresses) const;
    // The same for all addresses.
    [[nodiscard]] std::string why() const;
    // Rises whenever the result of why() may change.
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    void note(const Endpoint& address, std::string text);

    static constexpr std::size_t kFaultsMax = 1024;

    std::map<Endpoint, std::string> faults_;  // with the address
    std::uint64_t revision_ = 0;
};

// Fills in why the nodes that `change` names do not answer.
void explain(Change& change, const AddressBook& book, const FailedAddresses& faults);

}  // namespace electiond
