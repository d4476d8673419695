// Reads the registry when its facts have changed.
#include "file_registry/reader.h"

#include <utility>

#include "file_registry/registry.h"

namespace electiond::discovery {

namespace fs = std::filesystem;

Reader::Reader(std::string cluster, fs::path path, World world)
    : cluster_(std::move(cluster)), path_(std::move(path)), world_(std::move(world)) {}

// Reads the facts first, then the text: if the file changes in between, the next look() finds other
// facts. Reads the clock after the facts and before the text, so that the measured time without a
// change is never too long.
const Reader::Found& Reader::look() {
    const auto facts = world_.facts(path_);
    const auto now = world_.clock();
    const bool same = facts && facts == facts_;
    const bool settles = same && !settled_ && now - since_ >= kSettled;
    if (same && !settles) {
        if (found_.peers) ages_.looked(now);
        return found_;
    }
    facts_.reset();  // stays empty if the file can't be read
    read(now);
    facts_ = facts;
    settled_ = settles;
    if (!same) since_ = now;
    return found_;
}

void Reader::read(Instant now) {
    found_ = {};
    const auto file = location();
    const auto text = registry::read_file(file, registry::Document::kSizeMax);
    if (!text) return;
    try {
        const Registry registry(cluster_, *text, file.string());
        ages_.looked(now);
        ages_.saw(registry, now);
        found_.peers = registry.peers();
        found_.others = registry.others();
    } catch (const Error& error) {
        found_.garbled = error;
    }
}

}  // namespace electiond::discovery
