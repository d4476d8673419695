// The connections that are open, so that a server can end them.
#pragma once

#include <Poco/Net/StreamSocket.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "election/timing.h"

namespace electiond {

// Any thread.
class Connections {
  public:
    // One open connection; must not outlive the list, nor its socket end before it.
    class Entry {
      public:
        Entry(Connections& all, Poco::Net::StreamSocket& socket);
        ~Entry();
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

      private:
        Connections& all_;
        Poco::Net::StreamSocket& socket_;
    };

    // From now on nothing more is read: each connection ends once its answer is sent.
    void drain();
    [[nodiscard]] bool draining() const;
    // Waits until none is left.
    [[nodiscard]] bool await_none(Duration longest);
    // Cuts those that are left, answered or not.
    void cut();

  private:
    mutable std::mutex mutex_;
    std::condition_variable left_;
    std::set<Poco::Net::StreamSocket*> open_;
    bool draining_ = false;
};

}  // namespace electiond
