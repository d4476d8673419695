// A leader that an operator asks to remove a node or to leave.
#pragma once

#include <initializer_list>

#include "bench.h"

namespace electiond {

inline Bench leader(std::initializer_list<int> voters = {1, 2, 3}) {
    Bench bench((member(voters)));
    bench.campaign();
    for (const int n : {2, 3, 4, 5}) {
        if (!bench.is<Leading>() && bench.node.electorate().has(uuid(n))) {
            bench.answer_pre_vote(n);
        }
    }
    for (const int n : {2, 3, 4, 5}) {
        if (bench.node.electorate().has(uuid(n))) bench.answer_vote(n);
    }
    for (const int n : {2, 3, 4, 5}) bench.ack(n);
    return bench;
}

inline const Done& only_done(const Bench& bench) {
    EXPECT_EQ(bench.out.done.size(), 1u);
    static const Done kNone{.ticket = 99};
    return bench.out.done.empty() ? kNone : bench.out.done.front();
}

}  // namespace electiond
