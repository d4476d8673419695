// The text of a message that is sent again and again with another number.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "wire/seq_place.h"

namespace electiond::wire {

// While nothing changes, each heartbeat of a leader is the one before with the next `seq`, and so
// is each ack of a follower (recall.h). Such a text need not be encoded anew.
class SeqText {
  public:
    // `text` is a message that was encoded with this `seq`.
    void keep(std::string text, std::uint64_t seq) {
        const auto place = place_of_seq(text, seq);
        begin_ = place ? place->before.size() : 0;
        length_ = place ? text.size() - begin_ - place->after.size() : 0;
        text_ = std::move(text);
    }

    // Makes it the text of the same message with this `seq`. False if that is not possible: encode
    // the message.
    [[nodiscard]] bool set(std::uint64_t seq) {
        if (length_ == 0) return false;
        char digits[std::numeric_limits<std::uint64_t>::digits10 + 1];
        const auto* end = std::to_chars(std::begin(digits), std::end(digits), seq).ptr;
        const auto count = static_cast<std::size_t>(end - digits);
        text_.replace(begin_, length_, digits, count);
        length_ = count;
        return true;
    }

    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
    std::size_t begin_ = 0;   // of the digits …
    std::size_t length_ = 0;  // … and how many; 0: their place is not known
};

}  // namespace electiond::wire
