// What nodes that start wait for, as their logs at level debug tell it.
#include "phases.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>

#include "bench.h"

namespace electiond::cluster {
namespace {

using std::chrono::system_clock;

constexpr double kDay = 24.0 * 3600 * 1000;

// The time of day in ms.
double time_of_day(system_clock::time_point time) {
    const auto since = time.time_since_epoch() % std::chrono::hours(24);
    return std::chrono::duration<double, std::milli>(since).count();
}

// The same of a line, as in "2026-11-24T20:48:47.523104Z info …".
std::optional<double> time_of_day(const std::string& line) {
    int hour = 0;
    int minute = 0;
    double second = 0;
    if (std::sscanf(line.c_str(), "%*d-%*d-%*dT%d:%d:%lfZ", &hour, &minute, &second) != 3) {
        return std::nullopt;
    }
    return (hour * 3600 + minute * 60 + second) * 1000;
}

}  // namespace

const std::vector<std::string>& phase_names(bool restart) {
    static const std::vector<std::string> fresh = {
        "exec to configuration read", "plugins tried and loaded", "data directory ready",
        "ports bound, takes part",    "all have founded",         "first node leads",
        "all name the leader"};
    static const std::vector<std::string> again = {
        "exec to configuration read", "plugins tried and loaded", "data directory ready",
        "ports bound, takes part",    "first node campaigns",     "first node leads",
        "all name the leader"};
    return restart ? again : fresh;
}

Phases::Phases(const LocalCluster& cluster, bool restart)
    : cluster_(cluster), restart_(restart), began_(system_clock::now()) {
    for (int node = 1; node <= cluster.plan().nodes; ++node) {
        std::error_code none;
        const auto size = std::filesystem::file_size(cluster.log(node), none);
        sizes_.push_back(none ? 0 : size);
    }
}

std::vector<Phases::Line> Phases::lines(int node) const {
    std::ifstream log(cluster_.log(node));
    log.seekg(static_cast<std::streamoff>(sizes_[static_cast<std::size_t>(node) - 1]));
    std::vector<Line> found;
    for (std::string text; std::getline(log, text);) {
        const auto at = time_of_day(text);
        if (!at) continue;
        const double since = *at - time_of_day(began_);
        found.push_back({since < -kDay / 2 ? since + kDay : since, text});
    }
    return found;
}

std::vector<std::vector<double>> Phases::read() const {
    std::vector<std::vector<double>> phases(phase_names(restart_).size());
    const auto complete = [&] {
        for (auto& phase : phases) phase.clear();
        double together = 0;
        std::vector<double> founded, campaigns, leads, named;
        for (int node = 1; node <= cluster_.plan().nodes; ++node) {
            const auto all = lines(node);
            const auto of = [&](const char* words) {
                const auto has = [&](const Line& line) {
                    return line.text.find(words) != std::string::npos;
                };
                const auto at = std::ranges::find_if(all, has);
                return at == all.end() ? std::nullopt : std::optional(at->at);
            };
            const auto last_of = [&](const char* words) {
                std::optional<double> last;
                for (const auto& line : all) {
                    if (line.text.find(words) != std::string::npos) last = line.at;
                }
                return last;
            };
            const std::optional<double> own[] = {
                0.0, of("the configuration is read"), last_of("plugin loaded"),
                of("the data directory is ready"), of(" takes part")};
            for (std::size_t i = 1; i < std::size(own); ++i) {
                if (!own[i - 1] || !own[i]) return false;
                phases[i - 1].push_back(*own[i] - *own[i - 1]);
            }
            together = std::max(together, *own[4]);
            if (const auto at = of(" is now CANDIDATE")) campaigns.push_back(*at);
            if (const auto at = of(" is now LEADER")) leads.push_back(*at);
            if (const auto at = of(" voters, quorum ")) founded.push_back(*at);
            if (const auto at = of(" leads leader=")) named.push_back(*at);
        }
        const auto nodes = static_cast<std::size_t>(cluster_.plan().nodes);
        const auto& prepared = restart_ ? campaigns : founded;
        if (prepared.empty() || leads.empty() || named.size() < nodes) return false;
        if (!restart_ && founded.size() < nodes) return false;
        const double ready = restart_ ? std::ranges::min(campaigns) : std::ranges::max(founded);
        const double led = std::ranges::min(leads);
        phases[4].push_back(ready - together);
        phases[5].push_back(led - ready);
        phases[6].push_back(std::ranges::max(named) - led);
        return true;
    };
    if (!wait_until(complete)) give_up(cluster_, "the logs do not tell the phases");
    return phases;
}

}  // namespace electiond::cluster
