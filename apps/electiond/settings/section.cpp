// How each type is read from its text.
#include "settings/section.h"

#include <algorithm>
#include <charconv>

#include "settings/address.h"
#include "settings/schema.h"

namespace electiond {
namespace {

const Value& empty_map() {
    static const Value kEmpty = [] {
        Value value;
        value.kind = Value::Kind::map;
        return value;
    }();
    return kEmpty;
}

std::string shown(const Value& value) {
    switch (value.kind) {
        case Value::Kind::text:
            return in_quotes(value.text);
        case Value::Kind::list:
            return "a list";
        default:
            return "a map";
    }
}

OptionValue text_option(std::string text, std::string where) {
    OptionValue option;
    option.text = std::move(text);
    option.where = std::move(where);
    return option;
}

std::string where_of(const Value& value, Naming naming) {
    if (naming == Naming::place || value.where.starts_with("environment ")) return value.where;
    const auto line = value.where.substr(0, value.where.rfind(':'));
    return value.names.empty() ? line : line + ", with " + value.names + " from the environment";
}

}  // namespace

Section::Section(const Value& value, std::string path, const std::filesystem::path& folder,
                 Faults& faults)
    : value_(&value),
      path_(std::move(path)),
      folder_(&folder),
      faults_(&faults),
      has_no_file_(value.where == kEnvironmentAlone) {
    merged_.kind = OptionValue::Kind::map;
    merged_.where = value.where;
    if (value.kind == Value::Kind::map) return;
    unreadable_ = value.kind != Value::Kind::none;
    if (unreadable_ && value.kind != Value::Kind::broken) {
        faults.add(value.where, path_ + " is " + shown(value) +
                                    ", but must be a map: its keys, each with a value, indented "
                                    "below it");
    }
    value_ = &empty_map();
}

Section::Section(const Section& parent, const std::string& key)
    : Section(parent.has(key) ? *parent.find(key) : empty_map(), parent.full(key), *parent.folder_,
              *parent.faults_) {
    has_no_file_ = parent.has_no_file_;
    if (merged_.where.empty()) merged_.where = parent.merged_.where;
}

std::string Section::full(const std::string& key) const {
    return path_.empty() ? key : path_ + "." + key;
}

std::string Section::where(const std::string& key) const {
    const auto at = std::find_if(value_->map.begin(), value_->map.end(),
                                 [&](const auto& entry) { return entry.key == key; });
    if (at != value_->map.end()) return at->value.where;
    if (!has_no_file_) return merged_.where;
    return "environment " + environment_name(key.empty() ? path_ : full(key));
}

void Section::fault(const std::string& key, const std::string& sentence) {
    faults_->add(where(key), full(key) + " " + sentence);
}

void Section::wrong(const std::string& key, const Value& value, const std::string& expected) {
    if (value.kind == Value::Kind::broken || value.kind == Value::Kind::none) return;
    faults_->add(value.where, full(key) + " is " + shown(value) + ", but must be " + expected);
}

void Section::require(const std::string& key, const std::string& remedy) {
    if (!has(key) && !unreadable_) fault(key, "is missing, but required; " + remedy);
}

const Value* Section::find_text(const std::string& key, const std::string& expected) {
    const auto* value = find(key);
    if (value == nullptr) return nullptr;
    if (value->kind == Value::Kind::text && !value->text.empty()) return value;
    wrong(key, *value, expected);
    return nullptr;
}

std::optional<std::string> Section::text(const std::string& key) {
    const auto* value = find_text(key, "a non-empty string");
    if (value == nullptr) return std::nullopt;
    remember(key, to_option(*value, Naming::origin));
    return value->text;
}

std::string Section::text(const std::string& key, const std::string& otherwise) {
    if (auto given = text(key)) return *given;
    remember_default(key, otherwise);
    return otherwise;
}

std::filesystem::path Section::absolute(const std::string& path) const {
    return (*folder_ / path).lexically_normal();  // an absolute path replaces the folder
}

std::optional<std::filesystem::path> Section::path(const std::string& key) {
    const auto* value = find_text(key, "a path that is not empty");
    if (value == nullptr) return std::nullopt;
    auto path = absolute(value->text);
    remember(key, text_option(path.string(), where_of(*value, Naming::origin)));
    return path;
}

std::optional<Endpoint> Section::endpoint(const std::string& key) {
    const auto* value = find_text(key, kEndpointForm);
    if (value == nullptr) return std::nullopt;
    auto endpoint = Endpoint::parse(value->text);
    if (!endpoint || !is_host(endpoint->host)) {
        wrong(key, *value, kEndpointForm);
        return std::nullopt;
    }
    remember(key, to_option(*value, Naming::origin));
    return endpoint;
}

std::optional<std::int64_t> Section::integer(const std::string& key, std::int64_t least,
                                             std::int64_t most) {
    const std::string expected =
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    const auto* value = find_text(key, expected);
    if (value == nullptr) return std::nullopt;
    std::int64_t number = 0;
    const auto* end = value->text.data() + value->text.size();
    const auto [rest, failed] = std::from_chars(value->text.data(), end, number);
    const bool padded = value->text.size() > 1 && value->text.front() == '0';
    if (failed != std::errc{} || rest != end || padded || number < least || number > most) {
        wrong(key, *value, expected + (padded ? ", without leading zeros" : ""));
        return std::nullopt;
    }
    remember(key, to_option(*value, Naming::origin));
    return number;
}

std::int64_t Section::integer(const std::string& key, std::int64_t least, std::int64_t most,
                              std::int64_t otherwise) {
    if (const auto given = integer(key, least, most)) return *given;
    remember_default(key, std::to_string(otherwise));
    return otherwise;
}

bool Section::flag(const std::string& key, bool otherwise) {
    return choice<bool>(key, otherwise ? "true" : "false", {{"true", true}, {"false", false}});
}

std::string Section::chosen_word(const std::string& key, std::string_view otherwise,
                                 const std::vector<std::string_view>& known) {
    const auto* value = find_text(key, joined_by_or(known));
    if (value != nullptr && std::find(known.begin(), known.end(), value->text) != known.end()) {
        remember(key, to_option(*value, Naming::origin));
        return value->text;
    }
    if (value != nullptr) wrong(key, *value, joined_by_or(known));
    remember_default(key, std::string(otherwise));
    return std::string(otherwise);
}

Section::Duration Section::duration(const std::string& key, Duration least, Duration most,
                                    Duration otherwise, const std::string& origin) {
    const auto* value = find_text(key, "a duration, as in 150ms or 2s");
    if (value != nullptr) {
        const auto given = parse_duration(value->text);
        if (given && *given >= least && *given <= most) {
            remember(key, to_option(*value, Naming::origin));
            return *given;
        }
        wrong(key, *value,
              given ? "from " + to_text(least) + " to " + to_text(most)
                    : "a duration: a whole number and a unit (ms, s, m or h), as in 150ms or 2s");
    }
    remember_default(key, to_text(otherwise), origin);
    return otherwise;
}

const Value* Section::find_list(const std::string& key) {
    const auto* value = find(key);
    if (value == nullptr) return nullptr;
    if (value->kind != Value::Kind::list) {
        wrong(key, *value, "a list, as in [a, b]");
        return nullptr;
    }
    const auto faults_before = faults();
    for (const auto& item : value->list) {
        if (item.kind == Value::Kind::none || (item.kind == Value::Kind::text && item.text.empty()))
            faults_->add(item.where, full(key) + " has an empty item");
        else if (item.kind != Value::Kind::text)
            wrong(key, item, "a list of strings");
    }
    if (faults() > faults_before) return nullptr;
    const bool broken = std::any_of(value->list.begin(), value->list.end(), [](const auto& item) {
        return item.kind == Value::Kind::broken;
    });
    return broken ? nullptr : value;
}

std::vector<std::string> Section::texts(const std::string& key) {
    const auto* value = find_list(key);
    if (value == nullptr) return {};
    std::vector<std::string> texts;
    for (const auto& item : value->list) texts.push_back(item.text);
    remember(key, to_option(*value, Naming::origin));
    return texts;
}

std::vector<std::filesystem::path> Section::paths(const std::string& key) {
    std::vector<std::filesystem::path> paths;
    for (const auto& text : texts(key)) paths.push_back(absolute(text));
    for (std::size_t i = 0; i < paths.size(); ++i) {
        merged_.map.back().value.list[i].text = paths[i].string();
    }
    return paths;
}

std::vector<std::string> Section::command(const std::string& key) {
    auto words = texts(key);
    if (words.empty()) {
        const auto* value = find(key);
        if (value != nullptr && value->kind == Value::Kind::list && value->list.empty())
            wrong(key, *value, "a command and its arguments, as in [/usr/lib/app/run, now]");
        return words;
    }
    if (words.front().find('/') == std::string::npos) return words;  // to be found in PATH
    words.front() = absolute(words.front()).string();
    merged_.map.back().value.list.front().text = words.front();
    return words;
}

void Section::remember(const std::string& key, OptionValue value) {
    merged_.map.push_back({key, std::move(value), {}});
}

void Section::remember_default(const std::string& key, const std::string& text,
                               const std::string& origin) {
    remember(key, text_option(text, origin));
}

OptionValue to_option(const Value& value, Naming naming) {
    OptionValue option;
    option.where = where_of(value, naming);
    option.text = value.text;
    if (value.kind == Value::Kind::list) option.kind = OptionValue::Kind::list;
    if (value.kind == Value::Kind::map) option.kind = OptionValue::Kind::map;
    if (value.kind == Value::Kind::none) option.kind = OptionValue::Kind::none;
    const auto is_given = [&](const Value& each) {
        return each.kind != Value::Kind::broken &&
               (each.kind != Value::Kind::none || naming == Naming::place);
    };
    for (const auto& item : value.list) {
        if (is_given(item)) option.list.push_back(to_option(item, naming));
    }
    for (const auto& [key, where, item] : value.map) {
        if (is_given(item)) option.map.push_back({key, to_option(item, naming), where});
    }
    return option;
}

std::string to_text(std::chrono::milliseconds duration) {
    const auto count = duration.count();
    if (count != 0 && count % 3'600'000 == 0) return std::to_string(count / 3'600'000) + "h";
    if (count != 0 && count % 60'000 == 0) return std::to_string(count / 60'000) + "m";
    if (count != 0 && count % 1000 == 0) return std::to_string(count / 1000) + "s";
    return std::to_string(count) + "ms";
}

}  // namespace electiond
