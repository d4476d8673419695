// Shared by the tests of whole clusters: a cluster that prints its logs if a test has failed.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include "local_cluster.h"

namespace electiond::cluster {

// The number of repetitions in this variable, which tests/long.sh sets; without it, `otherwise`.
[[nodiscard]] inline int times_wanted(const char* variable, int otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr ? std::stoi(text) : otherwise;
}

class ShownCluster : public LocalCluster {
  public:
    using LocalCluster::LocalCluster;
    ~ShownCluster() {
        if (testing::Test::HasFailure()) std::cerr << logs() << std::endl;
    }
};

}  // namespace electiond::cluster
