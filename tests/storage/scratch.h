// What the storage tests share: a folder of their own, records, and the words of an error.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include <electiond/error.h>

#include "election/durable.h"

namespace electiond {

// A folder that is gone when the test is.
class Scratch {
  public:
    Scratch() {
        std::string name = testing::TempDir() + "electiond-storage-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
        return folder_ / name;
    }

  private:
    std::filesystem::path folder_;
};

struct Fault {
    std::string line = "no error";
    int code = 0;
};

inline Fault fault(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        return {error.what(), error.code()};
    }
    return {};
}

inline std::string contents(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline void replace(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

inline Durable record_with_vote(Term term, const std::string& uuid) {
    Durable record;
    record.uuid = NodeUuid("5f0c9e86-9f4b-4d3a-8a51-000000000001");
    record.node_id = NodeId("n1");
    record.cluster_name = "demo";
    record.cluster_id = "cluster-1";
    record.starts = 3;
    record.term = term;
    record.voted_for = NodeUuid(uuid);
    record.config.number = {7, 2};
    record.config.voters = {{NodeId("n1"), record.uuid}, {NodeId("n2"), NodeUuid("u2")}};
    record.promise = Milliseconds(1000);
    return record;
}

// As large as the protocol lets one become: seven voters, 64 banned, ids of 64 letters.
inline Durable largest_record() {
    const auto uuid = [](int i) {
        return NodeUuid("5f0c9e86-9f4b-4d3a-8a51-" + std::to_string(100000000000 + i));
    };
    auto record = record_with_vote(kNumberMax, uuid(2).value);
    record.starts = kNumberMax;
    record.config.number = {kNumberMax, kNumberMax};
    record.promise = kPromiseMax;
    record.cluster_id = uuid(0).value;
    record.config.voters.clear();
    for (int i = 0; i < 7; ++i) {
        record.config.voters.push_back({NodeId(std::string(63, 'n') + std::to_string(i)), uuid(i)});
    }
    record.founding_set = record.config.voters;
    for (int i = 0; i < 64; ++i) record.config.banned.push_back(uuid(100 + i));
    for (int i = 0; i < 8; ++i) record.supersedes.push_back(uuid(200 + i).value);
    record.left = true;
    return record;
}

}  // namespace electiond
