// Opens many event streams of one node, and records what each receives.
#include "event_watchers.h"

#include "local_cluster.h"

namespace electiond::cluster {
namespace {

using namespace std::chrono_literals;

constexpr auto kRamp = 15s;
constexpr auto kPace = 10ms;
constexpr int kOpenedAtATime = 20;  // 2,000 a second

}  // namespace

Watchers::Watchers(std::uint16_t port, int count) : count_(count), clients_(port) {
    clients_.every(kPace, [this, opened = 0]() mutable {
        for (int i = 0; i < kOpenedAtATime && opened < count_; ++i, ++opened) {
            clients_.spawn(watch());
        }
    });
    clients_.start();
}

bool Watchers::gather() {
    return wait_until([&] { return begun_ == count_; }, kRamp);
}

io::Async<> Watchers::watch() {
    const auto stream = co_await clients_.connect(outcomes_);
    if (!stream) co_return;
    stream->send(clients_.request("GET /events"));
    bool told = false;
    for (;;) {
        const auto event = co_await stream->receive(io::kNever);
        const auto now = io::Clock::now();
        if (event == io::Stream::Event::interrupted) continue;
        if (event != io::Stream::Event::bytes) co_return;
        for (auto end = stream->received().find("\n\n"); end != std::string_view::npos;
             end = stream->received().find("\n\n")) {
            take(stream->received().substr(0, end), now, told);
            stream->consume(end + 2);
        }
    }
}

void Watchers::take(std::string_view event, io::Deadline now, bool& told) {
    if (event.find("event: reset\n") != std::string_view::npos) ++begun_;
    if (!awaits_news_ || event.find("event: leader\n") == std::string_view::npos) return;
    ++leaders_;
    if (std::exchange(told, true)) return;
    told_at_.push_back(now);
    ++told_;
}

}  // namespace electiond::cluster
