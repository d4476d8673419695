// A discovery that does what it should: it knows whom its options name.
#include <electiond/plugin.h>

namespace {

using namespace electiond;

class GoodDiscovery : public Discovery {
  public:
    explicit GoodDiscovery(const PluginSetup& setup)
        : peer_{NodeId(setup.options.text("peer", setup.node_id)), {}, {}, setup.cluster} {}

    void announce(const Peer&, std::stop_token) override {}
    std::vector<Peer> poll(std::stop_token) override { return {peer_}; }
    void withdraw(std::stop_token) noexcept override {}

  private:
    Peer peer_;
};

}  // namespace

ELECTIOND_DISCOVERY_PLUGIN(GUEST_NAME, "1.5 (a test)", GoodDiscovery);
