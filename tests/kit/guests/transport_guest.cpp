// A transport within one process that keeps every rule, but for the one defect that the environment
// variable GUEST_DEFECT names, if it is set.
#include <electiond/plugin.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

namespace {

using namespace electiond;
using Clock = std::chrono::steady_clock;

// Whether this is the defect. "blocks_at_thousandth": each is a word of wrong_plugins_test.cpp.
bool has(std::string_view defect) {
    static const char* const named = std::getenv("GUEST_DEFECT");
    return named != nullptr && named == defect;
}

[[noreturn]] void hang() {
    for (;;) ::pause();
}

struct Flight {
    OnResponse on_response;
    Clock::time_point deadline;
};

// One node: what has come for it, and what it waits for. Others hold it while they respond.
struct Node {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = true;
    std::deque<std::function<void(Inbox*)>> tasks;
    std::map<int, Flight> flights;
    int last = 0;
    int reported = 0;

    void add(std::function<void(Inbox*)> task) {
        const std::lock_guard lock(mutex);
        if (open) tasks.push_back(std::move(task));
        changed.notify_all();
    }

    bool is_open() {
        const std::lock_guard lock(mutex);
        return open;
    }

    void finish(int number, Response response) {
        OnResponse on_response;
        {
            const std::lock_guard lock(mutex);
            const auto flight = flights.find(number);
            if (flight == flights.end()) return;
            on_response = std::move(flight->second.on_response);
            flights.erase(flight);
            if (has("loses_one_in_hundred") && ++reported % 100 == 0) return;
        }
        on_response(response);
        if (has("answers_twice")) on_response(response);
    }

    // Those whose time is over; of all, if `all`.
    void report_late(bool all, Response::Kind kind) {
        std::vector<int> late;
        {
            const std::lock_guard lock(mutex);
            for (const auto& [number, flight] : flights) {
                const bool over = flight.deadline <= Clock::now() && !has("ignores_timeout");
                if (all || over) late.push_back(number);
            }
        }
        for (const int number : late) finish(number, {kind, "nobody has answered"});
    }
};
using NodePtr = std::shared_ptr<Node>;

struct Bus {
    std::mutex mutex;
    std::map<std::uint16_t, NodePtr> nodes;
    std::uint16_t last = 300;  // nobody listens by TCP on the ports from here

    NodePtr find(const Endpoint& at) {
        if (at.host != "127.0.0.1" && at.host != "::1" && at.host != "localhost") return nullptr;
        const std::lock_guard lock(mutex);
        const auto found = nodes.find(at.port);
        return found == nodes.end() ? nullptr : found->second;
    }
};

Bus& bus() {
    static Bus all;
    return all;
}

// Behind each Respond.
struct Once {
    NodePtr sender, receiver;
    int number = 0;
    std::atomic<bool> given = false;

    ~Once() {
        if (!has("never_busy")) give({Response::Kind::busy, "nobody has answered"});
    }
    void give(Response response) {
        if (!given.exchange(true) && receiver->is_open()) {
            sender->finish(number, std::move(response));
        }
    }
};

class Guest : public Transport {
  public:
    explicit Guest(const PluginSetup& setup) : listen_(setup.listen) {}
    ~Guest() override {
        stop();
        if (has("keeps_thread") && node_) std::thread(hang).detach();
    }

    Endpoint start(Inbox& inbox) override {
        if (has("throws_from_start")) throw Error("cannot start today", Error::os);
        const bool local =
            listen_.host == "127.0.0.1" || listen_.host == "::1" || listen_.host == "localhost";
        const std::lock_guard lock(bus().mutex);
        if (!local || bus().nodes.contains(listen_.port)) {
            throw Error(
                "cannot listen on " + (has("names_no_address") ? "it" : listen_.to_string()),
                Error::os);
        }
        if (listen_.port == 0) listen_.port = ++bus().last;
        run(&inbox);
        bus().nodes[listen_.port] = node_;
        return {listen_.host, has("returns_port_0") ? std::uint16_t{0} : listen_.port};
    }

    void start_sending() override { run(nullptr); }

    bool keeps_limits() const noexcept override { return has("lies_about_limits"); }
    bool can_authenticate() const noexcept override { return has("lies_about_tls"); }

    void send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
              OnResponse on_response) noexcept override {
        const int number = begin(std::move(on_response), timeout);
        misbehave(number, request);
        const auto receiver = bus().find(to);
        const auto sender = node_;
        if (!receiver || request.name.find_first_of(" \r\n/") != std::string::npos ||
            request.name.empty()) {
            if (has("drops_at_stop")) return;  // is owed until then
            sender->add([sender, number, to](Inbox*) {
                sender->finish(number,
                               {Response::Kind::unreachable, to.to_string() + " is not there"});
            });
            return;
        }
        request.source = "";
        if (!has("believes_sender")) request.verified_names.clear();
        receiver->add([sender, receiver, number, request](Inbox* inbox) {
            const auto once = std::make_shared<Once>();
            once->sender = sender;
            once->receiver = receiver;
            once->number = number;
            inbox->deliver(request, [once](Response response) {
                response.verified_names.clear();
                once->give(std::move(response));
            });
        });
    }

    void stop() noexcept override {
        if (!thread_.joinable()) return;
        if (has("blocks_in_stop")) hang();
        {
            const std::lock_guard lock(bus().mutex);
            std::erase_if(bus().nodes, [&](const auto& each) { return each.second == node_; });
        }
        {
            const std::lock_guard lock(node_->mutex);
            node_->open = false;
            node_->changed.notify_all();
        }
        thread_.join();
        if (!has("drops_at_stop")) node_->report_late(true, Response::Kind::unreachable);
        node_->tasks.clear();
    }

  private:
    int begin(OnResponse on_response, std::chrono::milliseconds timeout) {
        const std::lock_guard lock(node_->mutex);
        node_->flights[++node_->last] = {std::move(on_response), Clock::now() + timeout};
        node_->changed.notify_all();
        return node_->last;
    }

    static void misbehave(int number, Request& request) {
        if (has("blocks_at_thousandth") && number == 1000) hang();
        if (has("changes_bodies") && !request.body.empty()) request.body.pop_back();
        if (has("crashes_at_size") && request.body.size() > 60'000) std::abort();
        if (has("exits")) ::_exit(0);
        if (has("keeps_threads")) std::thread(hang).detach();
        if (has("mixes_answers") && number % 50 == 0) request.body = "1";  // another's
        if (has("mixes_lanes")) request.lane = Lane::election;
    }

    void run(Inbox* inbox) {
        node_ = std::make_shared<Node>();
        thread_ = std::thread([node = node_, inbox] {
            std::unique_lock lock(node->mutex);
            while (node->open) {
                if (node->tasks.empty()) node->changed.wait_for(lock, std::chrono::milliseconds(5));
                auto tasks = std::exchange(node->tasks, {});
                lock.unlock();
                for (const auto& task : tasks) task(inbox);
                node->report_late(false, Response::Kind::timed_out);
                lock.lock();
            }
        });
    }

    Endpoint listen_;
    NodePtr node_;
    std::thread thread_;
};

}  // namespace

ELECTIOND_TRANSPORT_PLUGIN("transport_guest", "1.0", Guest);
