// The folder of `electionctl tls`: an authority, certificates and keys, written so that no file is
// ever incomplete, and none is lost.
#include "electionctl/certificate_folder.h"

#include <electiond/error.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace electiond::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAuthority = "ca";

[[noreturn]] void fail(const std::string& what, const fs::path& file) {
    const int error = errno;
    throw Error("cannot " + what + " " + file.string() + ": " + std::strerror(error), Error::disk);
}

fs::path unfinished(const fs::path& file) {
    return file.parent_path() / ("." + file.filename().string() + ".new");
}
fs::path former(const fs::path& file) { return file.string() + ".old"; }

// An existing file of this name is left over from an interrupted run, since the folder is ours and
// locked.
void write_unfinished(const fs::path& file, const std::string& text, mode_t mode) {
    const auto name = unfinished(file);
    ::unlink(name.c_str());
    const io::Descriptor out(
        ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!out.open()) fail("write", name);
    for (std::size_t done = 0; done < text.size();) {
        const auto count = ::write(out.get(), text.data() + done, text.size() - done);
        if (count < 0 && errno != EINTR) fail("write", name);
        if (count > 0) done += static_cast<std::size_t>(count);
    }
    if (::fchmod(out.get(), mode) != 0 || ::fsync(out.get()) != 0) fail("write", name);
}

// link(2) fails if the name is taken; rename(2) would overwrite.
void finish_as_new(const fs::path& file) {
    if (::link(unfinished(file).c_str(), file.c_str()) != 0) fail("write", file);
    ::unlink(unfinished(file).c_str());
}

void keep_former(const fs::path& file) {
    ::unlink(former(file).c_str());
    if (::link(file.c_str(), former(file).c_str()) != 0 && errno != ENOENT) {
        fail("keep the old one as", former(file));
    }
}

void finish_as_next(const fs::path& file) {
    if (::rename(unfinished(file).c_str(), file.c_str()) != 0) fail("write", file);
}

bool is_taken(const fs::path& file) {
    struct stat status {};
    return ::lstat(file.c_str(), &status) == 0;
}

}  // namespace

CertificateFolder::CertificateFolder(const fs::path& folder, Missing missing) : folder_(folder) {
    if (missing == Missing::is_made && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        fail("create the directory", folder);
    }
    handle_ = io::Descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle_.open()) {
        if (errno != ENOENT) fail("open the directory", folder);
        throw Error("there is no directory " + folder.string() +
                        ": name with --dir the one that electionctl tls init has made",
                    Error::refused);
    }
    check_owner();
    if (::flock(handle_.get(), LOCK_EX | LOCK_NB) != 0) {
        throw Error("another electionctl works in " + folder.string() + ": wait until it has ended",
                    Error::refused);
    }
}

// Anyone who may write there could add an authority of their own, or replace a key.
void CertificateFolder::check_owner() const {
    struct stat status {};
    if (::fstat(handle_.get(), &status) != 0) fail("examine", folder_);
    if (status.st_uid != ::geteuid()) {
        throw Error(folder_.string() + " belongs to another user (" +
                        std::to_string(status.st_uid) +
                        "): use a directory of your own for private keys",
                    Error::refused);
    }
    if ((status.st_mode & 0022) != 0) {
        throw Error("others may write in " + folder_.string() +
                        ", so private keys are not safe there: chmod go-w it, or choose another",
                    Error::refused);
    }
}

fs::path CertificateFolder::cert(const std::string& name) const {
    return folder_ / (name + ".crt");
}
fs::path CertificateFolder::key(const std::string& name) const { return folder_ / (name + ".key"); }

std::vector<std::string> CertificateFolder::names() const {
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder_, error)) {
        const auto file = entry.path().filename().string();
        if (!file.ends_with(".crt") || file.size() == 4) continue;
        const auto name = file.substr(0, file.size() - 4);
        if (name != kAuthority) found.push_back(name);
    }
    if (error) throw Error("cannot read " + folder_.string() + ": " + error.message(), Error::disk);
    std::ranges::sort(found, [](const auto& a, const auto& b) {
        const auto digits = [](const std::string& text) {
            return text.find_first_not_of("0123456789") == std::string::npos;
        };
        if (digits(a) && digits(b) && a.size() != b.size()) return a.size() < b.size();
        return a < b;
    });
    return found;
}

Authority CertificateFolder::authority() const {
    for (const auto& file : {cert(kAuthority), key(kAuthority)}) {
        if (is_taken(file)) continue;
        throw Error("there is no " + file.string() +
                        ": restore it from where it is kept, or make a new authority with "
                        "electionctl tls init in another directory",
                    Error::data);
    }
    struct stat status {};
    if (::stat(key(kAuthority).c_str(), &status) == 0 && (status.st_mode & 0077) != 0) {
        throw Error("others may read " + key(kAuthority).string() +
                        ", and anyone who has it can be any node: chmod 600 it, and consider who "
                        "may have read it",
                    Error::refused);
    }
    return Authority::read(cert(kAuthority), key(kAuthority));
}

void CertificateFolder::refuse_existing(const std::vector<Entry>& entries) const {
    std::string found;
    for (const auto& entry : entries) {
        for (const auto& file : {cert(entry.name), key(entry.name)}) {
            if (is_taken(file)) found += (found.empty() ? "" : ", ") + file.filename().string();
        }
    }
    if (found.empty()) return;
    const auto last = cert(entries.back().name);
    throw Error(folder_.string() + " holds already: " + found +
                    "; nothing was written. electionctl tls renew replaces certificates, tls add "
                    "makes one for another node" +
                    (is_taken(last)
                         ? ""
                         : "; if an earlier run was interrupted before it had written " +
                               last.filename().string() + ", remove the named files and repeat it"),
                Error::refused);
}

void CertificateFolder::write_new(const std::vector<Entry>& entries) const {
    for (const auto& entry : entries) {
        if (!entry.pem.key.empty()) write_unfinished(key(entry.name), entry.pem.key, 0600);
        write_unfinished(cert(entry.name), entry.pem.cert, 0644);
    }
}

void CertificateFolder::add(const std::vector<Entry>& entries) const {
    refuse_existing(entries);
    write_new(entries);
    for (const auto& entry : entries) {
        finish_as_new(key(entry.name));
        finish_as_new(cert(entry.name));
    }
    synchronize();
}

void CertificateFolder::replace(const std::vector<Entry>& entries) const {
    write_new(entries);
    for (const auto& entry : entries) {
        for (const auto& file : {key(entry.name), cert(entry.name)}) keep_former(file);
        for (const auto& file : {key(entry.name), cert(entry.name)}) finish_as_next(file);
    }
    synchronize();
}

void CertificateFolder::write_revocations(const std::string& text) const {
    write_unfinished(revocations(), text, 0644);
    finish_as_next(revocations());
    synchronize();
}

void CertificateFolder::synchronize() const {
    if (::fsync(handle_.get()) != 0) fail("write", folder_);
}

}  // namespace electiond::ctl
