// The environment as the configuration sees it: a plain map, so that tests bring their own.
#pragma once

#include <map>
#include <string>

#include "settings/faults.h"

namespace electiond {

using Environment = std::map<std::string, std::string>;

// A copy of this process's environment. A reload calls it while threads run: environ has no lock,
// so nothing in electiond may change the environment.
[[nodiscard]] Environment process_environment();

// A text with its ${NAME} filled in.
struct Expanded {
    std::string text;
    std::string names;  // those that were asked for: "HOME, PORT"; empty where there was none
};

// Fills ${NAME} and ${NAME:-default} from `env`; $${NAME} stands for the four letters and braces
// themselves. The default also counts where NAME is set but empty. What cannot be filled is a fault
// at `where`, about `key`.
[[nodiscard]] Expanded expand(const std::string& text, const Environment& env,
                              const std::string& where, const std::string& key, Faults& faults);

}  // namespace electiond
