// The simulated network: delays, loses, repeats and reorders messages between nodes, and cuts
// links.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <electiond/transport.h>

#include "election/random.h"
#include "support/schedule.h"
#include "support/transcript.h"

namespace electiond::sim {

// The faults of messages; requests and answers are treated separately. Chances are per mille.
struct Weather {
    Duration delay_min = std::chrono::microseconds(200);
    Duration delay_max = std::chrono::milliseconds(2);
    std::uint64_t loss = 0;
    std::uint64_t repeat = 0;  // a request arrives twice, an answer is reported twice
    std::uint64_t echo = 0;    // a request arrives once more, up to echo_max later
    Duration echo_max{0};
    std::uint64_t spike = 0;  // the message takes up to spike_max longer
    Duration spike_max{0};
};

// One message as it leaves a node, before the network has touched it.
struct Departure {
    std::size_t from = 0;
    std::string_view name;
    std::string_view body;
    const Request* answered = nullptr;  // of an answer: its request
};

class SimTransport;

// Nodes are known by their index, addresses as they are plugged in. Outlives all transports.
class SimNetwork {
  public:
    SimNetwork(Schedule& schedule, Transcript& transcript, Random random)
        : schedule_(schedule), transcript_(transcript), random_(random) {}

    // No message is delivered from `from` to `to` any more, except those under way.
    void cut(std::size_t from, std::size_t to) { cuts_.insert({from, to}); }
    void mend(std::size_t from, std::size_t to) { cuts_.erase({from, to}); }
    void mend_all() { cuts_.clear(); }
    [[nodiscard]] bool open(std::size_t from, std::size_t to) const {
        return cuts_.empty() || !cuts_.contains({from, to});
    }
    // Not silent: the machine refuses connections at once if no process listens. Silent: it does
    // not answer.
    void set_silent(std::size_t node, bool silent) {
        silent ? void(silent_.insert(node)) : void(silent_.erase(node));
    }

    [[nodiscard]] std::unique_ptr<SimTransport> plug(std::size_t node, const Endpoint& address);
    [[nodiscard]] std::uint64_t messages() const { return messages_; }
    // The names in the certificate of each node: one form or the other.
    [[nodiscard]] static std::vector<std::string> certificate_of(std::size_t node);

    Weather weather;
    std::function<void(const Departure&)> watch = [](const Departure&) {};
    // For impostors: may replace an answer that leaves `node`.
    std::function<void(std::size_t node, std::size_t asker, const Request& asked, Response& said)>
        falsify;
    // For scripts: loses messages for which it returns true.
    std::function<bool(std::size_t from, std::size_t to, std::string_view name)> swallow;

  private:
    friend class SimTransport;
    struct Leg {  // one exchange, as its request sees it
        std::size_t from = 0;
        std::uint64_t sender = 0;  // the transport's number
        std::uint64_t flight = 0;
        Endpoint to;
        Request request;
    };
    void carry(std::shared_ptr<const Leg> leg);
    void arrive(const std::shared_ptr<const Leg>& leg, std::size_t node);
    void answer(const std::shared_ptr<const Leg>& leg, std::size_t node, std::uint64_t answerer,
                Response answer);
    void finish(std::uint64_t sender, std::uint64_t flight, Response answer);
    // The delay of the message; nullopt if it is lost.
    [[nodiscard]] std::optional<Duration> way(std::size_t from, std::size_t to,
                                              std::string_view name, std::string& fate);

    Schedule& schedule_;
    Transcript& transcript_;
    Random random_;
    std::set<std::pair<std::size_t, std::size_t>> cuts_;
    std::set<std::size_t> silent_;
    std::map<Endpoint, std::size_t> owners_;                       // the last one of each address
    std::map<Endpoint, SimTransport*> listening_;                  // now
    std::unordered_map<std::uint64_t, SimTransport*> transports_;  // by number; never iterated
    std::uint64_t plugged_ = 0;
    std::uint64_t messages_ = 0;
};

// One process's socket. If it is destroyed without stop(), it disappears as in a crash, without
// notice.
class SimTransport : public Transport {
  public:
    SimTransport(SimNetwork& network, std::size_t node, Endpoint address, std::uint64_t number);
    ~SimTransport() override { vanish(); }
    SimTransport(const SimTransport&) = delete;
    SimTransport& operator=(const SimTransport&) = delete;

    Endpoint start(Inbox& inbox) override;
    void send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
              OnResponse on_response) noexcept override;
    void stop() noexcept override;

  private:
    friend class SimNetwork;
    void vanish();

    SimNetwork& network_;
    const std::size_t node_;
    const Endpoint address_;
    const std::uint64_t number_;
    const std::vector<std::string> names_;  // that its certificate proves
    Inbox* inbox_ = nullptr;
    std::uint64_t flights_ = 0;
    std::map<std::uint64_t, OnResponse> owed_;
};

}  // namespace electiond::sim
