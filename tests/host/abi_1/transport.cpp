// A transport as it was written for ABI 1, the headers beside it.
#include <cstdlib>

#include <electiond/plugin.h>

namespace {

using namespace electiond;

class OldTransport : public Transport {
  public:
    // A host that calls it has trusted too early.
    explicit OldTransport(const PluginSetup&) { std::abort(); }

    Endpoint start(Inbox&) override { return {"127.0.0.1", 4001}; }
    void send(const Endpoint&, Request, std::chrono::milliseconds,
              OnReply reply) noexcept override {
        reply({Answer::Kind::unreachable, "nobody is there"});
    }
    void stop() noexcept override {}
};

}  // namespace

ELECTIOND_TRANSPORT_PLUGIN(GUEST_NAME, "1.0", OldTransport);
