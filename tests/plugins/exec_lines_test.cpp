// The discovery `exec`: its options, and the meaning of the lines that a program prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discovery/discovery_bench.h"
#include "exec/peer_lines.h"

namespace electiond::bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// ---- lines --------------------------------------------------------------------------------------

std::vector<Peer> read_lines(const std::string& output) {
    return discovery::read_peer_lines(output);
}

std::string wrong(const std::string& output) {
    return fault([&] { (void)read_lines(output); });
}

TEST(ExecLines, NamePeersByAnAddressAlone) {
    EXPECT_THAT(
        read_lines(R"({"address":"10.0.0.2:7401"})"),
        ElementsAre(Peer{.id = {}, .uuid = {}, .addresses = {{"10.0.0.2", 7401}}, .api = {}}));
}

TEST(ExecLines, NamePeersByAllThatIsKnown) {
    const auto peers = read_lines(
        R"({"id":"2","uuid":"u-2","addresses":["[::1]:7401","n2.example:7401"],"api":"h:1","x":[{}]})"
        "\n");

    ASSERT_THAT(peers, SizeIs(1));
    EXPECT_EQ(peers[0].id.value, "2");
    EXPECT_EQ(peers[0].uuid, NodeUuid("u-2"));
    EXPECT_THAT(peers[0].addresses,
                ElementsAre(Endpoint{"::1", 7401}, Endpoint{"n2.example", 7401}));
    EXPECT_EQ(peers[0].api, "h:1");
}

TEST(ExecLines, MayBeEmptyAndEndLikeLinesOfWindowsOrNotAtAll) {
    EXPECT_THAT(read_lines(""), IsEmpty());
    EXPECT_THAT(read_lines("\n \n\r\n"), IsEmpty());
    EXPECT_THAT(read_lines("{\"address\":\"a:1\"}\r\n\n  {\"address\":\"b:1\"}  "), SizeIs(2));
}

TEST(ExecLines, TakeNullForWhatIsNotThere) {
    const auto peers =
        read_lines(R"({"id":null,"uuid":null,"address":"a:1","addresses":null,"api":null})");
    ASSERT_THAT(peers, SizeIs(1));
    EXPECT_TRUE(peers[0].id.empty());
}

TEST(ExecLines, MakeTheSameSnapshotInAnyOrder) {
    const std::string a = "{\"id\":\"a\",\"address\":\"h:1\"}\n", b = "{\"address\":\"h:2\"}\n",
                      c = "{\"id\":\"c\",\"address\":\"h:3\"}\n";
    EXPECT_EQ(read_lines(a + b + c), read_lines(c + a + b));
    EXPECT_EQ(read_lines(a + b + b + a + c), read_lines(c + a + b));
}

TEST(ExecLines, OfOnePeerAddUp) {
    const auto peers = read_lines(
        "{\"id\":\"a\",\"address\":\"h:2\"}\n{\"id\":\"b\",\"address\":\"h:3\"}\n"
        "{\"id\":\"a\",\"addresses\":[\"h:1\",\"h:2\"],\"api\":\"h:9\"}");
    ASSERT_THAT(peers, SizeIs(2));
    EXPECT_THAT(peers[0].addresses, ElementsAre(Endpoint{"h", 2}, Endpoint{"h", 1}));
    EXPECT_EQ(peers[0].api, "h:9");
}

TEST(ExecLines, OfTwoLivesOfANodeAreTwo) {
    EXPECT_THAT(read_lines("{\"id\":\"a\",\"uuid\":\"1\",\"address\":\"h:1\"}\n"
                           "{\"id\":\"a\",\"uuid\":\"2\",\"address\":\"h:1\"}"),
                SizeIs(2));
}

TEST(ExecLines, ThatAreWrongAreNamed) {
    EXPECT_EQ(wrong("{\"address\":\"h:1\"}\nhello\n"),
              "printed line 2, \"hello\", which must be one JSON object, as in {\"id\": \"2\", "
              "\"address\": \"10.0.0.2:7401\"}");
    for (const auto* line : {"[]", "7", "\"text\"", "null", "{", "{}{}", "{\"address\":\"h:1\"} x",
                             "{'address':'h:1'}", "\xff\xfe", "<html>",
                             "{\"address\":\"h:1\"}, {\"address\":\"h:2\"}"}) {
        EXPECT_THAT(wrong(line), HasSubstr("must be one JSON object")) << line;
    }
    EXPECT_THAT(wrong("{}"), HasSubstr("needs \"address\" (a string) or \"addresses\" (a list)"));
    EXPECT_THAT(wrong(R"({"adress":"h:1"})"), HasSubstr("needs \"address\""));
    EXPECT_THAT(wrong(R"({"address":"h:1","addresses":["h:1"]})"), HasSubstr("and not both"));
    EXPECT_THAT(wrong(R"({"id":2,"address":"h:1"})"), HasSubstr("whose \"id\" must be a string"));
    EXPECT_THAT(wrong(R"({"id":"a b","address":"h:1"})"),
                HasSubstr("whose \"id\" must be 1 to 64"));
    EXPECT_THAT(wrong(R"({"id":"","address":"h:1"})"), HasSubstr("whose \"id\" must be 1 to 64"));
    EXPECT_THAT(wrong(R"({"uuid":"a/b","address":"h:1"})"), HasSubstr("whose \"uuid\" must be"));
    EXPECT_THAT(wrong(R"({"address":7401})"), HasSubstr("whose \"address\" must be a string"));
    EXPECT_THAT(wrong(R"({"addresses":"h:1"})"), HasSubstr("must be a list of 1 to 16"));
    EXPECT_THAT(wrong(R"({"addresses":[]})"), HasSubstr("must be a list of 1 to 16"));
    EXPECT_THAT(wrong(R"({"addresses":[1]})"), HasSubstr("\"addresses\" must hold strings"));
    EXPECT_THAT(wrong(R"({"address":"h:1","api":"h"})"), HasSubstr("whose \"api\" holds \"h\""));
    for (const auto* address : {"", "h", "h:0", "h:65536", "::1:1", "http://h:1", "h:1/", ":1"}) {
        EXPECT_THAT(wrong("{\"address\":\"" + std::string(address) + "\"}"),
                    HasSubstr("must hold host:port"))
            << address;
    }
}

TEST(ExecLines, AreBounded) {
    std::string many, long_list = "{\"addresses\":[\"h:1\"";
    for (int i = 1; i <= 256; ++i) many += "{\"address\":\"h:" + std::to_string(i) + "\"}\n";
    EXPECT_THAT(read_lines(many + many), SizeIs(256));
    EXPECT_THAT(wrong(many + "{\"address\":\"h:300\"}"),
                AllOf(HasSubstr("line 257"), HasSubstr("limit of 256 peers")));
    for (int i = 2; i <= 17; ++i) long_list += ",\"h:" + std::to_string(i) + "\"";
    EXPECT_THAT(wrong(long_list + "]}"), HasSubstr("a list of 1 to 16"));

    std::string grown;
    for (int i = 1; i <= 17; ++i) {
        grown += "{\"id\":\"a\",\"address\":\"h:" + std::to_string(i) + "\"}\n";
    }
    EXPECT_THAT(wrong(grown), AllOf(HasSubstr("line 17"), HasSubstr("more than 16 addresses")));

    EXPECT_THAT(wrong("{\"address\":\"" + std::string(20000, 'x') + ":1\"}"),
                AllOf(HasSubstr("longer than 16384 bytes"), testing::SizeIs(testing::Lt(400))));
    EXPECT_THAT(wrong("{\"x\":" + std::string(10000, '[') + std::string(10000, ']') + "}"),
                Not(IsEmpty()));
}

// A program may print the announced form of a node.
TEST(ExecLines, OfANodeReadBackAsThisNode) {
    auto self = node("a", 1);
    self.addresses.push_back({"::1", 7});
    const auto line = discovery::peer_line(self);

    EXPECT_EQ(line, R"({"id":"a","uuid":"uuid-of-a","addresses":["127.0.0.1:4001","[::1]:7"],)"
                    R"("api":"127.0.0.1:3001"})");
    EXPECT_THAT(read_lines(line), ElementsAre(self));
    self.uuid.reset();
    self.api.clear();
    EXPECT_THAT(read_lines(discovery::peer_line(self)), ElementsAre(self));
}

// ---- options ------------------------------------------------------------------------------------

std::string refusal(OptionMap options) {
    return fault([&] { (void)make("exec", std::move(options)); });
}

TEST(ExecOptions, NameEachFaultWithItsPlace) {
    EXPECT_EQ(
        refusal(
            {{"command", text("/bin/true")}, {"interval", text("5")}, {"timeout", text("11m")}}),
        "node.yaml:3:7: discovery[0].command is \"/bin/true\", but must be a list of the "
        "program's absolute path and its arguments, as in [/usr/local/bin/peers, --all]; no "
        "shell runs it\n"
        "node.yaml:3:7: discovery[0].interval is \"5\", but must be a duration: a whole number "
        "and a unit (ms, s, m or h), as in 150ms or 2s\n"
        "node.yaml:3:7: discovery[0].timeout is \"11m\", but must be 100ms to 10m");
    EXPECT_THAT(refusal({}), HasSubstr("discovery[0].command is missing, but required; give"));
    EXPECT_THAT(refusal({{"command", list({})}}),
                HasSubstr("command is an empty list, but must be a list"));
    EXPECT_THAT(refusal({{"command", list({"peers", "--all"})}}),
                HasSubstr("command holds \"peers\", but must hold the program's absolute path"));
    EXPECT_THAT(refusal({{"command", list({"/bin/true", std::string("a\0b", 3)})}}),
                HasSubstr("but must hold texts"));
    EXPECT_THAT(refusal({{"command", list({"/bin/true"})}, {"announce", text("x")}}),
                HasSubstr("discovery[0].announce is \"x\", but must be a list"));
    EXPECT_THAT(refusal({{"command", list({"/bin/true"})}, {"withdraw", list({"x"})}}),
                HasSubstr("discovery[0].withdraw holds \"x\""));
    EXPECT_THAT(refusal({{"command", list({"/bin/true"})}, {"interval", text("99ms")}}),
                HasSubstr("interval is \"99ms\", but must be 100ms to 1h"));
}

}  // namespace
}  // namespace electiond::bench
