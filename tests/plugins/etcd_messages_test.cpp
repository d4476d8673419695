// The JSON of etcd's gateway: the requests, and which responses are accepted or refused.
#include "etcd/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace electiond::discovery::etcd {
namespace {

using testing::HasSubstr;

TEST(EtcdMessages, AreWhatTheGatewayExpects) {
    EXPECT_EQ(range_request("/e/", "/e0", 7), R"({"key":"L2Uv","limit":"7","range_end":"L2Uw"})");
    EXPECT_EQ(put_request("k", "v", ""), R"({"key":"aw==","value":"dg=="})");
    EXPECT_EQ(put_request("k", "v", "9"), R"({"key":"aw==","lease":"9","value":"dg=="})");
    EXPECT_EQ(create_request("k", "v"),
              R"({"compare":[{"create_revision":"0","key":"aw==","result":"EQUAL",)"
              R"("target":"CREATE"}],"failure":[{"request_range":{"key":"aw=="}}],)"
              R"("success":[{"request_put":{"key":"aw==","value":"dg=="}}]})");
    EXPECT_EQ(watch_request("a", "b", 3),
              R"({"create_request":{"key":"YQ==","range_end":"Yg==","start_revision":"3"}})");
    EXPECT_EQ(authenticate_request("u", "p\"\n"), R"({"name":"u","password":"p\"\n"})");
}

TEST(EtcdMessages, KeepEveryByteOfAKeyAndItsValue) {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    const auto request = put_request("k", all, "");
    const auto begin = request.find("\"value\":\"") + 9;
    const auto base64 = request.substr(begin, request.rfind('"') - begin);

    const auto range = read_range(R"({"header":{"revision":"5"},"more":true,"kvs":[{"key":"aw==",)"
                                  R"("value":")" +
                                  base64 + R"(","lease":"7","mod_revision":"4"}]})");

    ASSERT_EQ(range.entries.size(), 1U);
    EXPECT_EQ(range.entries[0].value, all);
    EXPECT_EQ(range.entries[0].key, "k");
    EXPECT_EQ(range.entries[0].lease, "7");
    EXPECT_EQ(range.entries[0].mod_revision, 4);
    EXPECT_EQ(range.revision, 5);
    EXPECT_TRUE(range.more);
}

TEST(EtcdMessages, LeaveOutWhatIsZero) {
    const auto range = read_range(R"({"header":{}})");
    EXPECT_TRUE(range.entries.empty());
    EXPECT_EQ(range.revision, 0);
    EXPECT_FALSE(range.more);
    EXPECT_EQ(read_keep_alive(R"({"result":{"ID":"1"}})"), std::nullopt);
    EXPECT_EQ(read_keep_alive(R"({"result":{"ID":"1","TTL":"9"}})"), std::chrono::seconds(9));
    EXPECT_EQ(read_grant(R"({"ID":"-5","TTL":"9"})").id, "-5");  // of 64 bits
}

TEST(EtcdMessages, DistinguishACreatedKeyFromAnExistingOne) {
    EXPECT_EQ(read_created(R"({"succeeded":true})"), std::nullopt);
    EXPECT_EQ(read_created(R"({"responses":[{"response_range":{"kvs":[{"value":"dg=="}]}}]})")
                  .value()
                  .value,
              "v");
    for (const auto* wrong :
         {"{}", R"({"responses":[]})", R"({"responses":[{}]})", R"({"responses":[7]})",
          R"({"succeeded":"yes"})", R"({"responses":[{"response_range":{}}]})"}) {
        EXPECT_THROW((void)read_created(wrong), std::exception) << wrong;
    }
}

TEST(EtcdMessages, ReadEachLineOfAWatch) {
    const auto created = read_watch(R"({"result":{"created":true}})");
    EXPECT_TRUE(created.created && !created.changed && !created.canceled);
    const auto changed = read_watch(R"({"result":{"events":[{"type":"DELETE"}]}})");
    EXPECT_TRUE(!changed.created && changed.changed && !changed.canceled);
    // Its revision was compacted.
    const auto compacted =
        read_watch(R"({"result":{"watch_id":"0","canceled":true,"compact_revision":"9"}})");
    EXPECT_TRUE(!compacted.changed && compacted.canceled);
    EXPECT_TRUE(read_watch(R"({"error":{"message":"x"}})").canceled);
    EXPECT_THROW((void)read_watch(""), std::exception);
    EXPECT_THROW((void)read_watch("[]"), std::exception);
}

TEST(EtcdMessages, ReadARefusal) {
    const auto plain = read_refusal(R"({"error":"no","message":"no","code":5})");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->code, 5);
    EXPECT_EQ(plain->message, "no");
    const auto streamed = read_refusal(R"({"error":{"grpc_code":16,"message":"no"}})");
    ASSERT_TRUE(streamed);
    EXPECT_EQ(streamed->code, 16);
    for (const auto* none : {"", "x", "{}", "[]", R"({"code":5})"})
        EXPECT_FALSE(read_refusal(none)) << none;
}

TEST(EtcdMessages, RefuseATokenThatIsNoHeaderValue) {
    EXPECT_EQ(read_token(R"({"token":"a.1"})"), "a.1");
    for (const auto* wrong : {"{}", R"({"token":""})", R"({"token":"a\r\nX: y"})"})
        EXPECT_THROW((void)read_token(wrong), std::exception) << wrong;
}

}  // namespace
}  // namespace electiond::discovery::etcd
