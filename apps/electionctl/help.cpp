// The verbs, and their help texts.
#include "electionctl/help.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace electiond::ctl {
namespace {

constexpr std::array kVerbs{
    VerbHelp{"status", "", "shows role, term, leader and lease of the asked node", "", "", 0},
    VerbHelp{"cluster", "", "shows every node that membership or discovery knows", "", "", 0},
    VerbHelp{"leader", "", "shows the leader; exit 1 if there is none", "", "", 0},
    VerbHelp{"is-leader", "", "exits with 0 if the asked node leads",
             "Exit 0: the node leads now, and its lease is valid. 1: it does not lead. 2: unknown, "
             "because\n"
             "it did not answer (in time). Takes exactly one endpoint.\n",
             "", 0},
    VerbHelp{"wait-leader", "[--timeout 30s] [--me]", "waits until there is a leader",
             "  --timeout D   the longest time to wait (30s); then it exits with 75\n"
             "  --me          waits until the asked node itself leads (exactly one endpoint)\n",
             " --me ", 0},
    VerbHelp{
        "watch", "[--exec CMD] [--count N]", "prints a line at each change of leadership",
        "  --exec CMD    runs CMD with the shell at each line, one at a time. CMD gets the JSON "
        "of\n"
        "                GET /leader on standard input, and in the environment ELECTIOND_EVENT\n"
        "                (leader: the asked node leads; follower: another node leads; no-leader),\n"
        "                _LEADER_ID, _PREVIOUS_LEADER_ID, _TERM, _FENCING_TOKEN, _INDEX and "
        "_REASON.\n"
        "                If the node does not answer, CMD runs with no-leader and the reason\n"
        "                unreachable when the last reported lease ends. If CMD still runs for "
        "leader\n"
        "                when that leadership has ended, it gets TERM, and KILL after 2 s. TERM, "
        "INT,\n"
        "                HUP and QUIT are passed on to CMD and to what it has started; what has "
        "not\n"
        "                ended after 5 s is killed. Takes exactly one endpoint\n"
        "  --count N     ends after N lines\n"
        "The first line shows the present state. The lines come from the events of one endpoint\n"
        "(GET /events). If that endpoint fails, watch follows the next one. If it can follow none "
        "for\n"
        "one --timeout, the line is no-leader with reason=unreachable. With -o json each line is "
        "the\n"
        "data of an event.\n",
        " --exec --count ", 0},
    VerbHelp{"top", "[--once]", "shows the whole cluster on one screen, live",
             "  --once        prints one plain frame and ends, for scripts\n"
             "Finds all nodes if one endpoint answers. Keys: q quit, s step down, h help.\n",
             " --once ", 0},
    VerbHelp{"history", "", "shows the last changes of leadership, with their reasons", "", "", 0},
    VerbHelp{"step-down", "[--to ID]", "asks the leader to hand leadership over",
             "  --to ID       to this node, instead of the best successor\n"
             "With several endpoints electionctl asks all of them who leads, and sends the request "
             "to the\n"
             "leader only. With one endpoint it sends the request to that node.\n",
             " --to ", 0},
    VerbHelp{"reload", "[--dry-run]", "makes the asked node read its configuration again",
             "  --dry-run     shows what would change, and changes nothing\n"
             "Lists each value that differs: applied (with --dry-run: would apply), or needs a "
             "restart.\n"
             "Exit 0: the configuration has no faults. 1: it has faults, which are listed, and "
             "nothing was\n"
             "changed. Takes exactly one endpoint.\n",
             " --dry-run ", 0},
    VerbHelp{
        "members", "[remove ID|UUID [--dry-run] | leave] [--yes]",
        "shows voters and observers, or removes one for good",
        "  remove ID|UUID\n"
        "                removes a voter or observer, if that is safe; finds the leader from any\n"
        "                endpoint. If several members have this id, give the uuid\n"
        "  --dry-run     only reports whether remove is possible, and changes nothing\n"
        "  leave         makes the asked node leave the cluster for good (exactly one endpoint)\n"
        "  --yes         does not ask for confirmation; without a terminal it never asks\n",
        " --yes --dry-run ", 2},
    VerbHelp{"tls", "init | add | renew | revoke | show",
             "makes, renews, revokes and explains certificates",
             "  init --cluster NAME --nodes ID[=ADDRESS[,ADDRESS...]] ... --dir DIR [--days 365]\n"
             "                makes an authority, and certificates for nodes and an operator. "
             "ADDRESS is\n"
             "                an IP address or host name that clients use for the node's API; "
             "localhost,\n"
             "                127.0.0.1 and ::1 are always added\n"
             "  add ID[=ADDRESS[,ADDRESS...]] ... --dir DIR [--days N] [--cluster NAME]\n"
             "                makes certificates for further nodes\n"
             "  renew [ID[=ADDRESS[,ADDRESS...]] ...] --dir DIR [--days N] [--cluster NAME]\n"
             "                makes new keys and certificates: for all, or for these IDs; with the "
             "same\n"
             "                addresses, or with these. The old files stay as *.old\n"
             "  renew --ca --dir DIR\n"
             "                makes a new authority. ca.crt then contains the new and the old one, "
             "for the\n"
             "                time of the change\n"
             "  revoke FILE ... --dir DIR\n"
             "                adds certificates to the revocation list ca.crl\n"
             "  show FILE [--ca FILE] [--key FILE]\n"
             "                explains certificates; exit 1 if FILE is not of this authority, not "
             "valid\n"
             "                now, or not of this key\n"
             "tls asks no node. Only renew overwrites keys. No key is printed, and no passphrase "
             "is asked\n"
             "for. docs/encryption.md shows how to encrypt a cluster from the beginning.\n",
             "", 0, true},
    VerbHelp{
        "registry", "list | prune", "lists and removes entries of the file of file_registry",
        "  list --file FILE [--cluster NAME] [-o table|json]\n"
        "                shows each entry: when its node last renewed it, and when it expires\n"
        "                (never: the node runs an older version, which renews nothing)\n"
        "  prune [ID|UUID ...] --file FILE [--cluster NAME] [--dry-run] [-o table|json]\n"
        "                removes the entries that have expired, or those of these nodes. "
        "--dry-run\n"
        "                shows them, and changes nothing\n"
        "FILE is the path in the section of the discovery. registry asks no node. Votes do not "
        "depend\n"
        "on the registry: a voter whose entry is removed stays a voter, and a node that still "
        "runs\n"
        "writes its entry again. The claim beside the file is never changed.\n",
        "", 0, true},
    VerbHelp{"plugin", "check FILE | new NAME | cases KIND", "checks plugins, and creates new ones",
             "  check FILE [--option KEY=VALUE ...] [--config FILE] [--tap] [--json]\n"
             "                runs each conformance case on a plugin, in a process of its own, and "
             "prints\n"
             "                TAP 13 (default) or JSON. --option: an option of the plugin, as in "
             "its section\n"
             "                of the configuration. --config: a file with such keys. Relative "
             "paths in them\n"
             "                start at an empty directory of the case. A case is skipped if it is "
             "about\n"
             "                something that a plugin need not do, or if the case that it needs "
             "has not\n"
             "                passed. Exit 0: no case has failed. 1: some have\n"
             "  check FILE [--case NAME ...] [--timeout 60s] [--strict] [--verbose] [--kit FILE]\n"
             "                also takes these options. --case: only this case, and the cases that "
             "it needs.\n"
             "                --timeout: the longest time for one case. --strict: a skipped case "
             "counts as\n"
             "                failed. --verbose: shows what the plugin prints. --kit: the "
             "electiond-kit to\n"
             "                run, instead of the installed one\n"
             "  new NAME --kind discovery|transport [--directory DIR]\n"
             "                writes a project with one source file into DIR (default: NAME). It "
             "builds,\n"
             "                and passes the check\n"
             "  cases KIND [--kit FILE]\n"
             "                lists the cases of a discovery or transport, and what each expects\n"
             "plugin asks no node. docs/plugin-in-ten-minutes.md shows how to write and use a new "
             "plugin.\n",
             "", 0, true},
};

constexpr std::string_view kGlobalOptions =
    "  --endpoint URL[,URL...]  which node to ask: https://host[:port] (port 7400),\n"
    "                           http://host[:port] or unix:/path. Several are tried in turn.\n"
    "                           Without a scheme: https if one of the next three is given, else\n"
    "                           http. Default: ELECTIONCTL_ENDPOINTS, else\n"
    "                           unix:/run/electiond/api.sock if that file exists, else port 7400\n"
    "                           of 127.0.0.1\n"
    "  --cacert FILE            the authorities that a server's certificate must come from.\n"
    "                           Default: ELECTIONCTL_CACERT, else those of the system\n"
    "  --cert FILE --key FILE   your certificate and its key, for servers that require one.\n"
    "                           Default: ELECTIONCTL_CERT and ELECTIONCTL_KEY\n"
    "  -o, --output table|json  a table for people, or the unchanged JSON of the API. Default:\n"
    "                           table\n"
    "  --timeout D              the longest time for one request, as in 500ms, 3s, 1m. Default:\n"
    "                           3s, for changes 15s. For wait-leader: the time to wait in all\n"
    "  --token-file FILE        the file with the token for changes. Default: the token in\n"
    "                           ELECTIONCTL_TOKEN\n"
    "  --help, --version\n";

constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 refused or failed, 2 unknown (is-leader), 64 bad usage,\n"
    "65 a file of tls or registry cannot be used, 69 unreachable (plugin: no electiond-kit;\n"
    "registry: its lock is held), 70 a bug, 71 a process cannot be created, 74 a file cannot be\n"
    "read or written, 75 timed out. If a signal ends watch --exec, it exits by the same signal.\n";

}  // namespace

std::span<const VerbHelp> verbs() { return kVerbs; }

const VerbHelp* find_verb(std::string_view name) {
    const auto found = std::ranges::find(kVerbs, name, &VerbHelp::name);
    return found == kVerbs.end() ? nullptr : &*found;
}

std::string general_help() {
    std::ostringstream text;
    text << "electionctl: queries and controls electiond, leadership as a system service\n\n"
         << "Usage: electionctl [OPTIONS] VERB\n\n";
    for (const VerbHelp& verb : kVerbs) {
        std::string name(verb.name);
        name.resize(13, ' ');
        text << "  " << name << verb.summary << '\n';
    }
    text << "\nelectionctl VERB --help explains a verb. Options:\n"
         << kGlobalOptions << '\n'
         << kExitCodes;
    return text.str();
}

std::string verb_help(const VerbHelp& verb) {
    std::ostringstream text;
    text << verb.name << ": " << verb.summary << "\n\nUsage: electionctl "
         << (verb.local ? "" : "[OPTIONS] ") << verb.name << (verb.usage.empty() ? "" : " ")
         << verb.usage << "\n\n"
         << verb.text << (verb.text.empty() ? "" : "\n");
    if (!verb.local) text << "Options of every verb:\n" << kGlobalOptions << '\n';
    text << kExitCodes;
    return text.str();
}

}  // namespace electiond::ctl
