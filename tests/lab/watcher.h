// The watcher: asks every node repeatedly which node leads, over a network without faults.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "judge.h"

namespace electiond::lab {

// One thread per node, so that a node that does not answer does not delay the requests to others.
// They ask from the network namespace of the thread that makes the watcher. All calls are for any
// thread.
class Watcher {
  public:
    struct Place {
        int node;
        std::string host;
        std::uint16_t port;
    };
    Watcher(const std::vector<Place>& places, Milliseconds every);

    [[nodiscard]] std::optional<Look> newest(int node) const;
    // How many changes of a term, or of leading, it has seen at any node.
    [[nodiscard]] std::size_t changes() const;
    [[nodiscard]] std::size_t looks() const;
    [[nodiscard]] std::map<Token, Lead> leads() const;
    [[nodiscard]] std::vector<std::string> faults() const;

  private:
    void watch(const std::stop_token& stop, const Place& place, Milliseconds every);
    void note(const Look& look);

    mutable std::mutex mutex_;
    Judge judge_;
    std::map<int, Look> newest_;
    std::size_t changes_ = 0, looks_ = 0;
    std::vector<std::jthread> threads_;
};

}  // namespace electiond::lab
