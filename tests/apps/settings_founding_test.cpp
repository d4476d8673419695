// How a cluster is founded: the mode, an even maximum of voters, and unwise founders.
#include <gmock/gmock.h>

#include "settings/settings.h"
#include "settings_scene.h"

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Settings, CountsAnEvenMaximumAsTheOddOneBelow) {
    const Scene scene;

    const auto settings = scene.load(with({{"cluster", "{name: demo, max_voters: 4}"}}));

    EXPECT_EQ(settings.cluster.max_voters, 3U);
    EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("max_voters: 4 counts as 3")));
}

TEST(Bootstrap, ClaimsWithExactlyOneArbiterWhereNothingIsSaid) {
    const Scene scene;
    const auto bare = scene.load(with({}));
    const auto listed = scene.load(with({{"cluster", "{name: demo, voters: [a, b, c]}"}}));
    const auto counted = scene.load(with({{"cluster", "{name: demo, expect: 3}"}}));

    EXPECT_EQ(resolve_bootstrap(bare, 1), Bootstrap::claim);
    EXPECT_EQ(resolve_bootstrap(listed, 1), Bootstrap::claim);
    EXPECT_EQ(resolve_bootstrap(listed, 0), Bootstrap::all);
    EXPECT_EQ(resolve_bootstrap(counted, 2), Bootstrap::all);
    EXPECT_THROW((void)resolve_bootstrap(bare, 0), Error);
    EXPECT_THROW((void)resolve_bootstrap(bare, 2), Error);
}

TEST(Bootstrap, IsRefusedWhereThePluginsCannotDoIt) {
    const Scene scene;
    const auto claim = scene.load(with({{"cluster", "{name: demo, bootstrap: claim}"}}));
    const auto all = scene.load(with({{"cluster", "{name: demo, bootstrap: all, expect: 3}"}}));
    const auto join = scene.load(with({{"cluster", "{name: demo, bootstrap: join}"}}));

    EXPECT_EQ(resolve_bootstrap(claim, 1), Bootstrap::claim);
    EXPECT_EQ(resolve_bootstrap(all, 1), Bootstrap::all);
    EXPECT_EQ(resolve_bootstrap(join, 0), Bootstrap::join);
    for (const std::size_t arbiters : {0U, 2U}) {
        try {
            (void)resolve_bootstrap(claim, arbiters);
            ADD_FAILURE() << arbiters;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Error::config);
            EXPECT_THAT(error.what(), StartsWith(scene.file().string() + ":2:34: cluster.bootstrap "
                                                                         "is \"claim\""));
        }
    }
}

TEST(Bootstrap, WarnsOfUnwiseFounders) {
    const Scene scene;
    const auto warnings = [&](const std::string& cluster, Bootstrap mode) {
        const std::string peers = "[{plugin: static_list, peers: {a: x, b: x, c: x, d: x, e: x}}]";
        return founding_warnings(
            scene.load(with({{"cluster", "{name: demo, " + cluster + "}"}, {"discovery", peers}})),
            mode);
    };

    EXPECT_THAT(warnings("voters: [a, b, c]", Bootstrap::all), IsEmpty());
    EXPECT_THAT(warnings("expect: 3", Bootstrap::all), IsEmpty());
    EXPECT_THAT(warnings("expect: 4", Bootstrap::all), ElementsAre(HasSubstr("even number")));
    EXPECT_THAT(warnings("expect: 2", Bootstrap::all),
                ElementsAre(HasSubstr("even number"), HasSubstr("not more than half of the 5")));
    EXPECT_THAT(warnings("voters: [b, c, d]", Bootstrap::all),
                ElementsAre(HasSubstr("does not name \"a\", this node")));
    EXPECT_THAT(warnings("expect: 9", Bootstrap::all),
                ElementsAre(HasSubstr("more than cluster.max_voters (7)")));
    EXPECT_THAT(warnings("expect: 3", Bootstrap::claim), ElementsAre(HasSubstr("is ignored")));
    EXPECT_THAT(warnings("max_voters: 7", Bootstrap::join), IsEmpty());
    EXPECT_THAT(founding_warnings(scene.load(with({{"cluster", "{name: demo, expect: 1}"}})),
                                  Bootstrap::all),
                ElementsAre(StartsWith("cluster.expect: 1 lets every blank node found")));
}

// --- shown ---

}  // namespace
}  // namespace electiond
