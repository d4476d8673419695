// The discovery `exec`: programs of the operator list the peers, and may publish this node's entry.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <electiond/plugin.h>

#include "common/peer_json.h"
#include "exec/peer_lines.h"
#include "exec/program_file.h"
#include "exec/program_run.h"
#include "exec/scheduled_program.h"

namespace electiond::discovery {
namespace {

using std::chrono::milliseconds;

// The keys that name a program, and what each program is called in messages.
constexpr char kCommand[] = "command";
constexpr char kAnnounce[] = "announce";
constexpr char kWithdraw[] = "withdraw";

milliseconds read_duration(Options& options, const std::string& key, milliseconds otherwise,
                           milliseconds most, const std::string& expected) {
    constexpr milliseconds kLeast{100};
    const auto given = options.duration(key, otherwise);
    if (given < kLeast || given > most) options.wrong(key, expected);
    return given;
}

// Returns nullopt if the key is missing, or wrong, which is recorded as a fault.
std::optional<Command> read_command(Options& options, const std::string& key) {
    constexpr char kExpected[] =
        "a list of the program's absolute path and its arguments, as in [/usr/local/bin/peers, "
        "--all]; no shell runs it";
    const auto* given = options.value(key);
    if (given == nullptr) return std::nullopt;
    if (given->kind != OptionValue::Kind::list) {
        options.wrong(key, kExpected);
        return std::nullopt;
    }
    if (given->list.empty()) {
        options.fault(key, std::string("is an empty list, but must be ") + kExpected);
        return std::nullopt;
    }
    Command command;
    for (const auto& word : given->list) {
        const bool text = word.kind == OptionValue::Kind::text;
        if (!text || word.text.find('\0') != std::string::npos) {
            options.wrong_item(key, word, "texts");
            return std::nullopt;
        }
        command.words.push_back(word.text);
    }
    const auto& program = given->list.front();
    if (!program.text.starts_with('/')) {
        options.wrong_item(key, program,
                           "the program's absolute path first, as in /usr/local/bin/peers "
                           "(/usr/bin/env finds a program by PATH)");
        return std::nullopt;
    }
    command.title =
        (key == kCommand ? "the program " : "the " + key + " program ") + on_one_line(program.text);
    return command;
}

struct Settings {
    std::optional<Command> list{}, announce{}, withdraw{};
    milliseconds interval{};
};

Settings read_settings(Options& options) {
    Settings settings{.list = read_command(options, kCommand),
                      .announce = read_command(options, kAnnounce),
                      .withdraw = read_command(options, kWithdraw),
                      .interval = read_duration(options, "interval", std::chrono::seconds(5),
                                                std::chrono::hours(1), "100ms to 1h")};
    const auto timeout = read_duration(options, "timeout", std::chrono::seconds(10),
                                       std::chrono::minutes(10), "100ms to 10m");
    for (auto* each : {&settings.list, &settings.announce, &settings.withdraw}) {
        if (*each) (*each)->timeout = timeout;
    }
    if (!options.has(kCommand)) {
        options.missing(kCommand,
                        "give the program's absolute path and its arguments, as in "
                        "[/usr/local/bin/peers, --all]");
    }
    return settings;
}

// Always called by the same thread; has none of its own. Between two runs a call costs one
// comparison.
class Exec final : public Discovery {
  public:
    explicit Exec(const PluginSetup& setup)
        : cluster_(setup.cluster),
          node_id_(setup.node_id),
          log_(setup.log),
          settings_(read_settings(setup.options)),
          list_(
              settings_.list.value_or(Command{}), settings_.interval,
              [this](const std::string& output) { peers_ = read_peer_lines(output); }, log_) {
        if (!settings_.announce) return;
        announce_.emplace(
            *settings_.announce, settings_.interval, [](const std::string&) {}, log_);
    }

    void announce(const Peer& self, std::stop_token stop) override {
        if (self_ != self) {
            require_readable(self);
            self_ = self;
            if (announce_) announce_->begin_anew();
        }
        if (announce_) announce_->advance(input(), stop);
    }

    [[nodiscard]] std::vector<Peer> poll(std::stop_token stop) override {
        list_.advance(input(), stop);
        return peers_;
    }

    void withdraw(std::stop_token stop) noexcept override {
        try {
            list_.end();
            if (announce_) announce_->end();  // it must not write the entry again after `withdraw`
            if (self_ && settings_.withdraw) run_withdraw(*settings_.withdraw, stop);
        } catch (const std::exception& error) {
            log_.warning(std::string("this node's entry may not have been removed: ") +
                         error.what());
        }
        self_.reset();
    }

    // Checks whether the programs can be started, and starts none.
    [[nodiscard]] std::vector<Finding> check(const Peer&, std::stop_token stop) const override {
        std::vector<Finding> findings;
        const auto look = [&](const char* key, const std::optional<Command>& command) {
            if (!command) return;
            stop_if_requested(stop, command->title);
            const auto& program = command->words.front();
            const auto fault = fault_of_program(program);
            if (fault.text.empty()) return;
            findings.push_back({fault.certain ? Finding::Weight::fault : Finding::Weight::warning,
                                key, "names " + program + ", which " + fault.text});
        };
        look(kCommand, settings_.list);
        look(kAnnounce, settings_.announce);
        look(kWithdraw, settings_.withdraw);
        return findings;
    }

  private:
    [[nodiscard]] ProgramInput input() const {
        const auto line = self_ ? peer_line(*self_) : std::string();
        return {.variables = {{"ELECTIOND_CLUSTER", cluster_},
                              {"ELECTIOND_NODE_ID", node_id_},
                              {"ELECTIOND_PEER", line}},
                .standard_input = line.empty() ? line : line + '\n'};
    }

    void run_withdraw(const Command& command, const std::stop_token& stop) {
        stop_if_requested(stop, command.title);
        ProgramRun run(command, input());
        std::optional<Finished> finished;
        while (!finished) {
            finished = run.wait(command.timeout, stop);
            if (!finished) stop_if_requested(stop, command.title);
        }
        ErrorsLog(command.title, log_).add(finished->errors);
        if (!finished->fault.empty()) throw Error(finished->fault, Error::unavailable);
    }

    const std::string cluster_;
    const std::string node_id_;
    const Log log_;
    const Settings settings_;
    std::optional<Peer> self_;  // announced, and not withdrawn
    std::vector<Peer> peers_;   // in the last good answer
    ScheduledProgram list_;
    std::optional<ScheduledProgram> announce_;
};

}  // namespace
}  // namespace electiond::discovery

ELECTIOND_DISCOVERY_PLUGIN("exec", "0.1.0", electiond::discovery::Exec);
