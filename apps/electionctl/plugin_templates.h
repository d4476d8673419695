// The files of a new plugin, from config/sdk/templates/; @NAME@, @TYPE@ and @VERSION@ are
// placeholders. Compiled in, so that they always exist and belong to this version.
#pragma once

namespace electiond::ctl {

extern const char* const kDiscoveryTemplate;
extern const char* const kTransportTemplate;
extern const char* const kProjectTemplate;
extern const char* const kDiscoveryReadme;
extern const char* const kTransportReadme;

}  // namespace electiond::ctl
