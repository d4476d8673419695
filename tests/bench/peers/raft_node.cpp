// A node of a cluster on libraft (Debian: libraft-dev), to compare its elections with ours.
//
// raft_node ID FOLDER CONTROL_PORT HEARTBEAT_MS ELECTION_TIMEOUT_MS ADDRESS…: the addresses
// (HOST:PORT) are those of nodes 1, 2 and so on, and ID says which of them is its own. To the
// control port of its host it answers lines: "state" by "STATE LEADER LAST_INDEX" (STATE 3 leads),
// "transfer ID" by "ok" or "refused".
#include <uv.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

extern "C" {  // its headers do not say so themselves
#include <raft.h>
#include <raft/uv.h>
}

namespace {

void must(int status, const std::string& what) {
    if (status == 0) return;
    std::cerr << what << ": " << raft_strerror(status) << std::endl;
    std::exit(1);
}

// Its log has no entries but those of libraft itself.
int apply(raft_fsm*, const raft_buffer*, void** result) {
    *result = nullptr;
    return 0;
}
int snapshot(raft_fsm*, raft_buffer* buffers[], unsigned* count) {
    *buffers = nullptr;
    *count = 0;
    return 0;
}
int restore(raft_fsm*, raft_buffer* buffer) {
    raft_free(buffer->base);
    return 0;
}

class Node {
  public:
    Node(uv_loop_t& loop, raft_id id, const std::string& folder, unsigned heartbeat,
         unsigned election, const std::vector<std::string>& addresses)
        : loop_(loop) {
        must(raft_uv_tcp_init(&transport_, &loop_), "transport");
        must(raft_uv_init(&io_, &loop_, folder.c_str(), &transport_), "io");
        raft_uv_set_connect_retry_delay(&io_, election);  // else a second
        fsm_.version = 1;
        fsm_.apply = apply;
        fsm_.snapshot = snapshot;
        fsm_.restore = restore;
        must(raft_init(&raft_, &io_, &fsm_, id, addresses.at(id - 1).c_str()), "init");
        raft_set_heartbeat_timeout(&raft_, heartbeat);
        raft_set_election_timeout(&raft_, election);
        raft_set_pre_vote(&raft_, true);  // as dqlite does; it makes fail-overs shorter
        bootstrap(addresses);
        must(raft_start(&raft_), "start");
    }

    // The answer to a line of a client.
    std::string answer(const std::string& line) {
        if (line.starts_with("transfer ")) return transfer(std::stoull(line.substr(9)));
        raft_id leader = 0;
        const char* address = nullptr;
        raft_leader(&raft_, &leader, &address);
        return std::to_string(raft_state(&raft_)) + " " + std::to_string(leader) + " " +
               std::to_string(raft_last_index(&raft_));
    }

  private:
    void bootstrap(const std::vector<std::string>& addresses) {
        raft_configuration voters;
        raft_configuration_init(&voters);
        for (std::size_t n = 0; n < addresses.size(); ++n) {
            must(raft_configuration_add(&voters, n + 1, addresses[n].c_str(), RAFT_VOTER), "voter");
        }
        const int status = raft_bootstrap(&raft_, &voters);
        raft_configuration_close(&voters);
        if (status != RAFT_CANTBOOTSTRAP) must(status, "bootstrap");  // else it was done before
    }

    std::string transfer(raft_id target) {
        if (raft_state(&raft_) != RAFT_LEADER || transferring_) return "refused";
        request_.data = this;
        transferring_ = raft_transfer(&raft_, &request_, target, [](raft_transfer_request* done) {
                            static_cast<Node*>(done->data)->transferring_ = false;
                        }) == 0;
        return transferring_ ? "ok" : "refused";
    }

    using raft_transfer_request = struct raft_transfer;
    uv_loop_t& loop_;
    raft_uv_transport transport_{};
    raft_io io_{};
    raft_fsm fsm_{};
    raft raft_{};
    raft_transfer_request request_{};
    bool transferring_ = false;
};

// One client on the control port.
struct Client {
    uv_tcp_t socket{};
    Node* node = nullptr;
    std::string read;
    std::array<char, 256> buffer{};

    static void close(Client* client) {
        uv_close(reinterpret_cast<uv_handle_t*>(&client->socket), [](uv_handle_t* handle) {
            std::unique_ptr<Client>(static_cast<Client*>(handle->data)).reset();
        });
    }

    static void allocate(uv_handle_t* handle, std::size_t, uv_buf_t* to) {
        auto& buffer = static_cast<Client*>(handle->data)->buffer;
        *to = uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
    }

    static void receive(uv_stream_t* stream, ssize_t size, const uv_buf_t* from) {
        auto* client = static_cast<Client*>(stream->data);
        if (size < 0) return close(client);
        client->read.append(from->base, static_cast<std::size_t>(size));
        for (auto end = client->read.find('\n'); end != std::string::npos;
             end = client->read.find('\n')) {
            auto text = client->node->answer(client->read.substr(0, end)) + "\n";
            client->read.erase(0, end + 1);
            const auto piece = uv_buf_init(text.data(), static_cast<unsigned>(text.size()));
            // So short an answer always fits into the empty buffer of the socket.
            if (uv_try_write(stream, &piece, 1) < 0) return close(client);
        }
    }
};

void accept(uv_stream_t* listening, int status) {
    if (status < 0) return;
    auto client = std::make_unique<Client>();
    client->node = static_cast<Node*>(listening->data);
    client->socket.data = client.get();
    uv_tcp_init(listening->loop, &client->socket);
    auto* owned = client.release();  // Client::close frees it
    auto* stream = reinterpret_cast<uv_stream_t*>(&owned->socket);
    uv_tcp_nodelay(&owned->socket, 1);
    if (uv_accept(listening, stream) != 0 ||
        uv_read_start(stream, Client::allocate, Client::receive) != 0) {
        Client::close(owned);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 7) {
        std::cerr << "raft_node ID FOLDER CONTROL_PORT HEARTBEAT_MS ELECTION_TIMEOUT_MS ADDRESS…\n";
        return 64;
    }
    std::signal(SIGPIPE, SIG_IGN);  // libuv writes to sockets that the other side has closed
    const std::vector<std::string> words(argv + 1, argv + argc);
    const std::vector<std::string> addresses(words.begin() + 5, words.end());
    const auto id = std::stoul(words[0]);
    uv_loop_t loop;
    must(uv_loop_init(&loop), "loop");
    Node node(loop, id, words[1], static_cast<unsigned>(std::stoul(words[3])),
              static_cast<unsigned>(std::stoul(words[4])), addresses);

    const auto& own = addresses.at(id - 1);
    sockaddr_in address{};
    must(uv_ip4_addr(own.substr(0, own.find(':')).c_str(), std::stoi(words[2]), &address),
         "address");
    uv_tcp_t listening;
    listening.data = &node;
    must(uv_tcp_init(&loop, &listening), "control port");
    must(uv_tcp_bind(&listening, reinterpret_cast<const sockaddr*>(&address), 0), "control port");
    must(uv_listen(reinterpret_cast<uv_stream_t*>(&listening), 16, accept), "control port");
    return uv_run(&loop, UV_RUN_DEFAULT);
}
