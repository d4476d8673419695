// The probing program of the tests: what `electiond --probe-plugin FILE` does, and nothing else.
#include <cstring>

#include "host/probe.h"

int main(int count, char** arguments) {
    if (count != 3 || std::strcmp(arguments[1], electiond::kProbeOption) != 0) return 64;
    return electiond::probe_plugin(arguments[2]);
}
