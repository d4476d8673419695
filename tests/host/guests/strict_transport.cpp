// A transport that says it keeps limits and can authenticate, and logs what it was told to keep.
#include <electiond/plugin.h>

namespace {

using namespace electiond;

class StrictTransport : public Transport {
  public:
    explicit StrictTransport(const PluginSetup& setup) {
        setup.log.info("strict transport", {{"connections", setup.limits.connections},
                                            {"cert", setup.tls ? setup.tls->cert.string() : ""}});
    }

    Endpoint start(Inbox&) override { return {"127.0.0.1", 4001}; }
    void send(const Endpoint&, Request, std::chrono::milliseconds,
              OnResponse reply) noexcept override {
        reply({Response::Kind::unreachable, "nobody is there"});
    }
    bool keeps_limits() const noexcept override { return true; }
    bool can_authenticate() const noexcept override { return true; }
    void stop() noexcept override {}
};

}  // namespace

ELECTIOND_TRANSPORT_PLUGIN(GUEST_NAME, "2.0", StrictTransport);
