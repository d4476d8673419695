// The addresses that got a hello and have not responded yet (protocol.md B6).
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include <electiond/peer.h>

#include "election/timing.h"

namespace electiond {

// A blank node joins no cluster while this contains an address that may still respond. Owned by
// Node, loop thread only. Bounded by the number of known addresses and of requests under way.
class OpenHellos {
  public:
    // An address whose last hello failed less than `grace` ago is not waited for.
    explicit OpenHellos(Duration grace) : grace_(grace) {}

    void sent(Instant now, const Endpoint& to);
    void answered(const Endpoint& by);
    // The hello was refused, or timed out, or the address is unreachable.
    void failed(Instant now, const Endpoint& by);

    // True if an address may still respond.
    [[nodiscard]] bool any(Instant now) const;

  private:
    struct Asked {
        std::size_t open = 0;  // requests that have neither been answered nor failed
        std::optional<Instant> failed_at{};
    };
    [[nodiscard]] bool failed_lately(const Asked& asked, Instant now) const {
        return asked.failed_at && now - *asked.failed_at < grace_;
    }

    const Duration grace_;
    std::map<Endpoint, Asked> asked_;
};

}  // namespace electiond
