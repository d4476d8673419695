// config/kubernetes/: the manifests refer only to things that exist, and electiond accepts the
// environment that they set. Needs no Kubernetes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "cluster_test.h"
#include "manifests.h"

namespace electiond::cluster {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::Eq;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

const std::vector<std::string> kFiles{"electiond.yaml", "sidecar.yaml", "label.yaml"};

// All documents of this kind, from all files.
std::vector<YAML::Node> all_of(const std::string& kind) {
    std::vector<YAML::Node> found;
    for (const auto& file : kFiles) {
        for (const auto& document : documents(file)) {
            if (document["kind"].as<std::string>() == kind) found.push_back(document);
        }
    }
    return found;
}

std::set<std::string> names_in(const YAML::Node& list, const std::string& key) {
    std::set<std::string> names;
    for (const auto& each : list) names.insert(each[key].as<std::string>());
    return names;
}

class Manifests : public testing::TestWithParam<std::string> {
  protected:
    const Workload workload{GetParam()};

    [[nodiscard]] bool selects(const std::map<std::string, std::string>& selector) const {
        const auto labels = workload.labels();
        return !selector.empty() && std::ranges::includes(labels, selector);
    }
};

TEST_P(Manifests, SelectThePodsThatTheyMean) {
    EXPECT_TRUE(selects(texts(workload.set["spec"]["selector"]["matchLabels"])));
    for (const auto& document : documents(GetParam())) {
        const auto kind = document["kind"].as<std::string>();
        const auto spec = document["spec"];
        if (kind == "Service") {
            EXPECT_TRUE(selects(texts(spec["selector"])));
        }
        if (kind == "PodDisruptionBudget") {
            EXPECT_TRUE(selects(texts(spec["selector"]["matchLabels"])));
            EXPECT_EQ(spec["maxUnavailable"].as<int>(), 1);
        }
        if (kind == "NetworkPolicy") {
            EXPECT_TRUE(selects(texts(spec["podSelector"]["matchLabels"])));
            EXPECT_TRUE(
                selects(texts(spec["ingress"][1]["from"][0]["podSelector"]["matchLabels"])));
            EXPECT_EQ(spec["ingress"][1]["ports"][0]["port"].as<int>(), 7401);
        }
    }
    const auto apart = workload.pod["affinity"]["podAntiAffinity"]
                                   ["requiredDuringSchedulingIgnoredDuringExecution"][0];
    EXPECT_TRUE(selects(texts(apart["labelSelector"]["matchLabels"])));
    EXPECT_EQ(apart["topologyKey"].as<std::string>(), "kubernetes.io/hostname");
    for (const auto& spread : workload.pod["topologySpreadConstraints"]) {
        EXPECT_TRUE(selects(texts(spread["labelSelector"]["matchLabels"])));
    }
}

// Otherwise the nodes never find each other: no node is ready before there is a leader.
TEST_P(Manifests, LetPodsFindEachOtherBeforeTheyAreReady) {
    const auto spec = workload.set["spec"];
    EXPECT_EQ(spec["podManagementPolicy"].as<std::string>(), "Parallel");
    const auto services = documents(GetParam());
    const auto service = std::ranges::find_if(services, [&](const YAML::Node& document) {
        return document["kind"].as<std::string>() == "Service" &&
               name_of(document) == spec["serviceName"].as<std::string>();
    });
    ASSERT_NE(service, services.end());
    EXPECT_EQ((*service)["spec"]["clusterIP"].as<std::string>(), "None");
    EXPECT_TRUE((*service)["spec"]["publishNotReadyAddresses"].as<bool>());
}

TEST_P(Manifests, MountVolumesThatAreThere) {
    auto volumes = names_in(workload.pod["volumes"], "name");
    for (const auto& claim : workload.set["spec"]["volumeClaimTemplates"]) {
        volumes.insert(name_of(claim));
    }
    std::set<std::string> mounted;
    for (const auto& container : containers(workload.pod)) {
        mounted.merge(names_in(container["volumeMounts"], "name"));
    }
    EXPECT_EQ(mounted, volumes);
}

TEST_P(Manifests, GiveContainersNoRights) {
    const auto pod = workload.pod["securityContext"];
    for (const auto* key : {"runAsUser", "runAsGroup", "fsGroup"}) {
        EXPECT_EQ(pod[key].as<int>(), 65532) << key;
    }
    EXPECT_TRUE(pod["runAsNonRoot"].as<bool>());
    EXPECT_EQ(pod["fsGroupChangePolicy"].as<std::string>(), "OnRootMismatch");
    EXPECT_EQ(pod["seccompProfile"]["type"].as<std::string>(), "RuntimeDefault");
    EXPECT_FALSE(workload.pod["automountServiceAccountToken"].as<bool>());
    EXPECT_FALSE(workload.pod["enableServiceLinks"].as<bool>());
    for (const auto& container : containers(workload.pod)) {
        const auto own = container["securityContext"];
        EXPECT_FALSE(own["allowPrivilegeEscalation"].as<bool>()) << container["name"];
        EXPECT_TRUE(own["readOnlyRootFilesystem"].as<bool>()) << container["name"];
        EXPECT_EQ(own["capabilities"]["drop"][0].as<std::string>(), "ALL") << container["name"];
        EXPECT_FALSE(container["resources"]["limits"]["cpu"]) << container["name"];
    }
}

TEST_P(Manifests, ProbePathsThatElectiondAnswers) {
    LocalCluster node({.nodes = 1});
    node.start_all();
    ASSERT_EQ(node.await_leader(1), 1);
    const auto electiond = workload.container("electiond");
    const auto ports = names_in(electiond["ports"], "name");
    const auto path = [&](const std::string& probe) {
        return electiond[probe]["httpGet"]["path"].as<std::string>();
    };
    EXPECT_EQ(path("livenessProbe"), "/livez");
    EXPECT_EQ(path("readinessProbe"), "/readyz") << "and never /leader: see the page";
    for (const auto* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) {
        if (!electiond[probe]) continue;
        EXPECT_EQ(node.get(1, path(probe)).code, 200) << probe;
        EXPECT_THAT(ports, Contains(electiond[probe]["httpGet"]["port"].as<std::string>()));
    }
    EXPECT_EQ(node.get(1, "/no-such-path").code, 404);
}

// The values that the kubelet gives to the variables: fields of the pod, keys of secrets, and
// $(NAME) for each earlier variable.
std::vector<std::string> environment(const YAML::Node& list,
                                     const std::map<std::string, std::string>& fields) {
    std::map<std::string, std::string> known;
    std::vector<std::string> all;
    for (const auto& variable : list) {
        const auto name = variable["name"].as<std::string>();
        std::string value;
        if (const auto from = variable["valueFrom"]) {
            value = from["fieldRef"] ? fields.at(from["fieldRef"]["fieldPath"].as<std::string>())
                                     : "the-token-of-the-secret";
        } else {
            value = variable["value"].as<std::string>();
            for (const auto& [other, text] : known) {
                const std::string reference = "$(" + other + ")";
                for (auto at = value.find(reference); at != std::string::npos;
                     at = value.find(reference)) {
                    value.replace(at, reference.size(), text);
                }
            }
        }
        known[name] = value;
        all.push_back(name + "=" + value);
    }
    return all;
}

TEST_P(Manifests, TellEachNodeWhatItAccepts) {
    const Folder folder;
    for (const auto* made : {"/data", "/run", "/token"}) {
        std::filesystem::create_directory(folder.path().string() + made);
    }
    // Like a volume with fsGroup: the group may write, and new files get this group.
    ASSERT_EQ(::chmod((folder / "data").c_str(), 02770), 0);
    write(folder / "token/token", "the-token-of-the-secret\n");
    ASSERT_EQ(::chmod((folder / "token/token").c_str(), 0440), 0);
    write(folder / "empty.yaml", "");
    const std::map<std::string, std::string> places{{"/var/lib/electiond", folder / "data"},
                                                    {"/run/electiond", folder / "run"},
                                                    {"/etc/electiond/token", folder / "token"}};
    const auto electiond = workload.container("electiond");
    std::set<std::string> mounts;
    for (const auto& mount : electiond["volumeMounts"]) {
        mounts.insert(mount["mountPath"].as<std::string>());
    }

    for (int pod = 0; pod < workload.replicas() + 2; ++pod) {
        SCOPED_TRACE(workload.pod_name(pod));
        auto variables =
            environment(electiond["env"], {{"metadata.name", workload.pod_name(pod)},
                                           {"metadata.namespace", "default"},
                                           {"status.podIP", "10.1.0." + std::to_string(pod + 1)}});
        for (auto& variable : variables) {
            EXPECT_THAT(variable, Not(HasSubstr("$("))) << "names a variable that comes later";
            for (const auto& [path, place] : places) {
                EXPECT_THAT(mounts, Contains(path));
                if (const auto at = variable.find(path); at != std::string::npos) {
                    variable.replace(at, path.size(), place);
                }
            }
        }
        std::vector<std::string> command{"/usr/bin/env", "-i", "PATH=/bin"};
        command.insert(command.end(), variables.begin(), variables.end());
        for (const auto& word :
             {std::string(ELECTIOND), std::string("--config"), (folder / "empty.yaml").string(),
              std::string("--check"), std::string("--print-config")}) {
            command.push_back(word);
        }

        const auto checked = run(command);

        EXPECT_EQ(checked.code, 0) << checked.said;
        for (const auto& words :
             {"id: \"" + workload.pod_name(pod) + "\"", std::string("no fault found"),
              "advertise: 10.1.0." + std::to_string(pod + 1) + ":7401",
              "host: " + workload.name() + ".default.svc.cluster.local"}) {
            EXPECT_THAT(checked.said, HasSubstr(words));
        }
        EXPECT_THAT(checked.said, Not(HasSubstr("ignored"))) << "a variable without a key";
        EXPECT_EQ(checked.said.find("this node: it founds no cluster") != std::string::npos,
                  pod >= workload.replicas())
            << "the founders are the pods that there are at first\n"
            << checked.said;
    }
}

TEST_P(Manifests, NameEachPortAsItIs) {
    const auto electiond = workload.container("electiond");
    std::map<int, std::string> ports;
    for (const auto& port : electiond["ports"]) {
        ports[port["containerPort"].as<int>()] = port["name"].as<std::string>();
    }
    EXPECT_THAT(ports, Eq(std::map<int, std::string>{{7400, "api"}, {7401, "peers"}}));
    for (const auto& document : documents(GetParam())) {
        if (document["kind"].as<std::string>() != "Service") continue;
        for (const auto& port : document["spec"]["ports"]) {
            EXPECT_EQ(ports[port["port"].as<int>()], port["name"].as<std::string>());
        }
    }
}

// A stop of electiond takes at most 5 s + client_grant. An application stops before, and needs its
// own time.
TEST_P(Manifests, GiveAStopEnoughTime) {
    EXPECT_GE(workload.pod["terminationGracePeriodSeconds"].as<int>(), 30);
}

INSTANTIATE_TEST_SUITE_P(Of, Manifests, testing::Values("electiond.yaml", "sidecar.yaml"),
                         [](const auto& one) { return one.param.substr(0, one.param.find('.')); });

TEST(Sidecar, StartsBeforeTheApplicationAndStopsAfterIt) {
    const Workload workload("sidecar.yaml");
    for (const auto& sidecar : workload.pod["initContainers"]) {
        EXPECT_EQ(sidecar["restartPolicy"].as<std::string>(), "Always") << sidecar["name"];
    }
    EXPECT_EQ(workload.pod["initContainers"][0]["name"].as<std::string>(), "electiond");
    EXPECT_TRUE(workload.pod["initContainers"][0]["startupProbe"]);
}

// Runs the example with a node that leads, and with none.
TEST(Sidecar, ShowsAnApplicationThatAsksTheNodeBesideIt) {
    if (run({"/bin/sh", "-c", "command -v curl"}).code != 0) GTEST_SKIP() << "needs curl";
    LocalCluster node({.nodes = 1});
    node.start_all();
    ASSERT_EQ(node.await_leader(1), 1);
    const auto command = Workload("sidecar.yaml").container("app")["command"];
    const auto script = std::regex_replace(command[2].as<std::string>(), std::regex(":7400/"),
                                           ":" + std::to_string(node.api_port(1)) + "/");
    const Folder folder;
    Process app({"/bin/sh", command[1].as<std::string>(), script}, folder / "said");
    const auto said = [&] { return read(folder / "said"); };

    EXPECT_TRUE(wait_until([&] { return said().find("I lead: I work") != std::string::npos; }));
    EXPECT_THAT(said(), HasSubstr(R"("isLeader":true)"));
    EXPECT_EQ(node.stop(1), 0);
    const auto before = said();
    EXPECT_FALSE(wait_until([&] { return said() != before; }, std::chrono::seconds(3)));
}

TEST(Label, MayChangeThePodsOfTheApplicationAndNoOthers) {
    const Workload workload("sidecar.yaml");
    const auto account = name_of(all_of("ServiceAccount").at(0));
    const auto role = all_of("Role").at(0);
    const auto binding = all_of("RoleBinding").at(0);
    EXPECT_EQ(workload.pod["serviceAccountName"].as<std::string>(), account);
    EXPECT_EQ(binding["subjects"][0]["name"].as<std::string>(), account);
    EXPECT_EQ(binding["roleRef"]["name"].as<std::string>(), name_of(role));
    EXPECT_EQ(binding["roleRef"]["kind"].as<std::string>(), "Role");

    std::vector<std::string> pods;
    for (int pod = 0; pod < workload.replicas(); ++pod) pods.push_back(workload.pod_name(pod));
    for (const auto& rule : role["rules"]) {
        const auto verbs = rule["verbs"].as<std::vector<std::string>>();
        EXPECT_EQ(rule["resources"].as<std::vector<std::string>>(),
                  std::vector<std::string>{"pods"});
        if (!rule["resourceNames"]) {
            EXPECT_EQ(verbs, std::vector<std::string>{"list"}) << "of all pods";
        } else {
            EXPECT_EQ(verbs, (std::vector<std::string>{"get", "patch"}));
            EXPECT_EQ(rule["resourceNames"].as<std::vector<std::string>>(), pods);
        }
    }
}

TEST(Label, LeadsTheServiceToTheLeader) {
    const Workload workload("sidecar.yaml");
    const auto service = all_of("Service").back();
    EXPECT_EQ(name_of(service), "app-leader");
    auto selector = texts(service["spec"]["selector"]);
    EXPECT_EQ(selector.extract("electiond-role").mapped(), "leader") << "as label.sh writes it";
    EXPECT_THAT(workload.labels(), IsSupersetOf(selector));
    EXPECT_THAT(names_in(workload.container("app")["ports"], "name"),
                Contains(service["spec"]["ports"][0]["targetPort"].as<std::string>()));
}

}  // namespace
}  // namespace electiond::cluster
