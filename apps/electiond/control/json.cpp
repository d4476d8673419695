// JSON values as compact text.
#include "control/json.h"

#include <Poco/JSONString.h>
#include <Poco/TextConverter.h>
#include <Poco/UTF8Encoding.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace electiond {
namespace {

// Text of another program may hold any bytes, or end in the middle of a character.
std::string as_utf8(std::string_view text) {
    std::string whole(text);
    if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
        return whole;
    }
    Poco::UTF8Encoding utf8;
    std::string clean;
    Poco::TextConverter(utf8, utf8).convert(whole, clean);
    return clean;
}

}  // namespace

Json::Json(std::string_view text) : text_(Poco::toJSON(as_utf8(text))) {}

Json::Json(double number) {
    const auto thousandths = std::llround(std::abs(number) * 1000);
    auto decimals = std::to_string(thousandths % 1000 + 1000).substr(1);
    while (!decimals.empty() && decimals.back() == '0') decimals.pop_back();
    text_ = (number < 0 && thousandths != 0 ? "-" : "") + std::to_string(thousandths / 1000) +
            (decimals.empty() ? "" : "." + decimals);
}

Json json_object(const JsonFields& fields) {
    Json object;
    object.text_ = "{";
    for (const auto& [key, value] : fields) {
        if (object.text_.size() > 1) object.text_ += ',';
        object.text_.append("\"").append(key).append("\":").append(value.text());
    }
    object.text_ += '}';
    return object;
}

Json json_array(const std::vector<Json>& values) {
    Json array;
    array.text_ = "[";
    for (const auto& value : values) {
        if (array.text_.size() > 1) array.text_ += ',';
        array.text_ += value.text();
    }
    array.text_ += ']';
    return array;
}

}  // namespace electiond
