// Turns host names into addresses without making anybody wait.
#pragma once

#include <Poco/Net/IPAddress.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/poll_list.h"
#include "common/task_queue.h"

namespace electiond::transport {

using Addresses = std::vector<Poco::Net::IPAddress>;

// Lives on the I/O thread. A name is asked about in a thread of its own, so that one whose server
// is silent delays no other; known addresses stay in use until newer ones are there.
class Resolver {
  public:
    // Called on the I/O thread, also from within find(), where a lookup has failed: whose, and why.
    using OnFailure = std::function<void(const std::string& host, const std::string& reason)>;

    Resolver(std::shared_ptr<TaskQueue> tasks, OnFailure on_failure);

    // An IP literal is known at once; of a name, what is known now: nothing the first time. Begins
    // a lookup where there is need of one; its end wakes the I/O thread.
    [[nodiscard]] Addresses find(const std::string& host, Instant now);

  private:
    struct Entry {
        Addresses addresses;
        std::string failure;  // of the last lookup, where there are no addresses
        Instant fresh_until{};
        Instant used{};
        std::jthread lookup;  // joinable while it runs
    };
    void begin(const std::string& host, Entry& entry, Instant now);
    void end(const std::string& host, const Addresses& addresses, const std::string& reason);

    const std::shared_ptr<TaskQueue> tasks_;
    const OnFailure on_failure_;
    std::map<std::string, Entry> entries_;
};

}  // namespace electiond::transport
