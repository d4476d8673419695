// One JSON value as compact text; the routes build their answers from such values.
#pragma once

#include <chrono>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <electiond/peer.h>

namespace electiond {

// A value: always whole, valid JSON in UTF-8. Conversions are implicit, so that a list of fields
// looks like the JSON object. Bytes that are not UTF-8 become '?'.
class Json {
  public:
    Json(std::nullptr_t = nullptr) : text_("null") {}
    template <std::same_as<bool> Flag>
    Json(Flag flag) : text_(flag ? "true" : "false") {}
    template <std::integral Number>
    requires(!std::same_as<Number, bool>) Json(Number number) : text_(std::to_string(number)) {}
    Json(double number);  // with at most three decimals
    Json(std::string_view text);
    Json(const std::string& text) : Json(std::string_view(text)) {}
    Json(const char* text) : Json(std::string_view(text)) {}
    template <class Tag>
    Json(const Name<Tag>& name) : Json(std::string_view(name.value)) {}
    Json(const Endpoint& endpoint) : Json(endpoint.to_string()) {}
    // nullopt becomes null.
    template <class Value>
    Json(const std::optional<Value>& value) : Json(value ? Json(*value) : Json()) {}
    // In whole milliseconds, as each key ending in `Ms` is.
    template <class Rep, class Period>
    Json(std::chrono::duration<Rep, Period> length)
        : Json(std::chrono::floor<std::chrono::milliseconds>(length).count()) {}

    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    friend Json json_object(const std::vector<std::pair<std::string_view, Json>>& fields);
    friend Json json_array(const std::vector<Json>& values);

    std::string text_;
};

// Keys in the order given.
using JsonFields = std::vector<std::pair<std::string_view, Json>>;
[[nodiscard]] Json json_object(const JsonFields& fields);
[[nodiscard]] Json json_array(const std::vector<Json>& values);

}  // namespace electiond
