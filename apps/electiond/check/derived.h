// Values that are derived from others, for --print-config.
#pragma once

#include <optional>

#include "assembly.h"
#include "settings/settings.h"

namespace electiond {

// A copy of `settings` whose merged values also have the derived ones that the file does not give,
// each with its origin: cluster.bootstrap, transport.advertise, plugins.directories. The printed
// result loads again with the same meaning. `plugins`: the plugins, made and completed; null if
// they could not be made: then cluster.bootstrap is left out.
[[nodiscard]] Settings with_derived(const Settings& settings, const LoadedPlugins* plugins);

}  // namespace electiond
