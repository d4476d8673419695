// Makes a Status from the values of a test.
#pragma once

#include <memory>

#include "node/status.h"

namespace electiond {

struct Shown {
    Index index = 0;
    Term term = 0;
    LeadershipState leadership{};
    NodeView view{};
    struct Members {
        std::vector<Member> list{};
        std::optional<Instant> at{};
    } members{};

    operator Status() const {
        return {index, term, leadership, std::make_shared<const NodeView>(view),
                std::make_shared<const MembersView>(
                    MembersView{.list = std::make_shared<const std::vector<Member>>(members.list),
                                .at = members.at,
                                .contacts = {}})};
    }
};

}  // namespace electiond
