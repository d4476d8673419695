// Keeps what the last head said: while nothing changes, the next one is the same.
#pragma once

#include <io/http1.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace electiond::transport {

// Of requests or of responses. What a head says depends on its own bytes and the limits alone (see
// read_request_head), so the same bytes need not be read again.
template <class Said>
class KnownHead {
  public:
    // What the head at the beginning of `bytes` says; nullptr if it is not the kept one.
    [[nodiscard]] const Said* find(std::string_view bytes, const io::HttpLimits& limits) const {
        const bool is_same = !head_.empty() && bytes.starts_with(head_) &&
                             limits.head_bytes == limits_.head_bytes &&
                             limits.body_bytes == limits_.body_bytes;
        return is_same ? &said_ : nullptr;
    }
    void keep(std::string_view head, const io::HttpLimits& limits, Said said) {
        head_ = head;
        limits_ = limits;
        said_ = std::move(said);
    }
    [[nodiscard]] std::size_t size() const { return head_.size(); }

  private:
    std::string head_;
    io::HttpLimits limits_;
    Said said_{};
};

}  // namespace electiond::transport
