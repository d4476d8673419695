// One log line as an entry of systemd's journal.
#include "journal_entry.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "libsystemd.h"
#include "log_format.h"

namespace electiond {
namespace {

struct Kind {
    std::string_view name;
    std::string_view id;
};

// docs/operations.md lists them, too.
constexpr std::array kKinds = {
    Kind{"started", "ee4a1d0ee45b453fa7cda0188dfe680b"},
    Kind{"stopped", "fddc7ba030e74f2c93043f509290135b"},
    Kind{"leader", "1a13cf84d30a4d868bd76252f85719ba"},
    Kind{"no_leader", "0f1f5a34fb0141adb3ece91f8cbcda4a"},
    Kind{"state", "bf986fae4b7e49bda3ce0c8860019438"},
    Kind{"voters", "4c485f05cf0b43b0b3a5dfd3aafc9303"},
    Kind{"observer", "3b2611de60bd4c29bbf6d9c765f90fe9"},
    Kind{"voter_silent", "83d372c30ea14255a51f7860b276d864"},
    Kind{"voter_back", "8d5f470f46084344b75c41d62d844f93"},
    Kind{"quorum_missing", "ad504b09090d43b692e24419065fc860"},
    Kind{"nobody_may_lead", "dca2aa4396da49b095f3a5a61666092f"},
    Kind{"founder_awaited", "b233ce60bc4c4f06837b18d068f3dd61"},
    Kind{"duplicate_uuid", "799df51eb7874e4cadb655c7122361ed"},
    Kind{"id_in_use", "f14ed2c8c25e4ef5b089fb2160594c30"},
    Kind{"two_clusters", "9c1585224e144ee99cc98f6cbcda9aab"},
    Kind{"claim_conflict", "52304a3d5be34dfb988f8ca7f25b8fb9"},
    Kind{"claim_orphaned", "37c7311d1a0240979599b8fced440030"},
    Kind{"founding_sets_differ", "458adb3e6e15442ea122fb26c5aeda8a"},
};

// The journal ignores a field with a longer name.
constexpr std::size_t kNameMax = 64;

int priority_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return LOG_DEBUG;
        case LogLevel::info:
            return LOG_INFO;
        case LogLevel::warning:
            return LOG_WARNING;
        case LogLevel::error:
            break;
    }
    return LOG_ERR;
}

// Field names have only capitals, digits and '_'.
std::string name_of(const std::string& key) {
    std::string name = "ELECTIOND_" + key;
    for (auto& c : name) {
        if (c >= 'a' && c <= 'z') {
            c = static_cast<char>(c - 'a' + 'A');
        } else if ((c < 'A' || c > 'Z') && (c < '0' || c > '9')) {
            c = '_';
        }
    }
    name.resize(std::min(name.size(), kNameMax));
    return name;
}

}  // namespace

bool is_journal(int descriptor) noexcept {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat state {};
    if (stream == nullptr || ::fstat(descriptor, &state) != 0) return false;
    char* rest = nullptr;
    const auto device = std::strtoull(stream, &rest, 10);
    if (rest == stream || *rest != ':') return false;
    return device == state.st_dev && std::strtoull(rest + 1, nullptr, 10) == state.st_ino;
}

std::string_view message_id(std::string_view kind) noexcept {
    const auto found = std::ranges::find(kKinds, kind, &Kind::name);
    return found == kKinds.end() ? std::string_view() : found->id;
}

std::vector<std::string> journal_entry(const std::string& node, const LogLine& line) {
    std::vector<std::string> entry{"MESSAGE=" + format_words(line),
                                   "PRIORITY=" + std::to_string(priority_of(line.level)),
                                   "ELECTIOND_NODE=" + node};
    for (const auto& field : line.fields) {
        const auto value = clean_text(field.value_text());
        entry.push_back(name_of(field.key) + "=" + value);
        if (field.key != kChangeField) continue;
        if (const auto id = message_id(value); !id.empty()) {
            entry.push_back("MESSAGE_ID=" + std::string(id));
        }
    }
    return entry;
}

std::string priority_prefix(LogLevel level) {
    return "<" + std::to_string(priority_of(level)) + ">";
}

std::string with_priorities(const std::string& text, LogLevel level) {
    const auto priority = priority_prefix(level);
    std::string lines = priority;
    for (const char c : text) {
        lines += c;
        if (c == '\n') lines += priority;
    }
    return lines;
}

int send_to_journal(const std::vector<std::string>& entry) noexcept try {
    std::vector<iovec> parts;
    for (const auto& field : entry) {
        parts.push_back({const_cast<char*>(field.data()), field.size()});
    }
    return systemd::send_to_journal(parts.data(), static_cast<int>(parts.size()));
} catch (const std::exception&) {
    return ENOMEM;
}

}  // namespace electiond
