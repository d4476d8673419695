// GET /events of real nodes: a client that connects again and again, through step-downs, kills and
// restarts, misses no change and hears none twice.
#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/StreamSocket.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using namespace std::chrono_literals;

// tests/long.sh events sets it: how many changes each client must see.
std::uint64_t changes_wanted() {
    return static_cast<std::uint64_t>(times_wanted("ELECTIOND_EVENT_CHANGES", 80));
}

// Follows one node as a browser does: it connects again with the last id that it has, also when it
// has hung up by itself, as it does every few events.
class Follower {
  public:
    Follower(std::uint16_t port, unsigned seed)
        : port_(port), random_(seed), thread_([this](const std::stop_token& stop) { run(stop); }) {}

    void end() {
        thread_.request_stop();
        thread_.join();
    }

    [[nodiscard]] std::uint64_t last() const { return last_; }
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    // After end().
    [[nodiscard]] const std::map<std::string, int>& resets() const { return resets_; }
    [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }
    [[nodiscard]] const std::map<std::uint64_t, std::string>& heard() const { return heard_; }
    [[nodiscard]] int connections() const { return connections_; }

  private:
    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            try {
                follow(stop);
            } catch (const Poco::Exception&) {  // the node is down, or has just gone
                std::this_thread::sleep_for(5ms);
            }
        }
    }

    void follow(const std::stop_token& stop) {
        Poco::Net::StreamSocket socket;
        socket.connect(Poco::Net::SocketAddress("127.0.0.1", port_), Poco::Timespan(1, 0));
        socket.setReceiveTimeout(Poco::Timespan(0, 20'000));
        std::string request = "GET /events HTTP/1.1\r\nHost: localhost\r\n";
        if (last_ != 0) request += "Last-Event-ID: " + std::to_string(last_) + "\r\n";
        request += "\r\n";
        socket.sendBytes(request.data(), static_cast<int>(request.size()));
        ++connections_;
        got_.clear();
        const auto head = read_to(socket, "\r\n\r\n", stop);
        if (!head) return;
        if (!head->starts_with("HTTP/1.1 200 ")) fault("answered " + *head);
        auto more = std::uniform_int_distribution<int>(1, 12)(random_);  // then it hangs up
        for (; more > 0; --more) {
            const auto block = read_to(socket, "\n\n", stop);
            if (!block) return;
            take(*block);
        }
    }

    // All up to the end of `mark`; nullopt if the connection ends before, or is not needed any
    // more.
    std::optional<std::string> read_to(Poco::Net::StreamSocket& socket, const std::string& mark,
                                       const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (const auto at = got_.find(mark); at != std::string::npos) {
                const auto text = got_.substr(0, at + mark.size());
                got_.erase(0, text.size());
                return text;
            }
            char bytes[4096];
            try {
                const int count = socket.receiveBytes(bytes, sizeof bytes);
                if (count <= 0) return std::nullopt;
                got_.append(bytes, static_cast<std::size_t>(count));
            } catch (const Poco::TimeoutException&) {  // nothing has happened
            }
        }
        return std::nullopt;
    }

    void take(const std::string& block) {
        const auto line = [&](const std::string& begin) {
            const auto at = block.find(begin);
            if (at == std::string::npos) return std::string();
            return block.substr(at + begin.size(), block.find('\n', at) - at - begin.size());
        };
        const auto name = line("event: ");
        const auto id = line("id: ");
        if (name.empty() || (name == "state" && id.empty())) return;
        if (id.empty()) return fault("no id: " + block);
        const auto index = std::stoull(id);
        if (block.find("\"index\":" + id) == std::string::npos) fault("not its index: " + block);
        if (name == "reset") {
            ++resets_[line("data: ").substr(line("data: ").rfind("\"why\":"))];
            heard_.clear();
        } else {
            if (index != last_ + 1) {
                fault("after " + std::to_string(last_) + " came " + block);
            }
            heard_[index] = name;
            ++changes_;
        }
        last_ = index;
    }

    void fault(const std::string& what) { faults_.push_back(what); }

    const std::uint16_t port_;
    std::mt19937 random_;
    std::atomic<std::uint64_t> last_ = 0, changes_ = 0;
    std::map<std::string, int> resets_;
    std::map<std::uint64_t, std::string> heard_;  // since the last reset
    std::vector<std::string> faults_;
    int connections_ = 0;
    std::string got_;
    std::jthread thread_;
};

class EventStreams : public testing::Test {
  protected:
    EventStreams() {
        cluster_.start_all();
        leader_ = cluster_.await_leader(3);
    }
    void SetUp() override { ASSERT_NE(leader_, 0); }

    void step_down() {
        const auto leader = cluster_.await_leader();
        ASSERT_NE(leader, 0);
        (void)cluster_.post(leader, "/step-down");
    }
    // By SIGKILL or SIGTERM in turn; leader or not.
    void restart(int round) {
        const int node = round % 3 + 1;
        if (round % 2 == 0) {
            cluster_.kill9(node);
            ASSERT_TRUE(wait_until([&] { return cluster_.leader().has_value(); }));
        } else {
            ASSERT_EQ(cluster_.stop(node), 0);
        }
        cluster_.start(node);
        ASSERT_NE(cluster_.await_leader(3), 0);
        ASSERT_TRUE(wait_until([&] { return cluster_.get(node, "/readyz").code == 200; }));
    }

    // What was heard since the last reset is what /history keeps of that time.
    void expect_as_in_history(int node, const Follower& follower) {
        const auto changes = cluster_.get(node, "/history").json->getArray("changes");
        std::map<std::uint64_t, std::string> kept;
        for (const auto& change : *changes) {
            const auto its = change.extract<Poco::JSON::Object::Ptr>();
            const auto index = its->getValue<std::uint64_t>("index");
            if (index <= follower.last()) kept[index] = its->getValue<std::string>("event");
        }
        for (const auto& [index, name] : follower.heard()) EXPECT_EQ(kept[index], name) << index;
    }

    ShownCluster cluster_{{.discovery = "static_list", .election_timeout = Milliseconds{300}}};
    int leader_ = 0;
};

TEST_F(EventStreams, AreWholeThroughStepDownsKillsAndRestarts) {
    std::map<int, std::unique_ptr<Follower>> followers;
    for (int node = 1; node <= 3; ++node) {
        followers[node] =
            std::make_unique<Follower>(cluster_.api_port(node), static_cast<unsigned>(node));
    }
    const auto fewest = [&] {
        std::uint64_t least = UINT64_MAX;
        for (const auto& [node, each] : followers) least = std::min(least, each->changes());
        return least;
    };

    int restarts = 0;
    int step_downs = 0;
    while (fewest() < changes_wanted() || restarts < 2) {
        for (int i = 0; i < 4; ++i, ++step_downs) ASSERT_NO_FATAL_FAILURE(step_down());
        ASSERT_NO_FATAL_FAILURE(restart(restarts++));
    }

    for (auto& [node, follower] : followers) {
        SCOPED_TRACE("node " + std::to_string(node));
        const auto index = [&] {
            return static_cast<std::uint64_t>(cluster_.get(node, "/status").number("index"));
        };
        ASSERT_TRUE(wait_until([&] { return follower->last() == index(); }))
            << "heard up to " << follower->last() << " of " << index();
        follower->end();
        EXPECT_THAT(follower->faults(), testing::IsEmpty());
        // One at its beginning, one for each restart of this node, and none for a gap.
        EXPECT_EQ(follower->resets().at(R"("why":"begin"})"), 1);
        EXPECT_FALSE(follower->resets().contains(R"("why":"gap"})"));
        EXPECT_GT(follower->connections(), 4) << "it was to hang up now and then";
        expect_as_in_history(node, *follower);
    }
    RecordProperty("step_downs", step_downs);
    RecordProperty("restarts", restarts);
    std::cout << step_downs << " step-downs and " << restarts << " restarts: at least " << fewest()
              << " changes for each client" << std::endl;
}

}  // namespace
}  // namespace electiond::cluster
