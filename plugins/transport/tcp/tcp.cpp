// The tcp transport plugin.
#include <memory>

#include <electiond/plugin.h>

#include "common/stream_transport.h"
#include "tcp/frame_dialect.h"

namespace {

using namespace electiond;

class Tcp : public transport::StreamTransport {
  public:
    explicit Tcp(const PluginSetup& setup)
        : StreamTransport(setup, std::make_unique<transport::FrameDialect>(setup.limits)) {}
};

}  // namespace

ELECTIOND_TRANSPORT_PLUGIN("tcp", "1.0", Tcp);
