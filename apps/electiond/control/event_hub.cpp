// Sends each event to all watchers of /events.
#include "control/event_hub.h"

#include <algorithm>
#include <utility>

namespace electiond {
namespace {

// Each send is a system call of about 5 µs.
constexpr int kSendsPerTurn = 32;

}  // namespace

EventHub::EventHub(io::Loop& loop, const ControlDependencies& dependencies, ApiCounts& counts,
                   Milliseconds silence)
    : loop_(loop),
      feed_(dependencies),
      counts_(counts),
      silence_length_(silence),
      silence_(loop, [this] {
          if (!seats_.empty()) send_to_all(std::string(EventFeed::kComment));
      }) {}

void EventHub::stop() {
    stopped_ = true;
    silence_.cancel();
}

void EventHub::send_news() {
    auto news = feed_.news();
    counts_.events = feed_.written();
    if (!news.empty() && !seats_.empty()) send_to_all(std::move(news));
}

void EventHub::send_to_all(std::string text) {
    if (stopped_) return;
    silence_.set(io::Clock::now() + silence_length_);
    texts_.push_back(std::move(text));
    send_soon();
}

void EventHub::send_soon() {
    if (sending_) return;
    sending_ = loop_.post([this] {
        sending_ = false;
        send_some();
    });
}

void EventHub::send_some() {
    for (int sent = 0; !seats_.empty() && seats_.front().next < end(); ++sent) {
        if (sent == kSendsPerTurn) {
            send_soon();
            break;
        }
        send_to(seats_.front());
        seats_.splice(seats_.end(), seats_, seats_.begin());
    }
    const auto needed = seats_.empty() ? end() : seats_.front().next;
    for (; first_ < needed; ++first_) texts_.pop_front();
}

void EventHub::send_to(Seat& seat) {
    auto& stream = *seat.stream;
    if (stream.unsent() == 0) seat.most = kUnsentMax;
    for (; seat.next < end(); ++seat.next) stream.send(texts_[seat.next - first_]);
    if (stream.unsent() <= seat.most) return;
    ++counts_.watchers_dropped;
    stream.cut();
}

// The missed events may exceed kUnsentMax, so a new watcher gets time to read them.
EventHub::Watcher::Watcher(EventHub& hub, io::Stream& stream, const std::string& head,
                           const std::optional<std::string>& last_event_id)
    : hub_(hub) {
    hub_.send_news();
    stream.send(head + hub_.feed_.beginning(last_event_id));
    if (hub_.seats_.empty() && !hub_.stopped_)
        hub_.silence_.set(io::Clock::now() + hub_.silence_length_);
    seat_ =
        hub_.seats_.insert(hub_.seats_.end(), {&stream, hub_.end(), kUnsentMax + stream.unsent()});
}

}  // namespace electiond
