// Hostile bytes: decoded or refused, never anything else.
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "samples.h"
#include "wire/codec.h"

namespace electiond::wire {
namespace {

constexpr const char* kNames[] = {"pre-vote",    "vote-request", "heartbeat",
                                  "timeout-now", "hello",        "status"};

// True where `text` is a message; what is one must survive a second trip.
bool accepts_request(const char* name, const std::string& text) {
    try {
        const auto decoded = decode_request(name, text);
        if (const auto* peer = std::get_if<PeerRequest>(&decoded)) {
            EXPECT_EQ(std::get<PeerRequest>(decode_request(name, encode(*peer))), *peer) << text;
        }
        return true;
    } catch (const DecodeError& error) {
        EXPECT_LT(std::string_view(error.what()).size(), 200U);
        return false;
    }
}

bool accepts_reply(const char* name, const std::string& text) {
    try {
        const auto decoded = decode_reply(name, text);
        EXPECT_EQ(decode_reply(name, encode(decoded)), decoded) << text;
        return true;
    } catch (const DecodeError& error) {
        EXPECT_LT(std::string_view(error.what()).size(), 200U);
        return false;
    }
}

void mutate(std::string& text, Samples& samples) {
    static const std::string pieces[] = {"{",
                                         "}",
                                         "[",
                                         "]",
                                         "\"",
                                         ":",
                                         ",",
                                         "null",
                                         "-1",
                                         "true",
                                         "1e9",
                                         "\\u0000",
                                         "\\ud8",
                                         "\xff",
                                         "9007199254740992",
                                         "\"term\":",
                                         "[[[[[[[[[[[[[[[["};
    const auto at = samples.below(text.size() + 1);
    switch (samples.below(5)) {
        case 0:
            if (at < text.size()) text[at] = static_cast<char>(samples.below(256));
            break;
        case 1:
            text.erase(at, samples.below(8));
            break;
        case 2:
            text.insert(at, pieces[samples.below(std::size(pieces))]);
            break;
        case 3:
            text.insert(at, text.substr(samples.below(text.size() + 1), samples.below(64)));
            break;
        default:
            if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << samples.below(8)));
    }
}

TEST(Hostile, MutatedMessagesAreDecodedOrRefused) {
    Samples samples(3);
    int accepted = 0;
    int refused = 0;
    for (int round = 0; round < 1500; ++round) {
        for (std::size_t kind = 0; kind < Samples::kKinds; ++kind) {
            auto request = encode(samples.request(kind));
            auto reply = encode(samples.reply(kind));
            for (auto count = 1 + samples.below(3); count > 0; --count) {
                mutate(request, samples);
                mutate(reply, samples);
            }
            ++(accepts_request(kNames[kind], request) ? accepted : refused);
            ++(accepts_reply(kNames[kind], reply) ? accepted : refused);
        }
    }
    EXPECT_GT(accepted, 100);
    EXPECT_GT(refused, 100);
}

TEST(Hostile, NoPieceOfAMessageIsAMessage) {
    Samples samples(4);
    for (std::size_t kind = 0; kind < Samples::kKinds; ++kind) {
        const auto request = encode(samples.request(kind));
        const auto reply = encode(samples.reply(kind));
        for (std::size_t length = 1; length < request.size(); ++length)
            ASSERT_FALSE(accepts_request(kNames[kind], request.substr(0, length))) << length;
        for (std::size_t length = 0; length < reply.size(); ++length)
            ASSERT_FALSE(accepts_reply(kNames[kind], reply.substr(0, length))) << length;
    }
}

TEST(Hostile, NoMessageIsTakenForAnother) {
    Samples samples(5);
    for (std::size_t kind = 0; kind < Samples::kKinds; ++kind) {
        for (const auto* name : kNames) {
            (void)accepts_request(name, encode(samples.reply(kind)));
            (void)accepts_reply(name, encode(samples.request(kind)));
        }
    }
    EXPECT_FALSE(accepts_request("heartbeat", encode(samples.request(1))));
    EXPECT_FALSE(accepts_request("vote-request", encode(samples.request(2))));
    EXPECT_FALSE(accepts_reply("heartbeat", encode(samples.reply(1))));
    EXPECT_FALSE(accepts_reply("vote-request", encode(samples.reply(2))));
}

// `text` with 1.5, which suits no field, in the place of one field; nothing where it has no such.
std::string spoilt(const std::string& text, const std::string& key) {
    Poco::JSON::Parser parser;
    auto object = parser.parse(text).extract<Poco::JSON::Object::Ptr>();
    object->set(key, 1.5);
    std::ostringstream out;
    object->stringify(out);
    return out.str();
}

std::vector<std::string> keys_of(const std::string& text) {
    Poco::JSON::Parser parser;
    return parser.parse(text).extract<Poco::JSON::Object::Ptr>()->getNames();
}

TEST(Hostile, NoFieldOfTheWrongTypeIsTaken) {
    Samples samples(6);
    const std::set<std::string> echoes = {"received", "id", "uuid"};  // of answers, for people
    for (int round = 0; round < 10; ++round) {
        for (std::size_t kind = 0; kind < Samples::kKinds; ++kind) {
            const auto request = encode(samples.request(kind));
            const auto reply = encode(samples.reply(kind));
            for (const auto& key : keys_of(request))
                EXPECT_FALSE(accepts_request(kNames[kind], spoilt(request, key))) << key;
            for (const auto& key : keys_of(reply)) {
                if (echoes.contains(key)) continue;
                EXPECT_FALSE(accepts_reply(kNames[kind], spoilt(reply, key))) << key;
            }
        }
    }
}

}  // namespace
}  // namespace electiond::wire
