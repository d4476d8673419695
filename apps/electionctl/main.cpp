// electionctl: the operator's client of electiond.
#include <iostream>

#include "common/standard_streams.h"
#include "electionctl/run.h"

int main(int argc, char** argv) {
    electiond::open_missing_streams();
    return electiond::ctl::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
