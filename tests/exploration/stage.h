// The actions that are possible in a world, and their results: real elections, stepped as Node
// steps them.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "exploration/world.h"

namespace electiond::exploration {

// Deliberate faults, to test that the explorer finds them.
enum class Fault {
    none,
    vote_not_durable,     // a restarted node has forgotten whom it voted for
    save_not_durable,     // a crash takes the newest save with it
    promise_not_durable,  // a restarted node has nothing to wait for
    book_forgets,         // a hand-over does not wait for the clients
};

// The commands of an operator to a leader, each naming any other node.
enum class Order { step_down, remove };

enum class Clients { ask_always, ask_at_times };

struct Rules {
    Timing timing{};
    // The rate of each node's clock, in thousandths.
    std::array<std::int64_t, kNodes> rates{1000, 1000, 1000};
    std::size_t voters = kNodes;
    bool pre_votes = false;  // else campaigns begin at any moment, as if pre-votes were granted
    Clients clients = Clients::ask_always;
    Term terms = 2;               // worlds in which a higher one is seen are not followed
    std::uint8_t crashes = 1;     // each with a restart at once
    std::vector<Order> orders{};  // that whoever leads may be given …
    std::uint8_t commands = 0;    // … so often in all
    Fault fault = Fault::none;
    bool keeps_all_post = false;  // messages that can have no effect any more, too
};

// Owns what worlds share. Results are remembered: the same node in the same state, given the same
// input at the same time, takes the same step.
class Stage {
  public:
    explicit Stage(Rules rules);

    // A founded cluster whose nodes have just started.
    [[nodiscard]] World founded();
    // The same, once node 0 leads and all nodes follow it.
    [[nodiscard]] World led();
    // The same, then node 0 continues to lead with node 1, while node 2 campaigns in the next term.
    [[nodiscard]] World overtaken();

    [[nodiscard]] std::vector<Action> actions(const World& world) const;
    // True if the successors of this world are to be explored.
    [[nodiscard]] bool within_bounds(const World& world) const;
    // `fault` is the guarantee that it violates, if any.
    [[nodiscard]] World apply(World world, const Action& action, std::string& fault);

    // The same number for worlds that differ only in names, past and absolute time.
    [[nodiscard]] std::uint64_t fingerprint(const World& world);
    // The same without the messages under way.
    [[nodiscard]] std::uint64_t fingerprint_of_nodes(const World& world);

    [[nodiscard]] const Actor& actor(const World& world, NodeIndex node) const {
        return actors_[world.actors[node]];
    }
    [[nodiscard]] const Message& message(MessageId id) const { return post_[id]; }
    [[nodiscard]] const Rules& rules() const { return rules_; }
    [[nodiscard]] Instant local(RealTime real, NodeIndex node) const;
    [[nodiscard]] std::uint64_t steps_taken() const { return steps_taken_; }

    // For people.
    [[nodiscard]] std::string text(const World& world, const Action& action) const;
    [[nodiscard]] std::string text(const World& world, NodeIndex node) const;

  private:
    struct Key {
        ActorId actor = 0;
        RealTime now = 0;
        std::uint64_t input = 0;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const;
    };
    struct Body;
    struct Outcome {
        ActorId actor = 0;
        std::vector<MessageId> sent{};
        Grants grants = Grants::unchanged;  // the last that was asked for
        bool closed = false;
        std::string fault{};
    };

    [[nodiscard]] RealTime real(Instant local, NodeIndex node) const;
    [[nodiscard]] Policy policy(NodeIndex node) const;
    ActorId keep(NodeIndex node, Actor actor, RealTime now);
    void start(World& world, NodeIndex node, Durable record);
    const Outcome& outcome(NodeIndex node, const Key& key);
    [[nodiscard]] Input input_of(std::uint64_t key) const;
    [[nodiscard]] CommandBody wanted(std::uint32_t which) const;
    void take(NodeIndex node, RealTime now, const Input& input, Actor& actor, Outcome& outcome);
    void grant_pre_votes(NodeIndex node, RealTime now, Actor& actor, Outcome& outcome);
    void step(World& world, NodeIndex node, std::uint64_t input, std::string& fault);
    void crash(World& world, NodeIndex node, bool save_lost);
    void grant(World& world, NodeIndex node) const;
    [[nodiscard]] std::optional<RealTime> next_instant(const World& world) const;
    void settle(World& world, NodeIndex deaf = kNobody);

    [[nodiscard]] bool ack_counts(const World& world, const Message& message, NodeIndex leader,
                                  NodeIndex follower) const;
    [[nodiscard]] bool save_may_be_lost(const World& world, NodeIndex node) const;
    [[nodiscard]] ConfigNumber held(const World& world, NodeIndex node) const;
    [[nodiscard]] bool over(const World& world, const Message& message) const;
    [[nodiscard]] bool dominated(const World& world, MessageId id) const;
    void drop_what_is_over(World& world) const;
    [[nodiscard]] std::vector<std::uint64_t> rounds_under_way(const World& world) const;
    const std::array<std::uint64_t, 6>& actor_hash(ActorId actor, NodeIndex node, RealTime now);

    const Rules rules_;
    std::vector<std::size_t> renamings_;  // of kRenamings, those that keep every clock
    Post post_;
    std::deque<Actor> actors_;
    std::unordered_map<std::uint64_t, ActorId> known_;
    std::unordered_map<Key, Outcome, KeyHash> outcomes_;
    std::unordered_map<Key, std::array<std::uint64_t, 6>, KeyHash> hashes_;
    std::uint64_t steps_taken_ = 0;
};

}  // namespace electiond::exploration
