// The page by which a test steers the library that stands between a node and its system.
#include "control_page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace electiond::lab {
namespace {

[[noreturn]] void failed(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// The library is loaded before a sanitizer's own, which would mind.
std::string options_of(const char* sanitizer) {
    const char* already = std::getenv(sanitizer);
    return std::string(sanitizer) + "=verify_asan_link_order=0:" + (already ? already : "");
}

}  // namespace

ControlPage::ControlPage(const std::filesystem::path& file) : file_(file) {
    const int page = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (page < 0 || ::ftruncate(page, sizeof(Control)) != 0) failed(file);
    void* found = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    ::close(page);
    if (found == MAP_FAILED) failed(file);
    page_ = static_cast<Control*>(found);
}

ControlPage::~ControlPage() { ::munmap(page_, sizeof(Control)); }

std::vector<std::string> ControlPage::command() const {
    return {"/usr/bin/env", std::string("LD_PRELOAD=") + ELECTIOND_LAB_PRELOAD,
            options_of("ASAN_OPTIONS"), std::string(kControl) + "=" + file_.string()};
}

}  // namespace electiond::lab
