// The reader of server-sent events: every way to end a line and to cut the bytes, and hostile
// input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "electionctl/sse.h"

namespace electiond::ctl {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "name#id:data"; without #id where the event has none.
std::vector<std::string> in_short(const std::vector<SseEvent>& events) {
    std::vector<std::string> all;
    for (const SseEvent& event : events) {
        all.push_back(event.name + (event.id ? "#" + *event.id : "") + ":" + event.data);
    }
    return all;
}

std::vector<std::string> read(std::string_view bytes) { return in_short(SseReader().read(bytes)); }

TEST(Sse, ReadsNameDataAndId) {
    EXPECT_THAT(read("event: leader\nid: 4294967297\ndata: {\"term\":7}\n\n"),
                ElementsAre("leader#4294967297:{\"term\":7}"));
    EXPECT_THAT(read("data: a\n\ndata: b\n\n"), ElementsAre("message:a", "message:b"));
}

TEST(Sse, EndsLinesByLfCrOrBoth) {
    for (const std::string end : {"\n", "\r", "\r\n"}) {
        EXPECT_THAT(read("event: e" + end + "data: 1" + end + "data: 2" + end + end + "data: 3" +
                         end + end),
                    ElementsAre("e:1\n2", "message:3"))
            << testing::PrintToString(end);
    }
    EXPECT_THAT(read("data: 1\r\rdata: 2\n\r\n"), ElementsAre("message:1", "message:2"));
}

TEST(Sse, TakesBytesCutAnywhere) {
    const std::string bytes =
        "\xef\xbb\xbf: hello\r\nretry: 250\r\n\r\nevent: a\r\nid: 1\r\ndata: x\r\ndata: y\r\n\r\n"
        ":\r\ndata: z\r\n\r\n";
    const auto whole = read(bytes);
    EXPECT_THAT(whole, ElementsAre("a#1:x\ny", "message:z"));
    for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
        SseReader reader;
        std::vector<std::string> all;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            for (auto& event : in_short(reader.read(std::string_view(bytes).substr(at, piece)))) {
                all.push_back(event);
            }
        }
        EXPECT_EQ(all, whole) << piece;
        EXPECT_EQ(reader.retry(), milliseconds(250));
    }
}

TEST(Sse, TellsNoEventWithoutDataAndNoneThatIsUnfinished) {
    EXPECT_THAT(read("\n\n: comment\n\nevent: e\nid: 5\n\ndata: x"), IsEmpty());
    EXPECT_THAT(read("event: e\n\ndata: x\n\n"), ElementsAre("message:x"));
    EXPECT_THAT(read("data\n\n"), ElementsAre("message:"));
    EXPECT_THAT(read("data:  x\n\n"), ElementsAre("message: x"))
        << "one blank belongs to the colon";
}

TEST(Sse, KeepsTheIdOfEachEventApart) {
    EXPECT_THAT(read("id: 1\ndata: a\n\nevent: state\ndata: b\n\n"),
                ElementsAre("message#1:a", "state:b"));
    const std::string_view with_nul("id: 1\0002\ndata: a\n\n", 17);
    EXPECT_THAT(read(with_nul), ElementsAre("message:a"));
}

TEST(Sse, IgnoresWhatItDoesNotKnow) {
    EXPECT_THAT(read("colour: red\nDATA: no\n::: \ndata: x\n data: y\n\n"),
                ElementsAre("message:x"));
    for (const std::string value : {"", "-1", "1.5", "x", "99999999999999999999", "3600001"}) {
        SseReader reader;
        (void)reader.read("retry: " + value + "\n\n");
        EXPECT_EQ(reader.retry(), std::nullopt) << value;
    }
}

TEST(Sse, KeepsNoMoreThanTheLimit) {
    const std::string half(500, 'x');
    EXPECT_THAT(SseReader(1200).read("data: " + half + "\ndata: " + half + "\n\n"),
                testing::SizeIs(1));
    for (const std::string& endless :
         {half + half + half, ": " + half + half + half, "data: " + half + half + half,
          "data: " + half + "\ndata: " + half + "\ndata: " + half,
          "event: " + half + half + half}) {
        SseReader reader(1200);
        EXPECT_THROW((void)reader.read(endless), SseTooLong) << endless.substr(0, 10);
    }
    std::string lines;
    for (int i = 0; i < 5000; ++i) lines += "data\n";
    SseReader reader(1200);
    EXPECT_THROW((void)reader.read(lines), SseTooLong) << "empty lines of data add up, too";
}

TEST(Sse, SurvivesBytesOfAnyKind) {
    std::mt19937 random(7);
    const std::string alphabet(
        "\r\n: \0dataevnid\xef\xbb\xbf\xff"
        "0",
        20);
    for (int run = 0; run < 2000; ++run) {
        SseReader reader(256);
        std::string bytes;
        for (int i = 0; i < 200; ++i) bytes += alphabet[random() % alphabet.size()];
        try {
            for (const SseEvent& event : reader.read(bytes)) {
                EXPECT_EQ(event.data.find('\r'), std::string::npos);
                EXPECT_FALSE(event.id && event.id->find('\0') != std::string::npos);
            }
        } catch (const SseTooLong&) {
            FAIL() << "200 bytes are not more than 256";
        }
    }
}

}  // namespace
}  // namespace electiond::ctl
