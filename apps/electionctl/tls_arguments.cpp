// Reads and checks the command line after `electionctl tls`.
#include "electionctl/tls_arguments.h"

#include <io/address.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>
#include <utility>

#include "electionctl/arguments.h"
#include "electionctl/local_words.h"

namespace electiond::ctl {
namespace {

constexpr const char* kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool consists_of(const std::string& text, const std::string& allowed) {
    return text.find_first_not_of(allowed) == std::string::npos;
}

// The same rule as electiond's for node.id and cluster.name.
void check_name(const std::string& what, const std::string& text) {
    if (!text.empty() && text.size() <= 64 && consists_of(text, std::string(kLetters) + "._-")) {
        return;
    }
    throw UsageError(what + " '" + text + "': expected 1 to 64 of A-Z a-z 0-9 . _ -");
}

void check_id(const std::string& id) {
    check_name("the node's id", id);
    if (id == "ca" || id == "operator") {
        throw UsageError("a node can't be called '" + id + "' here: " + id + ".crt and " + id +
                         ".key are the files of the " + (id == "ca" ? "authority" : "operator") +
                         "; make its certificate with another tool (docs/encryption.md)");
    }
}

bool is_host_name(const std::string& text) {
    std::istringstream labels(text);
    for (std::string label; std::getline(labels, label, '.');) {
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
            !consists_of(label, std::string(kLetters) + "_-")) {
            return false;
        }
    }
    return !text.empty() && text.size() <= 253 && text.back() != '.' &&
           !consists_of(text, "0123456789.");
}

std::string san_of(const std::string& id, const std::string& address) {
    if (const auto ip = io::parse_address(address)) {
        if (address.find('%') == std::string::npos) return "IP:" + ip->to_string();
        throw UsageError("node " + id + ": '" + address +
                         "' holds an interface, which a certificate cannot: leave it out");
    }
    if (is_host_name(address)) return "DNS:" + address;
    throw UsageError("node " + id + ": '" + address +
                     "' is neither an IP address nor a host name; write it without port, as in "
                     "2=10.0.0.2,node2.example");
}

NodeArgument parse_node(const std::string& text) {
    const auto equals = text.find('=');
    NodeArgument node{text.substr(0, equals), {}, equals != std::string::npos};
    if (!node.has_addresses) return node;
    std::istringstream addresses(text.substr(equals + 1));
    for (std::string address; std::getline(addresses, address, ',');) {
        auto name = san_of(node.id, address);
        if (std::ranges::find(node.names, name) == node.names.end()) {
            node.names.push_back(std::move(name));
        }
    }
    return node;
}

std::chrono::days parse_days(const std::string& text) {
    int days = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
    if (error == std::errc() && end == text.data() + text.size() && days >= 1 && days <= 3650) {
        return std::chrono::days(days);
    }
    throw UsageError("--days " + text + ": expected a number from 1 to 3650");
}

constexpr LocalForm kForms[] = {{"init", " --cluster --nodes --dir --days "},
                                {"add", " --cluster --dir --days "},
                                {"renew", " --cluster --dir --days ", " --ca "},
                                {"revoke", " --dir "},
                                {"show", " --ca --key "}};

class Reader {
  public:
    explicit Reader(LocalWords words) : words_(std::move(words)) {}

    TlsArguments read() {
        result_.verb = words_.verb;
        if (result_.verb.empty()) return {};
        for (const auto& [name, value] : std::exchange(words_.options, {})) {
            if (value) {
                take(name, *value);
            } else {
                result_.authority = true;
            }
        }
        finish();
        return std::move(result_);
    }

  private:
    void take(const std::string& name, const std::string& value) {
        if (name == "--cluster") {
            check_name("--cluster", value);
            result_.cluster = value;
        } else if (name == "--nodes") {
            words_.operands.insert(words_.operands.begin() + nodes_++, value);
        } else if (name == "--dir") {
            result_.dir = value;
        } else if (name == "--days") {
            result_.days = parse_days(value);
        } else {
            (name == "--ca" ? result_.ca : result_.key) = value;
        }
    }

    void finish() {
        if (result_.verb == "show" || result_.verb == "revoke") {
            result_.files.assign(words_.operands.begin(), words_.operands.end());
            if (words_.operands.empty() || (result_.verb == "show" && words_.operands.size() > 1)) {
                throw UsageError("tls " + result_.verb + " takes the FILE of a certificate");
            }
            if (result_.verb == "show") return;
        }
        if (result_.dir.empty()) throw UsageError("tls " + result_.verb + " needs --dir DIR");
        if (result_.verb == "revoke") return;
        const bool init = result_.verb == "init";
        if (init && result_.cluster.empty()) {
            throw UsageError("tls init needs --cluster NAME, the cluster.name of the nodes");
        }
        if (words_.operands.empty() && result_.verb != "renew") {
            throw UsageError(init ? "tls init needs --nodes ID=ADDRESS[,ADDRESS…] …"
                                  : "tls add needs a node: ID=ADDRESS[,ADDRESS…]");
        }
        if (result_.authority && !words_.operands.empty()) {
            throw UsageError("tls renew --ca renews only the authority; leave the nodes out");
        }
        std::set<std::string> seen;
        for (const auto& word : words_.operands) {
            auto node = parse_node(word);
            const bool operators = result_.verb == "renew" && node.id == "operator";
            if (!operators || node.has_addresses) check_id(node.id);
            if (!seen.insert(node.id).second)
                throw UsageError("node " + node.id + " is given twice");
            result_.nodes.push_back(std::move(node));
        }
    }

    LocalWords words_;
    std::ptrdiff_t nodes_ = 0;  // of the operands: those of --nodes come first
    TlsArguments result_;
};

}  // namespace

TlsArguments parse_tls_arguments(const std::vector<std::string>& words) {
    return Reader(read_local_words("tls", "init, add, renew, revoke or show", kForms, words))
        .read();
}

void check_identities(const NodeArgument& node, const std::string& cluster) {
    if (cluster.find('.') != std::string::npos) return;
    for (const auto& name : node.names) {
        const auto dot = name.find('.');
        if (!name.starts_with("DNS:") || dot == std::string::npos) continue;
        if (name.substr(dot + 1) != cluster || name.substr(4, dot - 4) == node.id) continue;
        throw UsageError("node " + node.id + ": in cluster " + cluster + " the host name " +
                         name.substr(4) + " also means: node " + name.substr(4, dot - 4) +
                         ". Leave it out, or give the cluster another name");
    }
}

}  // namespace electiond::ctl
