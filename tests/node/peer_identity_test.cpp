// A node is who its certificate says: which names count, and whose uuid is whose.
#include "node/peer_identity.h"

#include <gtest/gtest.h>

#include "../election/cast.h"

namespace electiond {
namespace {

using namespace std::string_literals;
using Names = std::vector<std::string>;

bool names_one(const std::string& name) { return certificate_names({name}, "lab", "1"); }

TEST(PeerIdentity, EitherFormNamesANode) {
    EXPECT_TRUE(names_one("URI:electiond://lab/1"));
    EXPECT_TRUE(names_one("DNS:1.lab"));
    EXPECT_TRUE(certificate_names({"DNS:host.example", "IP:10.0.0.1", "URI:electiond://lab/1"},
                                  "lab", "1"));
}

TEST(PeerIdentity, NothingElseNamesIt) {
    EXPECT_FALSE(certificate_names({}, "lab", "1"));
    for (const auto& name : {"URI:electiond://lab/2"s,       // another node
                             "URI:electiond://prod/1"s,      // of another cluster
                             "DNS:1.prod"s,                  //
                             "URI:electiond://lab/1/"s,      // longer
                             "URI:electiond://lab/11"s,      //
                             "URI:electiond://lab/1?a"s,     //
                             "DNS:1.lab."s,                  //
                             "DNS:1.lab.example"s,           //
                             "DNS:a.1.lab"s,                 //
                             "URI:electiond://lab/"s,        // shorter
                             "URI:electiond://lab"s,         //
                             "URI:electiond:///1"s,          //
                             "DNS:lab"s,                     //
                             ""s,                            //
                             "URI:electiond://LAB/1"s,       // another case
                             "uri:electiond://lab/1"s,       //
                             "URI:Electiond://lab/1"s,       //
                             "DNS:1.Lab"s,                   //
                             "DNS:*.lab"s,                   // wildcards
                             "DNS:*"s,                       //
                             "DNS:?.lab"s,                   //
                             "URI:electiond://lab/*"s,       //
                             "URI:electiond://*/1"s,         //
                             "URI:electiond://lab/1\0"s,     // NUL
                             "URI:electiond://lab/1\0.x"s,   //
                             "URI:electiond://lab\0/1"s,     //
                             "DNS:1.lab\0"s,                 //
                             "DNS:1\0.lab"s,                 //
                             "\0URI:electiond://lab/1"s,     //
                             "URI:electiond://lab/%31"s,     // another spelling
                             "URI:electiond://x@lab/1"s,     //
                             "URI:electiond://lab:1/1"s,     //
                             "URI:electiond://lab//1"s,      //
                             "URI:electiond://lab/./1"s,     //
                             " URI:electiond://lab/1"s,      //
                             "URI:electiond://lab/1 "s,      //
                             "URI:electiond://lab/role/1"s,  // an operator
                             "DNS:electiond://lab/1"s,       // the kind of name counts, too
                             "URI:1.lab"s,                   //
                             "IP:1.lab"s,                    //
                             "email:1.lab"s,                 //
                             "1.lab"s,                       //
                             "electiond://lab/1"s}) {
        EXPECT_FALSE(names_one(name)) << name;
    }
}

// "DNS:a.b.c" could be node a of cluster b.c, or node a.b of cluster c.
TEST(PeerIdentity, ADotLeavesOnlyTheUri) {
    EXPECT_FALSE(certificate_names({"DNS:a.b.c"}, "b.c", "a"));
    EXPECT_FALSE(certificate_names({"DNS:a.b.c"}, "c", "a.b"));
    EXPECT_TRUE(certificate_names({"URI:electiond://b.c/a"}, "b.c", "a"));
    EXPECT_TRUE(certificate_names({"URI:electiond://c/a.b"}, "c", "a.b"));
    EXPECT_EQ(names_needed("lab", "1"), "URI:electiond://lab/1 or DNS:1.lab");
    EXPECT_EQ(names_needed("lab.example", "1"), "URI:electiond://lab.example/1");
    EXPECT_EQ(names_needed("lab", "node-1.a"), "URI:electiond://lab/node-1.a");
    EXPECT_EQ(names_of_node("lab.example", "1").dns, "");
}

// What is no id or no name of a cluster is named by nothing, not even by the same bytes.
TEST(PeerIdentity, WhatTheSettingsDoNotAllowHasNoName) {
    for (const auto& odd : {""s, "a/b"s, "*"s, "a\0"s, "a b"s, "\xc3\xa4"s}) {
        EXPECT_FALSE(
            certificate_names({"URI:electiond://lab/" + odd, "DNS:" + odd + ".lab"}, "lab", odd))
            << odd;
        EXPECT_FALSE(certificate_names({"URI:electiond://" + odd + "/1", "DNS:1." + odd}, odd, "1"))
            << odd;
        EXPECT_EQ(names_of_node("lab", odd).uri, "");
    }
}

TEST(PeerIdentity, ACertificateOfSeveralNodesProvesEach) {
    const Names names{"URI:electiond://lab/1", "DNS:2.lab"};
    EXPECT_TRUE(certificate_names(names, "lab", "1"));
    EXPECT_TRUE(certificate_names(names, "lab", "2"));
    EXPECT_FALSE(certificate_names(names, "lab", "3"));
}

TEST(PeerIdentity, SaysWhatIsWrongAndWhatToDo) {
    const Names three{"URI:electiond://demo/3"};

    const auto by_id = wrong_identity(sender(2), three, "demo", std::nullopt);
    ASSERT_TRUE(by_id);
    EXPECT_EQ(by_id->what,
              "claims to be node 2, but its certificate is for URI:electiond://demo/3");
    EXPECT_EQ(by_id->remedy,
              "give node 2 a certificate for URI:electiond://demo/2 or DNS:2.demo; if it has one, "
              "somebody else uses the certificate that was shown: revoke it");

    auto by_uuid = sender(2);
    by_uuid.id = id(3);
    const auto wrong = wrong_identity(by_uuid, three, "demo", id(2));
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->what,
              "claims to be node 3 with the uuid of node 2, u2; its certificate is for "
              "URI:electiond://demo/3");

    auto foreign = sender(2);
    foreign.cluster_name = "prod";
    EXPECT_EQ(wrong_identity(foreign, {"URI:electiond://prod/2"}, "demo", std::nullopt)->what,
              "is of cluster prod, not demo; its certificate is for URI:electiond://prod/2");

    auto nobody = sender(2);
    nobody.id = {};
    EXPECT_TRUE(wrong_identity(nobody, three, "demo", std::nullopt));
    EXPECT_EQ(wrong_identity(nobody, {}, "demo", std::nullopt)->what,
              "does not say which node it is; its certificate is for no name");
}

TEST(PeerIdentity, AcceptsANodeThatItsCertificateNames) {
    const Names three{"URI:electiond://demo/3"};
    EXPECT_FALSE(wrong_identity(sender(3), three, "demo", std::nullopt)) << "a new uuid";
    EXPECT_FALSE(wrong_identity(sender(3), three, "demo", id(3)));
}

TEST(PeerIdentity, ShowsHostileNamesShortAndPrintable) {
    EXPECT_EQ(shown_names({}), "no name");
    EXPECT_EQ(shown_names({"DNS:a\nb\0c\x7f\xff"s}), "DNS:a?b?c??");
    EXPECT_EQ(shown_names(Names(5, "a")), "a, a, a and 2 more");
    EXPECT_EQ(shown_names({std::string(5000, 'x')}), std::string(80, 'x') + "...");
}

}  // namespace
}  // namespace electiond
