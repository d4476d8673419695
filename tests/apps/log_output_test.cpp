// The log's three formats: one line an event, whatever is in it.
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "log_output.h"

namespace electiond {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr auto kTime = "2026-01-02T03:04:05.678901Z";

std::string format(LogFormat format, const LogLine& line) {
    return format_event(format, kTime, "n1", line);
}

LogLine leads(LogLevel level) { return {level, "node 2 leads", {{"leader", "2"}, {"term", 7}}}; }

Poco::JSON::Object::Ptr parsed(const std::string& line) {
    return Poco::JSON::Parser().parse(line).extract<Poco::JSON::Object::Ptr>();
}

TEST(LogOutput, TextIsForPeople) {
    EXPECT_EQ(format(LogFormat::text, leads(LogLevel::info)),
              "2026-01-02T03:04:05.678901Z info [n1] node 2 leads leader=2 term=7\n");
}

TEST(LogOutput, JsonKeepsFieldsWithTheirTypes) {
    const auto line = format(LogFormat::json, leads(LogLevel::warning));

    EXPECT_THAT(line, EndsWith("}\n"));
    const auto event = parsed(line);
    EXPECT_EQ(event->getValue<std::string>("ts"), kTime);
    EXPECT_EQ(event->getValue<std::string>("level"), "warning");
    EXPECT_EQ(event->getValue<std::string>("node"), "n1");
    EXPECT_EQ(event->getValue<std::string>("msg"), "node 2 leads");
    EXPECT_EQ(event->getValue<std::string>("leader"), "2");
    EXPECT_TRUE(event->get("term").isInteger());
    EXPECT_EQ(event->getValue<int>("term"), 7);
}

TEST(LogOutput, LogfmtHasAPairForEachField) {
    EXPECT_EQ(format(LogFormat::logfmt, leads(LogLevel::error)),
              "ts=2026-01-02T03:04:05.678901Z level=error node=n1 msg=\"node 2 leads\" leader=2 "
              "term=7\n");
}

TEST(LogOutput, AnEmptyValueIsQuoted) {
    EXPECT_THAT(format(LogFormat::logfmt, {LogLevel::info, "said", {{"by", ""}}}),
                EndsWith(" msg=\"said\" by=\"\"\n"));
}

TEST(LogOutput, NothingThatIsLoggedMakesASecondLineOrSteersATerminal) {
    const std::string text("a \"quote\" \\ back\nslash \x1b[2J \x7f\r\n");
    const LogLine wild{LogLevel::info, text, {{"who", "\"x\" \n\x1b"}}};
    for (const auto each : {LogFormat::text, LogFormat::json, LogFormat::logfmt}) {
        const auto line = format(each, wild);
        EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
        EXPECT_THAT(line, Not(HasSubstr("\x1b")));
        EXPECT_THAT(line, Not(HasSubstr("\r")));
    }
    EXPECT_EQ(parsed(format(LogFormat::json, wild))->getValue<std::string>("msg").substr(0, 24),
              "a \"quote\" \\ back slash  ");
    EXPECT_THAT(format(LogFormat::logfmt, wild), HasSubstr(R"(msg="a \"quote\" \\ back slash)"));
    EXPECT_THAT(format(LogFormat::logfmt, wild), HasSubstr(R"( who="\"x\"   ")"));
}

TEST(LogOutput, WritesWhatIsAtOrAboveTheLevelAtOnce) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    LogOutput output(LogLevel::warning, LogFormat::text, "n1", ends[1]);

    output.log().info("too little");
    output.log().warning("just enough");
    output.set_level(LogLevel::debug);
    output.log().debug("now this, too");
    ::close(ends[1]);

    std::string said(4096, '\0');
    said.resize(static_cast<std::size_t>(::read(ends[0], said.data(), said.size())));
    ::close(ends[0]);
    EXPECT_THAT(said, Not(HasSubstr("too little")));
    EXPECT_THAT(said, HasSubstr("Z warning [n1] just enough\n"));
    EXPECT_THAT(said, EndsWith("Z debug [n1] now this, too\n"));
}

}  // namespace
}  // namespace electiond
