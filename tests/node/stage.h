// One real Node on a stage: a store, a transport and a clock that the test holds in its hands.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <electiond/error.h>

#include "../election/cast.h"
#include "node/node.h"
#include "wire/codec.h"

namespace electiond {

// What happened, in order: "save", "sync_twin", "answer", "send heartbeat", "claim", …
using Script = std::vector<std::string>;

class FakeStore : public DurableStore {
  public:
    explicit FakeStore(Script* script = nullptr) : script_(script) {}

    std::optional<Durable> load() override { return record; }
    void save(const Durable& next) override {
        if (broken) throw Error("the disk is full", Error::disk);
        record = next;
        if (script_) script_->push_back("save");
    }
    void sync_twin() override {
        if (script_) script_->push_back("sync_twin");
    }

    std::optional<Durable> record;
    bool broken = false;

  private:
    Script* script_;
};

class FakeTransport : public Transport {
  public:
    explicit FakeTransport(Script& script) : script_(script) {}

    Endpoint start(Inbox&) override { return {"one", 1}; }
    void stop() noexcept override {}
    void send(const Endpoint& to, Request request, Milliseconds,
              OnResponse on_response) noexcept override {
        script_.push_back("send " + request.name);
        sent.push_back({to, std::move(request), std::move(on_response)});
        if (on_send) on_send();
    }

    void refresh(const Endpoint& to) noexcept override { refreshed.push_back(to); }

    struct Sent {
        Endpoint to;
        Request request;
        OnResponse on_response;
    };
    std::vector<Sent> sent;
    std::vector<Endpoint> refreshed;
    std::function<void()> on_send;

  private:
    Script& script_;
};

class Stage {
  public:
    explicit Stage(Durable durable = member({1, 2, 3}), const Policy& policy = plain(),
                   bool certificates_name_nodes = false)
        : store(&script),
          transport(script),
          journal(durable.starts, 2 * policy.timing.heartbeat),
          now(std::chrono::hours(1)),
          node(policy, std::move(durable), Random(1),
               Identity{.incarnation = "i1",
                        .address = {"one", 1},
                        .api = "one:80",
                        .version = "9.9",
                        .certificates_name_nodes = certificates_name_nodes},
               NodeDependencies{
                   .transport = transport,
                   .store = store,
                   .board = board,
                   .grants = grants,
                   .journal = journal,
                   .counters = counters,
                   .post = [this](Event event) { posted.push_back(std::move(event)); },
                   .claim =
                       [this](const Claim& claim) {
                           script.push_back("claim");
                           claims.push_back(claim);
                       },
                   .log = Log([this](const LogLine& line) { lines.push_back(line.to_string()); })},
               now) {}

    Script script;
    FakeStore store;
    FakeTransport transport;
    StatusBoard board;
    GrantBook grants;
    Journal journal;
    Counters counters;
    std::deque<Event> posted;
    std::vector<Claim> claims;
    std::vector<std::string> lines;
    Instant now;
    Node node;

    static Endpoint address_of(int n) { return {"node-" + std::to_string(n), 1}; }
    static Sender from(int n, const std::string& cluster = kCluster) {
        auto speaker = sender(n, cluster);
        speaker.address = address_of(n);
        return speaker;
    }

    void pass(Duration length) {
        const Instant end = now + length;
        while (node.deadline() <= end) {
            now = std::max(now, node.deadline());
            node.tick(now);
            deliver_replies();
        }
        now = end;
        node.tick(now);
    }

    // What the certificate of a node proves.
    static std::vector<std::string> names_of(const NodeId& who) {
        return {"URI:electiond://demo/" + who.value};
    }

    // A request as it comes from the transport; its answer, and the moment of it on the script.
    Response ask(const std::string& name, const std::string& body,
                 const std::vector<std::string>& names = {}) {
        Response given;
        int answers = 0;
        node.handle(
            now,
            RequestArrived{
                Request{.name = name, .body = body, .source = "peer:9", .verified_names = names},
                [&](Response answer) {
                    script.push_back("answer");
                    if (on_answer) on_answer();
                    given = std::move(answer);
                    ++answers;
                }});
        EXPECT_EQ(answers, 1) << "every request is answered once";
        return given;
    }
    PeerReply ask(int n, Term term, const RequestBody& body,
                  const std::string& cluster = kCluster) {
        return ask(from(n, cluster), names_of(id(n)), term, body);
    }
    PeerReply ask(const Sender& from, const std::vector<std::string>& names, Term term,
                  const RequestBody& body) {
        const PeerRequest request{.from = from, .term = term, .body = body};
        const auto name = wire::name_of(body);
        const auto answer = ask(name, wire::encode(request), names);
        EXPECT_EQ(answer.kind, Response::Kind::ok);
        return wire::decode_reply(name, answer.body);
    }
    PeerReply heartbeat(int n, Term term) {
        return ask(n, term, Heartbeat{.seq = 1, .promise = kE, .number = {0, 1}});
    }

    // Node n answers the newest request of this name that it was sent.
    void answer(int n, const std::string& name, ReplyBody body, Reason reason = Reason::none) {
        answer_by(from(n), address_of(n), name, std::move(body), reason);
    }
    void answer_by(const Sender& speaker, const Endpoint& at, const std::string& name,
                   ReplyBody body, Reason reason = Reason::none) {
        answer_with(names_of(speaker.id), speaker, at, name, std::move(body), reason);
    }
    // Whoever has the address `at` now answers the newest request of this name that went there.
    void answer_with(const std::vector<std::string>& names, const Sender& speaker,
                     const Endpoint& at, const std::string& name, ReplyBody body,
                     Reason reason = Reason::none, std::optional<Term> term = std::nullopt) {
        for (auto each = transport.sent.rbegin(); each != transport.sent.rend(); ++each) {
            if (each->request.name != name || each->to != at) continue;
            const auto asked =
                std::get<PeerRequest>(wire::decode_request(name, each->request.body));
            each->on_response({Response::Kind::ok,
                               wire::encode(PeerReply{.from = speaker,
                                                      .term = term.value_or(node.election().term()),
                                                      .request_term = asked.term,
                                                      .reason = reason,
                                                      .body = std::move(body)}),
                               names});
            return deliver_replies();
        }
        ADD_FAILURE() << at.to_string() << " was sent no " << name;
    }

    void deliver_replies() {
        while (!posted.empty()) {
            auto event = std::move(posted.front());
            posted.pop_front();
            node.handle(now, std::move(event));
        }
    }

    // Until it has asked node n so.
    void pass_until_sent(const std::string& name, int n) {
        const auto asked = [&](const auto& each) {
            return each.request.name == name && each.to == address_of(n);
        };
        while (std::ranges::none_of(transport.sent, asked)) pass(10ms);
    }

    // Meets 2 and 3, and leads with the votes of both.
    void take_the_lead() {
        for (const int n : {2, 3}) ask(n, 0, Hello{.blank = false, .config = {0, 1}});
        while (!std::holds_alternative<PreCandidate>(node.election().role())) pass(10ms);
        PreVoteReply yes;
        yes.granted = true;
        answer(2, "pre-vote", yes);
        VoteReply vote;
        vote.granted = true;
        answer(2, "vote-request", vote);
        for (const int n : {2, 3}) ack(n);
        ASSERT_TRUE(leads());
    }
    void ack(int n) {
        const auto& lead = std::get<Leading>(node.election().role());
        answer(n, "heartbeat",
               HeartbeatReply{.accepted = true,
                              .seq = lead.rounds.newest(),
                              .config = node.election().electorate().number,
                              .view = lead.view,
                              .eligible = true,
                              .priority = 100});
    }
    [[nodiscard]] bool leads() const { return board.read()->leads_at(now); }

    std::function<void()> on_answer;
};

}  // namespace electiond
