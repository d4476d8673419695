// The connections that are open, so that a server can end them.
#pragma once

#include <Poco/Net/StreamSocket.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

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

        // Between these it waits for the rest of a request: such a one may have to make room.
        void awaits_request(Instant since);
        void has_request();

      private:
        Connections& all_;
        Poco::Net::StreamSocket& socket_;
    };

    // Others wait for a thread: of the connections whose request is not there yet, and has not been
    // since `before`, cuts the `most` that have been waited for longest.
    void make_room(std::size_t most, Instant before);
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
    // Since when its request is waited for; nothing while one is answered.
    std::map<Poco::Net::StreamSocket*, std::optional<Instant>> open_;
    bool draining_ = false;
};

}  // namespace electiond
