// A guest that was linked without a function it calls.
#include <electiond/plugin.h>

void nobody_has_written_this();

namespace {

using namespace electiond;

class Unlinked : public Discovery {
  public:
    explicit Unlinked(const PluginSetup&) { nobody_has_written_this(); }

    void announce(const Peer&) override {}
    std::vector<Peer> poll() override { return {}; }
    void withdraw() noexcept override {}
};

}  // namespace

ELECTIOND_DISCOVERY_PLUGIN(GUEST_NAME, "1.0", Unlinked);
