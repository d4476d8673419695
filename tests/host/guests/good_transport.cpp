// A transport that does what it should, to nobody: every request is unreachable.
#include <electiond/plugin.h>

namespace {

using namespace electiond;

class GoodTransport : public Transport {
  public:
    explicit GoodTransport(const PluginSetup&) {}

    Endpoint start(Inbox&) override { return {"127.0.0.1", 4001}; }
    void send(const Endpoint&, Request, std::chrono::milliseconds,
              OnResponse reply) noexcept override {
        reply({Response::Kind::unreachable, "nobody is there"});
    }
    void stop() noexcept override {}
};

}  // namespace

ELECTIOND_TRANSPORT_PLUGIN(GUEST_NAME, "2.0", GoodTransport);
