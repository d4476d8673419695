// Writes compact JSON, and the values that messages and the record of a node consist of.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "election/message.h"
#include "wire/codec.h"
#include "wire/output.h"

namespace electiond::wire {

// Appends compact JSON. out(key, value) adds a field to the open object, but not an empty optional.
class Writer {
  public:
    template <class T>
    Writer& operator()(std::string_view key, const T& value) {
        name(key);
        write(value);
        return *this;
    }
    template <class T>
    Writer& operator()(std::string_view key, const std::optional<T>& value) {
        return value ? (*this)(key, *value) : *this;
    }
    Writer& operator()(std::string_view key, Reason reason) {
        return reason == Reason::none ? *this : (*this)(key, to_string(reason));
    }
    Writer& operator()(ConfigNumber number) {
        return (*this)("configTerm", number.term)("configVersion", number.version);
    }

    template <class T>
    Writer& or_null(std::string_view key, const std::optional<T>& value) {
        return value ? (*this)(key, *value) : (*this)(key, nullptr);
    }

    // Adds fields that another Writer has written.
    void fields(std::string_view text) { literal(text); }

    template <class Fields>
    void object(Fields fields) {
        separate();
        out_.add('{');
        fields();
        out_.add('}');
    }

    [[nodiscard]] std::string take() { return out_.take(); }

  private:
    // The last character (a bracket, a colon, or the end of a value) shows whether a comma is due.
    void separate() {
        if (is_comma_due()) out_.add(',');
    }
    [[nodiscard]] bool is_comma_due() const {
        const char last = out_.last();
        return last != '{' && last != '[' && last != ':';
    }

    // Of a field. It is one of ours: there is nothing to escape.
    void name(std::string_view key) {
        char* at = out_.room(key.size() + 4);
        if (is_comma_due()) *at++ = ',';
        *at++ = '"';
        at += key.copy(at, key.size());
        *at++ = '"';
        *at++ = ':';
        out_.written(at);
    }

    void write(std::same_as<bool> auto flag) { literal(flag ? "true" : "false"); }
    void write(State state) { write(to_string(state)); }
    void write(MemberRole role) { write(to_string(role)); }
    void write(std::nullptr_t) { literal("null"); }
    template <std::integral T>
    requires(!std::same_as<T, bool>) void write(T number) {
        constexpr std::size_t kDigits = 20;
        separate();
        char* at = out_.room(kDigits);
        out_.written(std::to_chars(at, at + kDigits, number).ptr);
    }
    // A length of time, never negative: readers accept whole numbers from 0.
    void write(Milliseconds length) { write(std::max<Milliseconds::rep>(length.count(), 0)); }
    void write(Duration length) {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(length).count();
        write(std::max<Duration::rep>(us, 0));
    }

    static bool needs_escape(char c) {
        static constexpr auto kNeeds = [] {
            std::array<bool, 256> needs{};
            for (std::size_t byte = 0; byte < 0x20; ++byte) needs[byte] = true;
            needs['"'] = needs['\\'] = true;
            return needs;
        }();
        return kNeeds[static_cast<unsigned char>(c)];
    }
    static char* escape(char* at, char c) {
        static constexpr char kHex[] = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        *at++ = '\\';
        if (byte >= 0x20) {
            *at++ = c;
            return at;
        }
        for (const char each : {'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]}) *at++ = each;
        return at;
    }
    void write(std::string_view text) {
        constexpr std::size_t kEscaped = 6;  // bytes, at most
        separate();
        char* at = out_.room(kEscaped * text.size() + 2);
        *at++ = '"';
        for (const char c : text) {
            if (needs_escape(c)) [[unlikely]]
                at = escape(at, c);
            else
                *at++ = c;
        }
        *at++ = '"';
        out_.written(at);
    }
    void write(const std::string& text) { write(std::string_view(text)); }
    template <class Tag>
    void write(const Name<Tag>& name) {
        write(std::string_view(name.value));
    }
    void write(const Endpoint& endpoint) { write(endpoint.to_string()); }

    template <class T>
    void write(const std::vector<T>& list) {
        separate();
        out_.add('[');
        for (const auto& item : list) write(item);
        out_.add(']');
    }
    // Always the last field: what does not fit is left out, two bytes for "]}" are kept.
    void write(const std::vector<Member>& members) {
        separate();
        out_.add('[');
        for (const auto& member : members) {
            const auto before = out_.size();
            write(member);
            if (out_.size() + 2 <= kBodyMax) continue;
            out_.cut(before);
            break;
        }
        out_.add(']');
    }

    void write(const Voter& voter) {
        object([&] { (*this)("id", voter.id)("uuid", voter.uuid); });
    }
    void write(const Electorate& config) {
        object([&] {
            (*this)("term", config.number.term)("version", config.number.version)(
                "voters", config.voters)("banned", config.banned);
        });
    }
    void write(const Succession& succession) {
        object([&] { (*this)("order", succession.order)("stepMs", succession.step); });
    }
    void write(const LeaderHint& hint) {
        object([&] {
            (*this)("id", hint.id)("uuid", hint.uuid)("term", hint.term)("address", hint.address)(
                "ageMs", hint.age);
        });
    }
    void write(const Member& member) {
        object([&] {
            (*this)("id", member.id)("uuid", member.uuid)("addresses", member.addresses)(
                "api", member.api)("role", member.role)
                .or_null("lastAckMs", member.last_ack)("rttUs", member.rtt)(
                    "eligible", member.eligible)("priority", member.priority);
        });
    }

    void literal(std::string_view text) {
        separate();
        out_.add(text);
    }

    Output out_;
};

}  // namespace electiond::wire
