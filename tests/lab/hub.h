// The test process's own network and mounts: the middle of the star that joins the nodes of a lab.
#pragma once

#include <string>
#include <vector>

namespace electiond::lab {

// Moves this process permanently into a network namespace that routes between the nodes, and into a
// mount namespace with an empty /run, which holds all files of a lab. Both have no name, so they
// end with the last process in them, even if the test crashes. Call it before the first thread.
// Returns "", or the reason why this is impossible here.
[[nodiscard]] const std::string& enter_hub();

// A network namespace joined to the hub by one cable.
class Outpost {
  public:
    // `cable` names the hub's end; the address is an IPv4 address.
    Outpost(const std::string& cable, const std::string& address);
    Outpost(const Outpost&) = delete;
    Outpost& operator=(const Outpost&) = delete;
    ~Outpost();

    [[nodiscard]] std::string path() const;  // for nsenter --net=

  private:
    int handle_;
};

struct Direction {
    std::string from, to;  // addresses
};
// What the hub drops of the packets that go between addresses of one subnet, as in "10.77.1".
class Cuts {
  public:
    explicit Cuts(const std::string& subnet);
    // Drops exactly these from now on, all at the same instant.
    void set(const std::vector<Direction>& directions);
    // Also drops this share of all others at random from now on. Throws std::runtime_error if the
    // kernel does not support that.
    void lose(double share);

  private:
    void apply() const;

    std::string chain_;
    std::vector<Direction> directions_{};
    double lost_ = 0;
};

// Runs a program to its end; throws std::runtime_error with its output if its exit code is not 0.
void must_run(const std::vector<std::string>& command);

}  // namespace electiond::lab
