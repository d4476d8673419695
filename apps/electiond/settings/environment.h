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
    std::string names;  // the variables in the text: "HOME, PORT"; empty if there are none
};

// Fills ${NAME} and ${NAME:-default} from `env`; $${NAME} becomes the text ${NAME}. The default
// also applies if NAME is set but empty. A variable that is missing, or a wrong form, is a fault of
// `key` at `where`.
[[nodiscard]] Expanded expand(const std::string& text, const Environment& env,
                              const std::string& where, const std::string& key, Faults& faults);

}  // namespace electiond
