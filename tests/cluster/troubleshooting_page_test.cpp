// docs/troubleshooting.md: the test causes each fault of the page on the lab. Then the commands
// must print what the page shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "console.h"
#include "page.h"

namespace electiond::cluster {
namespace {

constexpr const char* kPage = "troubleshooting.md";

// A console of the page: `block` is its number in the section, from 0. The commands `before` cause
// the fault, and `after` end it.
struct Fault {
    std::string section;
    std::size_t block;
    std::string before;
    std::string after;
};
struct Scene {
    std::string name;
    std::string before;
    std::vector<Fault> faults;
    bool mounts = false;  // needs the right to mount a file system

    friend std::ostream& operator<<(std::ostream& out, const Scene& scene) {
        return out << scene.name;
    }
};

// A line of the page as a regular expression for what the lab prints: addresses, files and the
// cluster's name are those of the lab, numbers of one digit are ids and counts, and longer ones and
// durations differ each time.
std::string expression(const std::string& line) {
    static const std::regex special(
        "…|10[.]0[.]0[.]([0-9]):740[01]|/var/lib/electiond|/etc/electiond/[a-z0-9]+[.][a-z]+|"
        "\\bprod\\b|[0-9.]+ (ms|s|min|h)\\b|[0-9]+([-.:][0-9]+)*| {2,}|[^A-Za-z0-9 ]");
    if (std::ranges::all_of(line, [](unsigned char c) { return std::isdigit(c) != 0; })) {
        return line;
    }
    std::string pattern;
    auto from = line.begin();
    for (std::sregex_iterator it(line.begin(), line.end(), special), end; it != end; ++it) {
        pattern.append(from, line.begin() + it->position());
        from = line.begin() + it->position() + it->length();
        const auto part = it->str();
        if (part == "…") {
            pattern += ".*";
        } else if ((*it)[1].matched) {
            pattern += "127\\.0\\.0\\.1:[0-9]+" + (*it)[1].str();
        } else if (part == "/var/lib/electiond") {
            pattern += "[^ ]*/data[0-9]";
        } else if (part.starts_with("/etc/electiond/")) {
            pattern += "[^ \"]+";
        } else if (part == "prod") {
            pattern += "lab";
        } else if ((*it)[2].matched) {
            pattern += "[0-9.]+ (ms|s|min|h)";
        } else if (std::isdigit(static_cast<unsigned char>(part[0])) != 0) {
            pattern += part.size() == 1 ? part : "[-0-9.:]+";
        } else if (part[0] == ' ') {
            pattern += " +";
        } else {
            pattern += "\\" + part;
        }
    }
    return pattern.append(from, line.end()) + " *";
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::string marker(std::size_t number) { return "\n== " + std::to_string(number) + " ==\n"; }

class TroubleshootingPage : public testing::TestWithParam<Scene> {};

TEST_P(TroubleshootingPage, ShowsWhatOneSees) {
    if (GetParam().mounts &&
        run({"/usr/bin/unshare", "-m", "/bin/mount", "-t", "tmpfs", "none", "/mnt"}).code != 0) {
        GTEST_SKIP() << "needs the right to mount";
    }
    const Folder folder;
    const auto lab = blocks("lab.md", "sh");
    std::string script = lab.at(0) + kMachines + GetParam().before;
    std::vector<Typed> all;
    for (const auto& fault : GetParam().faults) {
        const auto shown = consoles(kPage, fault.section);
        ASSERT_GT(shown.size(), fault.block) << fault.section;
        script += "\n" + fault.before + "\n";
        for (const auto& typed : shown.at(fault.block)) {
            script +=
                "printf '\\n== " + std::to_string(all.size()) + " ==\\n'\n" + script_of(typed);
            all.push_back(typed);
        }
        script += "printf '\\n== end ==\\n'\n" + fault.after + "\n";
    }

    const auto shown = run_commands(script + lab.at(1), folder);

    EXPECT_EQ(shown.code, 0) << shown.said << read(folder / "lab/1.log");
    for (std::size_t n = 0; n < all.size(); ++n) {
        const auto from = shown.said.find(marker(n));
        ASSERT_NE(from, std::string::npos) << all[n].command << "\n" << shown.said;
        const auto begin = from + marker(n).size();
        const auto said = shown.said.substr(begin, shown.said.find("\n== ", begin) - begin);
        const auto lines = lines_of(said);
        for (const auto& line : all[n].answer) {
            const std::regex wanted(expression(line));
            EXPECT_TRUE(std::ranges::any_of(
                lines, [&](const auto& each) { return std::regex_match(each, wanted); }))
                << all[n].command << "\nshould print\n"
                << line << "\nbut printed\n"
                << said;
        }
    }
}

// The lab, with timers that are long enough for a busy machine.
constexpr const char* kSteady = R"(
for n in 1 2 3; do stop $n; done
slow() { sed -i 's/timeout: 300ms/timeout: 1s/; s/dead_after: 3s/dead_after: 10s/' $1.yaml; }
for n in 1 2 3; do slow $n; start $n; done
for n in 1 2 3; do ready $n; done
joins() { node $1; slow $1; sed -i 's/^cluster.*/cluster: {name: lab, bootstrap: join}/' $1.yaml; }
fails() { start $1; local code=0; wait $(cat $1.pid) || code=$?; echo $code >$1.code; }
gone() { stop $1; rm -rf data$1 $1.log; }
)";

const std::vector<Scene> kScenes{
    {"ALeaderThatIsDisturbed",
     kSteady,
     {
         {"Three commands first", 0, "until on 1 cluster | grep healthy; do sleep 0.2; done", ""},
         {"/leader says 503, although there is a leader", 0,
          "if on 2 is-leader; then on 2 step-down; fi; on 2 wait-leader", ""},
         {"The leader changes all the time", 0,
          R"(for round in 1 2; do
                 leader=$(electionctl -o json leader | sed 's/.*"leaderId":"\(.\).*/\1/')
                 other=$((leader % 3 + 1))
                 kill -STOP $(cat $leader.pid)
                 until on $other --timeout 1s cluster | grep "can lose none; offline: $leader"
                 do sleep 0.2; done
                 kill -CONT $(cat $leader.pid); ready $leader
             done)",
          ""},
         {"curl hangs, or electionctl gets no answer", 0, "kill -STOP $(cat 2.pid)",
          "kill -CONT $(cat 2.pid); ready 2"},
     }},
    {"MissingVoters",
     std::string("sed -i 's/timeout: 300ms/&, stable_after: 20s/' ?.yaml") + kSteady,
     {
         {"recover is refused", 0,
          "stop 3; until on 1 cluster | grep 'offline: 3'; do sleep 0.2; done", "start 3; ready 3"},
         {"Nobody leads", 0,
          "crash 1; crash 3; until on 2 status | grep quorum_missing; do sleep 0.2; done",
          "start 1; start 3; for n in 1 2 3; do ready $n; done"},
         {"A node is listed twice", 0,
          R"(crash 3; rm -r data3; start 3
             until on 1 members | grep '^3  *voter  *OFFLINE'; do sleep 0.2; done
             until on 1 members | grep -E '^3 +observer +FOLLOWER +[0-9.]+ m?s +[0-9]'; do sleep 0.2; done)",
          ""},
     }},
    {"VotersThatMayNotLead",
     kSteady,
     {
         {"Nobody leads", 2,
          R"(for n in 1 2; do
                 sed -i 's/data_dir: data./&, priority: 0/' $n.yaml; stop $n; start $n; ready $n
             done
             on 3 wait-leader --me; crash 3
             until on 1 cluster | grep 'may not lead'; do sleep 0.2; done)",
          ""},
     }},
    {"NodesThatDoNotJoin",
     kSteady,
     {
         {"A node does not join", 2,
          "joins 4; start 4\n"
          "until on 4 members | grep -E '^4 +standby +FOLLOWER +[0-9.]+ m?s +[0-9]'; do sleep 0.2; "
          "done",
          "gone 4"},
         {"A node does not join", 0,
          "joins 4; sed -i 's/name: lab/name: prdo/' 4.yaml; start 4\n"
          "until grep foreign_cluster 4.log; do sleep 0.2; done",
          "gone 4"},
         {"A node does not join", 1,
          "joins 4; sed -i 's/id: \"4\"/id: \"3\"/' 4.yaml; start 4\n"
          "until grep id_in_use 4.log; do sleep 0.2; done",
          "gone 4"},
         {"Discovery finds nobody", 0,
          R"(joins 4; sed -i '/static_list/d; s#^    peers.*#  - {plugin: etcd, endpoints: ["http://127.0.0.1:24549"]}#' 4.yaml
             start 4; until on 4 status | grep 'fails: '; do sleep 0.2; done)",
          "gone 4"},
         {"A data directory was restored, or a machine was cloned", 0,
          R"(stop 3; cp -r data3 data4; sed 's/24503/24504/; s/: "127.0.0.1:24513"}$/: "127.0.0.1:24514"}/; s/data3/data4/' 3.yaml >4.yaml
             start 3; start 4; until grep duplicate_uuid 1.log; do sleep 0.2; done)",
          "gone 4; ready 3"},
         {"A removed node comes back", 0,
          "on 3 members leave --yes; stop 3; rm 3.log; start 3\n"
          "until grep reason=removed 3.log; do sleep 0.2; done",
          ""},
     }},
    {"ADaemonThatDoesNotStart",
     kSteady,
     {
         {"The daemon does not start", 0, "joins 4; sed -i 's/24504/24501/' 4.yaml; fails 4", ""},
         {"systemd restarts it each second", 0, "", "rm -rf data4 4.log"},
         {"The daemon does not start", 1, "stop 3; cp -r data3 data4; joins 4; fails 4",
          "rm -r data4"},
         {"The daemon does not start", 2,
          "joins 4; sed -i 's/election_timeout/election_timout/' 4.yaml", ""},
         {"A plugin is missing", 0, "joins 4; sed -i 's/static_list/consul/' 4.yaml", ""},
         {"401: the token is wrong", 0,
          "stop 1; echo secret >token; chmod 600 token\n"
          "sed -i 's/^api: {/&token_file: token, /' 1.yaml; start 1\n"
          "until curl -s http://127.0.0.1:24501/livez; do sleep 0.2; done\n"
          "export ELECTIONCTL_TOKEN=wrong",
          ""},
     }},
    {"AClusterThatIsFounded",
     "for n in 1 2 3; do stop $n; done; rm -r data?",
     {
         {"Nobody leads", 1,
          "start 1; start 2; until on 1 cluster | grep 'waits for founder'; do sleep 0.2; done",
          "stop 1; stop 2; rm -r data?"},
         {"Two clusters have one name", 0,
          R"(for n in 1 2; do
                 sed -i "s/voters: .*/voters: [\"$n\"]}/; s/^    peers.*/    peers: {\"$n\": \"127.0.0.1:2451$n\"}/" $n.yaml
                 start $n; ready $n
             done
             sed -i 's/^cluster.*/cluster: {name: lab, bootstrap: join}/' 3.yaml; start 3
             until grep two_clusters 3.log; do sleep 0.2; done)",
          ""},
     }},
    {"Certificates",
     R"(
for n in 1 2 3; do stop $n; done; rm -r data? ?.log
for directory in certificates foreign; do
    command electionctl tls init --cluster lab --nodes 1 2 3 --dir $directory >/dev/null
done
for n in 1 2 3; do
    tls="tls: {cert: certificates/$n.crt, key: certificates/$n.key, ca: certificates/ca.crt}"
    sed -i "s#^transport: {.*#transport: {listen: \"127.0.0.1:2451$n\", $tls}#" $n.yaml
    start $n
done
for n in 1 2 3; do ready $n; done
)",
     {
         {"A certificate is refused", 0,
          R"(stop 3; cp foreign/3.crt foreign/3.key certificates
             sed -i 's#certificates/ca#foreign/ca#' 3.yaml; rm 3.log; start 3
             until grep 'connection to 127.0.0.1:24511 failed.*foreign_ca' 3.log; do sleep 0.2; done
             until grep 'refuses our certificate.*foreign_ca' 1.log; do sleep 0.2; done)",
          "stop 3; sed -i 's#foreign/ca#certificates/ca#' 3.yaml"},
         {"A certificate is refused", 1,
          R"(openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=3 -addext subjectAltName=URI:electiond://lab/3 -keyout certificates/3.key -out request
             openssl x509 -req -in request -copy_extensions copy -CA certificates/ca.crt -CAkey certificates/ca.key -days -1 -out certificates/3.crt)",
          ""},
     }},
    {"AFullDisk",
     kSteady,
     {
         {"The disk is full, slow or read-only", 0,
          R"(joins 4; mkdir -m 700 data4
             unshare -m sh -c 'mount -t tmpfs -o size=12k,mode=0700 none data4 && exec electiond --config 4.yaml' 2>4.log || true)",
          ""},
     },
     true},
};
INSTANTIATE_TEST_SUITE_P(On, TroubleshootingPage, testing::ValuesIn(kScenes),
                         [](const auto& one) { return one.param.name; });

TEST(TroubleshootingConsoles, AreAllPlayed) {
    std::set<std::pair<std::string, std::size_t>> played;
    for (const auto& scene : kScenes) {
        for (const auto& fault : scene.faults) played.emplace(fault.section, fault.block);
    }
    for (const auto& line : lines_of(read(std::filesystem::path(ELECTIOND_PAGES) / kPage))) {
        if (!line.starts_with('#')) continue;
        const auto section = line.substr(line.find(' ') + 1);
        for (std::size_t block = 0; block < consoles(kPage, section).size(); ++block) {
            EXPECT_TRUE(played.contains({section, block})) << section << ", " << block;
        }
    }
    EXPECT_GT(played.size(), 20U);
}

// The source text of all our programs. A literal that is written in pieces is joined.
std::string program_texts() {
    std::string all;
    for (const auto* folder : {"apps", "core", "plugins"}) {
        for (const auto& file : std::filesystem::recursive_directory_iterator(
                 std::filesystem::path(ELECTIOND_PAGES) / ".." / folder)) {
            const auto extension = file.path().extension();
            if (extension == ".cpp" || extension == ".h") all += read(file.path());
        }
    }
    return std::regex_replace(all, std::regex("\"\\s*\\n\\s*\""), "");
}

bool is_system_error(const std::string& words) {
    for (int error = 1; error < 134; ++error) {
        if (words == std::generic_category().message(error)) return true;
    }
    return false;
}

// A quoted text in the tables that is neither a command nor a setting is a part of a message. It
// must be in our sources, or in a console of the page.
TEST(TroubleshootingTables, QuoteMessagesThatExist) {
    const auto texts = program_texts() + joined(blocks(kPage, "console"));
    const std::regex quoted("`([^`]*)`");
    const std::regex command("(electionctl|electiond|curl|dig|ss|journalctl|systemctl) .*");
    const std::regex setting("[a-z_.]+: [^ ]+");
    const std::regex gap("…|\"[^\"]*\"|[0-9.]+( s)?");
    const std::regex name("\\b(prod|prdo)\\b");
    int messages = 0;
    for (const auto& line : lines_of(read(std::filesystem::path(ELECTIOND_PAGES) / kPage))) {
        if (!line.starts_with("| ")) continue;
        for (std::sregex_iterator it(line.begin(), line.end(), quoted), end; it != end; ++it) {
            const auto words = (*it)[1].str();
            if (words.find(' ') == std::string::npos || is_system_error(words)) continue;
            if (std::regex_match(words, command) || std::regex_match(words, setting)) continue;
            ++messages;
            const auto parts = std::regex_replace(std::regex_replace(words, gap, "\n"), name, "\n");
            for (const auto& part : lines_of(parts)) {
                if (part.size() <= 3) continue;
                EXPECT_NE(texts.find(part), std::string::npos) << words;
            }
        }
    }
    EXPECT_GT(messages, 20);
}

}  // namespace
}  // namespace electiond::cluster
