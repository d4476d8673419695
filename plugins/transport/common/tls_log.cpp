// Logs why TLS connections fail: for each fault and each other side at most one line a minute.
#include "common/tls_log.h"

#include <chrono>
#include <utility>

namespace electiond::transport {

namespace {

using namespace std::chrono_literals;

constexpr auto kAgain = 60s;

}  // namespace

void TlsLog::failed(const std::string& what, const std::string& other,
                    const io::TlsFailure& failure) {
    const auto now = io::Clock::now();
    auto& [due, skipped] = kind(other, failure, now);
    if (now < due) {
        ++skipped;
        return;
    }
    auto line = what + ": " + failure.text;
    if (skipped > 0)
        line += " (and " + std::to_string(skipped) + " times since the last such line)";
    skipped = 0;
    due = now + kAgain;
    const LogFields fields{{"other", other}, {"fault", io::to_string(failure.fault)}};
    if (failure.fault == io::TlsFault::closed)
        log_.debug(std::move(line), fields);
    else
        log_.warning(std::move(line), fields);
}

TlsLog::Kind& TlsLog::kind(const std::string& other, const io::TlsFailure& failure,
                           io::Deadline now) {
    const Key key{other, failure.fault, failure.by_peer};
    if (kinds_.size() >= kOthersMax && !kinds_.contains(key)) {
        std::erase_if(kinds_, [now](const auto& entry) { return entry.second.due <= now; });
        if (kinds_.size() >= kOthersMax) return kinds_[{{}, failure.fault, failure.by_peer}];
    }
    return kinds_[key];
}

}  // namespace electiond::transport
