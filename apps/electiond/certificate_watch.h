// Reads certificates again when their files have changed, and warns before they expire.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <electiond/log.h>
#include <sys/stat.h>

#include "certificate_files.h"
#include "watchdog.h"

namespace electiond {

// The state of the certificate of one port.
struct CertificateReport {
    struct Problem {
        std::string reason;  // "certificate_expiring", "certificate_not_reloaded"
        std::string detail;  // one sentence
        Instant since;       // boot clock
    };
    std::string_view port;                 // "transport" or "api"
    std::chrono::sys_seconds not_after{};  // of the certificate in use
    std::vector<Problem> problems;
};

// Has one thread, since a file system may hang. Every 10 s the thread looks at the files, following
// symbolic links anew. If a file was replaced or has changed, it reads and checks all files of that
// section. If they have no fault, they are used; else the files in use stay, and each further look
// tries again. Certificate and key are rarely replaced at the same instant, so a fault is logged at
// the second look in a row, then once an hour. What expires within kExpiryNotice is logged once a
// day; the warning at the start is not logged by this object.
//
// Call the constructor, start() and stop() from one thread, the rest as noted. The sections and
// their paths are those of the start.
class CertificateWatch {
  public:
    static constexpr Milliseconds kEvery{10'000};

    // Makes a port use its new files; throws Error if it cannot, and then keeps the old ones.
    using Reload = std::function<void()>;

    // Reads the files. Throws Error (config), as read_certificates().
    CertificateWatch(const std::vector<CertificateFiles>& files, Log log,
                     Milliseconds every = kEvery);
    ~CertificateWatch() { (void)stop(std::chrono::steady_clock::now() + Milliseconds{1000}); }
    CertificateWatch(const CertificateWatch&) = delete;
    CertificateWatch& operator=(const CertificateWatch&) = delete;

    // Begins to look. `reloads` has one for each port of `files`; they are called on the watch's
    // thread, until stop(), and what they use must outlive this object.
    void start(std::map<std::string_view, Reload> reloads);

    // SIGHUP: reads everything again now, changed or not, and logs a fault at once. Any thread,
    // after start(); returns before it is done.
    void read_again();

    // One look; normally called by the thread. `wall`: the wall clock, for the expiry of
    // certificates.
    void look(Instant now, std::chrono::sys_seconds wall);

    // Any thread.
    [[nodiscard]] std::vector<CertificateReport> report() const;

    // No reload begins after this. False if a look has not ended by `deadline`: then its thread is
    // left behind, and the process must end by std::_Exit. Idempotent.
    [[nodiscard]] bool stop(Deadline deadline) noexcept;

  private:
    // Identifies the file to which a path leads; only compared.
    struct Stamp {
        int error = 0;
        dev_t device = 0;
        ino_t inode = 0;
        off_t size = 0;
        std::chrono::nanoseconds written{}, changed{};

        bool operator==(const Stamp&) const = default;
    };
    struct Section {
        CertificateFiles files;
        Reload reload{};
        std::vector<Stamp> stamps{};
        std::shared_ptr<const io::TlsContext> context{};  // of the files in use
        std::string fault{};                              // why the newest files are not in use
        Instant fault_since{};
        int failures = 0;      // looks in a row that found a fault
        std::string logged{};  // the fault that was logged last
        Instant logged_at{};
        std::optional<Instant> expiring_since{};
    };

    static Stamp stamp_of(const std::filesystem::path& file);
    static std::vector<Stamp> stamps_of(const io::TlsSetup& setup);
    void read(Section& section, bool asked, Instant now);
    void note_fault(Section& section, const std::string& fault, bool asked, Instant now);
    void log_fault(Section& section, bool asked, Instant now);
    void publish(Instant now, std::chrono::sys_seconds wall);

    const Log log_;
    std::vector<Section> sections_;  // after start() used only by the thread
    Instant reminded_{};             // when expiries were last logged
    std::atomic<bool> asked_ = false;
    std::atomic<bool> stopping_ = false;
    mutable std::mutex mutex_;
    std::vector<CertificateReport> report_;  // under mutex_
    Watchdog thread_;
};

}  // namespace electiond
