// A program that starts a child, tells its number and waits: for tests of what happens to the child
// when its parent dies.
#include <cstdio>

#include <io/child.h>

int main() {
    electiond::io::Child child({.command = {"/bin/sleep", "1000"}});
    std::printf("%d\n", static_cast<int>(child.pid()));
    std::fflush(stdout);
    return child.wait(std::chrono::hours(1)) ? 0 : 1;
}
