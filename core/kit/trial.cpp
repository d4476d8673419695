// One plugin under test in one case: makes its objects, and reports each call.
#include "kit/trial.h"

#include <algorithm>
#include <cstdio>

#include "kit/process.h"

namespace electiond::kit {
namespace {

constexpr std::size_t kLinesMax = 10'000;

OptionSection section_of(const Subject& subject, const Setup& setup, PluginKind kind) {
    OptionSection section{
        kind == PluginKind::transport ? "transport" : "discovery[0]", {}, subject.folder};
    section.root.kind = OptionValue::Kind::map;
    section.root.where = "kit.yaml:1:1";
    section.root.map = setup.more_options;
    for (const auto& option : subject.options) {
        const auto replaced = std::ranges::find(setup.more_options, option.key, &OptionEntry::key);
        if (replaced == setup.more_options.end()) section.root.map.push_back(option);
    }
    return section;
}

}  // namespace

std::string in_words(Clock::duration duration) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(duration).count());
    return text;
}

std::string odd_line(const std::vector<LogLine>& lines) {
    const auto is_key = [](const std::string& key) {
        constexpr auto* kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
        return !key.empty() && key.find_first_not_of(kAllowed) == std::string::npos &&
               key != "ts" && key != "level" && key != "node" && key != "msg";
    };
    for (const auto& line : lines) {
        if (line.text.empty() || line.text.find('\n') != std::string::npos) {
            return "a text that is not one line: \"" + line.text + "\"";
        }
        for (const auto& field : line.fields) {
            if (!is_key(field.key)) {
                return "a field whose key is reserved or not snake_case: " + field.key;
            }
        }
    }
    return "";
}

OptionValue text_value(const std::string& text) {
    OptionValue value;
    value.text = text;
    value.where = kPlace;
    return value;
}

Trial::Trial(const Library& library, Subject subject, Report& report)
    : library_(library), subject_(std::move(subject)), report_(report) {}

template <class Make>
auto Trial::with_setup(const Setup& setup, Make make) {
    report_.step("the factory");
    const auto listen = Endpoint::parse(setup.listen);
    ENSURE(listen);
    auto section = section_of(subject_, setup, kind());
    if (setup.without_options) section.root.map.clear();
    Options options(kind(), std::move(section));
    const Log log([book = book_](LogLine line) {
        const std::lock_guard lock(book->mutex);
        if (book->lines.size() < kLinesMax) book->lines.push_back(std::move(line));
    });
    const PluginSetup given{.options = options,
                            .cluster = setup.cluster,
                            .node_id = setup.node_id,
                            .log = log,
                            .listen = *listen,
                            .limits = setup.limits,
                            .tls = setup.tls ? &*setup.tls : nullptr};
    return make(given);
}

std::unique_ptr<Discovery> Trial::make_discovery(const Setup& setup) {
    return with_setup(setup,
                      [&](const PluginSetup& given) { return library_.make_discovery(given); });
}

std::unique_ptr<Transport> Trial::make_transport(const Setup& setup) {
    return with_setup(setup,
                      [&](const PluginSetup& given) { return library_.make_transport(given); });
}

std::shared_ptr<void> Trial::make_any(const Setup& setup) {
    if (kind() == PluginKind::discovery) return make_discovery(setup);
    return make_transport(setup);
}

void Trial::make_and_destroy(const Setup& setup) {
    auto made = make_any(setup);
    report_.step("the destructor");
    made.reset();
}

std::optional<std::string> Trial::error_of(const std::string& what,
                                           const std::function<void()>& act) {
    report_.step(what);
    try {
        act();
    } catch (const std::exception& error) {
        return error.what();
    }
    return std::nullopt;
}

std::string Trial::refusal(const std::string& what, Error::Code code,
                           const std::function<void()>& act) {
    report_.step(what);
    try {
        act();
    } catch (const Error& error) {
        expect(error.code() == code, what + " threw an Error with code " +
                                         std::to_string(error.code()) + " instead of " +
                                         std::to_string(code) + ": " + error.what());
        return error.what();
    } catch (const std::exception& error) {
        throw Failed{what + " threw something that is not an electiond::Error: " + error.what()};
    }
    throw Failed{what + " did not throw an Error"};
}

void Trial::in_time(const std::string& what, Milliseconds limit, const std::function<void()>& act) {
    const auto begun = Clock::now();
    (void)error_of(what, act);
    const auto taken = Clock::now() - begun;
    expect(taken <= limit + kTolerance,
           what + " took " + in_words(taken) + "; the limit is " + in_words(limit));
}

bool Trial::eventually(const std::string& what, Milliseconds limit,
                       const std::function<bool()>& condition) {
    const auto deadline = Clock::now() + limit;
    for (;;) {
        report_.step(what);
        if (condition()) return true;
        if (Clock::now() > deadline) return false;
        wait_a_moment();
    }
}

void Trial::note_fault(const std::string& fault) {
    const std::lock_guard lock(mutex_);
    if (fault_.empty()) fault_ = fault;
}

std::string Trial::noted_fault() const {
    const std::lock_guard lock(mutex_);
    return fault_;
}

std::vector<LogLine> Trial::logged() const {
    const std::lock_guard lock(book_->mutex);
    return book_->lines;
}

}  // namespace electiond::kit
