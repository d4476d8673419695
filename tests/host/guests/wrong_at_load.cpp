// A guest that does something of its own while it is loaded: the build says what.
#include <electiond/plugin.h>
#include <unistd.h>

#include <cstdlib>

namespace {

using namespace electiond;

[[maybe_unused]] void hang() {
    for (;;) ::pause();
}

[[maybe_unused]] void leave() { ::_exit(0); }

[[maybe_unused]] void chatter() {
    std::puts("forged\t9.9\ttransport");
    std::fflush(stdout);
}

[[gnu::constructor]] void at_load() { GUEST_AT_LOAD(); }

class Guest : public Discovery {
  public:
    explicit Guest(const PluginSetup&) {}

    void announce(const Peer&, std::stop_token) override {}
    std::vector<Peer> poll(std::stop_token) override { return {}; }
    void withdraw(std::stop_token) noexcept override {}
};

}  // namespace

ELECTIOND_DISCOVERY_PLUGIN(GUEST_NAME, "1.0", Guest);
