// Shared by the tests on a lab: a lab that runs and is judged, or the reason why there is none.
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
// For tests that wait for calm: so long that on two busy processors every process runs in this
// time.
constexpr Milliseconds kSteady{1000 * kSlowness};

// A lab whose nodes run; prints its logs if they do not. At the end it judges the answers that its
// watcher saw.
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
