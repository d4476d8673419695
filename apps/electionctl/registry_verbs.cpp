// electionctl registry: lists the entries of a registry's file, and removes those of dead nodes.
#include "electionctl/registry_verbs.h"

#include <electiond/error.h>
#include <io/file_access.h>
#include <registry/document.h>
#include <registry/files.h>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeParser.h>
#include <Poco/JSON/Array.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <ostream>
#include <system_error>

#include "electionctl/exit_code.h"
#include "electionctl/help.h"
#include "electionctl/record.h"
#include "electionctl/registry_arguments.h"
#include "electionctl/table.h"

namespace electiond::ctl {
namespace {

namespace fs = std::filesystem;

using std::chrono::milliseconds;

std::optional<milliseconds> age_of(const registry::Heartbeat& heartbeat,
                                   std::chrono::system_clock::time_point now) {
    Poco::DateTime time;
    int zone = 0;
    if (!Poco::DateTimeParser::tryParse(Poco::DateTimeFormat::ISO8601_FORMAT, heartbeat.updated_at,
                                        time, zone)) {
        return std::nullopt;
    }
    time.makeUTC(zone);
    const std::chrono::microseconds since_epoch(time.timestamp().epochMicroseconds());
    const auto age = std::chrono::floor<milliseconds>(now.time_since_epoch() - since_epoch);
    return std::max(age, milliseconds(0));  // the clocks of two machines differ
}

// An entry, and what its times mean by the clock of this machine.
struct Listed {
    registry::Entry entry{};
    std::optional<milliseconds> age{};           // since its node last wrote it
    std::optional<milliseconds> expire_after{};  // nullopt: its node does not renew it
    [[nodiscard]] bool expired() const { return age && expire_after && *age >= *expire_after; }
    [[nodiscard]] std::string text(const std::string& key) const {
        return Record(Poco::Dynamic::Var(entry)).text(key);
    }
};

std::vector<Listed> listed(const registry::Document& document, const std::string& cluster) {
    const auto now = std::chrono::system_clock::now();
    std::vector<Listed> all;
    for (const auto& entry : document.entries()) {
        if (!cluster.empty() && registry::text_of(entry, "cluster") != cluster) continue;
        const auto heartbeat = registry::heartbeat_of(entry);
        all.push_back({entry, age_of(heartbeat, now), heartbeat.expire_after});
    }
    return all;
}

registry::Document read_registry(const fs::path& file) {
    const auto text = registry::read_file(file, registry::Document::kSizeMax);
    if (text) return {*text, file.string()};
    throw Error("there is no registry " + file.string() +
                    ": --file must be the `path` of the discovery file_registry, on the file "
                    "system that the nodes share",
                Error::refused);
}

// ---- output -------------------------------------------------------------------------------------

// The texts in the `addresses` of an entry, with commas.
std::string addresses_of(const Listed& each) {
    std::string all;
    for (const auto& address : Record(Poco::Dynamic::Var(each.entry)).texts("addresses")) {
        all += (all.empty() ? "" : ",") + address;
    }
    return all;
}

Poco::Dynamic::Var number(const std::optional<milliseconds>& duration) {
    return duration ? Poco::Dynamic::Var(std::int64_t{duration->count()}) : Poco::Dynamic::Var();
}

Poco::JSON::Array::Ptr json_of(const std::vector<Listed>& entries) {
    Poco::JSON::Array::Ptr list = new Poco::JSON::Array;
    for (const auto& each : entries) {
        Poco::JSON::Object::Ptr object = new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER);
        for (const auto* key : {"cluster", "id", "uuid", "addresses", "api", "updatedAt"}) {
            object->set(key, each.entry->get(key));
        }
        object->set("ageMs", number(each.age));
        object->set("expireAfterMs", number(each.expire_after));
        object->set("expired", each.expired());
        list->add(object);
    }
    return list;
}

std::string ago(const std::optional<milliseconds>& duration) {
    return in_words(duration ? std::optional<std::int64_t>(duration->count()) : std::nullopt);
}

std::string expiry_of(const Listed& each) {
    if (!each.expire_after) return "never";
    if (each.expired()) return "expired";
    return each.age ? "in " + ago(*each.expire_after - *each.age) : "";
}

void print_table(std::ostream& out, const std::vector<Listed>& entries) {
    Table table({"CLUSTER", "ID", "UUID", "PEERS", "API", "RENEWED", "EXPIRES"});
    for (const auto& each : entries) {
        const auto age = ago(each.age);
        table.add({each.text("cluster"), each.text("id"), each.text("uuid"), addresses_of(each),
                   each.text("api"), age.empty() ? "" : age + " ago", expiry_of(each)});
    }
    table.print(out);
}

// "node 3 of cluster demo (uuid 8e8d…, 10.0.0.3:7401)"
std::string name_of(const Listed& each) {
    return "node " + each.text("id") + " of cluster " + each.text("cluster") + " (uuid " +
           each.text("uuid") + ", " + addresses_of(each) + ")";
}

// ---- list and prune -----------------------------------------------------------------------------

int list(const RegistryArguments& arguments, std::ostream& out) {
    const auto file = registry::real_path(arguments.file);
    const auto entries = listed(read_registry(file), arguments.cluster);
    if (arguments.output == Output::json) {
        Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
        object.set("file", arguments.file.string());
        object.set("entries", json_of(entries));
        object.stringify(out);
        out << '\n';
    } else if (entries.empty()) {
        out << "no entries\n";
    } else {
        print_table(out, entries);
    }
    return kDone;
}

// The one entry of this id or uuid. Throws Error.
Listed named(const std::vector<Listed>& entries, const std::string& node, const fs::path& file) {
    std::vector<Listed> found;
    for (const auto* key : {"uuid", "id"}) {
        std::ranges::copy_if(entries, std::back_inserter(found), [&](const Listed& each) {
            return registry::text_of(each.entry, key) == node;
        });
        if (!found.empty()) break;
    }
    if (found.size() == 1) return found.front();
    if (found.empty()) {
        throw Error("there is no entry of node " + node + " in " + file.string() +
                        "; electionctl registry list shows them all",
                    Error::refused);
    }
    std::string names;
    for (const auto& each : found) names += "\n  " + name_of(each);
    throw Error("several entries have the id " + node +
                    ": give the uuid, or --cluster; nothing was removed" + names,
                Error::refused);
}

std::vector<Listed> chosen(const std::vector<Listed>& entries, const RegistryArguments& arguments) {
    std::vector<Listed> found;
    for (const auto& node : arguments.nodes) {
        auto one = named(entries, node, arguments.file);
        const auto same = [&](const Listed& each) { return each.entry == one.entry; };
        if (std::ranges::none_of(found, same)) found.push_back(std::move(one));
    }
    if (arguments.nodes.empty()) {
        std::ranges::copy_if(entries, std::back_inserter(found), &Listed::expired);
    }
    return found;
}

void require_writable(const fs::path& file) {
    const auto folder = file.parent_path();
    if (const int error = io::may_write_in(folder); error != 0) {
        throw Error("cannot write in " + folder.string() + ": " +
                        std::generic_category().message(error) +
                        "; run this as root, or as the user of a daemon that uses the registry",
                    Error::disk);
    }
}

// Takes the lock of the daemons if something is removed.
std::vector<Listed> remove_chosen(const RegistryArguments& arguments, const fs::path& file) {
    std::optional<registry::FileLock> lock;
    if (!arguments.dry_run) {
        require_writable(file);
        lock.emplace(file, std::stop_token());
    }
    auto document = read_registry(file);
    auto gone = chosen(listed(document, arguments.cluster), arguments);
    if (arguments.dry_run || gone.empty()) return gone;
    auto kept = document.entries();
    std::erase_if(kept, [&](const registry::Entry& entry) {
        return std::ranges::find(gone, entry, &Listed::entry) != gone.end();
    });
    document.set_entries(std::move(kept));
    registry::replace_file(file, document.text(file.string()));
    return gone;
}

int prune(const RegistryArguments& arguments, std::ostream& out) {
    const auto file = registry::real_path(arguments.file);
    (void)read_registry(file);  // before a lock is made beside a file that does not exist
    const auto gone = remove_chosen(arguments, file);
    if (arguments.output == Output::json) {
        Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
        object.set("file", arguments.file.string());
        object.set("dryRun", arguments.dry_run);
        object.set("removed", json_of(gone));
        object.stringify(out);
        out << '\n';
        return kDone;
    }
    for (const auto& each : gone) {
        const auto age = ago(each.age);
        out << (arguments.dry_run ? "would remove " : "removed ") << name_of(each)
            << (age.empty() ? "" : ": renewed " + age + " ago") << '\n';
    }
    if (gone.empty()) {
        out << "nothing to remove: no entry has expired\n";
    } else if (!arguments.dry_run) {
        out << "A node that still runs writes its entry again.\n";
    }
    return kDone;
}

}  // namespace

int registry_verb(const std::vector<std::string>& words, std::ostream& out) {
    const auto arguments = parse_registry_arguments(words);
    if (arguments.verb == "list") return list(arguments, out);
    if (arguments.verb == "prune") return prune(arguments, out);
    out << verb_help(*find_verb("registry"));
    return kDone;
}

}  // namespace electiond::ctl
