// Shows the merged configuration, and what differs between two.
#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "settings/settings.h"

namespace electiond {
namespace {

constexpr char kMask[] = "****";

// A third-party plugin's key may hold the secret itself; one that names a file does not.
bool is_secret(std::string key) {
    constexpr std::array<std::string_view, 8> kWords = {
        "password", "passphrase", "passwd", "secret", "token", "credential", "apikey", "auth"};
    constexpr std::array<std::string_view, 3> kNamesAPlace = {"file", "path", "dir"};
    key.erase(std::remove_if(key.begin(), key.end(), [](char c) { return c == '_' || c == '-'; }),
              key.end());
    for (auto& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return std::none_of(kNamesAPlace.begin(), kNamesAPlace.end(),
                        [&](auto word) { return key.ends_with(word); }) &&
           (key == "key" || key.ends_with("privatekey") ||
            std::any_of(kWords.begin(), kWords.end(),
                        [&](auto word) { return key.find(word) != std::string::npos; }));
}

// "http://user:password@host" -> "http://****@host"
std::string without_userinfo(const std::string& text) {
    const auto scheme = text.find("://");
    if (scheme == std::string::npos) return text;
    const auto begin = scheme + 3;
    const auto end = text.find_first_of("/?#", begin);
    const auto at = text.substr(0, end).rfind('@');
    return at == std::string::npos || at < begin ? text
                                                 : text.substr(0, begin) + kMask + text.substr(at);
}

bool is_plain(const std::string& text) {
    const auto allowed = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '/' || c == '-' || c == ':';
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), allowed) &&
           (std::isalnum(static_cast<unsigned char>(text.front())) != 0 || text.front() == '/') &&
           text.back() != ':' && text != "null" && text != "Null" && text != "NULL";
}

// name: a text, also where it looks like a number or a truth to other readers of YAML.
enum class Look { plain, name, secret };

// `path` is the whole name of the key. The host's own keys of that name are files, no secrets.
Look look_of(const std::string& path, const std::string& key) {
    if (path == "api.tls.key" || path == "transport.tls.key") return Look::plain;
    if (is_secret(key)) return Look::secret;
    return key == "id" || key == "name" || key == "voters" ? Look::name : Look::plain;
}

std::string scalar(const std::string& text, Look look) {
    if (look == Look::plain && is_plain(text)) return text;
    std::string result = "\"";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') {
            result += "\\n";
        } else if (c == '\t') {
            result += "\\t";
        } else if (c == '\r') {
            result += "\\r";
        } else if (c == '$' && text.compare(i, 2, "${") == 0) {
            result += "$$";  // or it would be filled in
        } else {
            if (c == '"' || c == '\\') result += '\\';
            result += c;
        }
    }
    return result + '"';
}

class Printer {
  public:
    [[nodiscard]] std::string take() { return std::move(out_); }

    // `path` is the whole name of the map, empty for the root.
    void map(const OptionValue& value, const std::string& path, std::size_t indent, Look look) {
        for (const auto& [key, item] : value.map) {
            if (item.kind == OptionValue::Kind::map && item.map.empty() && indent == 0) continue;
            begin_line(indent);
            const bool digits = key.find_first_not_of("0123456789") == std::string::npos;
            out_ += scalar(key, digits ? Look::name : Look::plain) + ":";
            const auto full = path.empty() ? key : path + "." + key;
            entry(item, full, indent, look == Look::secret ? look : look_of(full, key));
        }
    }

  private:
    // What follows "key:" or "-".
    void entry(const OptionValue& value, const std::string& path, std::size_t indent, Look look) {
        using Kind = OptionValue::Kind;
        const bool flat =
            value.kind == Kind::list &&
            std::all_of(value.list.begin(), value.list.end(),
                        [](const OptionValue& item) { return item.kind == Kind::text; });
        if (value.kind == Kind::text) {
            out_ += ' ' + shown(value, look) + from(value);
        } else if (flat) {
            out_ += " [";
            for (std::size_t i = 0; i < value.list.size(); ++i) {
                out_ += (i == 0 ? "" : ", ") + shown(value.list[i], look);
            }
            out_ += ']' + from(value);
        } else if (value.kind == Kind::map && value.map.empty()) {
            out_ += " {}" + from(value);
        } else if (value.kind == Kind::map) {
            out_ += '\n';
            map(value, path, indent + 2, look);
        } else {
            out_ += '\n';
            for (const auto& item : value.list) list_item(item, path, indent + 2, look);
        }
    }

    void list_item(const OptionValue& item, const std::string& path, std::size_t indent,
                   Look look) {
        begin_line(indent);
        out_ += '-';
        if (item.kind != OptionValue::Kind::map || item.map.empty()) {
            entry(item, path, indent, look);
            return;
        }
        skip_indent_ = true;  // the first key stands beside the dash
        out_ += ' ';
        map(item, path, indent + 2, look);
    }

    void begin_line(std::size_t indent) {
        if (!skip_indent_) out_ += std::string(indent, ' ');
        skip_indent_ = false;
    }

    static std::string shown(const OptionValue& value, Look look) {
        return scalar(look == Look::secret ? kMask : without_userinfo(value.text), look);
    }
    static std::string from(const OptionValue& value) { return "  # " + value.where + '\n'; }

    std::string out_;
    bool skip_indent_ = false;
};

void flatten(const OptionValue& value, const std::string& path,
             std::vector<std::pair<std::string, std::string>>& into) {
    if (value.kind == OptionValue::Kind::text) into.emplace_back(path, value.text);
    for (std::size_t i = 0; i < value.list.size(); ++i) {
        flatten(value.list[i], path + "[" + std::to_string(i) + "]", into);
    }
    for (const auto& [key, item] : value.map) {
        flatten(item, path.empty() ? key : path + "." + key, into);
    }
}

}  // namespace

std::string print_settings(const Settings& settings) {
    Printer printer;
    printer.map(settings.merged, "", 0, Look::plain);
    return "# " + settings.file.string() +
           ", merged with the environment; after each value, where it comes from\n" +
           printer.take();
}

std::vector<std::string> changed_keys(const Settings& before, const Settings& after) {
    std::vector<std::pair<std::string, std::string>> old_values;
    std::vector<std::pair<std::string, std::string>> new_values;
    flatten(before.merged, "", old_values);
    flatten(after.merged, "", new_values);
    const std::map<std::string, std::string> old_by_key(old_values.begin(), old_values.end());
    const std::map<std::string, std::string> new_by_key(new_values.begin(), new_values.end());
    std::vector<std::string> changed;
    for (const auto& [key, value] : new_values) {
        const auto old = old_by_key.find(key);
        if (old == old_by_key.end() || old->second != value) changed.push_back(key);
    }
    for (const auto& [key, value] : old_values) {
        if (!new_by_key.contains(key)) changed.push_back(key);
    }
    const std::string token_file = "api.token_file";  // what the file holds is a value, too
    if (before.api.token != after.api.token &&
        std::ranges::find(changed, token_file) == changed.end()) {
        changed.push_back(token_file);
    }
    return changed;
}

}  // namespace electiond
