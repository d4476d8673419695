// Asks which other voters of a node's record are alive, before `recover` removes them.
#pragma once

#include <string>
#include <vector>

#include "election/durable.h"
#include "settings/settings.h"

namespace electiond {

struct OtherVoters {
    std::vector<Voter> alive;        // answer as members of the record's cluster
    std::vector<std::string> lost;   // "3 (10.0.0.3:7401: no answer in time)"
    std::vector<NodeUuid> answered;  // every node that answered, of any cluster
    std::string leader;              // id of the leader of that cluster, as one of them reports
    std::string successor;           // node that belongs to a cluster which has replaced it
    std::string trouble;             // why a voter could not be asked; empty: all were

    // True if the voters that answer, together with this node, can elect a leader; or if one leads.
    [[nodiscard]] bool quorum_lives(const Durable& record) const;
};

// Asks the addresses that the discoveries of `settings` name, for some seconds. Does nothing if the
// record has no other voter, unless `always`. Changes nothing. A call that hangs is left behind, so
// the process must end by std::_Exit. Throws Error (config) if a plugin cannot be made.
[[nodiscard]] OtherVoters ask_other_voters(const Settings& settings, const Durable& record,
                                           bool always = false);

}  // namespace electiond
