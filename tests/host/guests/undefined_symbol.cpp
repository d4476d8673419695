// A guest that was linked without a function it calls.
#include <electiond/plugin.h>

void nobody_has_written_this();

namespace {

using namespace electiond;

class Unlinked : public Discovery {
  public:
    explicit Unlinked(const PluginSetup&) { nobody_has_written_this(); }

    void announce(const Peer&, std::stop_token) override {}
    std::vector<Peer> poll(std::stop_token) override { return {}; }
    void withdraw(std::stop_token) noexcept override {}
};

}  // namespace

ELECTIOND_DISCOVERY_PLUGIN(GUEST_NAME, "1.0", Unlinked);
