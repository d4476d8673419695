// How long many things took: quantiles of all of them, none left out.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace electiond::cluster {

class Latencies {
  public:
    void add(std::chrono::steady_clock::duration taken) {
        ms_.push_back(std::chrono::duration<float, std::milli>(taken).count());
    }
    void add_ms(double ms) { ms_.push_back(static_cast<float>(ms)); }

    [[nodiscard]] std::size_t size() const { return ms_.size(); }

    // In milliseconds: the least that `share` of them (0 to 1) did not exceed; 0 without any.
    [[nodiscard]] double quantile(double share) const {
        if (ms_.empty()) return 0;
        auto sorted = ms_;
        const auto place = std::ceil(share * static_cast<double>(sorted.size()));
        const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(std::max(place, 1.0)) - 1;
        std::ranges::nth_element(sorted, at);
        return *at;
    }
    [[nodiscard]] double mean() const {  // 0 without any
        return ms_.empty()
                   ? 0
                   : std::reduce(ms_.begin(), ms_.end(), 0.0) / static_cast<double>(ms_.size());
    }
    [[nodiscard]] double median() const { return quantile(0.5); }
    [[nodiscard]] double p99() const { return quantile(0.99); }
    [[nodiscard]] double max() const { return quantile(1); }

  private:
    std::vector<float> ms_;
};

}  // namespace electiond::cluster
