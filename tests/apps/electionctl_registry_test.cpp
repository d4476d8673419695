// electionctl registry: which entries of a registry it shows, and which it removes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <registry/document.h>
#include <registry/files.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Parser.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "electionctl_scene.h"

namespace electiond::ctl {
namespace {

namespace fs = std::filesystem;

using namespace std::chrono_literals;

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

std::string time_text(std::chrono::seconds ago) {
    const auto time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() - ago);
    std::tm parts{};
    char text[32];
    ::gmtime_r(&time, &parts);
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// `ago`: since it was renewed.
std::string entry(const std::string& id, std::chrono::seconds ago, const std::string& more = "",
                  const std::string& cluster = "demo") {
    return R"({"cluster":")" + cluster + R"(","id":")" + id + R"(","uuid":"uuid-of-)" + id +
           R"(","addresses":["10.0.0.)" + id + R"(:7401"],"api":"10.0.0.)" + id +
           R"(:7400","updatedAt":")" + time_text(ago) + "\"" + more + "}";
}

constexpr char kDay[] = R"(,"heartbeat":7,"expireAfterMs":86400000)";

class RegistryVerb : public ::testing::Test {
  protected:
    RegistryVerb()
        : folder_(fs::path(::testing::TempDir()) /
                  ("electionctl-registry-" + std::to_string(::getpid()))) {
        fs::remove_all(folder_);
        fs::create_directory(folder_);
    }
    ~RegistryVerb() override { fs::remove_all(folder_); }

    void write(const std::vector<std::string>& entries, const std::string& rest = "") {
        std::string joined;
        for (const auto& each : entries) joined += (joined.empty() ? "" : ",") + each;
        std::ofstream(file_) << R"({"nodes":[)" << joined << "]" << rest << "}";
    }
    [[nodiscard]] std::string read() const {
        std::ostringstream text;
        text << std::ifstream(file_).rdbuf();
        return text.str();
    }
    [[nodiscard]] std::vector<std::string> ids() const {
        std::vector<std::string> all;
        const registry::Document document(read(), "");
        for (const auto& each : document.entries()) {
            all.push_back(registry::text_of(each, "id").value_or("?"));
        }
        return all;
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& each : fs::directory_iterator(folder_)) {
            all.push_back(each.path().filename());
        }
        std::ranges::sort(all);
        return all;
    }
    [[nodiscard]] Result run_registry(std::vector<std::string> words) const {
        words.insert(words.begin(), "registry");
        words.insert(words.end(), {"--file", file_});
        return run_words(std::move(words));
    }

    fs::path folder_;
    fs::path file_ = folder_ / "cluster.json";
};

TEST_F(RegistryVerb, ListsWhenEachEntryWasRenewedAndWhenItExpires) {
    write({entry("1", 90s, kDay), entry("2", 50h, kDay), entry("3", 50h), entry("4", -30s, kDay),
           R"({"cluster":"demo"})"});

    const Result result = run_registry({"list"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(
        result.out,
        AllOf(ContainsRegex("^CLUSTER +ID +UUID +PEERS +API +RENEWED +EXPIRES\n"),
              ContainsRegex("\ndemo +1 +uuid-of-1 +10.0.0.1:7401 +10.0.0.1:7400 +1 min 3[0-9] s "
                            "ago +in 23 h 58 min\n"),
              ContainsRegex("\ndemo +2 .* 2 d 2 h ago +expired\n"),
              ContainsRegex("\ndemo +3 .* 2 d 2 h ago +never\n"),
              ContainsRegex("\ndemo +4 .* 0 ms ago +in 1 d\n"),
              ContainsRegex("\ndemo +- +- +- +- +- +never\n")));
    EXPECT_THAT(names(), ElementsAre("cluster.json")) << "it only reads";
}

TEST_F(RegistryVerb, ListsAsJson) {
    write({entry("1", 90s, kDay), entry("2", 50h, kDay), entry("9", 50h, "", "other")});

    const Result result = run_registry({"list", "-o", "json", "--cluster=demo"});

    const auto answer = Poco::JSON::Parser().parse(result.out).extract<Poco::JSON::Object::Ptr>();
    EXPECT_EQ(answer->getValue<std::string>("file"), file_);
    const auto entries = answer->getArray("entries");
    ASSERT_EQ(entries->size(), 2U);
    const auto first = entries->getObject(0);
    std::vector<std::string> keys;
    first->getNames(keys);
    EXPECT_THAT(keys, UnorderedElementsAre("cluster", "id", "uuid", "addresses", "api", "updatedAt",
                                           "ageMs", "expireAfterMs", "expired"));
    EXPECT_GE(first->getValue<std::int64_t>("ageMs"), 90'000);
    EXPECT_EQ(first->getValue<std::int64_t>("expireAfterMs"), 86'400'000);
    EXPECT_FALSE(first->getValue<bool>("expired"));
    EXPECT_TRUE(entries->getObject(1)->getValue<bool>("expired"));
}

TEST_F(RegistryVerb, PrunesWhatHasExpiredAndKeepsAllElse) {
    write({entry("1", 90s, kDay), entry("2", 50h, kDay), entry("3", 5000h), "7",
           R"({"cluster":"other","x":{"y":[1,null]}})"},
          R"(,"note":"by hand")");
    const auto before = read();

    const Result dry = run_registry({"prune", "--dry-run"});
    EXPECT_EQ(dry.code, 0) << dry.err;
    EXPECT_EQ(dry.out,
              "would remove node 2 of cluster demo (uuid uuid-of-2, 10.0.0.2:7401): renewed 2 d 2 "
              "h ago\n");
    EXPECT_EQ(read(), before);
    EXPECT_THAT(names(), ElementsAre("cluster.json")) << "not even a lock";

    const Result done = run_registry({"prune"});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(done.out,
              "removed node 2 of cluster demo (uuid uuid-of-2, 10.0.0.2:7401): renewed 2 d 2 h "
              "ago\nA node that still runs writes its entry again.\n");
    EXPECT_THAT(ids(), ElementsAre("1", "3", "?"));
    auto kept = read();
    std::erase_if(kept, [](char c) { return c == ' ' || c == '\n'; });
    EXPECT_THAT(kept, AllOf(HasSubstr(R"("note":"byhand")"),
                            HasSubstr(R"({"cluster":"other","x":{"y":[1,null]}})")));
    EXPECT_THAT(names(), ElementsAre("cluster.json", "cluster.json.lock"));

    const auto after = read();
    EXPECT_EQ(run_registry({"prune"}).out, "nothing to remove: no entry has expired\n");
    EXPECT_EQ(read(), after);
}

TEST_F(RegistryVerb, PrunesTheNodesThatAreNamed) {
    write({entry("1", 1s, kDay), entry("2", 1s, kDay), entry("3", 1s), entry("4", 50h, kDay)});

    const Result result = run_registry({"prune", "3", "uuid-of-2", "2", "-o", "json"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(ids(), ElementsAre("1", "4")) << "4 has expired, but was not named";
    const auto answer = Poco::JSON::Parser().parse(result.out).extract<Poco::JSON::Object::Ptr>();
    EXPECT_FALSE(answer->getValue<bool>("dryRun"));
    EXPECT_EQ(answer->getArray("removed")->size(), 2U);
}

TEST_F(RegistryVerb, RemovesNothingIfANodeIsUnknownOrAmbiguous) {
    write({entry("1", 1s), entry("1", 1s, "", "other"), entry("2", 1s)});
    const auto before = read();

    const Result unknown = run_registry({"prune", "2", "9"});
    EXPECT_EQ(unknown.code, 1);
    EXPECT_THAT(unknown.err, HasSubstr("no entry of node 9"));
    const Result twice = run_registry({"prune", "1"});
    EXPECT_EQ(twice.code, 1);
    EXPECT_THAT(twice.err,
                AllOf(HasSubstr("several entries have the id 1"), HasSubstr("of cluster other")));
    EXPECT_EQ(read(), before);

    EXPECT_EQ(run_registry({"prune", "1", "--cluster", "other"}).code, 0);
    EXPECT_THAT(ids(), ElementsAre("1", "2"));
}

TEST_F(RegistryVerb, TakesAFileOfTheWorkingDirectory) {
    write({entry("1", 90s, kDay)});
    const auto before = fs::current_path();
    fs::current_path(folder_);
    const Result found = run_words({"registry", "list", "--file", file_.filename()});
    const Result missing = run_words({"registry", "list", "--file", "missing.json"});
    fs::current_path(before);
    EXPECT_EQ(found.code, 0) << found.err;
    EXPECT_EQ(missing.code, 1);
    EXPECT_THAT(missing.err, HasSubstr("there is no registry missing.json"));
}

TEST_F(RegistryVerb, NamesAFileThatCannotBeUsed) {
    for (const auto* verb : {"list", "prune"}) {
        const Result missing = run_registry({verb});
        EXPECT_EQ(missing.code, 1);
        EXPECT_THAT(missing.err, AllOf(HasSubstr("there is no registry " + file_.string()),
                                       HasSubstr("--file must be")));
    }
    EXPECT_THAT(names(), IsEmpty());
    for (const auto* garbage : {"", "garbled", "[]", R"({"nodes":7})"}) {
        std::ofstream(file_) << garbage;
        for (const auto* verb : {"list", "prune"}) {
            const Result result = run_registry({verb});
            EXPECT_EQ(result.code, 65) << garbage;
            EXPECT_THAT(result.err, HasSubstr(file_.string() + " cannot be read: it"));
        }
        EXPECT_EQ(read(), garbage);
    }
    fs::remove_all(folder_);
    EXPECT_EQ(run_registry({"list"}).code, 78) << "the folder is missing, too";
    fs::create_directory(folder_);
}

TEST_F(RegistryVerb, WaitsForTheLockOfTheDaemonsForALimitedTime) {
    write({entry("2", 50h, kDay)});
    const int held = ::open((file_.string() + ".lock").c_str(), O_RDWR | O_CREAT, 0600);
    ASSERT_EQ(::flock(held, LOCK_EX), 0);

    const Result result = run_registry({"prune"});

    EXPECT_EQ(result.code, 69);
    EXPECT_THAT(result.err, HasSubstr("has been locked by another process"));
    EXPECT_THAT(ids(), ElementsAre("2"));
    EXPECT_EQ(run_registry({"list"}).code, 0) << "who only reads needs no lock";
    ::close(held);
}

TEST_F(RegistryVerb, KeepsTheOwnerOfTheFile) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may give a file to another user";
    write({entry("1", 1s, kDay), entry("2", 50h, kDay)});
    ASSERT_EQ(::chown(file_.c_str(), 65534, 65534), 0);

    EXPECT_EQ(run_registry({"prune"}).code, 0);

    for (const auto& each : {file_, fs::path(file_.string() + ".lock")}) {
        struct stat facts {};
        ASSERT_EQ(::stat(each.c_str(), &facts), 0);
        EXPECT_EQ(facts.st_uid, 65534U) << each;
    }
    EXPECT_THAT(ids(), ElementsAre("1"));
}

TEST_F(RegistryVerb, ChangesTheFileAndNotTheLinkToIt) {
    write({entry("2", 50h, kDay)});
    fs::rename(file_, folder_ / "real.json");
    fs::create_symlink("real.json", file_);

    EXPECT_EQ(run_registry({"prune"}).code, 0);

    EXPECT_TRUE(fs::is_symlink(file_));
    EXPECT_THAT(names(), ElementsAre("cluster.json", "real.json", "real.json.lock"));
}

TEST_F(RegistryVerb, PrintsNoControlCharacters) {
    write({R"({"cluster":"d\u001b[2J","id":"\u0007","uuid":"\u009b","addresses":["\u001bc"]})"});

    const auto shown = run_registry({"list"}).out + run_registry({"prune", "--dry-run"}).out;

    EXPECT_THAT(shown, Not(HasSubstr("\x1b")));
    EXPECT_THAT(shown, Not(HasSubstr("\x07")));
}

}  // namespace
}  // namespace electiond::ctl
