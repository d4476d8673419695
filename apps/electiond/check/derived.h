// The values that follow from others, for --print-config.
#pragma once

#include <optional>

#include "assembly.h"
#include "settings/settings.h"

namespace electiond {

// A copy of `settings` whose merged values also hold what follows from them where the file is
// silent, each with its origin: cluster.bootstrap, transport.advertise, plugins.directories.
// Printed, they load again with the same meaning. `plugins`: the plugins, made and completed; null
// if that could not be done, and then cluster.bootstrap stays out.
[[nodiscard]] Settings with_derived(const Settings& settings, const LoadedPlugins* plugins);

}  // namespace electiond
