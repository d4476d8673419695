// Runs electiond-kit for `electionctl plugin`: finds the program, lists cases, runs one at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "electionctl/plugin_report.h"

namespace electiond::ctl {

// The program `electiond-kit`: `given`, else the one beside this program or of the same
// installation. Throws Error (unavailable) that lists where it was looked for.
[[nodiscard]] std::filesystem::path find_kit(const std::filesystem::path& given);

struct KitCase {
    std::string name{};
    std::string needs{};  // the case that must have passed before; may be empty
    std::string expected{};
};

// One thread at a time; each call runs a process of its own and waits for it.
class Kit {
  public:
    // `options` are passed to each case: --option, --config, --certificates.
    Kit(std::filesystem::path program, std::vector<std::string> options,
        std::chrono::milliseconds limit, bool verbose);

    // The cases of a kind. Throws Error (unavailable) if the program lists none.
    [[nodiscard]] std::vector<KitCase> cases_of(const std::string& kind) const;

    // The plugin in the file, as the daemon's probe reports it. If it does not load, `fault` is one
    // line.
    struct Probed {
        CheckedPlugin plugin{};
        std::string fault{};
    };
    [[nodiscard]] Probed probe(const std::filesystem::path& file) const;

    // Runs one case in `folder`, which is empty: in a process and a process group of its own, for
    // at most the limit. Throws UsageError if the kit does not take the options.
    [[nodiscard]] CaseOutcome run(const std::filesystem::path& file, const KitCase& chosen,
                                  const std::filesystem::path& folder) const;

  private:
    struct Finished;
    [[nodiscard]] Finished execute(std::vector<std::string> words) const;

    std::filesystem::path program_;
    std::vector<std::string> options_;
    std::chrono::milliseconds limit_;
    bool verbose_;
};

}  // namespace electiond::ctl
