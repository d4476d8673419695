// Builds the tree from yaml-cpp's events: its own nodes do not keep duplicates, anchors and tags.
#include "settings/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

namespace electiond {
namespace {

// Replace the braces of ${NAME} while YAML is read: in flow text a brace would end the scalar. One
// byte each, so columns stay correct; the text itself has no control characters.
constexpr char kOpen = '\x01';
constexpr char kClose = '\x02';

void shield_braces(std::string& text) {
    for (auto open = text.find("${"); open != std::string::npos; open = text.find("${", open + 2)) {
        const auto close = text.find_first_of("}\"'\n", open);
        if (close == std::string::npos || text[close] != '}') continue;
        text[open + 1] = kOpen;
        text[close] = kClose;
    }
}

std::string unshield(std::string text) {
    std::replace(text.begin(), text.end(), kOpen, '{');
    std::replace(text.begin(), text.end(), kClose, '}');
    return text;
}

class TreeBuilder : public YAML::EventHandler {
  public:
    TreeBuilder(const Source& source, std::string prefix, const Environment& env, Faults& faults)
        : source_(source), prefix_(std::move(prefix)), env_(env), faults_(faults) {}

    [[nodiscard]] Value take() { return std::move(root_); }
    [[nodiscard]] const std::string& begin() const { return begin_; }
    [[nodiscard]] std::string where(const YAML::Mark& mark) const {
        return source_.place(mark.line + 1, mark.column + 1);
    }

    void OnDocumentStart(const YAML::Mark& mark) override { begin_ = where(mark); }
    void OnDocumentEnd() override {}

    // The parser reports the place of an empty value one line late, so the key's place is used.
    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
        const bool has_key = !open_.empty() && open_.back().key.has_value();
        put(make(Value::Kind::none, has_key ? open_.back().key->where : where(mark)));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        faults_.add(where(mark), here() +
                                     " is an alias (*); aliases are refused: write the value "
                                     "itself");
        put(make(Value::Kind::broken, where(mark)));
    }
    void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
        faults_.add(where(mark),
                    here() + " has the anchor &" + name + "; anchors are refused: leave it out");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  const std::string& text) override {
        refuse_tag(mark, tag);
        auto value = make(Value::Kind::text, where(mark));
        value.text = unshield(text);
        if (!awaits_key()) fill(value);
        put(std::move(value));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        refuse_tag(mark, tag);
        open_.push_back({make(Value::Kind::list, where(mark)), {}, {}});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        refuse_tag(mark, tag);
        open_.push_back({make(Value::Kind::map, where(mark)), {}, {}});
    }
    void OnMapEnd() override { close(); }

  private:
    struct Key {
        std::string name;
        std::string where;
        bool kept = true;  // false: its fault was added already, its value is dropped
    };
    struct Open {
        Value value;
        std::optional<Key> key;                   // map: the key whose value comes next
        std::map<std::string, std::string> seen;  // map: key -> its place
    };

    static Value make(Value::Kind kind, std::string where) {
        Value value;
        value.kind = kind;
        value.where = std::move(where);
        return value;
    }

    // The path of the value that comes next: "discovery[1].peers".
    [[nodiscard]] std::string here() const {
        std::string path = prefix_;
        for (const auto& open : open_) {
            if (open.value.kind == Value::Kind::list) {
                path += "[" + std::to_string(open.value.list.size()) + "]";
            } else if (open.key) {
                path += (path.empty() ? "" : ".") + open.key->name;
            }
        }
        return path.empty() ? "the document" : path;
    }
    [[nodiscard]] bool awaits_key() const {
        return !open_.empty() && open_.back().value.kind == Value::Kind::map && !open_.back().key;
    }

    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.empty() || tag == "?" || tag == "!") return;  // none given; "!" marks a quoted text
        faults_.add(where(mark),
                    here() + " has the tag " + in_quotes(tag) + "; tags are refused: leave it out");
    }

    void fill(Value& value) {
        const auto faults_before = faults_.count();
        auto expanded = expand(value.text, env_, value.where, here(), faults_);
        if (faults_.count() > faults_before) {
            value.kind = Value::Kind::broken;
        } else if (!expanded.names.empty() && expanded.text.empty()) {
            value.kind = Value::Kind::none;
        }
        value.text = std::move(expanded.text);
        value.names = std::move(expanded.names);
    }

    void close() {
        auto value = std::move(open_.back().value);
        open_.pop_back();
        put(std::move(value));
    }

    void put(Value value) {
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (awaits_key()) {
            put_key(value);
        } else if (auto& top = open_.back(); top.value.kind == Value::Kind::list) {
            top.value.list.push_back(std::move(value));
        } else {
            if (top.key->kept) {
                top.value.map.push_back({top.key->name, top.key->where, std::move(value)});
            }
            top.key.reset();
        }
    }

    void put_key(const Value& value) {
        auto& top = open_.back();
        top.key = Key{value.text, value.where};
        if (value.kind != Value::Kind::text || value.text.empty()) {
            if (value.kind != Value::Kind::broken) {
                faults_.add(value.where, "a key must be a string");
            }
            top.key->kept = false;
        } else if (value.text == "<<") {
            faults_.add(value.where, here() +
                                         " is a merge key; merge keys are refused: write the keys "
                                         "themselves");
            top.key->kept = false;
        } else if (const auto [first, is_new] = top.seen.emplace(value.text, value.where);
                   !is_new) {
            faults_.add(value.where,
                        "duplicate key " + here() +
                            (source_.has_lines ? "; it is first given at " + first->second : "") +
                            ": keep one of the two");
            top.key->kept = false;
        }
    }

    const Source& source_;
    std::string prefix_;
    const Environment& env_;
    Faults& faults_;
    Value root_;
    std::string begin_;
    std::vector<Open> open_;
};

// How many bytes the UTF-8 character at `at` has; 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    const auto lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead < 0xc2   ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) return 0;
    }
    const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
    const bool beyond = (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf4 && byte(1) > 0x8f);
    return overlong || beyond ? 0 : length;
}

// yaml-cpp takes a 0x04 for the end of the file, which would hide what follows, and accepts bytes
// that are not text.
bool refuse_what_is_no_text(const std::string& text, const Source& source, Faults& faults) {
    int line = 1;
    int column = 1;
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const auto length = utf8_length(text, at);
        const bool control =
            byte == 0x7f || (byte < ' ' && byte != '\n' && byte != '\r' && byte != '\t');
        if (control || length == 0) {
            faults.add(source.place(line, column),
                       "the byte " + std::to_string(byte) +
                           " is here; a configuration is UTF-8 text without control characters");
            return true;
        }
        column = byte == '\n' ? 1 : column + static_cast<int>(length);
        line += byte == '\n' ? 1 : 0;
        at += length;
    }
    return false;
}

std::string explain(const YAML::ParserException& error, const std::string& text) {
    if (error.msg.find("anchor is not defined") != std::string::npos) {
        return "there is an alias (*) here; aliases are refused: write the value itself, in quotes "
               "if it begins with *";
    }
    std::istringstream lines(text);
    std::string line;
    for (int i = 0; i <= error.mark.line && std::getline(lines, line);) ++i;
    const auto indent = line.substr(0, line.find_first_not_of(" \t"));
    return "this is not YAML: " + error.msg +
           (indent.find('\t') != std::string::npos ? "; indent with spaces, not with tabs"
                                                   : "; look for a missing bracket or quote, wrong "
                                                     "indentation, or a string that needs quotes");
}

}  // namespace

const Value* Value::find(const std::string& key) const {
    for (const auto& entry : map) {
        if (entry.key == key) return entry.value.kind == Kind::none ? nullptr : &entry.value;
    }
    return nullptr;
}

std::string Source::place(int line, int column) const {
    return has_lines ? name + ":" + std::to_string(line) + ":" + std::to_string(column) : name;
}

Value parse_yaml(std::string text, const Source& source, const std::string& prefix,
                 const Environment& env, Faults& faults) {
    Value broken;
    broken.kind = Value::Kind::broken;
    broken.where = source.place(1, 1);
    if (refuse_what_is_no_text(text, source, faults)) return broken;
    shield_braces(text);
    std::istringstream stream(text);
    TreeBuilder first(source, prefix, env, faults);
    Faults unheard;
    TreeBuilder second(source, prefix, env, unheard);
    try {
        YAML::Parser parser(stream);
        if (!parser.HandleNextDocument(first)) return {};
        if (parser.HandleNextDocument(second)) {
            faults.add(second.begin(), "a second document begins here; a file may have only one");
        }
    } catch (const YAML::ParserException& error) {
        faults.add(source.place(error.mark.line + 1, error.mark.column + 1), explain(error, text));
        return broken;
    }
    return first.take();
}

}  // namespace electiond
