// One reader per section of the file: checks the values, stores them and adds faults.
#pragma once

#include <string>
#include <vector>

#include "settings/section.h"
#include "settings/settings.h"

namespace electiond {

using Warnings = std::vector<std::string>;

// Each reads its section into its part of `settings`. A wrong value is a fault; the part then holds
// the default (see Draft).
void read_node(Section& node, Settings& settings);
void read_cluster(Section& cluster, Settings& settings, Warnings& warnings);
void read_api(Section& api, Settings& settings, Warnings& warnings);
void read_transport(Section& transport, const Value* given, const std::filesystem::path& folder,
                    Settings& settings, Warnings& warnings);
// Reads one entry; `entry.path()` is "discovery[0]".
void read_discovery(Section& entry, const Value& given, const std::filesystem::path& folder,
                    Settings& settings);
// Reads the map `limits` of the section `api` or `transport`. The values in `limits` are the
// defaults; a count of connections of one kind is at most `connections`.
void read_limits(Section& section, ApiLimits& limits);
void read_limits(Section& section, Limits& limits);
// Reads the map `tls` of the section, if there is one. The files are not opened.
void read_tls(Section& api, Settings::Api& into);
void read_tls(Section& transport, Settings::Transport& into);
void read_plugins(Section& plugins, Settings& settings);
void read_election(Section& election, Settings& settings, Warnings& warnings);
void read_hooks(Section& hooks, Settings& settings, Warnings& warnings);
void read_log(Section& log, Settings& settings);

// The form of ids and names.
inline constexpr char kNameForm[] = "1 to 64 of the characters A-Z a-z 0-9 . _ -";
[[nodiscard]] bool is_name(const std::string& text);

}  // namespace electiond
