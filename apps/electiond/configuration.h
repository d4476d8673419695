// Reads the configuration together with the files that it names.
#pragma once

#include <filesystem>

#include "settings/settings.h"

namespace electiond {

// The settings of `file` and of this process's environment, and everything that is wrong with them
// or with the certificates, the token and the mode of the data directory that they name. Throws
// Error if the file is no configuration at all. Changes nothing.
[[nodiscard]] Draft read_configuration(const std::filesystem::path& file);

// The same where nothing may be wrong. Throws one Error (code config) that lists every fault, a
// line each: those of the plugins, too, which are tried even if a section is wrong.
[[nodiscard]] Settings load_configuration(const std::filesystem::path& file);

// The settings alone: no certificate is looked at. Throws as load_configuration.
[[nodiscard]] Settings load_settings_alone(const std::filesystem::path& file);

}  // namespace electiond
