// config/kubernetes/label.sh under electionctl watch --exec, beside each node of a real cluster.
// A script replaces kubectl: it stores the labels of the pods in files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "cluster_test.h"
#include "manifests.h"

namespace electiond::cluster {
namespace {

// Accepts only the calls that label.sh makes. Exit code 64: another call; 1: the API server is
// down.
constexpr char kKubectl[] = R"sh(#!/bin/sh
cd "$(dirname "$0")/pods" || exit 64
[ ! -e ../down ] || { echo "$*" >>../refused; exit 1; }
[ "$1 $2 $3" = "--request-timeout=5s label pods" ] || exit 64
shift 3
case $* in
"--selector=app=app,electiond-role=leader,statefulset.kubernetes.io/pod-name!="*" electiond-role-")
    but=${1##*!=}
    for pod in *; do [ "$pod" = "$but" ] || : >"$pod"; done ;;
app-[0-9]" electiond-role-") : >"$1" ;;
app-[0-9]" --overwrite electiond-role=leader") echo leader >"$1" ;;
*) echo "kubectl: what is $*?" >>../wrong; exit 64 ;;
esac
echo "$*" >>../accepted
)sh";

class LabelScript : public testing::Test {
  protected:
    static constexpr int kNodes = 3;

    void SetUp() override {
        std::filesystem::create_directory(folder / "pods");
        write(folder / "kubectl", kKubectl);
        std::filesystem::permissions(folder / "kubectl", std::filesystem::perms::owner_all);
        cluster.start_all();
        ASSERT_NE(cluster.await_leader(kNodes), 0);
        for (int node = 1; node <= kNodes; ++node) {
            write(folder / "pods" / pod(node), "");
            start_watcher(node);
        }
    }

    // Runs the command of the container with the address of this node.
    void start_watcher(int node) {
        std::vector<std::string> command{"/usr/bin/env",
                                         "PATH=" + folder.path().string() + ":/usr/bin:/bin",
                                         "APP=app", "POD_NAME=" + pod(node)};
        const Workload workload("sidecar.yaml");
        for (const auto& word : workload.container("label")["command"]) {
            auto text = word.as<std::string>();
            if (text == "electionctl") text = ELECTIONCTL;
            if (text == "127.0.0.1:7400")
                text = "127.0.0.1:" + std::to_string(cluster.api_port(node));
            command.push_back(std::regex_replace(text, std::regex("/usr/local/lib/electiond/"),
                                                 ELECTIOND_MANIFESTS "/"));
        }
        watchers[node] = std::make_unique<Process>(command, folder / "said");
    }
    [[nodiscard]] static std::string pod(int node) { return "app-" + std::to_string(node - 1); }

    [[nodiscard]] std::set<std::string> labelled() const {
        std::set<std::string> pods;
        for (int node = 1; node <= kNodes; ++node) {
            if (!read(folder / "pods" / pod(node)).empty()) pods.insert(pod(node));
        }
        return pods;
    }
    // True if only the leader has the label, and all nodes agree on this leader.
    [[nodiscard]] bool is_labelled_alone() {
        return wait_until([&] {
            const auto leader = cluster.agreed();
            return leader && labelled() == std::set{pod(*leader)};
        });
    }
    static int count(const std::string& text, const std::string& words) {
        int found = 0;
        for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
            ++found;
        return found;
    }
    [[nodiscard]] std::string said() const {
        return read(folder / "said") + read(folder / "wrong");
    }

    const Folder folder;
    ShownCluster cluster{{.nodes = kNodes}};
    std::map<int, std::unique_ptr<Process>> watchers;
};

TEST_F(LabelScript, LabelsTheLeaderAndNoOtherPod) {
    ASSERT_TRUE(is_labelled_alone()) << said();
    const int first = *cluster.agreed();

    // A hand-over.
    EXPECT_EQ(cluster.post(first, "/step-down").code, 200);
    ASSERT_TRUE(wait_until([&] { return cluster.agreed().value_or(first) != first; }));
    ASSERT_TRUE(is_labelled_alone()) << said();

    // The machine of the leader is lost, so its own script cannot remove the label.
    const int second = *cluster.agreed();
    watchers[second]->kill9();
    cluster.kill9(second);
    ASSERT_TRUE(wait_until([&] { return cluster.agreed().value_or(second) != second; }));
    ASSERT_TRUE(is_labelled_alone()) << said();

    // The machine comes back, and its pod still has the label.
    cluster.start(second);
    ASSERT_TRUE(wait_until([&] { return cluster.get(second, "/follower").code == 200; }));
    write(folder / "pods" / pod(second), "leader\n");
    start_watcher(second);
    EXPECT_TRUE(is_labelled_alone()) << said();
    EXPECT_EQ(read(folder / "wrong"), "");
}

TEST_F(LabelScript, LabelsLaterIfTheApiServerIsDown) {
    ASSERT_TRUE(is_labelled_alone()) << said();
    // A script that removes a label is not ended when its node begins to lead: each has succeeded.
    ASSERT_TRUE(wait_until([&] {
        const auto accepted = read(folder / "accepted");
        return count(accepted, "app-0 ") > 0 && count(accepted, "app-1 ") > 0 &&
               count(accepted, "app-2 ") > 0;
    })) << said();
    const int first = *cluster.agreed();
    write(folder / "down", "");
    EXPECT_EQ(cluster.post(first, "/step-down").code, 200);
    ASSERT_TRUE(wait_until([&] { return cluster.agreed().value_or(first) != first; }));
    const auto next = pod(*cluster.agreed());
    const auto tries = [&](const std::string& words) {
        return count(read(folder / "refused"), words);
    };
    // Both scripts retry: more calls than events, of which one script gets at most two, the other
    // one.
    EXPECT_TRUE(wait_until([&] {
        return tries("pods " + pod(first)) >= 3 && tries("!=" + next) >= 2;
    })) << said();
    EXPECT_EQ(labelled(), std::set{pod(first)}) << "nobody could change it";

    std::filesystem::remove(folder / "down");

    EXPECT_TRUE(is_labelled_alone()) << said();
}

TEST(LabelScriptFile, HasNoFaultThatShellcheckFinds) {
    if (run({"/bin/sh", "-c", "command -v shellcheck"}).code != 0) {
        GTEST_SKIP() << "needs shellcheck";
    }
    const auto checked = run({"/usr/bin/env", "shellcheck", "-x", ELECTIOND_MANIFESTS "/label.sh"});
    EXPECT_EQ(checked.code, 0) << checked.said;
}

}  // namespace
}  // namespace electiond::cluster
