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

std::string in_words(const VoterSilent& told) {
    const std::string lose = told.can_lose == 0 ? "none" : number(told.can_lose) + " more";
    std::string text = "node " + told.who.voter.id.value + " has been silent for " +
                       seconds(told.away) + in_brackets(told.who.why) + "; " +
                       number(told.answering) + " of " + number(told.voters) +
                       " voters left, can lose " + lose;
    if (told.untold > 0) {
        text += " (and it fell silent " + number(told.untold) +
                (told.untold == 1 ? " time" : " times") + " since the last such line)";
    }
    return text;
}

std::string in_words(const QuorumMissing& told) {
    const auto answering =
        joined(told.answering, ", ", [](const Voter& each) { return each.id.value; });
    const auto all = told.answering.size() + told.silent.size();
    return "no quorum: " + number(told.answering.size()) + " of " + number(all) +
           (told.answering.size() == 1 ? " voters answers (" : " voters answer (") + answering +
           "), a leader needs " + number(told.quorum) + silent_ones(told.silent);
}

std::string in_words(const NobodyMayLead& told) {
    const auto ids =
        joined(told.answering, ", ", [](const BarredVoter& each) { return each.voter.id.value; });
    const bool alike = std::ranges::adjacent_find(told.answering, std::ranges::not_equal_to{},
                                                  &BarredVoter::bar) == told.answering.end();
    const auto why = alike && !told.answering.empty()
                         ? std::string(to_string(told.answering.front().bar))
                         : joined(told.answering, ", ", [](const BarredVoter& each) {
                               return each.voter.id.value + ": " + std::string(to_string(each.bar));
                           });
    return "the voters that answer (" + ids + ") may not lead: " + why + silent_ones(told.silent);
}

std::string in_words(const FounderAwaited& told) {
    if (told.id.empty()) {
        return "has heard " + number(told.heard) + " of " + number(told.founders) +
               " founders, waits for the others" + in_brackets(told.why);
    }
    return "waits for founder " + told.id.value + in_brackets(told.why) + "; has heard " +
           number(told.heard) + " of " + number(told.founders) + " founders";
}

std::string in_words(const VotersChanged& told) {
    return "voters changed: node " + told.voter.id.value + (told.came ? " joined, " : " left, ") +
           number(told.voters) + (told.voters == 1 ? " voter, quorum " : " voters, quorum ") +
           number(told.quorum);
}

// nullopt for changes that happen before a cluster has a term.
std::optional<Term> term_of(const Change& change) {
    using Known = std::optional<Term>;
    return std::visit(overloaded{[](const LeaderGained& told) { return Known(told.leader.token); },
                                 [](const VotersChanged& told) { return Known(told.config.term); },
                                 [](const FounderAwaited&) { return Known(); },
                                 [](const auto& told) { return Known(told.term); }},
                      change);
}

// The field that names the kind of change: formats for machines show it, the text does not.
constexpr char kChange[] = "change";

// The kind of change: for problems the reason, which stands for one kind of problem each.
std::string_view kind_of(const Change& change) {
    return std::visit(overloaded{[](const LeaderGained&) { return std::string_view("leader"); },
                                 [](const LeaderLost&) { return std::string_view("no_leader"); },
                                 [](const StateChanged&) { return std::string_view("state"); },
                                 [](const VotersChanged&) { return std::string_view("voters"); },
                                 [](const PeerNoted&) { return std::string_view("observer"); },
                                 [](const auto& told) { return to_string(told.reason); }},
                      change);
}

LogFields fields_of(const Change& change) {
    auto fields = std::visit(
        overloaded{[](const LeaderGained& told) {
                       return LogFields{{"leader", told.leader.id.value}};
                   },
                   [](const LeaderLost& told) {
                       return LogFields{{"previous", told.leader.id.value}};
                   },
                   [](const VotersChanged& told) {
                       return LogFields{{"uuid", told.voter.uuid.value}, {"voters", told.voters}};
                   },
                   [](const PeerNoted& told) {
                       return LogFields{{"uuid", told.uuid.value}};
                   },
                   [](const VoterSilent& told) {
                       return LogFields{{"uuid", told.who.voter.uuid.value}};
                   },
                   [](const VoterBack& told) {
                       return LogFields{{"uuid", told.voter.uuid.value}};
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
            [](const LeaderGained& told) { return "node " + told.leader.id.value + " leads"; },
            [](const LeaderLost&) { return std::string("no leader is known any more"); },
            [](const StateChanged& told) {
                return "this node is now " + std::string(to_string(told.state));
            },
            [](const PeerNoted& told) {
                return "node " + told.id.value + " joined as an observer";
            },
            [](const Report& told) { return told.detail; },
            [](const VoterBack& told) {
                return "node " + told.voter.id.value + " answers again after " + seconds(told.away);
            },
            [](const auto& told) { return in_words(told); }},
        change);
}

std::string standing_sentence(const Change& trouble) {
    if (const auto* told = std::get_if<VoterSilent>(&trouble)) {
        return "node " + told->who.voter.id.value + " is silent" + in_brackets(told->who.why);
    }
    return sentence(trouble);
}

NodeId subject_of(const Change& trouble) {
    return std::visit(overloaded{[](const Report& told) { return told.subject; },
                                 [](const VoterSilent& told) { return told.who.voter.id; },
                                 [](const VoterBack& told) { return told.voter.id; },
                                 [](const FounderAwaited& told) { return told.id; },
                                 [](const auto&) { return NodeId{}; }},
                      trouble);
}

void log_change(const Log& log, const Change& change) {
    if (warns(change)) return log.warning(sentence(change), fields_of(change));
    log.info(sentence(change), fields_of(change));
}

}  // namespace electiond
