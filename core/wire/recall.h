// Recognises a heartbeat, or its ack, that differs from an earlier one in nothing but its number.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "election/message.h"
#include "wire/seq_place.h"

namespace electiond::wire {

// While nothing changes, each heartbeat of a leader is the one before with the next `seq`, and so
// is each ack of a follower. Such a text needs no parser: what was decoded from the earlier one is
// right for it, too, except for `seq`.
template <class Message, class Body>
class Recall {
  public:
    // The message that decoding `text` would return; nullptr if none like it is kept. Valid until
    // the next call.
    [[nodiscard]] const Message* find(std::string_view text) {
        for (std::size_t tried = 0; tried < kept_.size(); ++tried) {
            auto& one = kept_[next_];
            next_ = (next_ + 1) % kept_.size();  // followers mostly answer in the same order
            const auto seq = seq_between(one.before, text, one.after);
            if (!seq) continue;
            std::get<Body>(one.message.body).seq = *seq;
            return &one.message;
        }
        return nullptr;
    }

    // `message` was decoded from `text`.
    void keep(std::string_view text, const Message& message) {
        const auto place = place_of_seq(text, std::get<Body>(message.body).seq);
        if (!place || place->before.size() + place->after.size() > kTextMax) return;
        Kept one{std::string(place->before), std::string(place->after), message};
        const auto last = std::ranges::find_if(
            kept_, [&](const Kept& kept) { return kept.message.from.uuid == message.from.uuid; });
        if (last != kept_.end()) {
            *last = std::move(one);
        } else if (kept_.size() < kKeptMax) {
            kept_.push_back(std::move(one));
        } else {
            kept_[oldest_] = std::move(one);
            oldest_ = (oldest_ + 1) % kKeptMax;
        }
    }

  private:
    static constexpr std::size_t kKeptMax = 128;
    static constexpr std::size_t kTextMax = 1024;  // longer ones bring news, and come once

    struct Kept {
        std::string before;  // the text up to the number …
        std::string after;   // … and from its end on
        Message message;
    };
    std::vector<Kept> kept_;  // one of each sender
    std::size_t next_ = 0;    // where the search begins
    std::size_t oldest_ = 0;  // which is replaced
};

}  // namespace electiond::wire
