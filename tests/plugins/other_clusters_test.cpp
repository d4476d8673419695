// A registry and a multicast group that several clusters use: when nodes of the others are a
// warning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discovery/discovery_bench.h"

namespace electiond::bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// A discovery of the cluster "demo" that keeps its warnings.
class Listener {
  public:
    Listener(const std::string& plugin, OptionMap options, const std::filesystem::path& folder)
        : discovery_(make(plugin, std::move(options), "demo", folder, Log([this](LogLine line) {
                              if (line.level == LogLevel::warning) warnings_.push_back(line.text);
                          }))) {}

    std::size_t round() {
        discovery_->announce(node("a", 1));
        return discovery_->poll().size();
    }
    void rounds(int count) {
        for (int n = 0; n < count; ++n) (void)round();
    }
    // The warnings since the last call.
    std::vector<std::string> take() { return std::exchange(warnings_, {}); }

  private:
    std::vector<std::string> warnings_;
    std::unique_ptr<Discovery> discovery_;
};

// ---- file_registry

std::string entry(const std::string& cluster, const std::string& id) {
    return R"({"cluster":")" + cluster + R"(","id":")" + id + R"(","uuid":"uuid-of-)" + id +
           R"(","addresses":["10.0.0.1:7401"],"api":""})";
}

class SharedRegistry : public testing::Test {
  protected:
    void put(const std::vector<std::string>& entries) const {
        std::string joined;
        for (const auto& one : entries) joined += (joined.empty() ? "" : ",") + one;
        write(folder_ / "cluster.json", R"({"nodes":[)" + joined + "]}");
    }

    Folder folder_;
    Listener demo_{"file_registry", {{"path", text("cluster.json")}}, folder_.path()};
};

TEST_F(SharedRegistry, IsAWarningOnceForEachOtherClusterWithoutAnotherNodeOfOurOwn) {
    put({entry("demmo", "1"), entry("demmo", "2")});
    demo_.rounds(5);
    EXPECT_THAT(demo_.take(),
                ElementsAre("the registry " + (folder_ / "cluster.json").string() +
                            " has node 1 at 10.0.0.1:7401 of cluster \"demmo\", but no other node "
                            "of this cluster, \"demo\": if both should be one cluster, correct "
                            "cluster.name; if several clusters share the registry " +
                            (folder_ / "cluster.json").string() +
                            ", this is normal until another node of \"demo\" starts"));

    put({entry("demmo", "3"), R"({"cluster":"p\nq","id":7})"});
    demo_.rounds(5);
    EXPECT_THAT(demo_.take(), ElementsAre(HasSubstr(" has a node of cluster \"p q\", but")));
}

TEST_F(SharedRegistry, IsNoWarningWithAnotherNodeOfOurOwn) {
    put({entry("orders", "1"), entry("demo", "b")});
    EXPECT_EQ(demo_.round(), 2U);
    EXPECT_THAT(demo_.take(), IsEmpty());

    put({entry("orders", "1")});
    EXPECT_EQ(demo_.round(), 1U);
    EXPECT_THAT(demo_.take(), IsEmpty()) << "its name is right, as it has found a node of its own";
}

TEST_F(SharedRegistry, IsOnlyAFewWarningsIfAStrangerInventsClusters) {
    std::vector<std::string> entries;
    for (int n = 0; n < 100; ++n) entries.push_back(entry("c" + std::to_string(n), "1"));
    put(entries);

    demo_.rounds(5);

    EXPECT_EQ(demo_.take().size(), 16U);
}

// ---- multicast

TEST(SharedGroup, IsAWarningOnceIfNoOtherNodeOfOurOwnAnswers) {
    const auto group = own_group();
    Listener demo("multicast", group, "/");
    const auto other = make("multicast", group, "demmo");
    std::vector<std::string> warnings;
    const auto talk = [&] {
        other->announce(node("b", 2));
        demo.rounds(1);
        for (auto& each : demo.take()) warnings.push_back(each);
    };

    EXPECT_TRUE(eventually([&] {
        talk();
        return !warnings.empty();
    }));
    for (int round = 0; round < 20; ++round) talk();

    EXPECT_THAT(warnings,
                ElementsAre(AllOf(StartsWith("the multicast group 239."),
                                  HasSubstr(" has node b at 127.0.0.1:4002 of cluster \"demmo\", "
                                            "but no other node of this cluster, \"demo\": if"))));
}

TEST(SharedGroup, IsNoWarningIfAnotherNodeOfOurOwnAnswers) {
    const auto group = own_group();
    Listener demo("multicast", group, "/");
    const auto other = make("multicast", group, "orders");
    const auto friendly = make("multicast", group);

    std::size_t found = 0;
    for (int round = 0; round < 20; ++round) {
        other->announce(node("b", 2));
        friendly->announce(node("c", 3));
        found = demo.round();
    }

    EXPECT_EQ(found, 2U);
    EXPECT_THAT(demo.take(), IsEmpty());
}

}  // namespace
}  // namespace electiond::bench
