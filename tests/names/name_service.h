// A name service that a test controls: it sets and changes what each name means.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace electiond::names {

// Names the file of a NameService in the environment of a process whose getaddrinfo() is that of
// tests/names/getaddrinfo.cpp.
inline constexpr char kVariable[] = "TEST_NAMES";
inline constexpr char kHangs[] = "hangs";
inline constexpr char kFails[] = "fails";
inline constexpr char kAskedSuffix[] = ".asked";

// Each line of the file is a name and its addresses; names that are not in it are asked of the
// system. One thread only.
class NameService {
  public:
    explicit NameService(std::filesystem::path file) : file_(std::move(file)) { write(); }

    // From the next look-up on; without an address there is no such name.
    void set(const std::string& name, const std::vector<std::string>& addresses) {
        names_[name] = addresses;
        write();
    }
    // Look-ups of it do not return until it is set.
    void hang(const std::string& name) { set(name, {kHangs}); }

    // As if no server of names answered.
    void fail(const std::string& name) { set(name, {kFails}); }

    // How often the name was asked for.
    [[nodiscard]] int asked(const std::string& name) const {
        std::ifstream asked(file_.string() + kAskedSuffix);
        int count = 0;
        for (std::string line; std::getline(asked, line);) count += line == name ? 1 : 0;
        return count;
    }

    // As a word for env(1).
    [[nodiscard]] std::string setting() const {
        return std::string(kVariable) + "=" + file_.string();
    }

  private:
    // A reader sees the whole file as it was or as it is.
    void write() const {
        const auto fresh = file_.string() + ".new";
        std::ofstream out(fresh);
        for (const auto& [name, addresses] : names_) {
            out << name;
            for (const auto& address : addresses) out << ' ' << address;
            out << '\n';
        }
        if (!out.flush()) throw std::runtime_error(fresh + " cannot be written");
        std::filesystem::rename(fresh, file_);
    }

    const std::filesystem::path file_;
    std::map<std::string, std::vector<std::string>> names_;
};

}  // namespace electiond::names
