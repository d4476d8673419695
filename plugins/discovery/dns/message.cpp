// Parses the answer of a DNS server strictly. c-ares has parsers of its own, but the one for SRV
// does not return the TTL, none compares the owner of a record with the question, and none checks
// that the message is a response at all.
#include "dns/message.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

namespace electiond::discovery {
namespace {

constexpr std::size_t kHeaderSize = 12;
constexpr std::uint16_t kClassIn = 1;
constexpr std::uint16_t kTypeCname = 5;
constexpr std::uint16_t kTypeSoa = 6;
constexpr int kAliasesMax = 16;  // CNAME records in a row

// Why a message cannot be used.
struct Fault {
    std::string text;
};

[[noreturn]] void malformed() { throw Fault{"sent a malformed answer"}; }

// Reads from the front of a message; throws Fault at its end.
class Cursor {
  public:
    explicit Cursor(std::span<const unsigned char> message) : message_(message) {}

    std::uint8_t byte() {
        need(1);
        return message_[at_++];
    }
    std::uint16_t two() {
        const auto high = byte();
        return static_cast<std::uint16_t>(high << 8 | byte());
    }
    std::uint32_t four() {
        const std::uint32_t high = two();
        return high << 16 | two();
    }
    // A name, perhaps compressed, in lower case. c-ares limits the number of jumps.
    std::string name() {
        need(1);
        char* text = nullptr;
        long size = 0;
        if (::ares_expand_name(message_.data() + at_, message_.data(),
                               static_cast<int>(message_.size()), &text, &size) != ARES_SUCCESS) {
            malformed();
        }
        const std::unique_ptr<char, decltype(&::ares_free_string)> owned(text, ::ares_free_string);
        need(static_cast<std::size_t>(size));
        at_ += static_cast<std::size_t>(size);
        return normal_name(text);
    }
    void skip(std::size_t count) {
        need(count);
        at_ += count;
    }
    [[nodiscard]] std::size_t position() const { return at_; }
    [[nodiscard]] const unsigned char* here() const { return message_.data() + at_; }

  private:
    void need(std::size_t count) const {
        if (message_.size() - at_ < count) malformed();
    }

    std::span<const unsigned char> message_;
    std::size_t at_ = 0;
};

// One record of the type that was asked for.
struct Entry {
    std::string owner;
    std::uint32_t ttl = 0;
    std::string address{};  // empty: not the address of one host
    Service service{};
};

struct Alias {
    std::string target;
    std::uint32_t ttl = 0;
};

// The sections of answers and authorities.
struct Sections {
    bool authoritative = false;
    bool recursive = false;  // the server resolves names
    std::vector<Entry> entries{};
    std::map<std::string, Alias> aliases{};
    std::vector<std::string> zones{};  // those with a SOA record
};

// Empty if no host can be reached there: 0.0.0.0, ::, a multicast address, or a link-local one
// without its interface.
std::string address_of(RecordType type, const unsigned char* data) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (type == RecordType::a) {
        if (data[0] == 0 || data[0] >= 224) return {};
        ::inet_ntop(AF_INET, data, text.data(), text.size());
    } else {
        in6_addr address{};
        std::memcpy(&address, data, sizeof address);
        if (IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_MULTICAST(&address) ||
            IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_V4MAPPED(&address)) {
            return {};
        }
        ::inet_ntop(AF_INET6, data, text.data(), text.size());
    }
    return text.data();
}

// RFC 2181, section 8: a TTL with its highest bit set counts as 0.
std::uint32_t ttl_of(std::uint32_t stated) { return stated > INT32_MAX ? 0 : stated; }

void read_record(Cursor& cursor, RecordType wanted, Sections& sections) {
    Entry entry{.owner = cursor.name()};
    const auto type = cursor.two();
    const auto its_class = cursor.two();
    entry.ttl = ttl_of(cursor.four());
    const std::size_t size = cursor.two();
    const auto begin = cursor.position();
    const bool is_wanted = type == static_cast<std::uint16_t>(wanted);
    if (its_class != kClassIn || (!is_wanted && type != kTypeCname)) return cursor.skip(size);
    if (type == kTypeCname) {
        sections.aliases.try_emplace(entry.owner, Alias{cursor.name(), entry.ttl});
    } else if (wanted == RecordType::srv) {
        cursor.skip(4);  // priority and weight: all nodes are used anyway
        entry.service.port = cursor.two();
        entry.service.target = cursor.name();
        sections.entries.push_back(entry);
    } else {
        if (size != (wanted == RecordType::a ? sizeof(in_addr) : sizeof(in6_addr))) malformed();
        const auto* data = cursor.here();
        cursor.skip(size);
        entry.address = address_of(wanted, data);
        sections.entries.push_back(entry);
    }
    if (cursor.position() - begin != size) malformed();
    if (sections.entries.size() > kRecordsMax) {
        throw Fault{"returned more than " + std::to_string(kRecordsMax) + " records"};
    }
}

std::string code_name(int code) {
    switch (code) {
        case 1:
            return "FORMERR";
        case 2:
            return "SERVFAIL";
        case 4:
            return "NOTIMP";
        case 5:
            return "REFUSED";
        default:
            return "with code " + std::to_string(code);
    }
}

template <class T>
void sort_and_unite(std::vector<T>& list) {
    std::ranges::sort(list);
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

// The names of the zones whose SOA record is in the authority section.
std::vector<std::string> read_zones(Cursor& cursor, int count) {
    std::vector<std::string> zones;
    for (; count > 0; --count) {
        auto owner = cursor.name();
        const auto type = cursor.two();
        cursor.skip(2 + 4);  // class and TTL
        cursor.skip(cursor.two());
        if (type == kTypeSoa) zones.push_back(std::move(owner));
    }
    return zones;
}

bool is_in(const std::string& name, const std::string& zone) {
    return zone.empty() || name == zone || name.ends_with("." + zone);
}

// True if the answer proves that `owner` has no such record. A server that does not resolve names
// refers to other servers for names of other zones: then there is no SOA record (RFC 2308, section
// 2.2), but perhaps NS records with their addresses.
bool says_that_there_is_none(const Sections& sections, const std::string& owner,
                             const std::string& asked) {
    return sections.recursive || (sections.authoritative && owner == asked) ||
           std::ranges::any_of(sections.zones,
                               [&](const std::string& zone) { return is_in(owner, zone); });
}

// The records of the name that the aliases lead to.
Records collect(const Sections& sections, const std::string& asked) {
    auto owner = asked;
    std::uint32_t ttl = UINT32_MAX;
    for (int hops = 0; sections.aliases.contains(owner); ++hops) {
        if (hops == kAliasesMax) throw Fault{"returned more than 16 aliases (CNAME) in a row"};
        const auto& alias = sections.aliases.at(owner);
        ttl = std::min(ttl, alias.ttl);
        owner = alias.target;
    }
    Records records;
    bool any = false;
    for (const auto& each : sections.entries) {
        if (each.owner != owner) continue;
        any = true;
        ttl = std::min(ttl, each.ttl);
        if (!each.address.empty()) records.addresses.push_back(each.address);
        if (!each.service.target.empty() && each.service.port != 0) {
            records.services.push_back(each.service);
        }
    }
    if (!any && !says_that_there_is_none(sections, owner, asked)) {
        if (owner == asked) throw Fault{"has no data for this name, and does not resolve names"};
        throw Fault{"answered only with the alias " + owner +
                    " (CNAME), and does not resolve names"};
    }
    if (any) records.ttl = std::chrono::seconds(ttl);
    sort_and_unite(records.addresses);
    sort_and_unite(records.services);
    return records;
}

Records read(std::span<const unsigned char> message, const Question& question) {
    if (message.size() < kHeaderSize) malformed();
    Cursor cursor(message);
    cursor.skip(2);  // the id, which c-ares has compared
    const auto flags = cursor.two();
    const auto questions = cursor.two();
    const auto answers = cursor.two();
    const auto authorities = cursor.two();
    cursor.skip(2);  // the additional section: names of SRV records are looked up, in any case
    const bool response = (flags & 0x8000) != 0, authoritative = (flags & 0x0400) != 0,
               truncated = (flags & 0x0200) != 0, recursive = (flags & 0x0080) != 0;
    const int code = flags & 0x000f;
    if (!response) throw Fault{"sent a query instead of an answer"};
    if (code == 3) return {.name_exists = false};
    if (code != 0) throw Fault{"answered " + code_name(code)};
    if (truncated) throw Fault{"truncated its answer, also by TCP"};
    if (questions != 1) malformed();
    (void)cursor.name();
    cursor.skip(4);
    Sections sections{.authoritative = authoritative, .recursive = recursive};
    for (int count = 0; count < answers; ++count) read_record(cursor, question.type, sections);
    if (!recursive) sections.zones = read_zones(cursor, authorities);
    return collect(sections, normal_name(question.name));
}

}  // namespace

std::string Question::to_string() const {
    return name + (type == RecordType::a ? " A" : type == RecordType::aaaa ? " AAAA" : " SRV");
}

Answer read_answer(std::span<const unsigned char> message, const Question& question) {
    if (message.size() > INT_MAX) return {.records = {}, .fault = "sent a malformed answer"};
    try {
        return {.records = read(message, question), .fault = {}};
    } catch (const Fault& fault) {
        return {.records = {}, .fault = fault.text};
    }
}

bool is_dns_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > 253 || canonical_address(std::string(name))) return false;
    std::size_t label = 0;
    for (const char c : name) {
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (c == '.' ? label == 0 : !letter) return false;
        label = c == '.' ? 0 : label + 1;
        if (label > 63) return false;
    }
    return label != 0;
}

std::optional<std::string> canonical_address(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    std::array<char, INET6_ADDRSTRLEN> shown{};
    for (const int family : {AF_INET, AF_INET6}) {
        if (::inet_pton(family, text.c_str(), bytes.data()) == 1) {
            return ::inet_ntop(family, bytes.data(), shown.data(), shown.size());
        }
    }
    return std::nullopt;
}

std::string normal_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    std::string small(name);
    for (auto& c : small) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return small;
}

}  // namespace electiond::discovery
