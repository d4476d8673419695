// Reads server-sent events (text/event-stream): bytes in, events out; pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace electiond::ctl {

struct SseEvent {
    std::string name = "message";     // of `event:`
    std::string data{};               // the lines of `data:`, joined by \n
    std::optional<std::string> id{};  // of `id:`; nullopt: this event has none
};

// Thrown if an event or a line exceeds the limit. The stream can't be read any further.
class SseTooLong : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Reads one stream from its first byte, by the HTML standard (9.2.6). Keeps
// at most `event_bytes` of an unfinished event. One thread at a time.
class SseReader {
  public:
    static constexpr std::size_t kEventBytes = std::size_t{1024} * 1024;
    explicit SseReader(std::size_t event_bytes = kEventBytes) : event_bytes_(event_bytes) {}

    // Takes the next bytes, split anywhere, and returns the events that are now complete. Throws
    // SseTooLong; then the reader must not be used any more.
    [[nodiscard]] std::vector<SseEvent> read(std::string_view bytes);

    // The last `retry:`: how long to wait before connecting again; nullopt: none came.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const { return retry_; }

  private:
    void add(std::string_view piece);
    void end_line(std::vector<SseEvent>& events);
    void take_field(std::string_view name, std::string_view value);

    const std::size_t event_bytes_;
    std::string line_;
    SseEvent event_;
    bool has_data_ = false;
    bool after_cr_ = false;  // the last byte was CR: a LF now belongs to it
    bool first_line_ = true;
    std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace electiond::ctl
