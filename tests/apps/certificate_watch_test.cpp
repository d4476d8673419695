// Certificates that are replaced while the daemon runs: used, or refused, and then the old ones
// stay.
#include "certificate_watch.h"

#include <condition_variable>

#include "certificate_scene.h"
#include "node/clock.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// What was logged, each line with its level.
class Lines {
  public:
    [[nodiscard]] Log log() {
        return Log([this](const LogLine& line) {
            const std::lock_guard lock(mutex_);
            lines_.push_back((line.level == LogLevel::info ? "info: " : "warning: ") +
                             line.to_string());
            changed_.notify_all();
        });
    }
    std::vector<std::string> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(lines_, {});
    }
    [[nodiscard]] bool await(const std::string& words) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, seconds(30), [&] {
            return std::ranges::any_of(
                lines_, [&](const auto& line) { return line.find(words) != std::string::npos; });
        });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> lines_;
};

// A watch on transport.tls alone; the test itself calls each look, 10 s after the last.
class CertificateWatchTest : public testing::Test {
  protected:
    void begin() {
        watch_ = std::make_unique<CertificateWatch>(files(), lines_.log(), hours(1000));
        watch_->start({{"transport", [this] {
                            if (refuses_) throw Error("the transport refuses them");
                            ++reloads_;
                        }}});
        now_ = read_boot_clock();
        wall_ = std::chrono::floor<seconds>(std::chrono::system_clock::now());
    }
    [[nodiscard]] std::vector<CertificateFiles> files() const {
        auto all = certificate_files(scene_.settings());
        std::erase_if(all, [](const auto& each) { return each.port != "transport"; });
        return all;
    }
    // What it logs at this look.
    std::vector<std::string> look(Milliseconds later = CertificateWatch::kEvery) {
        now_ += later;
        wall_ += std::chrono::duration_cast<seconds>(later);
        watch_->look(now_, wall_);
        return lines_.take();
    }
    [[nodiscard]] std::vector<std::string> problems() const {
        std::vector<std::string> all;
        const auto report = watch_->report();
        for (const auto& each : report.at(0).problems) {
            all.push_back(each.reason + ": " + each.detail);
        }
        return all;
    }

    CertificateScene scene_;
    Lines lines_;
    int reloads_ = 0;
    bool refuses_ = false;
    Instant now_{};
    std::chrono::sys_seconds wall_{};
    std::unique_ptr<CertificateWatch> watch_;
};

TEST_F(CertificateWatchTest, ReadsNothingWhileNoFileChanges) {
    scene_.put({.names = {"URI:electiond://lab/1"}, .until = hours(24 * 40)});
    begin();

    for (int i = 0; i < 3; ++i) EXPECT_THAT(look(), IsEmpty());

    EXPECT_EQ(reloads_, 0);
    EXPECT_EQ(watch_->report().at(0).port, "transport");
    EXPECT_EQ(watch_->report().at(0).not_after,
              io::read_certificates(scene_.folder() / "node.crt").front().not_after);
}

TEST_F(CertificateWatchTest, PutsReplacedFilesToUse) {
    begin();
    scene_.put({.names = {"URI:electiond://lab/1"}, .until = hours(48)});

    EXPECT_THAT(
        look(),
        ElementsAre(StartsWith("info: certificates read again: transport.tls, valid until 20")));
    EXPECT_THAT(look(), IsEmpty());

    EXPECT_EQ(reloads_, 1);
    EXPECT_EQ(watch_->report().at(0).not_after,
              io::read_certificates(scene_.folder() / "node.crt").front().not_after);
}

TEST_F(CertificateWatchTest, NoticesEachFileOfItsSection) {
    begin();
    scene_.copy(scene_.ca.file(), "ca.crt");
    EXPECT_THAT(look(), ElementsAre(HasSubstr("read again")));

    fs::rename(scene_.folder() / "node.key", scene_.folder() / "aside");
    fs::copy_file(scene_.folder() / "aside", scene_.folder() / "node.key");
    EXPECT_THAT(look(), ElementsAre(HasSubstr("read again")));
}

// As Kubernetes replaces mounted secrets: the files are links through a folder that is swapped.
TEST_F(CertificateWatchTest, FollowsLinksThatLeadElsewhere) {
    for (const auto* version : {"1", "2"}) {
        scene_.put(CertificateScene::right());
        fs::create_directory(scene_.folder() / version);
        for (const auto* name : {"node.crt", "node.key"}) {
            fs::rename(scene_.folder() / name, scene_.folder() / version / name);
        }
    }
    const auto point_to = [&](const char* version) {
        fs::create_directory_symlink(version, scene_.folder() / "fresh");
        fs::rename(scene_.folder() / "fresh", scene_.folder() / "data");
    };
    point_to("1");
    for (const auto* name : {"node.crt", "node.key"}) {
        fs::create_symlink(fs::path("data") / name, scene_.folder() / name);
    }
    begin();
    EXPECT_THAT(look(), IsEmpty());

    point_to("2");

    EXPECT_THAT(look(), ElementsAre(HasSubstr("read again")));
}

// Certificate and key are rarely replaced at the same instant.
TEST_F(CertificateWatchTest, SaysNothingOfAFaultThatIsGoneAtTheNextLook) {
    begin();
    const auto fresh = scene_.ca.issue(CertificateScene::right());
    scene_.put_cert(fresh);
    EXPECT_THAT(look(), IsEmpty());
    EXPECT_THAT(problems(), testing::Not(testing::Contains(StartsWith("certificate_not"))));
    EXPECT_EQ(reloads_, 0);

    scene_.put_key(fresh);

    EXPECT_THAT(look(), ElementsAre(StartsWith("info: certificates read again")));
    EXPECT_EQ(reloads_, 1);
}

TEST_F(CertificateWatchTest, KeepsTheOldOnesAndSaysWhyUntilTheFaultIsMended) {
    scene_.put({.names = {"URI:electiond://lab/1"}, .until = hours(24 * 40)});
    begin();
    const auto valid_until = watch_->report().at(0).not_after;
    scene_.put({.names = {"URI:electiond://lab/2"}});
    (void)look();

    EXPECT_THAT(
        look(),
        ElementsAre(AllOf(
            StartsWith(
                "warning: new certificates are not used, the old ones stay in use (valid until 20"),
            HasSubstr("transport.tls.cert is \""), HasSubstr("does not name this node"),
            HasSubstr("issue another"))));
    EXPECT_THAT(problems(),
                ElementsAre(StartsWith("certificate_not_reloaded: transport.tls.cert is \"")));
    EXPECT_EQ(watch_->report().at(0).problems.at(0).since, now_ - CertificateWatch::kEvery);
    EXPECT_EQ(watch_->report().at(0).not_after, valid_until);
    for (int i = 0; i < 5; ++i) EXPECT_THAT(look(minutes(11)), IsEmpty());
    EXPECT_THAT(look(minutes(11)), ElementsAre(HasSubstr("new certificates are not used")));
    EXPECT_EQ(reloads_, 0);

    scene_.put({.names = {"URI:electiond://lab/1"}, .until = hours(24 * 40)});

    EXPECT_THAT(look(), ElementsAre(HasSubstr("read again")));
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(CertificateWatchTest, TriesAgainAlthoughNoFileChanges) {
    begin();
    refuses_ = true;
    scene_.put(CertificateScene::right());
    (void)look();
    EXPECT_THAT(look(), ElementsAre(HasSubstr("the transport refuses them")));

    refuses_ = false;

    EXPECT_THAT(look(), ElementsAre(HasSubstr("read again")));
    EXPECT_EQ(reloads_, 1);
}

TEST_F(CertificateWatchTest, WarnsOnceADayOfWhatExpires) {
    scene_.put({.names = {"URI:electiond://lab/1"}, .until = hours(24 * 31)});
    begin();
    const auto expires = StartsWith("warning: transport.tls.cert (");

    EXPECT_THAT(look(hours(23)), IsEmpty());
    EXPECT_THAT(look(hours(24)), testing::Contains(AllOf(expires, HasSubstr("in 29 days: renew"))));
    EXPECT_THAT(problems(), testing::Contains(StartsWith("certificate_expiring: transport.tls.cert "
                                                         "(")));
    EXPECT_THAT(look(hours(23)), IsEmpty());
    EXPECT_THAT(look(hours(1)), testing::Contains(AllOf(expires, HasSubstr("in 28 days"))));
    EXPECT_THAT(look(hours(24 * 40)), testing::Contains(AllOf(expires, HasSubstr("expired on"))));
}

// ---- on its own thread --------------------------------------------------------------------------

TEST_F(CertificateWatchTest, LooksByItself) {
    CertificateWatch watch(files(), lines_.log(), Milliseconds{5});
    watch.start({{"transport", [] {}}});

    scene_.put(CertificateScene::right());

    EXPECT_TRUE(lines_.await("certificates read again: transport.tls"));
    EXPECT_TRUE(watch.stop(std::chrono::steady_clock::now() + seconds(30)));
}

TEST_F(CertificateWatchTest, ReadsAgainAtOnceAndSaysAtOnceWhatIsWrong) {
    CertificateWatch watch(files(), lines_.log(), hours(1000));
    std::atomic<int> reloads = 0;
    watch.start({{"transport", [&] { ++reloads; }}});

    watch.read_again();  // nothing has changed
    EXPECT_TRUE(lines_.await("certificates read again"));
    EXPECT_EQ(reloads, 1);
    fs::remove(scene_.folder() / "ca.crt");
    watch.read_again();

    EXPECT_TRUE(lines_.await("new certificates are not used"));
    EXPECT_TRUE(watch.stop(std::chrono::steady_clock::now() + seconds(30)));
    EXPECT_EQ(reloads, 1);
}

TEST_F(CertificateWatchTest, RefusesToBeginWithWrongFiles) {
    scene_.put({.names = {"URI:electiond://lab/2"}});

    EXPECT_THROW(begin(), Error);
}

}  // namespace
}  // namespace electiond
