// Collects the text of a message: a string to which appending costs no more than the copy.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace electiond::wire {

class Output {
  public:
    void add(char c) {
        if (size_ == text_.size()) grow(1);
        text_[size_++] = c;
    }
    void add(std::string_view part) { size_ += part.copy(room(part.size()), part.size()); }

    // Room for `most` bytes at the end; what was written there becomes part of the text by
    // written(). For values whose length is not known before.
    [[nodiscard]] char* room(std::size_t most) {
        if (most > text_.size() - size_) grow(most);
        return text_.data() + size_;
    }
    void written(const char* end) { size_ = static_cast<std::size_t>(end - text_.data()); }

    [[nodiscard]] std::size_t size() const { return size_; }
    // '{' at the beginning, where no comma is due either.
    [[nodiscard]] char last() const { return size_ == 0 ? '{' : text_[size_ - 1]; }
    // Drops everything from there on.
    void cut(std::size_t size) { size_ = size; }

    [[nodiscard]] std::string take() {
        text_.resize(std::exchange(size_, 0));
        return std::move(text_);
    }

  private:
    static constexpr std::size_t kUsual = 512;  // enough for a heartbeat

    void grow(std::size_t more) { text_.resize(2 * text_.size() + more); }

    std::string text_ = std::string(kUsual, '\0');
    std::size_t size_ = 0;
};

}  // namespace electiond::wire
