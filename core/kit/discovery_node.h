// A discovery as the cases use it: reports each call, which must not throw unless a case says so.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kit/trial.h"

namespace electiond::kit {

// Node `id` at 127.0.0.1:4000+number, its API at 3000+number.
[[nodiscard]] Peer peer(const std::string& id, int number);
// "n1 (127.0.0.1:4001)"
[[nodiscard]] std::string in_words(const Peer& peer);

// The same thread rule as Discovery. The calls throw Failed.
class DiscoveryNode {
  public:
    explicit DiscoveryNode(Trial& trial, const Setup& setup = {});
    DiscoveryNode(const DiscoveryNode&) = delete;
    DiscoveryNode& operator=(const DiscoveryNode&) = delete;
    ~DiscoveryNode() { destroy(); }

    void announce(const Peer& self);
    [[nodiscard]] std::vector<Peer> poll();
    void withdraw();
    [[nodiscard]] std::vector<Finding> check(const Peer& self);
    void destroy();  // the plugin's object; call nothing after this

    // The calls of an arbiter: nothing else in the kit makes them.
    [[nodiscard]] bool is_arbiter() const;
    [[nodiscard]] Claim claim(const Claim& mine, const std::string& cluster = kCluster);
    [[nodiscard]] Claim claim_or_throw(const Claim& mine, std::stop_token stop);
    void replace_claim(const Claim& mine, const std::string& cluster = kCluster);

    [[nodiscard]] bool knows(const Peer& peer);
    [[nodiscard]] bool knows_id(const std::string& id);

    [[nodiscard]] Discovery& object() { return *object_; }

  private:
    Trial& trial_;
    std::unique_ptr<Discovery> object_;
};

}  // namespace electiond::kit
