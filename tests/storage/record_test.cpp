// The record comes back as it was, and nothing but a record is taken for one.
#include "storage/record.h"

#include "scratch.h"
#include "storage/slot.h"

namespace electiond {
namespace {

const std::string kText = write_record(record_with_vote(7, "u2"));

std::string with(std::string from, const std::string& to) {
    auto text = kText;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(Record, IsOneLineOfJson) {
    EXPECT_EQ(kText,
              R"({"uuid":"5f0c9e86-9f4b-4d3a-8a51-000000000001","nodeId":"n1",)"
              R"("clusterName":"demo","clusterId":"cluster-1","supersedes":[],"starts":3,"term":7,)"
              R"("votedFor":"u2","config":{"term":7,"version":2,"voters":[{"id":"n1",)"
              R"("uuid":"5f0c9e86-9f4b-4d3a-8a51-000000000001"},{"id":"n2","uuid":"u2"}],)"
              R"("banned":[]},"promiseMs":1000,"foundingSet":[],"left":false})");
}

TEST(Record, ReadsWhatItWrites) {
    auto strange = record_with_vote(0, "");
    strange.cluster_name = "a \"quoted\" \\ /name/ \n\t\x01 \xc3\xbc \xe2\x82\xac";
    for (const auto& record : {record_with_vote(7, "u2"), largest_record(), strange}) {
        EXPECT_EQ(read_record(write_record(record)), record);
    }
}

TEST(Record, FitsIntoASlotAtItsLargest) {
    const Slot slot{kRecordFormat, kNumberMax, write_record(largest_record())};

    EXPECT_EQ(decode_slot(encode_slot(slot)), slot);
}

// What a newer electiond may have added before a downgrade.
TEST(Record, LeavesOutKeysThatItDoesNotKnow) {
    for (const auto* extra : {R"("extra":1)", R"("extra":{"a":[1,2]})", R"("extra":null)",
                              R"("extra":"\u0001","another":[])"}) {
        const auto text = with(R"("term":7,)", R"("term":7,)" + std::string(extra) + ",");
        EXPECT_EQ(read_record(text), record_with_vote(7, "u2")) << text;
    }
    EXPECT_EQ(read_record(with(R"("left":false)", R"("left":false,"extra":true)")),
              record_with_vote(7, "u2"));
}

TEST(Record, RefusesWhatItWouldNotWrite) {
    for (const auto& text : {
             std::string(),
             std::string("{}"),
             std::string("[]"),
             std::string("7"),
             kText.substr(0, kText.size() - 1),
             kText + " ",
             with(R"("term":7)", R"("term":"7")"),
             with(R"("term":7)", R"("term":7.0)"),
             with(R"("term":7)", R"("term":-7)"),
             with(R"("term":7)", R"("term":true)"),
             with(R"("term":7)", R"("term":9007199254740992)"),
             with(R"("term":7)", R"("term":18446744073709551616)"),
             with(R"("term":7,)", ""),
             with(R"("term":7,)", R"("term":6,"term":7,)"),
             with(R"("term":7,)", R"("term":7,"extra":1,"extra":1,)"),
             with(R"("term":7,)", R"("term":7,"extra": 1,)"),
             with(R"("term":7,)", R"("extra":1,)"),
             with(R"("version":2,)", R"("version":2,"extra":1,)"),
             with(R"("id":"n2",)", R"("id":"n2","extra":1,)"),
             with(R"("starts":3,"term":7)", R"("term":7,"starts":3)"),
             with(R"("banned":[])", R"("banned":{})"),
             with(R"("banned":[])", R"("banned":null)"),
             with(R"("supersedes":[])", R"("supersedes":[1])"),
             with(R"({"id":"n2","uuid":"u2"})", R"("n2")"),
             with(R"({"id":"n2","uuid":"u2"})", R"({"id":"n2"})"),
             with(R"("left":false)", R"("left":0)"),
             with(R"("nodeId":"n1")", R"("nodeId":"")"),
             with(R"("promiseMs":1000)", R"("promiseMs":-1)"),
         }) {
        const auto found = fault([&] { (void)read_record(text); });
        EXPECT_EQ(found.code, Error::data) << text;
        EXPECT_THAT(found.line, testing::StartsWith("the record is malformed: "));
    }
}

}  // namespace
}  // namespace electiond
