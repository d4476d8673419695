// The files of a new plugin, as config/sdk/templates/ has them; @NAME@, @TYPE@ and @VERSION@ are
// to be filled in. Compiled in, so that they are always there, and always of this version.
#pragma once

namespace electiond::ctl {

extern const char* const kDiscoveryTemplate;
extern const char* const kTransportTemplate;
extern const char* const kProjectTemplate;
extern const char* const kDiscoveryReadme;
extern const char* const kTransportReadme;

}  // namespace electiond::ctl
