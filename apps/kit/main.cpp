// electiond-kit: the process of one conformance case, for `electionctl plugin check`.
#include <exception>
#include <iostream>

#include "common/standard_streams.h"
#include "words.h"

namespace {

constexpr int kBroken = 70;

int broken(const char* what) {
    std::cerr << "electiond-kit: " << what << "; this is a bug, please report it\n";
    return kBroken;
}

}  // namespace

int main(int argc, char** argv) {
    electiond::open_missing_streams();
    try {
        return electiond::run_words({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        return broken(error.what());
    } catch (...) {
        return broken("an exception of an unknown kind");
    }
}
