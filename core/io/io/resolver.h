// Turns host names into addresses without blocking, and again if the addresses prove wrong.
#pragma once

#include <io/address.h>
#include <io/loop.h>
#include <io/timer.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace electiond::io {

// Every call on the loop's thread. Each look-up has a thread of its own, for which nothing waits: a
// look-up that hangs delays neither other names nor the end of this object. Known addresses stay in
// use until newer ones arrive. At most kNamesMax names, and as many look-ups, at a time.
class Resolver {
  public:
    struct Callbacks {
        // A look-up of `host` failed and no address is known. Also called from find().
        std::function<void(const std::string& host, const std::string& reason)> on_failure;
        // A look-up brought addresses. `doubted`: it was made because of doubt().
        std::function<void(const std::string& host, const Addresses& addresses, bool doubted)>
            on_addresses;
    };

    // Must outlive Loop::stop().
    Resolver(Loop& loop, Callbacks callbacks);

    // For an IP literal, itself. For a name, the addresses known now, the one most likely to work
    // first; empty the first time. Begins a look-up if one is due; when it ends, it calls
    // back.
    [[nodiscard]] Addresses find(const std::string& host);
    // The addresses of this name may be out of date: looks it up again, but no sooner than a second
    // after the last look-up began. Ignores names that find() never got, and literals.
    void doubt(const std::string& host);
    // Report whether a connection to `address` worked: an address that worked is used first from
    // now on, one that failed is used last.
    void worked(const std::string& host, const Address& address);
    void failed(const std::string& host, const Address& address);
    // True if no address is known yet and a look-up is under way.
    [[nodiscard]] bool first_look_up_runs(const std::string& host) const;

    // Begins no more look-ups. The loop does not end before this is called.
    void close() noexcept;

  private:
    struct Entry {
        Addresses addresses = {};
        std::optional<Address> good = {};  // the one that worked last
        std::string failure = {};          // of the last look-up, if no address is known
        std::optional<Deadline> begun = {};
        Deadline fresh_until{};
        Deadline used{};
        std::uint64_t newest = 0;  // number of the last look-up that was begun …
        std::uint64_t ended = 0;   // … and of the newest that has ended
        bool doubted = false;      // since the last look-up began
        bool begun_in_doubt = false;
    };
    struct Found;

    [[nodiscard]] static Found look_up(const std::string& host);
    [[nodiscard]] static bool running(const Entry& entry) { return entry.ended < entry.newest; }
    [[nodiscard]] static Deadline due(const Entry& entry);
    [[nodiscard]] Entry* entry(const std::string& host);
    void begin_due();
    void set_timer();
    void begin(const std::string& host, Entry& entry, Deadline now);
    void end(const std::string& host, std::uint64_t number, const Found& found);
    static void take_in(Entry& entry, const Addresses& addresses);

    const Poster poster_;
    const Callbacks callbacks_;
    Timer timer_;  // for the look-ups that doubt() had to postpone
    std::map<std::string, Entry> entries_;
    std::uint64_t numbers_ = 0;
    std::size_t threads_ = 0;  // look-ups that have not returned
    bool closed_ = false;
};

}  // namespace electiond::io
