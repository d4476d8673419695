// The pages for operators: their commands, run on one machine, do what the pages say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "console.h"
#include "page.h"

namespace electiond::cluster {
namespace {

using testing::HasSubstr;

// disaster-recovery.md: disaster_recovery.
std::string name_of(const std::string& page) {
    auto name = page.substr(0, page.find('.'));
    std::ranges::replace(name, '-', '_');
    return name;
}

// "Try it here" of a page, between the beginning and the end of docs/lab.md.
struct Walk {
    std::string page;
    std::vector<std::string> says;

    friend std::ostream& operator<<(std::ostream& out, const Walk& walk) {
        return out << walk.page;
    }
};

class LabPages : public testing::TestWithParam<Walk> {};

TEST_P(LabPages, WorkFromTheirFirstCommandToTheLast) {
    const Folder folder;
    const auto lab = blocks("lab.md", "sh");
    ASSERT_EQ(lab.size(), 2U);
    const auto commands = blocks(GetParam().page, "sh");
    ASSERT_FALSE(commands.empty());

    const auto shown = run_commands(lab[0] + joined(commands) + lab[1], folder);

    EXPECT_EQ(shown.code, 0) << shown.said << read(folder / "lab/1.log")
                             << read(folder / "lab/2.log");
    for (const auto& words : GetParam().says) EXPECT_THAT(shown.said, HasSubstr(words));
    EXPECT_FALSE(std::filesystem::exists(folder / "lab")) << "the last command removes it";
}

const std::vector<Walk> kWalks{
    {"changing-a-cluster.md",
     {"has left; it comes back only as a new member", "Node 3 is blank",
      "node 2 is removed; it comes back only as a new member", "would apply", "applied",
      "log.format     text  json  needs a restart", "node 3 leads in term", "stepped down: node "}},
    {"planning-a-cluster.md",
     {"a leader needs 2 of 2 voters", "node 2 leads in term", "node 1 leads in term",
      "election_timeout: 2s", "heartbeat_interval: 200ms  # default: election_timeout / 10"}},
    {"disaster-recovery.md",
     {"cluster lab is alive", "refused, as it should be", "Lost voters: 1 (",
      "node 3 leads as the only voter: can lose none", "This node now holds the claim",
      "reason=claim_conflict"}},
};
INSTANTIATE_TEST_SUITE_P(On, LabPages, testing::ValuesIn(kWalks),
                         [](const auto& one) { return name_of(one.param.page); });

// Of operations.md, what needs neither systemd nor root. tests/service runs the rest.
TEST(OperationsPage, ShowsHowToCheckAConfiguration) {
    const Folder folder;
    const std::regex configuration("/etc/electiond/electiond.yaml");
    const auto commands =
        std::regex_replace(blocks("operations.md", "sh").at(0), configuration, "1.yaml");
    const auto lab = blocks("lab.md", "sh");

    const auto shown = run_commands(lab.at(0) + commands + lab.at(1), folder);

    EXPECT_EQ(shown.code, 0) << shown.said;
    for (const auto* words : {"no fault found", "# default", "file_registry"}) {
        EXPECT_THAT(shown.said, HasSubstr(words));
    }
}

// The consoles of a page, one section after the other.
struct Step {
    std::string section;
    std::string before;  // what has happened until then
    std::string after;   // and what then becomes true
    std::vector<std::string> says;
};
struct Consoles {
    std::string page;
    std::vector<Step> steps;

    friend std::ostream& operator<<(std::ostream& out, const Consoles& consoles) {
        return out << consoles.page;
    }
};

class ConsolePages : public testing::TestWithParam<Consoles> {};

TEST_P(ConsolePages, ShowCommandsThatWork) {
    const Folder folder;
    std::string script = blocks("lab.md", "sh").at(0) + kMachines;
    for (const auto& [section, before, after, says] : GetParam().steps) {
        const auto commands = console(GetParam().page, section);
        EXPECT_NE(commands, "") << section;
        script += before + "\necho '== " + section + "'\n" + commands + "printf '\\n==\\n'\n" +
                  after + "\n";
    }

    const auto shown = run_commands(script + blocks("lab.md", "sh").at(1), folder);

    EXPECT_EQ(shown.code, 0) << shown.said << read(folder / "lab/1.log");
    for (const auto& step : GetParam().steps) {
        const auto from = shown.said.find("== " + step.section + "\n");
        ASSERT_NE(from, std::string::npos) << step.section << "\n" << shown.said;
        const auto said = shown.said.substr(from, shown.said.find("\n==\n", from) - from);
        for (const auto& words : step.says) EXPECT_THAT(said, HasSubstr(words));
        if (step.says.empty() || !step.says[0].starts_with("exit code")) {
            EXPECT_THAT(said, testing::Not(HasSubstr("exit code")));
        }
    }
}

// Pod electiond-0 (or app-0) is node 1 of the lab, and so on. A volume is a data directory.
const std::string kKubectl = "source=" ELECTIOND_PAGES
                             "/..\n"
                             R"(
pods=3
kubectl() {
    local n pod
    case "$1 $2" in
    "create secret") [[ "$5" =~ ^--from-literal=token=[0-9a-f]{64}$ ]] ;;
    "create configmap") [ -f "$source/${4#--from-file=}" ] ;;
    "apply --filename="*) [ -f "$source/${2#--filename=}" ] ;;
    "rollout status") for n in $(seq $pods); do ready $n; done ;;
    "rollout restart") for n in $(seq $pods -1 1); do stop $n; start $n; ready $n; done ;;
    "scale statefulset")
        local wanted=${4#--replicas=}
        for n in $(seq $((pods + 1)) $wanted); do node $n; start $n; done
        for n in $(seq $pods -1 $((wanted + 1))); do stop $n; done
        pods=$wanted ;;
    "exec "*)
        local machine=$((${2##*-} + 1))
        while [ "$1" != -- ]; do shift; done
        shift
        "${@//localhost:4040/127.0.0.1:2450$machine}" ;;
    "delete pvc")
        for pod in "${@:3}"; do
            [[ "$pod" = data-electiond-* ]] || continue
            n=$((${pod##*-} + 1))
            if [ -e $n.pid ]; then touch $n.lost; else rm -r data$n; fi
        done ;;
    "delete pod")
        n=$((${3##*-} + 1))
        stop $n
        if [ -e $n.lost ]; then rm -r data$n $n.lost; fi
        start $n ;;
    *) return 64 ;;
    esac
}
)";

const std::vector<Consoles> kConsoles{
    {"changing-a-cluster.md",
     {
         {"Before each change", "", "", {"healthy: can lose 1 more"}},
         {"Move the leader",
          "if on 3 is-leader; then on 3 step-down; fi",
          "",
          {"stepped down: node 3 leads"}},
         {"Only its disk is lost", "stop 3", "ready 3", {}},
         {"Add a node", "node 4", "", {"node 1 at 127.0.0.1:", "{\"ready\":true}", "4   standby"}},
         {"A machine that still works",
          "",
          "until on 1 members | grep '^4  *voter'; do sleep 0.2; done",
          {"has left; it comes back only as a new member"}},
         {"Of one node",
          "machine=3; electiond rejoin --yes; start 3; ready 3\n"
          "sed -i 's/24513/24523/' 3.yaml",
          "ready 3",
          {}},
         {"Of the registry",
          "mkdir -p srv/old srv/new; touch srv/old/cluster.json srv/old/cluster.json.prod.claim",
          "ls srv/new/cluster.json.prod.claim",
          {}},
         {"Reload",
          "sed -i 's/data_dir: data2/&, priority: 200/' 2.yaml",
          "on 2 wait-leader --me",
          {"would apply", "  applied"}},
         {"Restart all nodes", "", "", {R"({"ready":true}{"ready":true}{"ready":true})"}},
         {"Upgrade and downgrade", "", "", {R"({"ready":true})", "version"}},
         {"Remove a node",
          "node 5; start 5; ready 5; ready 4; ready 2",
          "",
          {"has left;", "node 4 is removed;", "Node 5 is blank"}},
     }},
    {"electionctl.md",
     {
         {"Which node is asked",
          "stop 1; mkdir -p srv/two\n"
          "sed -i 's#listen: \"\\([^\"]*2450.\\)\"#listen: [\"\\1\", "
          "\"unix:'$PWD'/srv/two/api.sock\"]#' 1.yaml\n"
          "start 1; ready 1",
          "",
          {" http://127.0.0.1:", "{\"ready\":true}", " unix:/", "FENCING TOKEN",
           "stepped down: node ", "node 3 is removed", "nothing differs from what is in use"}},
     }},
    {"kubernetes.md",
     {
         {"Start", kKubectl, "", {R"({"ready":true})", "3   voter"}},
         {"An application beside electiond", "", "", {}},
         {"Move from leader-elector", "", "", {R"({"name":")", R"(","product":"electiond",)"}},
         {"Update, or restart all pods", "", "", {R"({"ready":true})"}},
         {"Scale up", "", "until on 1 members | grep '^5  *voter'; do sleep 0.2; done", {"5   "}},
         {"Scale down",
          "",
          "on 1 members | grep -c . | grep '^4$'; ! ls data4 data5",
          {"has left; it comes back only as a new member"}},
         {"A volume is lost",
          "ls data2; uuid=$(curl -s http://127.0.0.1:24502/status | grep -o '\"uuid\":\"[^\"]*')",
          "! curl -s http://127.0.0.1:24502/status | grep -F $uuid",
          {R"({"ready":true})"}},
     }},
    {"planning-a-cluster.md",
     {
         {"Timers by distance",
          "sed -i 's/^election: .*/election: {election_timeout: 2s}/' 1.yaml",
          "",
          {"heartbeat_interval: 200ms  # default: election_timeout / 10", "dead_after: 1m"}},
     }},
    {"disaster-recovery.md",
     {
         {"Is a majority lost?",
          "crash 1; crash 3\n"
          "until curl -s http://127.0.0.1:24502/readyz | grep 'No quorum'; do sleep 0.2; done",
          "",
          {"exit code 1", "no leader", "No quorum: 1 of 3 voters answers (2), a leader needs 2"}},
         {"A majority is lost for good",
          "",
          "start 1; start 3; ready 1; ready 3",
          {"Lost voters: 1 (", "becomes the only voter of cluster lab, which had 3 voters.",
           "Recovered as cluster id", "node 2 leads in term 42949672"}},
         {"Everything is lost", "", "for n in 2 3; do stop $n; done", {}},
         {"The first node is lost",
          "rm -r data?\n"
          "sed -i '/^cluster/s/lab.*/claim}/; /static_list/d; "
          "s/    peers.*/  - {plugin: file_registry, path: registry.json}/' ?.yaml\n"
          "start 1; ready 1; crash 1; start 2\n"
          "until grep claim_orphaned 2.log; do sleep 0.2; done",
          "ready 2",
          {"This node now holds the claim"}},
     }},
};
INSTANTIATE_TEST_SUITE_P(On, ConsolePages, testing::ValuesIn(kConsoles),
                         [](const auto& one) { return name_of(one.param.page); });

}  // namespace
}  // namespace electiond::cluster
