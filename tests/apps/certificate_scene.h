// The settings of node 1 of cluster "lab", with certificates in a folder of its own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "certificate_files.h"
#include "settings_scene.h"
#include "support/test_ca.h"

namespace electiond {

class CertificateScene {
  public:
    static TestCa::Wish right() { return {.names = {"URI:electiond://lab/1"}}; }

    CertificateScene() {
        std::filesystem::copy_file(ca.file(), folder() / "ca.crt");
        put(right());
    }

    [[nodiscard]] const std::filesystem::path& folder() const { return scene_.folder(); }

    // Replaces node.crt and node.key, as cp does.
    TestCa::Files put(const TestCa::Wish& wish) { return put(ca.issue(wish)); }
    TestCa::Files put(const TestCa::Files& files) const {
        put_cert(files);
        put_key(files);
        return files;
    }
    void put_cert(const TestCa::Files& files) const { copy(files.cert, "node.crt"); }
    void put_key(const TestCa::Files& files) const { copy(files.key, "node.key"); }
    void copy(const std::filesystem::path& from, const std::string& to) const {
        std::filesystem::copy_file(from, folder() / to,
                                   std::filesystem::copy_options::overwrite_existing);
    }

    // Lines 4 and 5 of the file: `api` and `transport`.
    [[nodiscard]] Settings settings(const std::string& more = "", const std::string& node = "1",
                                    const std::string& cluster = "lab") const {
        return scene_.load(with(
            {{"node", "{id: " + node + ", data_dir: data}"},
             {"cluster", "{name: " + cluster + "}"},
             {"api", "{tls: {cert: node.crt, key: node.key}}"},
             {"transport", "{tls: {cert: node.crt, key: node.key, ca: ca.crt" + more + "}}"}}));
    }
    [[nodiscard]] std::string place(const std::string& line_and_column) const {
        return scene_.file().string() + ":" + line_and_column + ": ";
    }

    TestCa ca;

  private:
    Scene scene_;
};

}  // namespace electiond
