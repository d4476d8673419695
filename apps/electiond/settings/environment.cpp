// Takes values from the environment.
#include "settings/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace electiond {
namespace {

bool is_name(std::string_view text) {
    const auto word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
           std::all_of(text.begin(), text.end(), word);
}

// The value for the text between the braces.
std::string value_of(const std::string& inside, const Environment& env, const std::string& where,
                     const std::string& key, Faults& faults) {
    const auto dash = inside.find(":-");
    const std::string name = inside.substr(0, dash);
    if (!is_name(name) || inside.find("${") != std::string::npos) {
        faults.add(where, key + " holds ${" + inside +
                              "}, but must name a variable: ${NAME} or ${NAME:-default}; write "
                              "$${ for a dollar and a brace");
        return {};
    }
    const auto found = env.find(name);
    if (dash != std::string::npos) {
        return found != env.end() && !found->second.empty() ? found->second
                                                            : inside.substr(dash + 2);
    }
    if (found == env.end()) {
        faults.add(where, key + " needs the environment variable " + name +
                              ", which is not set; set it, or give a default: ${" + name +
                              ":-value}");
        return {};
    }
    return found->second;
}

}  // namespace

Environment process_environment() {
    Environment env;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view line(*entry);
        const auto equals = line.find('=');
        if (equals != std::string_view::npos) {
            env.emplace(line.substr(0, equals), line.substr(equals + 1));
        }
    }
    return env;
}

Expanded expand(const std::string& text, const Environment& env, const std::string& where,
                const std::string& key, Faults& faults) {
    Expanded result;
    for (std::size_t at = 0; at < text.size();) {
        const auto open = text.find("${", at);
        result.text += text.substr(at, open - at);
        if (open == std::string::npos) break;
        if (open > at && text[open - 1] == '$') {
            result.text += '{';
            at = open + 2;
            continue;
        }
        const auto close = text.find('}', open);
        if (close == std::string::npos) {
            faults.add(where, key +
                                  " opens ${ and never closes it; write ${NAME}, or $${ for a "
                                  "dollar and a brace");
            break;
        }
        const std::string inside = text.substr(open + 2, close - open - 2);
        result.text += value_of(inside, env, where, key, faults);
        result.names += (result.names.empty() ? "" : ", ") + inside.substr(0, inside.find(":-"));
        at = close + 1;
    }
    return result;
}

}  // namespace electiond
