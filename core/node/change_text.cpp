// Writes a change as a sentence, and as a line of the log.
#include "node/change_text.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "election/overloaded.h"

namespace electiond {
namespace {

std::string number(std::size_t value) { return std::to_string(value); }

// "1.0 s", "16.2 s", "140 s".
std::string seconds(Duration length) {
    const double value = std::chrono::duration<double>(length).count();
    char text[32];
    std::snprintf(text, sizeof text, value < 100 ? "%.1f s" : "%.0f s", value);
    return text;
}

std::string in_brackets(const std::string& why) { return why.empty() ? "" : " (" + why + ")"; }

template <class List, class Text>
std::string joined(const List& list, const char* between, const Text& text) {
    std::string all;
    for (const auto& each : list) all += (all.empty() ? "" : between) + text(each);
    return all;
}

std::string silent_ones(const std::vector<SilentVoter>& silent) {
    if (silent.empty()) return "";
    return "; silent: " + joined(silent, ", ", [](const SilentVoter& each) {
               return each.voter.id.value + in_brackets(each.why);
           });
}

std::string in_words(const VoterSilent& one) {
    const std::string lose = one.can_lose == 0 ? "none" : number(one.can_lose) + " more";
    std::string text = "node " + one.subject.voter.id.value + " has been silent for " +
                       seconds(one.away) + in_brackets(one.subject.why) + "; " +
                       number(one.answering) + " of " + number(one.voters) +
                       " voters left, can lose " + lose;
    if (one.unpublished > 0) {
        text += " (and it fell silent " + number(one.unpublished) +
                (one.unpublished == 1 ? " time" : " times") + " since the last such line)";
    }
    return text;
}

std::string in_words(const QuorumMissing& one) {
    const auto answering =
        joined(one.answering, ", ", [](const Voter& each) { return each.id.value; });
    const auto all = one.answering.size() + one.silent.size();
    return "no quorum: " + number(one.answering.size()) + " of " + number(all) +
           (one.answering.size() == 1 ? " voters answers (" : " voters answer (") + answering +
           "), a leader needs " + number(one.quorum) + silent_ones(one.silent);
}

std::string in_words(const NobodyMayLead& one) {
    const auto ids =
        joined(one.answering, ", ", [](const BarredVoter& each) { return each.voter.id.value; });
    const bool alike = std::ranges::adjacent_find(one.answering, std::ranges::not_equal_to{},
                                                  &BarredVoter::bar) == one.answering.end();
    const auto why = alike && !one.answering.empty()
                         ? std::string(to_string(one.answering.front().bar))
                         : joined(one.answering, ", ", [](const BarredVoter& each) {
                               return each.voter.id.value + ": " + std::string(to_string(each.bar));
                           });
    return "the voters that answer (" + ids + ") may not lead: " + why + silent_ones(one.silent);
}

std::string in_words(const FounderAwaited& one) {
    if (one.id.empty()) {
        return "has heard " + number(one.heard) + " of " + number(one.founders) +
               " founders, waits for the others" + in_brackets(one.why);
    }
    return "waits for founder " + one.id.value + in_brackets(one.why) + "; has heard " +
           number(one.heard) + " of " + number(one.founders) + " founders";
}

std::string in_words(const VotersChanged& one) {
    return "voters changed: node " + one.voter.id.value + (one.came ? " joined, " : " left, ") +
           number(one.voters) + (one.voters == 1 ? " voter, quorum " : " voters, quorum ") +
           number(one.quorum);
}

// nullopt for changes that happen before a cluster has a term.
std::optional<Term> term_of(const Change& change) {
    using Known = std::optional<Term>;
    return std::visit(overloaded{[](const LeaderGained& one) { return Known(one.leader.token); },
                                 [](const VotersChanged& one) { return Known(one.config.term); },
                                 [](const FounderAwaited&) { return Known(); },
                                 [](const auto& one) { return Known(one.term); }},
                      change);
}

// The field that names the kind of change: formats for machines show it, the text does not.
constexpr char kChange[] = "change";

// The kind of change: for a problem its reason, as each kind of problem has its own reason.
std::string_view kind_of(const Change& change) {
    return std::visit(overloaded{[](const LeaderGained&) { return std::string_view("leader"); },
                                 [](const LeaderLost&) { return std::string_view("no_leader"); },
                                 [](const StateChanged&) { return std::string_view("state"); },
                                 [](const VotersChanged&) { return std::string_view("voters"); },
                                 [](const PeerNoted&) { return std::string_view("observer"); },
                                 [](const auto& one) { return to_string(one.reason); }},
                      change);
}

LogFields fields_of(const Change& change) {
    auto fields = std::visit(
        overloaded{[](const LeaderGained& one) {
                       return LogFields{{"leader", one.leader.id.value}};
                   },
                   [](const LeaderLost& one) {
                       return LogFields{{"previous", one.leader.id.value}};
                   },
                   [](const VotersChanged& one) {
                       return LogFields{{"uuid", one.voter.uuid.value}, {"voters", one.voters}};
                   },
                   [](const PeerNoted& one) {
                       return LogFields{{"uuid", one.uuid.value}};
                   },
                   [](const VoterSilent& one) {
                       return LogFields{{"uuid", one.subject.voter.uuid.value}};
                   },
                   [](const VoterBack& one) {
                       return LogFields{{"uuid", one.voter.uuid.value}};
                   },
                   [](const auto&) { return LogFields{}; }},
        change);
    if (const auto term = term_of(change)) fields.emplace_back("term", *term);
    if (const auto reason = reason_of(change); reason != Reason::none) {
        fields.emplace_back("reason", to_string(reason));
    }
    fields.emplace_back(kChange, kind_of(change));
    return fields;
}

bool warns(const Change& change) {
    return std::visit(
        overloaded{[](const Report&) { return true; }, [](const VoterSilent&) { return true; },
                   [](const QuorumMissing&) { return true; },
                   [](const NobodyMayLead&) { return true; },
                   [](const FounderAwaited&) { return true; }, [](const auto&) { return false; }},
        change);
}

}  // namespace

std::string sentence(const Change& change) {
    return std::visit(
        overloaded{
            [](const LeaderGained& one) { return "node " + one.leader.id.value + " leads"; },
            [](const LeaderLost&) { return std::string("no leader is known any more"); },
            [](const StateChanged& one) {
                return "this node is now " + std::string(to_string(one.state));
            },
            [](const PeerNoted& one) { return "node " + one.id.value + " joined as an observer"; },
            [](const Report& one) { return one.detail; },
            [](const VoterBack& one) {
                return "node " + one.voter.id.value + " answers again after " + seconds(one.away);
            },
            [](const auto& one) { return in_words(one); }},
        change);
}

std::string standing_sentence(const Change& trouble) {
    if (const auto* one = std::get_if<VoterSilent>(&trouble)) {
        return "node " + one->subject.voter.id.value + " is silent" + in_brackets(one->subject.why);
    }
    return sentence(trouble);
}

NodeId subject_of(const Change& trouble) {
    return std::visit(overloaded{[](const Report& one) { return one.subject; },
                                 [](const VoterSilent& one) { return one.subject.voter.id; },
                                 [](const VoterBack& one) { return one.voter.id; },
                                 [](const FounderAwaited& one) { return one.id; },
                                 [](const auto&) { return NodeId{}; }},
                      trouble);
}

void log_change(const Log& log, const Change& change) {
    if (warns(change)) return log.warning(sentence(change), fields_of(change));
    log.info(sentence(change), fields_of(change));
}

}  // namespace electiond
