// Breadth first: the first fault found is one of the nearest.
#include "exploration/explorer.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <electiond/error.h>

namespace electiond::exploration {
namespace {

// The fingerprints seen so far: open addressing, 0 is an empty place.
class Seen {
  public:
    Seen() : places_(1U << 16) {}

    [[nodiscard]] std::uint64_t size() const { return size_; }

    // True where it is new.
    bool insert(std::uint64_t fingerprint) {
        if (size_ * 3 > places_.size() * 2) grow();
        if (!place(places_, fingerprint)) return false;
        ++size_;
        return true;
    }

  private:
    static bool place(std::vector<std::uint64_t>& places, std::uint64_t fingerprint) {
        const std::uint64_t value = fingerprint == 0 ? 1 : fingerprint;
        const std::size_t mask = places.size() - 1;
        std::size_t at = static_cast<std::size_t>(value) & mask;
        for (; places[at] != 0; at = (at + 1) & mask) {
            if (places[at] == value) return false;
        }
        places[at] = value;
        return true;
    }
    void grow() {
        std::vector<std::uint64_t> larger(places_.size() * 2);
        for (const std::uint64_t value : places_) {
            if (value != 0) place(larger, value);
        }
        places_ = std::move(larger);
    }

    std::vector<std::uint64_t> places_;
    std::uint64_t size_ = 0;
};

class Explorer {
  public:
    Explorer(Stage& stage, World start, const Limits& limits) : stage_(stage), limits_(limits) {
        start_ = start;
        links_.push_back({});
        seen_.insert(stage.fingerprint(start));
        if (limits.count_nodes) report_.node_states.insert(stage.fingerprint_of_nodes(start));
        frontier_.push_back({std::move(start), 0});
    }

    Report run(const std::function<void(const Report&)>& told) {
        while (report_.depth < limits_.depth && !frontier_.empty()) {
            if (!next_level()) break;
            ++report_.depth;
            if (told) told(report_);
        }
        report_.complete = frontier_.empty();
        return std::move(report_);
    }

  private:
    struct Link {
        std::uint32_t parent = 0;
        std::uint32_t action = 0;
    };
    struct Visit {
        World world;
        std::uint32_t link = 0;
    };

    static std::uint32_t pack(const Action& action) {
        return static_cast<std::uint32_t>(action.kind) << 28 |
               static_cast<std::uint32_t>(action.node) << 26 | action.which;
    }
    static Action unpack(std::uint32_t packed) {
        return {.kind = static_cast<Action::Kind>(packed >> 28),
                .node = static_cast<NodeIndex>(packed >> 26 & 3),
                .which = packed & ((1U << 26) - 1)};
    }

    // False where it ended early: a fault, or a limit.
    bool next_level() {
        Level level{.depth = report_.depth + 1};
        std::vector<Visit> next;
        first_.clear();
        for (auto& visit : frontier_) {
            for (const Action& action : stage_.actions(visit.world)) {
                std::string fault;
                World world = stage_.apply(visit.world, action, fault);
                ++level.transitions;
                ++report_.transitions;
                if (!fault.empty()) return blame(fault, visit.link, action);
                arrive(std::move(world), visit.link, action, next);
            }
            visit.world.post = {};
            if (links_.size() >= limits_.states || (++expanded_ % 1024 == 0 && limits_.stop())) {
                return false;
            }
        }
        level.states = next.size() + std::exchange(cut_, 0);
        frontier_ = std::move(next);
        report_.levels.push_back(level);
        return report_.fault.empty();
    }

    void arrive(World world, std::uint32_t parent, const Action& action, std::vector<Visit>& next) {
        const std::uint64_t fingerprint = stage_.fingerprint(world);
        if (!seen_.insert(fingerprint)) {
            if (limits_.compare_one_in == 0 || fingerprint % limits_.compare_one_in != 0) return;
            const auto at = first_.find(fingerprint);
            if (at != first_.end()) compare(next[at->second].world, world);
            return;
        }
        report_.states = seen_.size();
        if (limits_.count_nodes) report_.node_states.insert(stage_.fingerprint_of_nodes(world));
        if (!stage_.within_bounds(world)) {
            ++report_.out_of_bounds;
            ++cut_;
            return;
        }
        if (limits_.compare_one_in != 0) first_[fingerprint] = next.size();
        for (NodeIndex node = 0; node < kNodes; ++node) {
            const bool leads =
                stage_.local(world.now, node) < stage_.actor(world, node).leads_until;
            report_.shown_to_lead += leads ? 1 : 0;
        }
        const auto link = static_cast<std::uint32_t>(links_.size());
        links_.push_back({parent, pack(action)});
        world.post.shrink_to_fit();
        next.push_back({std::move(world), link});
    }

    std::vector<std::uint64_t> successors(const World& world) {
        std::vector<std::uint64_t> all;
        for (const Action& action : stage_.actions(world)) {
            std::string fault;
            const World after = stage_.apply(world, action, fault);
            all.push_back(fault.empty() ? stage_.fingerprint(after) : 0);
        }
        all.push_back(stage_.fingerprint(world));  // where nothing happens matters to nobody
        std::ranges::sort(all);
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }

    // Were they rightly taken for the same?
    void compare(const World& one, const World& other) {
        ++report_.compared;
        if (report_.fault.empty() && successors(one) != successors(other)) {
            report_.fault = "the explorer takes worlds for the same that are not";
            for (const World* world : {&one, &other}) {
                const auto others = successors(world == &one ? other : one);
                for (const Action& action : stage_.actions(*world)) {
                    std::string ignored;
                    const World after = stage_.apply(*world, action, ignored);
                    if (std::ranges::find(others, stage_.fingerprint(after)) == others.end()) {
                        report_.transcript.push_back("only here: " + stage_.text(*world, action));
                    }
                }
                for (NodeIndex node = 0; node < kNodes; ++node) {
                    report_.transcript.push_back(stage_.text(*world, node));
                }
                for (const MessageId id : world->post) {
                    report_.transcript.push_back("  under way " + stage_.message(id).text());
                }
            }
        }
    }

    bool blame(const std::string& fault, std::uint32_t link, const Action& last) {
        report_.fault = fault;
        std::vector<Action> way{last};
        for (; link != 0; link = links_[link].parent) way.push_back(unpack(links_[link].action));
        std::ranges::reverse(way);
        World world = start_;
        for (const Action& action : way) {
            std::string ignored;
            report_.transcript.push_back(stage_.text(world, action));
            World after = stage_.apply(world, action, ignored);
            for (NodeIndex node = 0; node < kNodes; ++node) {
                const std::string now = stage_.text(after, node);
                if (now != stage_.text(world, node)) report_.transcript.push_back("      " + now);
            }
            world = std::move(after);
        }
        return false;
    }

    Stage& stage_;
    const Limits& limits_;
    World start_;
    Seen seen_;
    std::vector<Link> links_;  // the way back of each world within bounds
    std::vector<Visit> frontier_;
    std::unordered_map<std::uint64_t, std::size_t> first_;  // of this level, by fingerprint
    Report report_;
    std::uint64_t expanded_ = 0;
    std::uint64_t cut_ = 0;
};

}  // namespace

Report explore(Stage& stage, const World& start, const Limits& limits,
               const std::function<void(const Report&)>& told) {
    return Explorer(stage, start, limits).run(told);
}

}  // namespace electiond::exploration
