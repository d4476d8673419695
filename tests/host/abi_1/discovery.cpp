// A discovery as it was written for ABI 1, the headers beside it.
#include <cstdlib>

#include <electiond/plugin.h>

namespace {

using namespace electiond;

class OldDiscovery : public Discovery {
  public:
    // A host that calls it has trusted too early.
    explicit OldDiscovery(const PluginSetup& setup) : cluster_(setup.cluster) {
        setup.options.accept_only({"plugin"});
        std::abort();
    }

    void announce(const Peer&) override {}
    std::vector<Peer> poll() override { return {}; }
    void withdraw() noexcept override {}

  private:
    std::string cluster_;
};

}  // namespace

ELECTIOND_DISCOVERY_PLUGIN(GUEST_NAME, "1.0", OldDiscovery);
