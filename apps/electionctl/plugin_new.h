// electionctl plugin new: writes the project of a new plugin, which builds and passes the kit.
#pragma once

#include <iosfwd>

#include "electionctl/plugin_arguments.h"

namespace electiond::ctl {

// Makes the folder, which must not exist or be empty, with NAME.cpp, CMakeLists.txt and README.md,
// and prints what to do next. Throws Error: `refused` if the folder has files, `disk` if a file
// cannot be written.
[[nodiscard]] int new_plugin(const PluginArguments& arguments, std::ostream& out);

}  // namespace electiond::ctl
