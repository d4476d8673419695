// The log's three formats: one line an event, whatever is in it.
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/TextIterator.h>
#include <Poco/UTF8Encoding.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "log_format.h"

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

bool is_utf8(const std::string& text) {
    const Poco::UTF8Encoding utf8;
    Poco::TextIterator at(text, utf8);
    for (const Poco::TextIterator end(text); at != end; ++at) {
        if (*at < 0) return false;
    }
    return true;
}

TEST(LogFormat, TextIsForPeople) {
    EXPECT_EQ(format(LogFormat::text, leads(LogLevel::info)),
              "2026-01-02T03:04:05.678901Z info [n1] node 2 leads leader=2 term=7\n");
}

TEST(LogFormat, TheKindOfChangeIsForMachines) {
    const LogLine line{LogLevel::info, "node 2 leads", {{"change", "leader"}}};

    EXPECT_THAT(format(LogFormat::text, line), EndsWith("node 2 leads\n"));
    EXPECT_EQ(parsed(format(LogFormat::json, line))->getValue<std::string>("change"), "leader");
    EXPECT_THAT(format(LogFormat::logfmt, line), EndsWith("change=leader\n"));
}

TEST(LogFormat, JsonKeepsFieldsWithTheirTypes) {
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

TEST(LogFormat, NumbersAndTruthAreNoTextsInJson) {
    const LogLine line{LogLevel::info,
                       "measured",
                       {{"share", 0.25}, {"ready", true}, {"odd", 1 / std::sqrt(0.0)}}};

    EXPECT_THAT(format(LogFormat::text, line),
                EndsWith("measured share=0.25 ready=true odd=inf\n"));
    const auto json = format(LogFormat::json, line);
    EXPECT_THAT(json, EndsWith(R"("share":0.25,"ready":true,"odd":"inf"})"
                               "\n"));
}

TEST(LogFormat, LogfmtHasAPairForEachField) {
    EXPECT_EQ(format(LogFormat::logfmt, leads(LogLevel::error)),
              "ts=2026-01-02T03:04:05.678901Z level=error node=n1 msg=\"node 2 leads\" leader=2 "
              "term=7\n");
}

TEST(LogFormat, AnEmptyValueIsQuoted) {
    EXPECT_THAT(format(LogFormat::logfmt, {LogLevel::info, "said", {{"by", ""}}}),
                EndsWith(" msg=\"said\" by=\"\"\n"));
}

TEST(LogFormat, NothingThatIsLoggedMakesASecondLineOrSteersATerminal) {
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

// The C1 control characters (U+0080 to U+009F) steer terminals, too, and a JSON line must be UTF-8.
TEST(LogFormat, EveryByteComesOutAsOneLineOfValidUtf8) {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    const std::string text = bytes + "\xc2\x9b\xed\xa0\x80\xf5 grün €\xe2\x82";
    const LogLine wild{LogLevel::info, text, {{"who", text}, {"a key=\n", 1}}};
    for (const auto each : {LogFormat::text, LogFormat::json, LogFormat::logfmt}) {
        const auto line = format(each, wild);
        EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
        EXPECT_EQ(line.find('\0'), line.npos);
        EXPECT_THAT(line, Not(HasSubstr("\xc2\x9b")));
        EXPECT_THAT(line, HasSubstr("??? grün €?"));
        EXPECT_THAT(line, HasSubstr("a_key__"));
        EXPECT_TRUE(is_utf8(line)) << line;
    }
    EXPECT_EQ(parsed(format(LogFormat::json, wild))->getValue<int>("a_key__"), 1);
}

}  // namespace
}  // namespace electiond
