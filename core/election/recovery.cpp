// What the offline commands make of a record.
#include "election/recovery.h"

#include <electiond/error.h>

namespace electiond {
namespace {

constexpr Term kEra =
    Term{1} << 32;  // tokens only grow, unless the lost majority has used more terms
constexpr std::size_t kSupersededMax = 8;  // as many as fit into a slot of the state file

}  // namespace

Durable recovered(const Durable& record, const std::string& fresh_id) {
    ENSURE(!record.blank());
    Durable next = record;
    next.supersedes.push_back(record.cluster_id);
    if (next.supersedes.size() > kSupersededMax) next.supersedes.erase(next.supersedes.begin());
    next.cluster_id = fresh_id;
    next.term = (record.term / kEra + 1) * kEra;
    ENSURE(next.term <= kNumberMax);
    next.voted_for = {};
    next.config = {
        .number = {next.term, 1}, .voters = {{record.node_id, record.uuid}}, .banned = {}};
    next.left = false;
    return next;
}

Durable founded_anew(const Durable& blank, const std::string& orphan, const std::string& fresh_id) {
    ENSURE(blank.blank());
    Durable next = blank;
    next.cluster_id = fresh_id;
    next.supersedes = {orphan};
    next.term = kEra;
    next.voted_for = {};
    next.config = {.number = {0, 1}, .voters = {{blank.node_id, blank.uuid}}, .banned = {}};
    next.founding_set.clear();
    return next;
}

Durable rejoined(const Durable& record, const NodeUuid& fresh) {
    Durable next;
    next.uuid = fresh;
    next.node_id = record.node_id;
    next.cluster_name = record.cluster_name;
    next.starts = record.starts;
    next.promise = record.promise;
    return next;
}

}  // namespace electiond
