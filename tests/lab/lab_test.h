// What the tests on a lab share: a lab that runs and is judged, or the reason why there is none.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "lab.h"

namespace electiond::lab {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSlowness = 2;
#else
constexpr int kSlowness = 1;
#endif
// Of tests that ask for calm: so long that two busy processors starve nobody for all of it.
constexpr Milliseconds kSteady{1000 * kSlowness};

// A lab whose nodes run, or that shows its logs; what its watcher saw is judged at the end.
class JudgedLab : public Lab {
  public:
    using Lab::Lab;
    ~JudgedLab() {
        EXPECT_THAT(watcher().faults(), testing::IsEmpty());
        if (testing::Test::HasFailure()) std::cerr << logs() << std::endl;
    }
};

class LabTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!enter_hub().empty()) GTEST_SKIP() << enter_hub();
    }
};

inline double ms_between(Instant from, Instant to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace electiond::lab
