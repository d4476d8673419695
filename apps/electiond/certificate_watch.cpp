// Reads certificates again when their files have changed.
#include "certificate_watch.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "node/clock.h"

namespace electiond {
namespace {

using std::chrono::sys_seconds;

constexpr std::chrono::hours kRemindEvery{24};
constexpr std::chrono::hours kRepeatAfter{1};
constexpr int kFailuresUntilLogged = 2;

sys_seconds wall_clock() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::chrono::nanoseconds to_duration(const timespec& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// "2026-11-01 08:30 UTC"
std::string to_text(sys_seconds time) {
    const std::time_t seconds = time.time_since_epoch().count();
    std::tm parts{};
    std::array<char, 40> text{};
    ::gmtime_r(&seconds, &parts);
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
    return text.data();
}

}  // namespace

CertificateWatch::CertificateWatch(const std::vector<CertificateFiles>& files, Log log,
                                   Milliseconds every)
    : log_(std::move(log)), thread_(every, [this](const std::exception& error) {
          log_.error("certificates are not watched any more, restart electiond to replace them: " +
                     std::string(error.what()));
      }) {
    for (const auto& each : files) {
        Section section{.files = each};
        section.stamps = stamps_of(each.setup);  // before reading: a later change is then seen
        section.context = read_certificates(each);
        sections_.push_back(std::move(section));
    }
}

void CertificateWatch::start(std::map<std::string_view, Reload> reloads) {
    for (auto& section : sections_) section.reload = std::move(reloads.at(section.files.port));
    reminded_ = read_boot_clock();
    publish(reminded_, wall_clock());
    thread_.add([this](Instant now) { look(now, wall_clock()); });
    thread_.start();
}

void CertificateWatch::read_again() {
    asked_ = true;
    thread_.check_now();
}

bool CertificateWatch::stop(Deadline deadline) noexcept {
    stopping_ = true;
    return thread_.stop(deadline);
}

std::vector<CertificateReport> CertificateWatch::report() const {
    const std::lock_guard lock(mutex_);
    return report_;
}

void CertificateWatch::look(Instant now, sys_seconds wall) {
    const bool asked = asked_.exchange(false);
    for (auto& section : sections_) {
        auto stamps = stamps_of(section.files.setup);
        const bool changed = stamps != section.stamps;
        section.stamps = std::move(stamps);
        if (changed || asked || !section.fault.empty()) read(section, asked, now);
    }
    publish(now, wall);
}

// Catches everything: a fault of new files must not end a node that works with the old ones.
void CertificateWatch::read(Section& section, bool asked, Instant now) try {
    auto fresh = read_certificates(section.files);
    if (stopping_) return;
    section.reload();
    section.context = std::move(fresh);
    section.fault.clear();
    section.logged.clear();
    section.failures = 0;
    log_.info("certificates read again: " + section.files.setup.section + ", valid until " +
              to_text(section.context->own()->not_after));
} catch (const std::exception& error) {
    note_fault(section, error.what(), asked, now);
} catch (...) {
    note_fault(section, "the transport threw something that is not a std::exception", asked, now);
}

void CertificateWatch::note_fault(Section& section, const std::string& fault, bool asked,
                                  Instant now) {
    if (section.fault.empty()) section.fault_since = now;
    section.fault = fault;
    ++section.failures;
    log_fault(section, asked, now);
}

void CertificateWatch::log_fault(Section& section, bool asked, Instant now) {
    const bool settled = section.failures >= kFailuresUntilLogged;
    const bool news = section.logged != section.fault || now - section.logged_at >= kRepeatAfter;
    if (!asked && !(settled && news)) return;
    log_.warning("new certificates are not used, the old ones stay in use (valid until " +
                 to_text(section.context->own()->not_after) + "): " + section.fault);
    section.logged = section.fault;
    section.logged_at = now;
}

// Updates the report, and logs once a day which certificates will expire.
void CertificateWatch::publish(Instant now, sys_seconds wall) {
    const bool remind = now - reminded_ >= kRemindEvery;
    if (remind) reminded_ = now;
    std::vector<CertificateReport> all;
    for (auto& section : sections_) {
        CertificateReport report{.port = section.files.port,
                                 .not_after = section.context->own()->not_after,
                                 .problems = {}};
        if (section.failures >= kFailuresUntilLogged || !section.logged.empty()) {
            report.problems.push_back(
                {"certificate_not_reloaded", section.fault, section.fault_since});
        }
        const auto notes = section.context->expiring(wall, kExpiryNotice);
        if (notes.empty()) {
            section.expiring_since.reset();
        } else if (!section.expiring_since) {
            section.expiring_since = now;
        }
        for (const auto& note : notes) {
            report.problems.push_back({"certificate_expiring", note, *section.expiring_since});
            if (remind) log_.warning(note);
        }
        all.push_back(std::move(report));
    }
    const std::lock_guard lock(mutex_);
    report_ = std::move(all);
}

CertificateWatch::Stamp CertificateWatch::stamp_of(const std::filesystem::path& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return {.error = errno};
    return {.device = found.st_dev,
            .inode = found.st_ino,
            .size = found.st_size,
            .written = to_duration(found.st_mtim),
            .changed = to_duration(found.st_ctim)};
}

std::vector<CertificateWatch::Stamp> CertificateWatch::stamps_of(const io::TlsSetup& setup) {
    std::vector<Stamp> stamps;
    for (const auto& file : {setup.cert, setup.key, setup.ca, setup.crl}) {
        if (!file.empty()) stamps.push_back(stamp_of(file));
    }
    return stamps;
}

}  // namespace electiond
