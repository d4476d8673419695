// The discovery `multicast`: the nodes of a network segment announce themselves to each other.
#include <algorithm>
#include <optional>

#include <electiond/plugin.h>

#include "common/other_clusters.h"
#include "common/peer_json.h"
#include "common/seldom.h"
#include "multicast/channel.h"
#include "multicast/check.h"
#include "multicast/datagram.h"
#include "multicast/neighbours.h"

namespace electiond::discovery {
namespace {

using Clock = std::chrono::steady_clock;

// Six datagrams before the other nodes forget this one: some may be lost.
constexpr std::chrono::seconds kRepeatEvery = Neighbours::kForgetAfter / 6;
constexpr int kAsks = 4;            // by a node that has just started; a datagram may get lost
constexpr int kReceivedMax = 1024;  // in one call, so that a flood cannot block the caller

Group read_group(Options& options) {
    Group group;
    const auto text = options.text("group", "239.255.74.0");
    const bool bare = text.find('%') == std::string::npos;  // the interface decides the scope
    if (!bare || !Poco::Net::IPAddress::tryParse(text, group.address) ||
        !group.address.isMulticast()) {
        options.wrong("group",
                      "a multicast address, as in 239.255.74.0 (224.0.0.0 to 239.255.255.255) or "
                      "ff02::7402");
    }
    group.port = static_cast<std::uint16_t>(options.integer("port", 1, 65535, 7402));
    if (!options.has("interface")) {
        options.missing("interface",
                        "name one, as in eth0, or lo for one host: without it datagrams leave by "
                        "the default route, wherever that leads");
    }
    group.interface = options.text("interface", {});
    const bool odd = std::ranges::any_of(group.interface,
                                         [](char c) { return c <= ' ' || c == '/' || c == 0x7f; });
    if (odd || group.interface.size() > 15)
        options.wrong("interface", "the name of an interface, as in eth0 or lo");
    group.ttl = static_cast<int>(options.integer("ttl", 0, 255, 1));
    return group;
}

// One thread at a time, as the host calls; has none of its own. Each call receives the datagrams
// since the last call and sends those that are due. A node that starts sends `ask`, which the
// others answer at their next call; later each node repeats `here` every kRepeatEvery.
class Multicast final : public Discovery {
  public:
    explicit Multicast(const PluginSetup& setup)
        : cluster_(setup.cluster),
          log_(setup.log),
          group_(read_group(setup.options)),
          others_(setup.cluster) {}

    // No call blocks: the socket is non-blocking, and one call reads a bounded number of messages.
    void announce(const Peer& self, std::stop_token) override {
        if (self_ != self) {
            require_readable(self);
            here_ = encode({.kind = Datagram::Kind::here, .cluster = cluster_, .node = self});
            self_ = self;
            due_ = Clock::now();
        }
        exchange();
    }

    [[nodiscard]] std::vector<Peer> poll(std::stop_token) override {
        const bool asked = asks_left_ == 0;  // the other nodes have had time to answer
        exchange();
        auto peers = neighbours_.known(Clock::now());
        if (asked) {
            for (const auto& warning :
                 others_.due(peers, self_, "the multicast group " + group_.to_string()))
                log_.warning(warning);
        }
        return peers;
    }

    [[nodiscard]] std::vector<Finding> check(const Peer&, std::stop_token) const override {
        return check_interface(group_);
    }

    void withdraw(std::stop_token) noexcept override {
        try {
            const auto self = std::exchange(self_, std::nullopt);
            if (!self || !channel_) return;
            channel_->send(
                encode({.kind = Datagram::Kind::bye, .cluster = cluster_, .node = *self}));
        } catch (const std::exception& error) {
            log_.warning(std::string("other nodes keep this node's entry for a while: ") +
                         error.what());
        }
    }

  private:
    void exchange() {
        open();
        const auto now = Clock::now();
        hear(now);
        if (asks_left_ > 0) {
            channel_->send(encode({.kind = Datagram::Kind::ask, .cluster = cluster_, .node = {}}));
            --asks_left_;
        }
        if (self_ && now >= due_) {
            channel_->send(here_);
            due_ = now + kRepeatEvery;
        }
    }

    void open() {
        if (channel_ && channel_->stands()) return;
        channel_.reset();
        channel_.emplace(group_);
        asks_left_ = kAsks;
        due_ = Clock::now();
        if (const auto times = openings_.count(Clock::now())) {
            log_.info("listens for other nodes" + repeated(*times),
                      {{"group", group_.to_string()}});
        }
    }

    void hear(Clock::time_point now) {
        for (int count = 0; count < kReceivedMax; ++count) {
            const auto bytes = channel_->receive(Datagram::kSizeMax);
            if (!bytes) return;
            const auto datagram = decode(*bytes);
            if (!datagram) continue;
            if (datagram->cluster != cluster_) {
                if (datagram->kind == Datagram::Kind::here)
                    others_.saw(datagram->cluster, datagram->node);
                continue;
            }
            if (datagram->kind == Datagram::Kind::ask) {
                due_ = now;
            } else {
                neighbours_.hear(*datagram, now);
            }
        }
    }

    std::string cluster_;
    Log log_;
    Group group_;
    std::optional<Channel> channel_;  // opened by the first call
    Neighbours neighbours_;
    OtherClusters others_;
    std::optional<Peer> self_;
    std::string here_;         // self_, encoded
    Clock::time_point due_{};  // when to send here_
    int asks_left_ = kAsks;
    Seldom openings_;  // of the channel: an interface may come and go
};

}  // namespace
}  // namespace electiond::discovery

ELECTIOND_DISCOVERY_PLUGIN("multicast", "0.1.0", electiond::discovery::Multicast);
