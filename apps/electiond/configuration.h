// Reads the configuration together with the files that it names.
#pragma once

#include "settings/settings.h"

namespace electiond {

// The settings of `source` and of this process's environment, with all faults: their own, and those
// of the certificates, the token and the mode of the data directory that they name. Throws Error if
// its file is not a configuration at all. Changes nothing.
[[nodiscard]] Draft read_configuration(const ConfigSource& source);

// As read_configuration, but throws one Error (code config) that lists all faults, one per line.
// These include faults of the plugins, which are tried even if a section has a fault.
[[nodiscard]] Settings load_configuration(const ConfigSource& source);

// The settings alone: reads no certificate. Throws as load_configuration.
[[nodiscard]] Settings load_settings_alone(const ConfigSource& source);

}  // namespace electiond
