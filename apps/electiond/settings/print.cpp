// Shows the merged configuration.
#include <algorithm>
#include <cctype>

#include "settings/secrets.h"
#include "settings/settings.h"

namespace electiond {
namespace {

bool is_plain(const std::string& text) {
    const auto allowed = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '/' || c == '-' || c == ':';
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), allowed) &&
           (std::isalnum(static_cast<unsigned char>(text.front())) != 0 || text.front() == '/') &&
           text.back() != ':' && text != "null" && text != "Null" && text != "NULL";
}

std::string scalar(const std::string& text, Display display) {
    if (display == Display::plain && is_plain(text)) return text;
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
    void map(const OptionValue& value, const std::string& path, std::size_t indent,
             Display display) {
        for (const auto& [key, item, where] : value.map) {
            if (item.kind == OptionValue::Kind::map && item.map.empty() && indent == 0) continue;
            begin_line(indent);
            const bool digits = key.find_first_not_of("0123456789") == std::string::npos;
            out_ += scalar(key, digits ? Display::name : Display::plain) + ":";
            const auto full = path.empty() ? key : path + "." + key;
            entry(item, full, indent, display == Display::secret ? display : display_of(full, key));
        }
    }

  private:
    // What follows "key:" or "-".
    void entry(const OptionValue& value, const std::string& path, std::size_t indent,
               Display display) {
        using Kind = OptionValue::Kind;
        const bool flat =
            value.kind == Kind::list &&
            std::all_of(value.list.begin(), value.list.end(),
                        [](const OptionValue& item) { return item.kind == Kind::text; });
        if (value.kind == Kind::text) {
            out_ += ' ' + shown(value, display) + from(value);
        } else if (flat) {
            out_ += " [";
            for (std::size_t i = 0; i < value.list.size(); ++i) {
                out_ += (i == 0 ? "" : ", ") + shown(value.list[i], display);
            }
            out_ += ']' + from(value);
        } else if (value.kind == Kind::map && value.map.empty()) {
            out_ += " {}" + from(value);
        } else if (value.kind == Kind::map) {
            out_ += '\n';
            map(value, path, indent + 2, display);
        } else {
            out_ += '\n';
            for (const auto& item : value.list) list_item(item, path, indent + 2, display);
        }
    }

    void list_item(const OptionValue& item, const std::string& path, std::size_t indent,
                   Display display) {
        begin_line(indent);
        out_ += '-';
        if (item.kind != OptionValue::Kind::map || item.map.empty()) {
            entry(item, path, indent, display);
            return;
        }
        skip_indent_ = true;  // the first key follows the dash on the same line
        out_ += ' ';
        map(item, path, indent + 2, display);
    }

    void begin_line(std::size_t indent) {
        if (!skip_indent_) out_ += std::string(indent, ' ');
        skip_indent_ = false;
    }

    static std::string shown(const OptionValue& value, Display display) {
        return scalar(masked(value.text, display), display);
    }
    static std::string from(const OptionValue& value) { return "  # " + value.where + '\n'; }

    std::string out_;
    bool skip_indent_ = false;
};

}  // namespace

std::string print_settings(const Settings& settings) {
    Printer printer;
    printer.map(settings.merged, "", 0, Display::plain);
    return "# " +
           (settings.file.empty() ? std::string("The environment alone, without a file")
                                  : settings.file.string() + ", merged with the environment") +
           "; after each value, where it comes from\n" + printer.take();
}

}  // namespace electiond
