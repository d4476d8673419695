// The findings of discoveries at `--check` about files, folders, interfaces and addresses; nothing
// changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <stop_token>

#include "discovery/discovery_bench.h"

namespace electiond::bench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using enum Finding::Weight;

constexpr uid_t kNobody = 65534;

auto finding(Finding::Weight weight, const std::string& key, const std::string& words) {
    return AllOf(Field(&Finding::weight, weight), Field(&Finding::key, key),
                 Field(&Finding::text, HasSubstr(words)));
}

// Names, sizes, modes and times of everything below `folder`.
std::set<std::string> snapshot(const fs::path& folder) {
    std::set<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        struct stat facts {};
        EXPECT_EQ(::lstat(entry.path().c_str(), &facts), 0);
        all.insert(entry.path().string() + " " + std::to_string(facts.st_mode) + " " +
                   std::to_string(facts.st_size) + " " + std::to_string(facts.st_ino) + " " +
                   std::to_string(facts.st_mtim.tv_sec) + "." +
                   std::to_string(facts.st_mtim.tv_nsec) + " " +
                   std::to_string(facts.st_ctim.tv_nsec));
    }
    return all;
}

class RegistryCheck : public testing::Test {
  protected:
    [[nodiscard]] std::vector<Finding> check(const std::string& path = "cluster.json",
                                             const std::string& cluster = "demo") const {
        const auto registry =
            make("file_registry", {{"path", text(path)}}, cluster, folder_.path());
        const auto before = snapshot(folder_.path());
        auto findings = registry->check(node("a", 1));
        EXPECT_EQ(snapshot(folder_.path()), before);
        return findings;
    }

    Folder folder_;
};

TEST_F(RegistryCheck, FindsNothingWhereARegistryCanBegin) { EXPECT_THAT(check(), IsEmpty()); }

TEST_F(RegistryCheck, FindsNothingWhereARegistryIsInUse) {
    const auto other =
        make("file_registry", {{"path", text("cluster.json")}}, "demo", folder_.path());
    other->announce(node("b", 2));
    (void)other->arbiter()->claim("demo", {"cluster-1", NodeUuid("uuid-of-b")});

    EXPECT_THAT(check(), IsEmpty());
}

TEST_F(RegistryCheck, NamesAFolderThatIsNotThere) {
    EXPECT_THAT(check("no/such/cluster.json"),
                ElementsAre(finding(fault, "path",
                                    "is \"" + (folder_ / "no/such/cluster.json").string() +
                                        "\", but its directory " + (folder_ / "no/such").string() +
                                        " does not exist; create it")));
}

TEST_F(RegistryCheck, NamesAFileThatIsNoFile) {
    fs::create_directory(folder_ / "cluster.json");
    EXPECT_THAT(check(), ElementsAre(finding(fault, "path", "but it is a directory")));

    write(folder_ / "file", "");
    EXPECT_THAT(check("file/cluster.json"),
                ElementsAre(finding(fault, "path", "is not a directory")));

    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    EXPECT_THAT(check("pipe"), ElementsAre(finding(fault, "path", "but it is not a regular file")));

    fs::create_directory(folder_ / "other.lock");
    EXPECT_THAT(check("other"), ElementsAre(finding(fault, "path", "other.lock is a directory")));
}

TEST_F(RegistryCheck, NamesAViewOfTheKernel) {
    EXPECT_THAT(check("/proc/cluster.json"),
                ElementsAre(finding(fault, "path", "a file system of the kernel")));
    EXPECT_THAT(check("/sys/cluster.json"), ElementsAre(finding(fault, "path", "directory /sys ")));
}

TEST_F(RegistryCheck, AsksAsTheUserThatRunsIt) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    ASSERT_EQ(::seteuid(kNobody), 0);
    const auto closed = check();
    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_THAT(closed,
                ElementsAre(finding(fault, "path", "cannot be written: Permission denied")));

    write(folder_ / "cluster.json", "{}");
    ASSERT_EQ(::chmod((folder_ / "cluster.json").c_str(), 0600), 0);
    ASSERT_EQ(::chmod(folder_.path().c_str(), 01777), 0);
    ASSERT_EQ(::seteuid(kNobody), 0);
    const auto secret = check();
    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_THAT(secret, ElementsAre(finding(fault, "path", "it cannot be used: Permission")));
}

// They are replaced or repaired, and a running cluster does not need them.
TEST_F(RegistryCheck, WarnsOfGarbledTexts) {
    write(folder_ / "cluster.json", "#");
    EXPECT_THAT(check(), ElementsAre(finding(warning, "path", "cluster.json")));

    fs::remove(folder_ / "cluster.json");
    write(folder_ / "cluster.json.demo.claim", "#");
    EXPECT_THAT(check(), ElementsAre(finding(warning, "path", "the claim")));
    EXPECT_THAT(check("cluster.json", "other"), IsEmpty());
}

TEST_F(RegistryCheck, EndsIfAStopIsRequested) {
    const auto registry = make("file_registry", {{"path", text("x")}}, "demo", folder_.path());
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(bench::fault([&] { (void)registry->check(node("a", 1), stop.get_token()); }),
                HasSubstr("stopped"));
}

TEST(MulticastCheck, KnowsTheInterfaces) {
    EXPECT_THAT(make("multicast", own_group())->check(node("a", 1)), IsEmpty());
    EXPECT_THAT(
        make("multicast", own_group("nosuch0"))->check(node("a", 1)),
        ElementsAre(AllOf(finding(fault, "interface",
                                  "is nosuch0, but this machine does not have this interface"),
                          Field(&Finding::text, HasSubstr("lo")))));
}

std::vector<Finding> check_list(const std::string& listed, const Endpoint& announced) {
    auto self = node("2", 1);
    self.addresses = {announced};
    return make("static_list", {{"peers", map({{"1", "10.0.0.9:7"}, {"2", listed}})}})->check(self);
}

TEST(StaticListCheck, WarnsIfItGivesThisNodeAnotherAddress) {
    EXPECT_THAT(check_list("10.0.0.2:7401", {"10.0.0.3", 7401}),
                ElementsAre(finding(warning, "peers",
                                    "gives this node, \"2\", the address 10.0.0.2:7401, but it "
                                    "announces 10.0.0.3:7401")));
    EXPECT_THAT(check_list("n2.example:7402", {"10.0.0.3", 7401}),
                ElementsAre(finding(warning, "peers", "n2.example:7402")));
}

TEST(StaticListCheck, FindsNothingWhereTheAddressesMayBeTheSame) {
    EXPECT_THAT(check_list("10.0.0.3:7401", {"10.0.0.3", 7401}), IsEmpty());
    EXPECT_THAT(check_list("n2.example:7401", {"10.0.0.3", 7401}),
                IsEmpty());  // a name may mean it
    auto self = node("2", 1);
    self.addresses.clear();  // a port that is not chosen yet
    EXPECT_THAT(make("static_list", {{"peers", map({{"2", "h:1"}})}})->check(self), IsEmpty());
    EXPECT_THAT(make("static_list", {{"peers", list({"h:1"})}})->check(node("2", 1)), IsEmpty());
}

}  // namespace
}  // namespace electiond::bench
