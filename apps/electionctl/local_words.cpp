// Parses the command line of a verb that asks no node.
#include "electionctl/local_words.h"

#include <algorithm>

#include "electionctl/arguments.h"

namespace electiond::ctl {
namespace {

bool has(std::string_view options, const std::string& name) {
    return options.find(" " + name + " ") != std::string_view::npos;
}

class Reader {
  public:
    Reader(std::string_view name, std::string_view verbs, std::span<const LocalForm> forms,
           const std::vector<std::string>& words)
        : name_(name), verbs_(verbs), forms_(forms), words_(words) {}

    LocalWords read() {
        bool options_end = false;
        for (; next_ < words_.size(); ++next_) {
            const auto& word = words_[next_];
            if (!options_end && word == "--") {
                options_end = true;
            } else if (!options_end && word.size() > 1 && word.front() == '-') {
                option(word);
            } else if (form_ == nullptr) {
                begin(word);
            } else {
                result_.operands.push_back(word);
            }
        }
        if (help_) return {};
        if (form_ == nullptr) throw UsageError(name_ + " needs a verb: " + verbs_);
        return std::move(result_);
    }

  private:
    void begin(const std::string& verb) {
        const auto form = std::ranges::find(forms_, verb, &LocalForm::verb);
        if (form == forms_.end()) {
            throw UsageError("unknown verb " + name_ + " " + verb + ": expected " + verbs_);
        }
        form_ = &*form;
        result_.verb = verb;
    }

    void option(const std::string& word) {
        const auto equals = word.starts_with("--") ? word.find('=') : std::string::npos;
        const auto option = word.substr(0, equals);
        std::optional<std::string> value;
        if (equals != std::string::npos) value = word.substr(equals + 1);
        if (option == "-h" || option == "--help") {
            help_ = true;
        } else if (form_ != nullptr && has(form_->flags, option)) {
            if (value) throw UsageError(option + " takes no value");
            result_.options.emplace_back(option, std::nullopt);
        } else if (form_ != nullptr && has(form_->valued, option)) {
            if (!value && next_ + 1 < words_.size()) value = words_[++next_];
            if (!value || value->empty()) throw UsageError(option + " needs a value");
            result_.options.emplace_back(option, std::move(value));
        } else {
            throw UsageError(option + " is not an option of " + name_ +
                             (form_ == nullptr ? "" : " " + result_.verb) +
                             ", which asks no node; see electionctl " + name_ + " --help");
        }
    }

    const std::string name_;
    const std::string verbs_;
    const std::span<const LocalForm> forms_;
    const std::vector<std::string>& words_;
    std::size_t next_ = 0;
    const LocalForm* form_ = nullptr;
    bool help_ = false;
    LocalWords result_;
};

}  // namespace

LocalWords read_local_words(std::string_view name, std::string_view verbs,
                            std::span<const LocalForm> forms,
                            const std::vector<std::string>& words) {
    return Reader(name, verbs, forms, words).read();
}

}  // namespace electiond::ctl
