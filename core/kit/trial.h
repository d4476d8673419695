// One plugin under test in one case: makes its objects, and reports each call.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <electiond/plugin.h>

#include "host/library.h"
#include "kit/case.h"
#include "kit/report.h"

namespace electiond::kit {

using Milliseconds = std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

inline constexpr const char* kCluster = "kit";
// The place of the kit's own options, for messages.
inline constexpr const char* kPlace = "kit.yaml:7:3";
// Added to each time limit of a call, because the machine may be busy.
inline constexpr Milliseconds kTolerance{1500};

// What is tested. Relative paths in `options` count from `folder`, which is empty at the start.
// `certificates`: a folder that `electionctl plugin check` has filled; empty: none.
struct Subject {
    std::vector<OptionEntry> options{};
    std::filesystem::path folder{};
    std::filesystem::path certificates{};
};

// How a factory is called.
struct Setup {
    std::string cluster = kCluster;
    std::string node_id = "1";
    std::string listen = "127.0.0.1:0";       // of a transport
    std::vector<OptionEntry> more_options{};  // each replaces the one of the same key
    bool without_options = false;             // neither these nor those of the subject
    Limits limits{};
    std::optional<TlsFiles> tls{};
};

// "1.2 s"
[[nodiscard]] std::string in_words(Clock::duration duration);
// What is wrong with what a plugin has logged: a text that is not one line, a field whose key is
// reserved or not snake_case. Empty: nothing.
[[nodiscard]] std::string odd_line(const std::vector<LogLine>& lines);
// A text as the value of an option.
[[nodiscard]] OptionValue text_value(const std::string& text);

// Any thread. The objects that it makes have the thread rules of the SDK.
class Trial {
  public:
    Trial(const Library& library, Subject subject, Report& report);

    [[nodiscard]] PluginKind kind() const { return library_.kind(); }
    [[nodiscard]] const Subject& subject() const { return subject_; }
    [[nodiscard]] Report& report() { return report_; }

    // Call the factory. What PluginSetup refers to is destroyed before they return. Exceptions of
    // the factory are passed on.
    [[nodiscard]] std::unique_ptr<Discovery> make_discovery(const Setup& setup = {});
    [[nodiscard]] std::unique_ptr<Transport> make_transport(const Setup& setup = {});
    // Makes an object of the plugin's kind and destroys it.
    void make_and_destroy(const Setup& setup = {});
    // Keeps an object of either kind until it is destroyed.
    [[nodiscard]] std::shared_ptr<void> make_any(const Setup& setup = {});

    // Runs a call that must not throw.
    template <class Act>
    auto call(const std::string& what, Act act) {
        report_.step(what);
        try {
            return act();
        } catch (const Failed&) {
            throw;
        } catch (const Skipped&) {
            throw;
        } catch (const std::exception& error) {
            throw Failed{what + " threw: " + error.what()};
        } catch (...) {
            throw Failed{what + " threw something that is not a std::exception"};
        }
    }
    // Runs a call that may throw: the text of its exception, or nullopt.
    std::optional<std::string> error_of(const std::string& what, const std::function<void()>& act);
    // Runs a call that must throw an Error with this code: its text.
    std::string refusal(const std::string& what, Error::Code code,
                        const std::function<void()>& act);
    // Runs a call, which may throw, and fails if it takes longer than `limit` (and the tolerance).
    void in_time(const std::string& what, Milliseconds limit, const std::function<void()>& act);

    // Waits until the plugin makes a condition true; false if it is not true within `limit`.
    bool eventually(const std::string& what, Milliseconds limit,
                    const std::function<bool()>& condition);

    // Notes a fault that was found outside the thread of the case. The first one makes the case
    // fail if it would pass otherwise.
    void note_fault(const std::string& fault);
    [[nodiscard]] std::string noted_fault() const;

    // What the plugin has logged so far.
    [[nodiscard]] std::vector<LogLine> logged() const;

  private:
    // Shared with the Log, which a plugin may keep for longer than this trial.
    struct Book {
        std::mutex mutex;
        std::vector<LogLine> lines;
    };

    template <class Make>
    auto with_setup(const Setup& setup, Make make);

    const Library& library_;
    const Subject subject_;
    Report& report_;
    const std::shared_ptr<Book> book_ = std::make_shared<Book>();
    mutable std::mutex mutex_;
    std::string fault_;
};

}  // namespace electiond::kit
