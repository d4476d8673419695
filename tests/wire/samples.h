// Random messages of every kind, each optional field there or not: the same for the same seed.
#pragma once

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "election/message.h"
#include "election/random.h"

namespace electiond {

class Samples {
  public:
    static constexpr std::size_t kKinds = std::variant_size_v<RequestBody>;

    explicit Samples(std::uint64_t seed) : random_(seed) {}

    PeerRequest request(std::size_t kind) { return {sender(), number(), request_body(kind)}; }

    PeerReply reply(std::size_t kind) {
        PeerReply reply{sender(), number(), number(), reason(), reply_body(kind)};
        if (auto* status = std::get_if<StatusReply>(&reply.body)) {  // one field for the two
            status->address = reply.from.address;
            status->api = reply.from.api;
        }
        return reply;
    }

    std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
    bool flag() { return below(2) == 0; }

  private:
    template <class T>
    T any_of(std::initializer_list<T> all) {
        return all.begin()[below(all.size())];
    }
    template <class Make>
    auto maybe(Make make) {
        using T = decltype(make());
        return flag() ? std::optional<T>(make()) : std::nullopt;
    }
    template <class Make>
    auto list(std::size_t most, Make make) {
        std::vector<decltype(make())> all(below(most + 1));
        for (auto& item : all) item = make();
        return all;
    }

    std::uint64_t number() {
        const auto small = below(1000);
        return any_of<std::uint64_t>({0, small, kNumberMax - small, kNumberMax});
    }
    std::int64_t priority() { return static_cast<std::int64_t>(number()); }
    Milliseconds wait() { return Milliseconds(below(kPromiseMax.count() + 1)); }
    Reason reason() {
        return static_cast<Reason>(
            below(static_cast<std::uint64_t>(Reason::founding_sets_differ) + 1));
    }

    std::string text(std::size_t least, std::string_view letters) {
        std::string text(least + below(65 - least), ' ');
        for (auto& c : text) c = letters[below(letters.size())];
        return text;
    }
    std::string label(std::size_t least = 0) {
        return text(least, "abcXYZ019 \"\\/{}[]:,.~!'<>&-_");
    }
    std::string name() {
        return flag() ? "Zürich \"Höngg\" \xe2\x9c\x93 \xf0\x9f\x90\x98" : label();
    }
    NodeId id() { return NodeId(text(0, "abcXYZ019._-")); }
    NodeUuid uuid() {
        return NodeUuid(flag() ? random_.identity()
                               : "\\" + label().substr(0, 30) + random_.identity());
    }
    Endpoint endpoint() {
        return {any_of<std::string>({"127.0.0.1", "::1", "fe80::1%eth0", "node1.example"}),
                static_cast<std::uint16_t>(below(65536))};
    }
    std::string address() { return flag() ? "" : endpoint().to_string(); }

    Sender sender() {
        return {.cluster_id = label(),
                .cluster_name = name(),
                .uuid = uuid(),
                .id = id(),
                .incarnation = label(),
                .address = maybe([&] { return endpoint(); }),
                .api = address(),
                .supersedes = list(3, [&] { return label(); })};
    }
    ConfigNumber config_number() { return {number(), number()}; }
    std::vector<Voter> voters(std::size_t most) {
        return list(most, [&] { return Voter{id(), uuid()}; });
    }
    Electorate electorate() {
        Electorate config{config_number(), voters(6), list(3, [&] { return uuid(); })};
        config.voters.push_back({id(), uuid()});
        return config;
    }
    LeaderHint hint() {
        return {id(), uuid(), number(), maybe([&] { return endpoint(); }), wait()};
    }
    Member member() {
        return {.id = id(),
                .uuid = uuid(),
                .addresses = list(3, [&] { return endpoint(); }),
                .api = address(),
                .role = any_of<MemberRole>(
                    {MemberRole::voter, MemberRole::standby, MemberRole::observer}),
                .last_ack = maybe([&] { return wait(); }),
                .rtt = maybe([&] { return Duration(std::chrono::microseconds(below(1'000'000))); }),
                .eligible = flag(),
                .priority = priority()};
    }
    std::vector<Member> members() {
        return list(4, [&] { return member(); });
    }
    Hello hello() { return {flag(), voters(4), flag(), priority(), config_number()}; }
    VoteReply vote_reply() {
        return {flag(), maybe([&] { return hint(); }), maybe([&] { return electorate(); })};
    }

    RequestBody request_body(std::size_t kind) {
        switch (kind) {
            case 0:
                return PreVote{config_number()};
            case 1:
                return VoteRequest{config_number(), flag(), reason()};
            case 2:
                return Heartbeat{.seq = number(),
                                 .promise = maybe([&] { return wait(); }),
                                 .number = config_number(),
                                 .config = maybe([&] { return electorate(); }),
                                 .config_pending = flag(),
                                 .view = number(),
                                 .members = maybe([&] { return members(); }),
                                 .succession = maybe([&] {
                                     return Succession{list(5, [&] { return uuid(); }), wait()};
                                 })};
            case 3:
                return TimeoutNow{reason()};
            case 4:
                return hello();
            default:
                return StatusQuery{flag()};
        }
    }

    ReplyBody reply_body(std::size_t kind) {
        switch (kind) {
            case 0:
                return PreVoteReply{vote_reply()};
            case 1:
                return vote_reply();
            case 2:
                return HeartbeatReply{flag(),     number(), config_number(), number(), flag(),
                                      priority(), flag(),   flag(),          flag()};
            case 3:
                return TimeoutNowReply{flag()};
            case 4:
                return HelloReply{hello(), maybe([&] { return hint(); }),
                                  maybe([&] { return electorate(); })};
            default:
                return StatusReply{
                    .port = maybe([&] { return static_cast<std::uint16_t>(below(65536)); }),
                    .state = any_of<State>({State::follower, State::candidate, State::leader}),
                    .role = any_of<MemberRole>({MemberRole::voter, MemberRole::standby,
                                                MemberRole::observer, MemberRole::joining}),
                    .leader_id = maybe([&] { return label(); }),
                    .is_leader = flag(),
                    .lease_remaining = wait(),
                    .uptime = number(),
                    .voted_for = maybe([&] { return label(); }),
                    .config = config_number(),
                    .voters = number(),
                    .version = label(),
                    .members = maybe([&] { return members(); })};
        }
    }

    Random random_;
};

}  // namespace electiond
