// Reads the configuration together with the files that it names.
#include "configuration.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "assembly.h"
#include "certificate_files.h"
#include "settings/faults.h"
#include "storage/data_dir.h"

namespace electiond {
namespace {

// Checks the files that the settings name, and adds their faults and warnings to `draft`.
void review_files(Draft& draft) {
    auto& settings = draft.settings;
    auto review = review_certificates(
        settings, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    std::ranges::move(review.faults, std::back_inserter(draft.faults));
    std::ranges::move(review.warnings, std::back_inserter(settings.warnings));
    if (settings.node.data_dir.empty()) return;
    try {
        auto warning = check_access(settings.node.data_dir);
        if (!warning.empty()) settings.warnings.push_back(std::move(warning));
    } catch (const Error& error) {
        draft.faults.emplace_back(error.what());
    }
}

Settings without_fault(Draft draft) {
    if (!draft.faults.empty()) {
        PluginHost host(plugin_directories(draft.settings), own_program(), Log{});
        for (auto& fault : plugin_faults(host, draft.settings)) {
            draft.faults.push_back(std::move(fault));
        }
        throw_if_any(std::move(draft.faults), draft.settings.file);
    }
    return std::move(draft.settings);
}

}  // namespace

Draft read_configuration(const ConfigSource& source) {
    auto draft = read_settings(source, process_environment());
    review_files(draft);
    return draft;
}

Settings load_configuration(const ConfigSource& source) {
    return without_fault(read_configuration(source));
}

Settings load_settings_alone(const ConfigSource& source) {
    return without_fault(read_settings(source, process_environment()));
}

}  // namespace electiond
