// electionctl plugin check: runs the conformance cases on one plugin.
#include "electionctl/plugin_check.h"

#include <electiond/error.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <ostream>
#include <set>
#include <sstream>

#include "electionctl/arguments.h"
#include "electionctl/exit_code.h"
#include "electionctl/plugin_cases.h"
#include "electionctl/plugin_report.h"
#include "electionctl/tls_verbs.h"

namespace electiond::ctl {
namespace {

namespace fs = std::filesystem;
using Kind = CaseOutcome::Kind;

// A temporary folder for the check, with an empty one for each case.
class Scratch {
  public:
    Scratch() {
        auto name = (fs::temp_directory_path() / "electiond-plugin-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw Error("cannot create the directory " + name + ": " + std::strerror(errno) +
                            "; name a directory that you may write to in TMPDIR",
                        Error::disk);
        }
        path_ = fs::canonical(name);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }

    [[nodiscard]] const fs::path& path() const { return path_; }
    // The folder "case", empty.
    [[nodiscard]] fs::path fresh() const {
        const auto folder = path_ / "case";
        std::error_code ignored;
        fs::remove_all(folder, ignored);
        fs::create_directory(folder);
        return folder;
    }

  private:
    fs::path path_;
};

// Two authorities, and certificates of both for two nodes of the cluster `kit`.
fs::path make_certificates(const fs::path& folder) {
    fs::create_directory(folder);
    std::ostringstream ignored;
    for (const auto* authority : {"ca", "other"}) {
        (void)tls({"init", "--cluster", "kit", "--nodes", "1=127.0.0.1", "2=127.0.0.1", "--dir",
                   (folder / authority).string()},
                  ignored);
    }
    return folder;
}

const KitCase& case_of(const std::vector<KitCase>& all, const std::string& name) {
    const auto found = std::ranges::find(all, name, &KitCase::name);
    if (found == all.end()) {
        throw UsageError("there is no case " + name + "; electionctl plugin cases lists them");
    }
    return *found;
}

// The requested cases and those that they need, in the order of `all`.
std::vector<KitCase> chosen(const std::vector<KitCase>& all,
                            const std::vector<std::string>& names) {
    if (names.empty()) return all;
    std::set<std::string> wanted;
    for (auto name : names) {
        while (!name.empty()) {
            wanted.insert(name);
            name = case_of(all, name).needs;
        }
    }
    std::vector<KitCase> some;
    std::ranges::copy_if(all, std::back_inserter(some),
                         [&](const KitCase& each) { return wanted.contains(each.name); });
    return some;
}

class Check {
  public:
    Check(const PluginArguments& arguments, std::ostream& out)
        : arguments_(arguments), out_(out), program_(find_kit(arguments.kit)) {}

    int run() {
        const auto file = fs::absolute(arguments_.file);
        const Kit probing(program_, {}, arguments_.timeout, arguments_.verbose);
        auto [plugin, fault] = probing.probe(file);
        plugin_ = std::move(plugin);
        if (!fault.empty()) return report_unloadable(fault);

        const auto cases = chosen(probing.cases_of(plugin_.kind), arguments_.cases);
        const Kit kit(program_, options(), arguments_.timeout, arguments_.verbose);
        begin(cases.size());
        for (const auto& each : cases) {
            add(run_case(kit, file, each));
            if (!out_) return Error::disk;  // the reader is gone
        }
        return end();
    }

  private:
    // The options that each case gets.
    [[nodiscard]] std::vector<std::string> options() const {
        std::vector<std::string> words;
        if (!arguments_.config.empty()) {
            words.insert(words.end(), {"--config", fs::absolute(arguments_.config).string()});
        }
        for (const auto& option : arguments_.options) {
            words.insert(words.end(), {"--option", option});
        }
        if (plugin_.kind == "transport") {
            const auto folder = make_certificates(scratch_.path() / "certificates");
            words.insert(words.end(), {"--certificates", folder.string()});
        }
        return words;
    }

    CaseOutcome run_case(const Kit& kit, const fs::path& file, const KitCase& each) {
        if (!each.needs.empty() && outcomes_of_.at(each.needs) != Kind::passed) {
            return {.name = each.name,
                    .expected = each.expected,
                    .kind = Kind::skipped,
                    .reason = "needs " + each.needs};
        }
        return kit.run(file, each, scratch_.fresh());
    }

    int report_unloadable(const std::string& fault) {
        begin(1);
        add({.name = "loads",
             .expected =
                 "The file is a plugin of this ABI and toolchain, and has the name of the plugin.",
             .kind = Kind::failed,
             .reason = fault});
        return end();
    }

    [[nodiscard]] bool tap() const { return arguments_.format == PluginArguments::Format::tap; }

    void begin(std::size_t count) {
        if (tap()) write_tap_begin(out_, plugin_, count);
    }

    void add(CaseOutcome outcome) {
        if (tap()) write_tap(out_, all_.size() + 1, outcome);
        outcomes_of_[outcome.name] = outcome.kind;
        all_.push_back(std::move(outcome));
    }

    int end() {
        if (tap()) {
            write_tap_end(out_, all_);
        } else {
            write_json(out_, plugin_, all_);
        }
        if (!out_) return Error::disk;
        const bool good = std::ranges::all_of(all_, [&](const CaseOutcome& outcome) {
            return outcome.kind == Kind::passed ||
                   (outcome.kind == Kind::skipped && !arguments_.strict);
        });
        return good ? kDone : kRefused;
    }

    const PluginArguments& arguments_;
    std::ostream& out_;
    const fs::path program_;
    const Scratch scratch_;
    CheckedPlugin plugin_;
    std::vector<CaseOutcome> all_;
    std::map<std::string, Kind> outcomes_of_;
};

}  // namespace

int check_plugin(const PluginArguments& arguments, std::ostream& out) {
    return Check(arguments, out).run();
}

int list_plugin_cases(const PluginArguments& arguments, std::ostream& out) {
    const Kit kit(find_kit(arguments.kit), {}, arguments.timeout, false);
    for (const auto& each : kit.cases_of(arguments.kind)) {
        out << each.name << '\n' << "    " << each.expected << '\n';
    }
    if (!out.flush()) return Error::disk;
    return kDone;
}

}  // namespace electiond::ctl
