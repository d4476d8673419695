// electionctl plugin new: writes a project for a new plugin that builds and passes the kit.
#pragma once

#include <iosfwd>

#include "electionctl/plugin_arguments.h"

namespace electiond::ctl {

// Creates the folder, which must be missing or empty, with NAME.cpp, CMakeLists.txt and README.md,
// and prints what to do next. Throws Error: `refused` if the folder has files, `disk` if a file
// cannot be written.
[[nodiscard]] int new_plugin(const PluginArguments& arguments, std::ostream& out);

}  // namespace electiond::ctl
