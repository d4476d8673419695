// Why a state file cannot be used, and what to do: the messages that the start and --check share.
#pragma once

#include <cstdint>
#include <string>

#include "election/durable.h"
#include "storage/record.h"

namespace electiond::state_messages {

// The one remedy for a lost state. It never advises to restore an older copy, which may lack a
// vote: then two leaders are possible.
inline constexpr char kBeginAnew[] =
    "; empty the whole data directory to come back as a new member: electiond never starts blank "
    "by itself, because it may have voted, and an older copy of this file may have forgotten a "
    "vote";
inline constexpr char kGone[] = "is gone, but a node has already used this data directory";
inline constexpr char kNeitherCopy[] = "neither of its two copies of the record can be read";

[[nodiscard]] inline std::string wrong_size(std::uint64_t bytes, std::uint64_t wanted) {
    return "is not a plain file of " + std::to_string(wanted) + " bytes, but has " +
           std::to_string(bytes);
}

// `format` is not kRecordFormat.
[[nodiscard]] inline std::string other_format(std::uint64_t format) {
    return std::string("was written by ") + (format > kRecordFormat ? "a newer" : "an older") +
           " electiond: it has format " + std::to_string(format) + ", this electiond reads " +
           std::to_string(kRecordFormat) +
           "; start that version again, or empty the whole data directory to come back as a new "
           "member";
}

// `why` is the message of read_record.
[[nodiscard]] inline std::string not_understood(const std::string& why) {
    return why +
           "; if another version of electiond wrote it, start that version again, else empty the "
           "whole data directory to come back as a new member";
}

[[nodiscard]] inline std::string of_another_node(const Durable& record, const NodeId& node,
                                                 const std::string& cluster) {
    return "it belongs to node \"" + record.node_id.value + "\" of cluster \"" +
           record.cluster_name + "\", but the settings say node \"" + node.value +
           "\" of cluster \"" + cluster +
           "\"; correct node.id, cluster.name or node.data_dir; if they are right "
           "and no other node uses this directory, empty it whole: the node then comes back as a "
           "new member";
}

}  // namespace electiond::state_messages
