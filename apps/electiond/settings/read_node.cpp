// Reads the sections `node`, `cluster` and `log`.
#include <algorithm>
#include <set>

#include "settings/read_sections.h"

namespace electiond {
namespace {

constexpr std::int64_t kVotersMax = 63;

std::optional<Bootstrap> read_bootstrap(Section& cluster) {
    if (!cluster.has("bootstrap")) return std::nullopt;
    return cluster.choice<Bootstrap>(
        "bootstrap", "claim",
        {{"claim", Bootstrap::claim}, {"all", Bootstrap::all}, {"join", Bootstrap::join}});
}

void read_voters(Section& cluster, Settings& settings) {
    std::set<std::string> seen;
    for (const auto& id : cluster.texts("voters")) {
        if (!is_name(id)) {
            cluster.fault("voters", "holds " + in_quotes(id) + ", but an id is " + kNameForm);
        } else if (!seen.insert(id).second) {
            cluster.fault("voters", "names " + in_quotes(id) + " twice; name each id once");
        }
        settings.cluster.voters.emplace_back(id);
    }
    const auto* given = cluster.find("voters");
    if (given != nullptr && given->kind == Value::Kind::list && given->list.empty()) {
        cluster.fault("voters", "is empty; name the ids that found the cluster, or leave it out");
    }
    if (seen.size() > kVotersMax) {
        cluster.fault("voters", "names " + std::to_string(seen.size()) + " ids, but at most " +
                                    std::to_string(kVotersMax) + " may found a cluster");
    }
}

}  // namespace

bool is_name(const std::string& text) {
    constexpr std::string_view kAllowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of(kAllowed) == std::string::npos;
}

void read_node(Section& node, Settings& settings) {
    node.require("id", "give each node of the cluster an id of its own, as in id: \"1\"");
    const auto id = node.text("id").value_or("");
    if (!id.empty() && !is_name(id)) {
        node.fault("id", "is " + in_quotes(id) + ", but must be " + kNameForm);
    }
    settings.node.id = NodeId(id);
    node.require("data_dir", "name the directory in which this node stores its votes");
    settings.node.data_dir = node.path("data_dir").value_or("");
    settings.node.priority =
        static_cast<std::int32_t>(node.integer("priority", 0, 1'000'000, settings.node.priority));
    settings.node.observer = node.flag("observer", false);
}

void read_cluster(Section& cluster, Settings& settings, Warnings& warnings) {
    auto& into = settings.cluster;
    cluster.require("name", "all nodes of one cluster give the same name");
    into.name = cluster.text("name").value_or("");
    if (!into.name.empty() && !is_name(into.name)) {
        cluster.fault("name", "is " + in_quotes(into.name) + ", but must be " + kNameForm);
    }
    into.bootstrap = read_bootstrap(cluster);
    into.where = cluster.where("bootstrap");
    read_voters(cluster, settings);
    if (const auto expect = cluster.integer("expect", 1, kVotersMax)) {
        into.expect = static_cast<std::size_t>(*expect);
    }
    const auto most = static_cast<std::size_t>(cluster.integer("max_voters", 1, kVotersMax, 7));
    into.max_voters = most - (most % 2 == 0 ? 1 : 0);

    if (cluster.has("voters") && cluster.has("expect")) {
        cluster.fault("expect",
                      "and cluster.voters are both given; keep one: the ids of the "
                      "founders, or how many there are");
    }
    if (into.bootstrap == Bootstrap::all && !cluster.has("voters") && !cluster.has("expect")) {
        cluster.fault("bootstrap",
                      "is \"all\", which needs cluster.voters (the ids that found the "
                      "cluster) or cluster.expect (how many)");
    }
    const bool is_voter =
        std::find(into.voters.begin(), into.voters.end(), settings.node.id) != into.voters.end();
    if (settings.node.observer && is_voter) {
        cluster.fault("voters", "names " + in_quotes(settings.node.id.value) +
                                    ", this node, which node.observer: true keeps from voting: the "
                                    "cluster would never form; remove one of the two");
    }
    if (most % 2 == 0) {
        warnings.push_back("cluster.max_voters: " + std::to_string(most) + " counts as " +
                           std::to_string(into.max_voters) +
                           ": an even number of voters survives no more failures than the odd one "
                           "below it");
    }
}

void read_log(Section& log, Settings& settings) {
    settings.log.level = log.choice<LogLevel>("level", "info",
                                              {{"debug", LogLevel::debug},
                                               {"info", LogLevel::info},
                                               {"warning", LogLevel::warning},
                                               {"error", LogLevel::error},
                                               {"warn", LogLevel::warning}});
    settings.log.format = log.choice<LogFormat>(
        "format", "text",
        {{"text", LogFormat::text}, {"json", LogFormat::json}, {"logfmt", LogFormat::logfmt}});
}

}  // namespace electiond
