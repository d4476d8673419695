// A discovery with options of several types; or, if the build says so, with one that is not its
// own.
#include <electiond/plugin.h>

namespace {

using namespace electiond;

class Guest : public Discovery {
  public:
    explicit Guest(const PluginSetup& setup) {
        auto& options = setup.options;
#ifdef GUEST_GREEDY
        (void)options.text("name");
#else
        const auto server = options.text("server");
        (void)options.text("group");
        (void)options.integer("port", 1, 65535, 7402);
        (void)options.duration("wait", std::chrono::seconds(1));
        (void)options.flag("loud", false);
        if (server.empty()) throw Error("cannot connect to \"\"");
        if (server == "down") throw Error("it is down");
#endif
    }

    void announce(const Peer&, std::stop_token) override {}
    std::vector<Peer> poll(std::stop_token) override { return {}; }
    void withdraw(std::stop_token) noexcept override {}
};

}  // namespace

ELECTIOND_DISCOVERY_PLUGIN(GUEST_NAME, "1.0", Guest);
