// What the tests of whole clusters share: a cluster that shows its logs where a test has failed.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "local_cluster.h"

namespace electiond::cluster {

class ShownCluster : public LocalCluster {
  public:
    using LocalCluster::LocalCluster;
    ~ShownCluster() {
        if (testing::Test::HasFailure()) std::cerr << logs() << std::endl;
    }
};

}  // namespace electiond::cluster
