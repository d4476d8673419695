// GET /events over real sockets: a client of the stream, and what happens meanwhile.
#pragma once

#include <string>
#include <utility>

#include "control_scene.h"

namespace electiond::testing {

struct StreamEvent {
    std::string name;
    std::string id;  // empty: it has none
    std::string data;

    [[nodiscard]] Index index() const { return id.empty() ? 0 : std::stoull(id); }
    [[nodiscard]] Poco::JSON::Object::Ptr object() const { return json(data); }
};

// One client of the stream.
class Watching {
  public:
    Watching(Client client, const std::string& fields, const std::string& query)
        : client_(std::move(client)) {
        client_.send(request("GET /events" + query, fields));
        head = client_.until("\r\n\r\n");
        retry = client_.until("\n\n");
    }

    // The next event or comment; empty at the end of the stream.
    std::string text() { return client_.until("\n\n"); }
    // Skips comments. The name is empty at the end.
    StreamEvent next() {
        for (;;) {
            const auto block = text();
            if (block == ":\n\n") continue;
            return {line(block, "event: "), line(block, "id: "), line(block, "data: ")};
        }
    }
    [[nodiscard]] bool is_told(Milliseconds within = 0ms) { return client_.is_answered(within); }
    Client& client() { return client_; }

    std::string head, retry;

  private:
    static std::string line(const std::string& block, const std::string& begin) {
        const auto at = block.find(begin);
        if (at == std::string::npos) return "";
        return block.substr(at + begin.size(), block.find('\n', at) - at - begin.size());
    }

    Client client_;
};

class Events : public Server {
  protected:
    static constexpr Index kFirst = (1ULL << 32) + 1;  // the journal's first entry
    static constexpr char kRetry[] = "retry: 1000\n\n";

    void SetUp() override {
        now = read_boot_clock();
        show(blank());
        Server::SetUp();
    }

    // The board shows this, and the newest entry of the journal.
    void show(Shown status) {
        status.index = journal.index();
        board.publish(status, read_boot_clock());
    }
    void happens(const Change& change, Shown status) {
        journal.note(read_boot_clock(), change);
        show(std::move(status));
    }
    void happens(const Change& change) { happens(change, blank()); }
    [[nodiscard]] Shown leading_for(Duration length) const {
        auto status = leading();
        status.leadership.lease_until = read_boot_clock() + length;
        return status;
    }
    void happens(int times) {
        for (int i = 0; i < times; ++i) happens(Change(noted(i)));
    }
    static PeerNoted noted(int n) {
        const auto id = std::to_string(n);
        return {.id = NodeId(id), .uuid = NodeUuid("uuid-" + id), .term = 7};
    }

    Watching watch(const std::string& fields = "", const std::string& query = "") {
        return {connect(), fields, query};
    }
    Watching resume(Index after) {
        return watch("Last-Event-ID: " + std::to_string(after) + "\r\n");
    }
    // Why the first event of a stream with this id is a reset; empty if it is none.
    std::string why(const std::string& id) {
        const auto first = watch("Last-Event-ID: " + id + "\r\n").next();
        return first.name == "reset" ? first.object()->getValue<std::string>("why") : "";
    }
};

}  // namespace electiond::testing
