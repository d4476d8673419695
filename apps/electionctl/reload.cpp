// The verb reload: makes the asked node read its configuration again.
#include <ostream>

#include "electionctl/exit_code.h"
#include "electionctl/table.h"
#include "electionctl/verbs.h"

namespace electiond::ctl {
namespace {

std::string action_in_words(const Record& change) {
    const std::string action = change.text("action");
    if (action == "would_apply") return "would apply";
    if (action == "needs_restart") return "needs a restart: " + change.text("reason");
    return action;
}

int faulty(const Session& session, const Answer& answer) {
    if (session.arguments.output == Output::json) session.out << answer.body << '\n';
    session.err << "electionctl: " << answer.endpoint
                << " refused: the configuration has faults, so nothing was changed:\n";
    for (const std::string& fault : answer.record().texts("faults")) {
        session.err << "  " << fault << '\n';
    }
    return kRefused;
}

void print_changes(const Session& session, const Record& record) {
    const auto changes = record.list("changes");
    if (changes.empty()) {
        const std::string file = record.text("file");
        session.out << (file.empty() ? "the environment" : file)
                    << ": nothing differs from what is in use\n";
        return;
    }
    Table table({"KEY", "OLD", "NEW", "ACTION"});
    for (const Record& change : changes) {
        table.add(
            {change.text("key"), change.text("old"), change.text("new"), action_in_words(change)});
    }
    table.print(session.out);
}

}  // namespace

int reload(const Session& session) {
    const bool dry = session.arguments.dry_run;
    const Answer answer = session.client.ask_in_turn(
        {.method = "POST", .path = dry ? "/reload?dryRun=true" : "/reload"});
    if (answer.status == 422) return faulty(session, answer);
    if (!answer.ok()) return refused(session, answer);
    if (session.arguments.output == Output::json) {
        session.out << answer.body << '\n';
        return kDone;
    }
    const Record record = answer.record();
    print_changes(session, record);
    for (const std::string& warning : record.texts("warnings")) {
        session.out << "warning: " << warning << '\n';
    }
    return kDone;
}

}  // namespace electiond::ctl
