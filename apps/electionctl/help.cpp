// The verbs, and the words that explain them.
#include "electionctl/help.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace electiond::ctl {
namespace {

constexpr std::array kVerbs{
    VerbHelp{"status", "", "the asked node: its role, term, leader and lease", "", "", 0},
    VerbHelp{"cluster", "", "every node that membership or discovery knows", "", "", 0},
    VerbHelp{"leader", "", "who leads; exit 1 where nobody does", "", "", 0},
    VerbHelp{"is-leader", "", "whether the asked node leads, as an exit code",
             "Exit 0: it leads now, its lease is valid. 1: it does not. 2: unknown, it did not "
             "answer\n(in time). Asks exactly one endpoint.\n",
             "", 0},
    VerbHelp{"wait-leader", "[--timeout 30s] [--me]", "waits until somebody leads",
             "  --timeout D   how long to wait in all (30s); then exit 75\n"
             "  --me          waits until the asked node itself leads (one endpoint)\n",
             " --me ", 0},
    VerbHelp{
        "watch", "[--exec CMD] [--count N]", "prints a line at each change of leadership",
        "  --exec CMD    runs CMD by the shell at each line, one at a time, with the line's JSON "
        "on\n"
        "                stdin and ELECTIOND_EVENT (leader: the asked node leads; follower: "
        "another\n"
        "                does; no-leader), _LEADER_ID, _PREVIOUS_LEADER_ID, _TERM, "
        "_FENCING_TOKEN,\n"
        "                _INDEX, _REASON in the environment. Asks exactly one endpoint. Where "
        "that\n"
        "                does not answer, no-leader (reason unreachable) follows before the lease\n"
        "                told last has run out. TERM, INT, HUP and QUIT are passed on to CMD and "
        "what\n"
        "                it has started; what has not ended after 5 s is killed. A CMD that still\n"
        "                runs for leader when that lead is over gets TERM, and KILL after 2 s\n"
        "  --count N     ends after N lines\n"
        "The first line says how things stand now. The lines come from the events of one endpoint\n"
        "(GET /events), and of the next when that one dies; when none can be followed for one\n"
        "--timeout, the line is no-leader with reason=unreachable. With -o json the lines are the\n"
        "events' own data.\n",
        " --exec --count ", 0},
    VerbHelp{"top", "[--once]", "the whole cluster on one screen, live",
             "  --once        prints one plain frame and ends, for scripts\n"
             "Finds all nodes by itself from any one that answers. Keys: q quit, s step down, h "
             "help.\n",
             " --once ", 0},
    VerbHelp{"history", "", "the last changes of leadership, with their reasons", "", "", 0},
    VerbHelp{
        "step-down", "[--to ID]", "asks the leader to hand the lead over",
        "  --to ID       to this node rather than to the best successor\n"
        "With several endpoints all are asked at once who leads, and the leader alone is asked to\n"
        "step down. With one, that node is asked.\n",
        " --to ", 0},
    VerbHelp{"reload", "[--dry-run]", "the asked node reads its configuration again",
             "  --dry-run     says what would change, and changes nothing\n"
             "Lists each value that differs: applied (with --dry-run: would apply), or needs a "
             "restart.\n"
             "Exit 0: the configuration is right. 1: it has faults, which are listed, and nothing "
             "was\n"
             "changed. Asks exactly one endpoint.\n",
             " --dry-run ", 0},
    VerbHelp{
        "members", "[remove ID | leave] [--yes]", "voters and observers; removes one for good",
        "  remove ID     removes a voter or observer, if that is safe; finds the leader from any\n"
        "                endpoint\n"
        "  leave         the asked node leaves for good (exactly one endpoint)\n"
        "  --yes         does not ask before; without a terminal it never asks\n",
        " --yes ", 2},
    VerbHelp{
        "tls", "init | add | renew | revoke | show", "makes, renews and explains certificates",
        "  init --cluster NAME --nodes ID=ADDRESS[,ADDRESS...] ... --dir DIR [--days 365]\n"
        "                makes an authority, and certificates for nodes and an operator. ADDRESS:\n"
        "                IP addresses and host names by which clients reach the node's API;\n"
        "                localhost, 127.0.0.1 and ::1 are always there\n"
        "  add ID=ADDRESS[,ADDRESS...] ... --dir DIR [--days N] [--cluster NAME]\n"
        "                certificates for further nodes\n"
        "  renew [ID ...] --dir DIR [--days N] [--cluster NAME]\n"
        "                new keys and certificates with the same names, for all without ID; as\n"
        "                ID=ADDRESS with other addresses. The old ones stay as *.old\n"
        "  renew --ca --dir DIR\n"
        "                a new authority; ca.crt then holds both, for the change from one to the\n"
        "                other\n"
        "  revoke FILE ... --dir DIR\n"
        "                adds certificates to the revocation list ca.crl\n"
        "  show FILE [--ca FILE] [--key FILE]\n"
        "                explains certificates; exit 1 if FILE is not of this authority, not "
        "valid\n"
        "                now, or not of this key\n"
        "Asks no node. Only renew overwrites keys; no key is shown, no passphrase asked for.\n"
        "docs/encryption.md: from nothing to an encrypted cluster.\n",
        "", 0, true},
};

constexpr std::string_view kGlobalOptions =
    "  --endpoint URL[,URL...]  whom to ask, tried in turn: https://host[:port] (7400),\n"
    "                           http://host[:port] or unix:/path; or ELECTIONCTL_ENDPOINTS.\n"
    "                           Default: unix:/run/electiond/api.sock if that file exists,\n"
    "                           else port 7400 of 127.0.0.1. Without a scheme: https if one\n"
    "                           of the next three is given, else http\n"
    "  --cacert FILE            the authorities that a server's certificate must come from;\n"
    "                           or ELECTIONCTL_CACERT. Default: those of the system\n"
    "  --cert FILE --key FILE   our own certificate and its key, for servers that ask for one;\n"
    "                           or ELECTIONCTL_CERT and ELECTIONCTL_KEY\n"
    "  -o, --output table|json  for people, or the API's own JSON unchanged (table)\n"
    "  --timeout D              how long one request may take: 500ms, 3s, 1m (3s; changes 15s;\n"
    "                           wait-leader: how long to wait in all)\n"
    "  --token-file FILE        the token for changes; or ELECTIONCTL_TOKEN\n"
    "  --help, --version\n";

constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 refused or failed, 2 not known (is-leader), 64 bad usage,\n"
    "65 a file of tls cannot be used, 69 unreachable, 70 a bug, 71 a process cannot be\n"
    "created, 74 a file of tls cannot be written, 75 timed out. watch --exec ends by the\n"
    "signal that ended it.\n";

}  // namespace

std::span<const VerbHelp> verbs() { return kVerbs; }

const VerbHelp* find_verb(std::string_view name) {
    const auto found = std::ranges::find(kVerbs, name, &VerbHelp::name);
    return found == kVerbs.end() ? nullptr : &*found;
}

std::string general_help() {
    std::ostringstream text;
    text << "electionctl: asks and steers electiond, leadership as a system service\n\n"
         << "Usage: electionctl [OPTIONS] VERB\n\n";
    for (const VerbHelp& verb : kVerbs) {
        std::string name(verb.name);
        name.resize(13, ' ');
        text << "  " << name << verb.summary << '\n';
    }
    text << "\nelectionctl VERB --help says more of a verb. Options:\n"
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
