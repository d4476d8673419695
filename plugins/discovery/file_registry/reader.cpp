// The registry, read when its facts have changed.
#include "file_registry/reader.h"

#include <utility>

#include "file_registry/registry.h"

namespace electiond::discovery {

namespace fs = std::filesystem;

Reader::Reader(std::string cluster, fs::path path, World world)
    : cluster_(std::move(cluster)), path_(std::move(path)), world_(std::move(world)) {}

// First the facts, then the text: where somebody changes the file in between, the next look finds
// other facts. The clock is read after the facts and before the text, so that they have stood for
// no less than it seems.
const Reader::Found& Reader::look() {
    const auto facts = world_.facts(path_);
    const auto now = world_.clock();
    const bool same = facts && facts == facts_;
    const bool settles = same && !settled_ && now - since_ >= kSettled;
    if (same && !settles) return found_;
    facts_.reset();  // for good if the file can't be read
    read();
    facts_ = facts;
    settled_ = settles;
    if (!same) since_ = now;
    return found_;
}

void Reader::read() {
    found_ = {};
    const auto file = location();
    const auto text = read_file(file, Registry::kSizeMax);
    if (!text) return;
    try {
        found_.peers = Registry(cluster_, *text, file.string()).peers();
    } catch (const Error& error) {
        found_.garbled = error;
    }
}

fs::path Reader::location() const {
    std::error_code failed;
    auto real = fs::weakly_canonical(path_, failed);
    return failed ? path_ : real;
}

}  // namespace electiond::discovery
