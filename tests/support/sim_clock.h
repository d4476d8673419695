// The boot clock of one simulated machine, with an offset and a rate that is not exact.
#pragma once

#include <cstdint>

#include <electiond/error.h>

#include "support/schedule.h"

namespace electiond::sim {

// A value. A crash of the process does not change it; reboot() restarts it.
class SimClock {
  public:
    // `rate` in parts per million of real time, within rho; it shows `offset` at the beginning.
    SimClock(std::int64_t rate, Duration offset) : rate_(rate), offset_(offset) {
        ENSURE(rate >= -kRateMax && rate <= kRateMax);
    }

    [[nodiscard]] Instant read(Moment now) const { return Instant(offset_ + shown(now)); }

    // The first moment at which it shows `instant`; the last possible moment for kNever.
    [[nodiscard]] Moment when(Instant instant) const {
        if (instant == kNever) return Moment::max();
        const std::int64_t wanted = (instant.time_since_epoch() - offset_).count();
        if (wanted <= 0) return {};
        if (wanted > kLongest) return Moment::max();
        Moment guess(Duration(wanted - wanted / 1'000 * rate_ / (1'000'000 + rate_) * 1'000));
        const Duration off = Duration(wanted) - shown(guess);  // a microsecond or so
        guess += off - Duration(2) - abs(off) / 50;
        while (shown(guess).count() < wanted) guess += Duration(1);
        return guess;
    }

    // The machine reboots: its clock shows `uptime`.
    void reboot(Moment now, Duration uptime) { offset_ = uptime - shown(now); }

    static constexpr std::int64_t kRateMax = 10'000;  // rho = 1 %

  private:
    [[nodiscard]] Duration shown(Moment now) const {
        const std::int64_t real = now.time_since_epoch().count();
        ENSURE(real <= kLongest);  // what 64 bits hold
        return Duration(real + real * rate_ / 1'000'000);
    }
    static constexpr std::int64_t kLongest = 900'000'000'000'000;  // 250 hours

    std::int64_t rate_;
    Duration offset_;
};

}  // namespace electiond::sim
