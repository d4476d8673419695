// A discovery with an ability that the interface of a discovery does not know.
#include <electiond/plugin.h>

#include "ability.h"

namespace {

using namespace electiond;

class AbleDiscovery final : public Discovery, public Ability {
  public:
    explicit AbleDiscovery(const PluginSetup&) {}

    void announce(const Peer&, std::stop_token) override {}
    std::vector<Peer> poll(std::stop_token) override { return {}; }
    void withdraw(std::stop_token) noexcept override {}

    [[nodiscard]] int number() const override { return 7; }
};

}  // namespace

ELECTIOND_DISCOVERY_PLUGIN(GUEST_NAME, "1.0", AbleDiscovery);
