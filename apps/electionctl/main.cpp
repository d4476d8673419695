// electionctl: the operator's client of electiond.
#include <iostream>

#include "electionctl/run.h"

int main(int argc, char** argv) {
    return electiond::ctl::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
