#include "daemon/io/files.hpp"
#include "daemon/record.hpp"
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

namespace backstop {
namespace {

constexpr std::size_t kConfigBytes = std::size_t{1} << 20;
constexpr std::size_t kSecretBytes = std::size_t{64} << 10;

Error system_error(const std::string& what) { return fail(Errc::io, what + ": " + std::strerror(errno)); }

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

} // namespace

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) {
    const Errc code = errno == ENOENT ? Errc::not_found : Errc::io;
    return Error{code, path + ": " + std::strerror(errno)};
  }
  struct stat info {};
  if (::fstat(file.fd, &info) == 0 && !S_ISREG(info.st_mode)) return fail(Errc::invalid, path + ": is no regular file");
  std::string text;
  std::array<char, 8192> buffer{};
  for (;;) {
    const ssize_t n = ::read(file.fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path);
    if (n == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > max_bytes) {
      return fail(Errc::too_large, path + ": is larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

config::Files config_files() {
  config::Files files;
  files.read = [](const std::string& path) { return read_file(path, kConfigBytes); };
  files.glob = [](const std::string& pattern) -> Result<std::vector<std::string>> {
    glob_t found{};
    const int rc = ::glob(pattern.c_str(), 0, nullptr, &found);
    std::vector<std::string> paths;
    for (std::size_t i = 0; rc == 0 && i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
    ::globfree(&found);
    if (rc != 0 && rc != GLOB_NOMATCH) return fail(Errc::io, pattern + ": cannot be searched");
    return paths;
  };
  files.sha256 = [](std::string_view text) { return sha256_hex(text); };
  return files;
}

ReadSecret secret_reader() {
  return [](const config::Secret& secret) -> Result<std::string> {
    if (!secret.inline_value.empty()) return secret.inline_value;
    std::string path = secret.file;
    if (!secret.credential.empty()) {
      const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
      if (!directory) {
        return fail(Errc::not_found,
                    "credential '" + secret.credential +
                        "': there is no credentials directory; run under systemd with LoadCredential=" +
                        secret.credential + ":PATH, set CREDENTIALS_DIRECTORY, or use {file: PATH}");
      }
      path = std::string(directory) + "/" + secret.credential;
    }
    Result<std::string> text = read_file(path, kSecretBytes);
    if (!text) return text.error().in("secret");
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    return text;
  };
}

Status check_writable(const std::string& path) {
  if (::access(path.c_str(), W_OK) == 0) return {};
  return system_error(path + ": cannot be written");
}

Result<std::string> read_link(const std::string& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::read_symlink(path, error);
  if (error) return fail(Errc::io, path + ": " + error.message());
  return target.string();
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "localhost";
  return name.data();
}

std::string boot_id() {
  Result<std::string> text = read_file("/proc/sys/kernel/random/boot_id", 64);
  if (!text) return "unknown";
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return *text;
}

Status ensure_parent(const std::string& path, unsigned mode) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (parent.empty() || ::mkdir(parent.c_str(), mode) == 0 || errno == EEXIST) return {};
  return system_error(parent.string() + ": cannot be made");
}

} // namespace backstop
