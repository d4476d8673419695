// The http transport plugin.
#include <memory>

#include <electiond/plugin.h>

#include "common/stream_transport.h"
#include "http/http_dialect.h"

namespace {

using namespace electiond;

class Http : public transport::StreamTransport {
  public:
    explicit Http(const PluginSetup& setup)
        : StreamTransport(setup, std::make_unique<transport::HttpDialect>(setup.limits)) {}
};

}  // namespace

ELECTIOND_TRANSPORT_PLUGIN("http", "1.0", Http);
