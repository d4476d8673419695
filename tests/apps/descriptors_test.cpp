// How the limits of connections are fitted into the number of files that may be open.
#include "descriptors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Fitted {
    Settings settings;
    std::vector<std::string> lines;
};

Fitted fit(Settings settings, std::size_t limit) {
    Fitted result{std::move(settings), {}};
    const Log log([&](const LogLine& line) { result.lines.push_back(line.to_string()); });
    fit_connections(result.settings, limit, log);
    return result;
}

TEST(Descriptors, LeaveLimitsAloneThatFit) {
    const auto own = kDescriptorReserve + kDescriptorsOwn;

    const auto [settings, lines] = fit({}, 20'000 + own);

    EXPECT_EQ(settings.api.limits, ApiLimits{});
    EXPECT_EQ(settings.transport.limits, Limits{});
    EXPECT_THAT(lines, ElementsAre(HasSubstr("files=20222 api=10000 transport=10000")));
}

TEST(Descriptors, LowerBothInProportionAndWarnWithTheNumbers) {
    Settings wanted;
    wanted.api.limits.connections = 3'000;
    wanted.transport.limits.connections = 1'000;

    const auto [settings, lines] = fit(wanted, 1'022);

    EXPECT_EQ(settings.api.limits.connections, 600U);
    EXPECT_EQ(settings.api.limits.connections_per_address, 256U);
    EXPECT_EQ(settings.api.limits.streams, 600U);
    EXPECT_EQ(settings.transport.limits.connections, 200U);
    EXPECT_EQ(settings.transport.limits.connections_per_address, 200U);
    EXPECT_THAT(
        lines, ElementsAre(
                   HasSubstr("api.limits.connections (3000) and transport.limits.connections "
                             "(1000) do not fit into the 1022 files that this process may open, of "
                             "which it needs 222 itself: they are lowered to 600 and 200; raise"),
                   HasSubstr("files=1022 api=600 transport=200")));
}

TEST(Descriptors, WarnOfNothingThatTheOperatorDidNotChoose) {
    const auto [settings, lines] = fit({}, 5'222);

    EXPECT_EQ(settings.api.limits.connections, 2'500U);
    EXPECT_THAT(lines, ElementsAre(HasSubstr("files=5222 api=2500 transport=2500")));
}

TEST(Descriptors, WarnOfFewerConnectionsThanMayBeChosen) {
    EXPECT_EQ(fit({}, kDescriptorReserve + kDescriptorsOwn + 32).lines.size(), 1U);

    EXPECT_THAT(fit({}, kDescriptorReserve + kDescriptorsOwn + 30).lines,
                ElementsAre(HasSubstr("they are lowered to 15 and 15; raise the hard limit"),
                            HasSubstr("api=15 transport=15")));
}

TEST(Descriptors, LeaveAConnectionToEachWhateverTheLimit) {
    const auto [settings, lines] = fit({}, 10);

    EXPECT_EQ(settings.api.limits.connections, 1U);
    EXPECT_EQ(settings.transport.limits.connections, 1U);
}

}  // namespace
}  // namespace electiond
