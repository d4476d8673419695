// The deadlines of a loop, earliest first.
#pragma once

#include <io/clock.h>
#include <io/guarded.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace electiond::io {

// On the loop's thread alone. Only for Loop and Timer.
//
// Moving a deadline later changes no more than `due`: the entry keeps its place in the queue until
// it comes to the front, where it is put in its place. So the loop never wakes for a deadline that
// has moved.
class Timers {
  public:
    struct Entry;
    using Queue = std::multimap<Deadline, std::shared_ptr<Entry>>;

    struct Entry {
        explicit Entry(std::function<void()> task) : expired(std::move(task)) {}

        const std::function<void()> expired;
        Deadline due = kNever;                 // as set by the owner
        std::optional<Queue::iterator> place;  // in the queue: never later than `due`
    };

    void set(const std::shared_ptr<Entry>& entry, Deadline when);
    void cancel(Entry& entry) noexcept;

    // When the next one is due; kNever: none is.
    [[nodiscard]] Deadline earliest();
    // Calls those that are due at `now`.
    void call_due(Deadline now, const Failed& failed);

  private:
    void move(Entry& entry);

    Queue queue_;
};

}  // namespace electiond::io
