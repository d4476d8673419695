// Reads server-sent events (text/event-stream): bytes in, events out; pure.
#include "electionctl/sse.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace electiond::ctl {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::int64_t kRetryMaxMs = 3'600'000;

}  // namespace

std::vector<SseEvent> SseReader::read(std::string_view bytes) {
    std::vector<SseEvent> events;
    while (!bytes.empty()) {
        if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
            bytes.remove_prefix(1);
            continue;
        }
        const auto end = std::min(bytes.find_first_of("\r\n"), bytes.size());
        add(bytes.substr(0, end));
        if (end == bytes.size()) break;
        after_cr_ = bytes[end] == '\r';
        end_line(events);
        bytes.remove_prefix(end + 1);
    }
    return events;
}

void SseReader::add(std::string_view piece) {
    if (line_.size() + piece.size() + event_.data.size() > event_bytes_) {
        throw SseTooLong("sent an event of more than " + std::to_string(event_bytes_) + " bytes");
    }
    line_ += piece;
}

void SseReader::end_line(std::vector<SseEvent>& events) {
    std::string whole = std::exchange(line_, {});
    std::string_view line = whole;
    if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark)) {
        line.remove_prefix(kByteOrderMark.size());
    }
    if (line.empty()) {
        SseEvent event = std::exchange(event_, {});
        if (event.name.empty()) event.name = "message";
        if (std::exchange(has_data_, false)) events.push_back(std::move(event));
        return;
    }
    const auto colon = std::min(line.find(':'), line.size());
    auto value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    take_field(line.substr(0, colon), value);  // a comment is a field without a name
}

void SseReader::take_field(std::string_view name, std::string_view value) {
    if (name == "data") {
        if (std::exchange(has_data_, true)) event_.data += '\n';
        event_.data += value;
    } else if (name == "event") {
        event_.name = value;
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) event_.id = value;
    } else if (name == "retry") {
        std::int64_t ms = 0;
        const auto* end = value.data() + value.size();
        const auto [rest, error] = std::from_chars(value.data(), end, ms);
        if (error == std::errc() && rest == end && ms >= 0 && ms <= kRetryMaxMs) {
            retry_ = std::chrono::milliseconds(ms);
        }
    }
}

}  // namespace electiond::ctl
