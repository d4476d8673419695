// The fields of a JSON text: each is read into the type that it must have, or refused by its full
// name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "election/message.h"
#include "wire/codec.h"

namespace electiond::wire {

constexpr std::size_t kListMax = 64;  // voters, banned, succession, supersedes

// Longer waits and ages would not fit our nanoseconds.
constexpr Milliseconds kTimeMax = std::chrono::hours(24 * 365 * 100);

// The beginning of a hostile text, in printable characters, for messages.
[[nodiscard]] std::string excerpt(std::string_view text);

// The place of a value in the document. It becomes text only for an error message. Each part points
// to its parent, which must outlive it.
struct Path {
    const Path* parent = nullptr;
    std::string_view key{};  // empty: an item of a list, or the whole document
    std::size_t index = 0;

    [[nodiscard]] std::string text() const;  // as in `config.voters[1].uuid`
};

// One value, which may be missing. to(target) leaves the target as it is (its default) if the value
// is missing, and throws DecodeError if it does not fit the target. null is a wrong type; or_null()
// makes it a missing value. Borrows its parent and the document.
class Field {
  public:
    Field(Path path, simdjson::dom::element value) : path_(path), value_(value), given_(true) {}
    explicit Field(Path path) : path_(path) {}

    [[nodiscard]] bool given() const { return given_; }
    [[nodiscard]] Field or_null() const;

    void to(bool& flag) const;
    void to(std::uint64_t& number, std::uint64_t most = kNumberMax) const;
    void to(std::int64_t& number) const;
    void to(std::uint16_t& port) const;
    void to(Milliseconds& length, Milliseconds most = kTimeMax) const;
    void to(Duration& length) const;  // whole microseconds on the wire
    void to(std::string& label) const;
    void to_name(std::string& name) const;
    void to(NodeId& id) const;
    void to(NodeUuid& uuid) const;
    void to(Endpoint& endpoint) const;
    void to_address(std::string& address) const;  // host:port; empty: not known
    void to(Reason& reason) const;                // none if this version does not know it
    void to(State& state) const;                  // follower if this version does not know it
    void to(MemberRole& role) const;              // observer if this version does not know it
    void to(Voter& voter) const;
    void to(std::vector<Voter>& voters) const;  // each uuid once
    void to(Electorate& config) const;
    void to(Member& member) const;
    void to(Succession& succession) const;
    void to(LeaderHint& hint) const;

    template <class T>
    void to(std::vector<T>& list, std::size_t most = kListMax) const {
        if (!given_) return;
        list.clear();
        list.reserve(size(most));
        for (const auto item : simdjson::dom::array(value_))
            Field({.parent = &path_, .index = list.size()}, item).to(list.emplace_back());
    }
    template <class T, class... Limit>
    void to(std::optional<T>& value, Limit... limit) const {
        if (given_) to(value.emplace(), limit...);
    }

    [[noreturn]] void wrong(std::string_view expected) const;

  private:
    friend class Fields;

    [[nodiscard]] std::uint64_t whole(std::uint64_t most) const;
    [[nodiscard]] std::string_view text(std::size_t least, std::size_t most, bool (*accept)(char),
                                        std::string_view expected) const;
    [[nodiscard]] Endpoint parsed(std::string_view address) const;
    [[nodiscard]] std::size_t size(std::size_t most) const;  // of a list

    Path path_;
    simdjson::dom::element value_{};
    bool given_ = false;
};

// The fields of one object. If a field is there twice, the last one counts.
class Fields {
  public:
    explicit Fields(const Field& object);

    [[nodiscard]] Field operator[](std::string_view key) const;
    [[nodiscard]] Field need(std::string_view key) const;

  private:
    const Path path_;
    std::vector<std::pair<std::string_view, simdjson::dom::element>> all_;  // as in the text
};

// One body: parsed, an object, and of our version of the protocol. Throws DecodeError. A thread has
// one parser, so at most one Document at a time.
class Document {
  public:
    explicit Document(std::string_view body);

    [[nodiscard]] Fields fields() const { return Fields(Field({}, root_)); }

  private:
    simdjson::dom::element root_;  // points into the thread's parser
};

}  // namespace electiond::wire
