// Cases of both kinds: the file, the factory, and an object that is made and never used.
#include <algorithm>
#include <cctype>

#include "kit/output.h"
#include "kit/process.h"
#include "kit/trial.h"

namespace electiond::kit {
namespace {

constexpr const char* kFactory = "the factory";

void loads(Trial& trial) { trial.report().step("loading"); }

void makes(Trial& trial) {
    const auto error = trial.error_of(kFactory, [&] { trial.make_and_destroy(); });
    expect(!error, "the factory refuses the given options: " + error.value_or(""));
}

void opens_nothing(Trial& trial) {
    trial.make_and_destroy();  // what is opened only once, such as a library, stays open
    const auto before = descriptors_now();
    const auto made = trial.make_any();
    const auto more = added(before, descriptors_now());
    expect(more.empty(), "the factory opens descriptors: " + more);
}

void starts_no_thread(Trial& trial) {
    const auto before = threads_now();
    const auto made = trial.make_any();
    expect(added(before, threads_now()).empty(), "the factory starts a thread");
}

void makes_no_file(Trial& trial) {
    const auto made = trial.make_any();
    const std::filesystem::directory_iterator entry(trial.subject().folder), end;
    expect(entry == end, "the factory makes " + (entry == end ? "" : entry->path().string()));
}

// Readers return placeholders for options that are missing.
void survives_without_options(Trial& trial) {
    trial.report().step("the factory, without any option");
    try {
        trial.make_and_destroy({.without_options = true});
    } catch (const Error& error) {
        expect(error.code() == Error::config,
               "the factory, without any option, throws an Error with code " +
                   std::to_string(error.code()) + " instead of 78: " + error.what());
    }
}

// No option can be a list of maps.
void refuses_wrong_values(Trial& trial) {
    auto item = text_value("");
    item.kind = OptionValue::Kind::map;
    auto wrong = text_value("");
    wrong.kind = OptionValue::Kind::list;
    wrong.list = {item};
    std::vector<std::string> keys;
    for (const auto& option : trial.subject().options) {
        if (is_plugins_own(trial.kind(), option.key)) keys.push_back(option.key);
    }
    if (keys.empty()) throw Skipped{"no option of the plugin's own is given"};
    for (const auto& key : keys) {
        const auto text =
            trial.refusal("the factory, given a list of maps as " + key, Error::config, [&] {
                trial.make_and_destroy({.more_options = {{key, wrong}}});
            });
        expect(text.find(key) != std::string::npos,
               "the Error about the wrong value of " + key + " does not name the key: " + text);
        expect(text.find(kPlace) != std::string::npos,
               "the Error about the wrong value of " + key + " does not name its place: " + text);
    }
}

void makes_many(Trial& trial) {
    for (int round = 0; round < 20; ++round) {
        const auto first = trial.make_any();
        const auto second = trial.make_any();
    }
}

void takes_any_cluster(Trial& trial) {
    for (const auto& name :
         {std::string("c"), std::string("prod.eu-west_1"), std::string(64, 'x')}) {
        const auto error = trial.error_of(
            kFactory, [&] { trial.make_and_destroy({.cluster = name, .node_id = name}); });
        expect(!error, "the factory refuses cluster and node " + name + ": " + error.value_or(""));
    }
}

void leaves_nothing_unused(Trial& trial) {
    trial.make_and_destroy();
    const auto threads = threads_now();
    const auto descriptors = descriptors_now();
    for (int round = 0; round < 10; ++round) trial.make_and_destroy();
    expect(added(threads, threads_now()).empty(), "the destructor leaves a thread");
    const auto more = added(descriptors, descriptors_now());
    expect(more.empty(), "the destructor leaves descriptors open: " + more);
}

void destroys_in_time(Trial& trial) {
    auto made = trial.make_any();
    trial.in_time("the destructor", Milliseconds(500), [&] { made.reset(); });
}

void sets_no_signal(Trial& trial) {
    const auto before = dispositions_now();
    const auto made = trial.make_any();
    const auto more = added(before, dispositions_now());
    expect(more.empty(), "the factory changes how signals are handled: " + more);
}

void prints_nothing(Trial& trial) {
    const CapturedOutput output;
    trial.make_and_destroy();
    const auto text = output.text();
    expect(text.empty(), "the plugin writes to standard output or error: " + text);
}

void grows_by_nothing(Trial& trial) {
    constexpr int kRounds = 300;
    for (int round = 0; round < kRounds; ++round) trial.make_and_destroy();
    const auto before = resident_bytes();
    for (int round = 0; round < 3 * kRounds; ++round) trial.make_and_destroy();
    const auto now = resident_bytes();
    constexpr std::size_t kMost = std::size_t{8} << 20;
    expect(kSanitized || now <= before + kMost,
           "objects that are made and destroyed leak memory: " +
               std::to_string((now - before) / 1024) + " KiB after " + std::to_string(3 * kRounds) +
               " of them");
}

constexpr Case kCases[] = {
    {"loads", "", "The file is a plugin of this ABI and toolchain, and has the name of the plugin.",
     loads},
    {"factory", "loads", "The factory makes an object from the given options.", makes},
    {"factory_opens_nothing", "factory", "The factory opens no descriptor.", opens_nothing},
    {"factory_starts_no_thread", "factory", "The factory starts no thread.", starts_no_thread},
    {"factory_makes_no_file", "factory", "The factory makes no file.", makes_no_file},
    {"factory_without_options", "factory",
     "Without options the factory works or throws an Error (code config); it does not crash.",
     survives_without_options},
    {"factory_refuses_wrong_values", "factory",
     "For a value of the wrong kind the factory throws an Error (code config) with its place and "
     "key.",
     refuses_wrong_values},
    {"factory_makes_many", "factory", "Several objects can exist at the same time.", makes_many},
    {"factory_takes_any_cluster", "factory",
     "Cluster and node may have any name of 1 to 64 characters of A-Z a-z 0-9 . _ -",
     takes_any_cluster},
    {"factory_sets_no_signal", "factory", "The factory does not change how signals are handled.",
     sets_no_signal},
    {"factory_prints_nothing", "factory",
     "Factory and destructor write nothing to standard output or standard error.", prints_nothing},
    {"unused_leaves_nothing", "factory",
     "An object that is never used leaves no thread and no descriptor.", leaves_nothing_unused},
    {"unused_ends_in_time", "factory",
     "The destructor of an object that was never used returns within 0.5 s.", destroys_in_time},
    {"unused_leaks_nothing", "factory", "Objects that are made and destroyed leak no memory.",
     grows_by_nothing},
};

}  // namespace

std::span<const Case> factory_cases() { return kCases; }

}  // namespace electiond::kit
