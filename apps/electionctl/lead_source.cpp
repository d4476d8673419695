// The sources of `watch`: one node whose lead is confirmed in time, or the events of any node.
#include "electionctl/lead_source.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "electionctl/bell.h"
#include "electionctl/endpoint.h"
#include "electionctl/event_stream.h"
#include "electionctl/leader_poll.h"

namespace electiond::ctl {
namespace {

using Kind = StreamNews::Kind;
using std::chrono::milliseconds;

constexpr milliseconds kConfirmMax{1000};   // between two requests, to notice a daemon that hangs
constexpr milliseconds kAnswerTimeMin{50};  // for an answer on a busy machine
constexpr milliseconds kPause{100};         // after a failure, and while no leader is known
constexpr std::size_t kNewsMax = 64;        // queued; beyond that the oldest is dropped

bool is_about_the_leader(const SseEvent& event) {
    static constexpr std::array<std::string_view, 4> kNames{"reset", "leader", "no-leader",
                                                            "state"};
    return std::ranges::find(kNames, event.name) != kNames.end();
}

class ConfirmedLeads : public LeadSource {
  public:
    explicit ConfirmedLeads(const ApiClient& client)
        : client_(client),
          stream_(client),
          thread_([this](const std::stop_token& stop) { run(stop); }) {}

    [[nodiscard]] std::vector<News> take() override {
        const std::lock_guard lock(mutex_);
        woken_.clear();
        return std::exchange(news_, {});
    }
    [[nodiscard]] int handle() const override { return woken_.handle(); }

  private:
    void put(News news) {
        const std::lock_guard lock(mutex_);
        if (news_.size() == kNewsMax) news_.erase(news_.begin());
        news_.push_back(std::move(news));
        woken_.ring();
    }

    void run(const std::stop_token& stop) {
        const std::stop_callback wake(stop, [this] { stopped_.ring(); });
        bool due = false;  // a request is due at once
        while (!stop.stop_requested()) {
            if (due) ask();
            due = await_reason_to_ask();
        }
    }

    // Waits for an event or a deadline. True if GET /leader must be asked now.
    bool await_reason_to_ask() {
        const auto now = BootClock::now();
        const auto left = next_ == kNever ? milliseconds(-1)
                                          : std::max(milliseconds(0),
                                                     std::chrono::ceil<milliseconds>(next_ - now));
        std::array<pollfd, 2> watched{pollfd{stream_.handle(), POLLIN, 0},
                                      pollfd{stopped_.handle(), POLLIN, 0}};
        if (::poll(watched.data(), watched.size(), static_cast<int>(left.count())) < 0 &&
            errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "poll");
        }
        bool wanted = BootClock::now() >= next_;
        for (StreamNews& news : stream_.take()) {
            if (news.kind == Kind::failed && !opened_) {
                put({.lead = {}, .trouble = news.trouble, .refused = news.refused});
                continue;
            }
            opened_ = true;
            if (news.kind != Kind::event) open_ = news.kind == Kind::opened;
            wanted = wanted || news.kind != Kind::event || is_about_the_leader(news.event);
        }
        return wanted;
    }

    // If the node leads, waits for the answer only a third of the time left, so that there is time
    // for a second request after a failure.
    void ask() {
        const auto& endpoint = client_.endpoints().front();
        try {
            const Answer answer = ask_leader(client_.within(answer_time()), endpoint);
            heard_ = lead_in(answer, client_.timeout() + kConfirmMax);
            // A node that was paused knows no leader until it hears from one, which may be the same
            // as before: that must not cause an event. So without a leader the node is asked
            // several times before that counts (LeadWatch::kBetweenLeaders).
            next_ = BootClock::now() + (heard_->leader.empty() ? kPause : pause());
            put({.lead = heard_});
        } catch (const NoAnswer& failure) {
            // If no lead is relied on and no stream is open, the next stream triggers the next
            // request.
            const auto now = BootClock::now();
            const bool relied_on = heard_ && !heard_->leader.empty() && now < heard_->until;
            next_ = relied_on || open_ ? now + kPause : kNever;
            put({.lead = {},
                 .trouble = "no answer:\n  GET " + request_at(endpoint, "/leader") + ": " +
                            failure.what()});
        }
    }

    [[nodiscard]] milliseconds third_left() const {
        return std::chrono::duration_cast<milliseconds>(heard_->until - BootClock::now()) / 3;
    }
    [[nodiscard]] milliseconds answer_time() const {
        if (!heard_ || !heard_->own) return client_.timeout();
        const auto third = third_left();
        if (third <= milliseconds(0)) return client_.timeout();
        return std::clamp(third, std::min(kAnswerTimeMin, client_.timeout()), client_.timeout());
    }
    [[nodiscard]] milliseconds pause() const {
        if (!heard_->own) return kConfirmMax;
        const auto third = third_left();
        return third > milliseconds(0) ? std::min(third, kConfirmMax) : kPause;
    }

    const ApiClient client_;
    Bell woken_, stopped_;
    std::mutex mutex_;
    std::vector<News> news_;  // under mutex_

    // Used by the thread only.
    std::optional<Lead> heard_;
    Instant next_ = kNever;  // when to ask again
    bool opened_ = false;    // the stream was open at least once
    bool open_ = false;      // the stream is open now
    EventStream stream_;

    std::jthread thread_;  // last, because it uses all other members
};

class ToldLeads : public LeadSource {
  public:
    explicit ToldLeads(const ApiClient& client) : timeout_(client.timeout()), stream_(client) {}

    [[nodiscard]] int handle() const override { return stream_.handle(); }
    [[nodiscard]] std::vector<News> take() override {
        std::vector<News> all;
        for (StreamNews& news : stream_.take()) {
            switch (news.kind) {
                case Kind::event:
                    if (news.event.name != "state" && is_about_the_leader(news.event)) {
                        heard_ = lead_in_event(news.event.data, news.endpoint);
                    }
                    break;
                case Kind::opened:
                    if (heard_) heard_->until = kNever;
                    break;
                case Kind::broken:
                    if (heard_) heard_->until = BootClock::now() + timeout_;
                    break;
                case Kind::failed:
                    all.push_back({.lead = {}, .trouble = news.trouble, .refused = news.refused});
                    continue;
            }
            if (heard_) all.push_back({.lead = heard_});
        }
        return all;
    }

  private:
    const milliseconds timeout_;
    std::optional<Lead> heard_;
    EventStream stream_;
};

}  // namespace

std::unique_ptr<LeadSource> confirmed_leads(const ApiClient& client) {
    return std::make_unique<ConfirmedLeads>(client);
}

std::unique_ptr<LeadSource> told_leads(const ApiClient& client) {
    return std::make_unique<ToldLeads>(client);
}

}  // namespace electiond::ctl
