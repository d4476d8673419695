// What the tests of whole clusters share: a cluster that shows its logs where a test has failed.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include "local_cluster.h"

namespace electiond::cluster {

// How often, as tests/long.sh says it in this variable; without it, `otherwise`.
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
