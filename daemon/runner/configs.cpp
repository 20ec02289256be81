#include "daemon/runner/configs.hpp"
#include "daemon/io/files.hpp"
#include "daemon/step/fd.hpp"
#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

namespace backstop::runner {
namespace {

constexpr std::size_t kFileLimit = std::size_t{16} << 20;

bool is_hash(const std::string& text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Empty: only root can change it.
std::string writable_by_others(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return path + ": " + std::strerror(errno);
  if (st.st_uid != 0) return path + " belongs to uid " + std::to_string(st.st_uid) + ": chown root " + path;
  if ((st.st_mode & 022) != 0) return path + " can be written by others than root: chmod go-w " + path;
  return {};
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Status write_durably(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  const step::Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file || !step::write_all(file.get(), text) || ::fsync(file.get()) != 0 ||
      ::rename(fresh.c_str(), path.c_str()) != 0)
    return fail(Errc::io, path + ": " + std::strerror(errno));
  return {};
}

} // namespace

config::Files root_files() {
  config::Files files = config_files();
  files.read = [read = files.read](const std::string& path) -> Result<std::string> {
    for (const std::string& part : {directory_of(path), path}) {
      if (std::string why = writable_by_others(part); !why.empty()) return fail(Errc::refused, std::move(why));
    }
    return read(path);
  };
  return files;
}

Configs::Configs(std::string path, std::string archive, config::Files files)
    : path_(std::move(path)), archive_(std::move(archive)), files_(std::move(files)) {}

Result<config::Service> Configs::current(const std::string& service, const std::string& hash) {
  config::LoadOutcome loaded = config::load(path_, files_);
  for (config::Service& found : loaded.config.services) {
    if (found.key() != service) continue;
    if (found.hash == hash) return std::move(found);
    return fail(Errc::not_found, found.file + " was changed since backstopd read it: backstopctl reload");
  }
  if (!loaded.ok()) return fail(Errc::invalid, config::text_of(loaded.faults.front()));
  return fail(Errc::not_found, "service " + service.substr(0, 128) + " is not configured in " + path_);
}

Status Configs::remember(const std::string& service, const std::string& hash) {
  if (!is_hash(hash)) return fail(Errc::invalid, "the hash of a configuration has 64 hex digits");
  if (this->service(service, hash) && read_file(archive_ + "/" + hash + ".yaml", kFileLimit)) return {};
  const Result<config::Service> found = current(service, hash);
  if (!found) return found.error();
  return write_durably(archive_ + "/" + hash + ".yaml", found->text);
}

Result<config::Service> Configs::service(const std::string& service, const std::string& hash) {
  if (!is_hash(hash)) return fail(Errc::invalid, "the hash of a configuration has 64 hex digits");
  const std::string kept = archive_ + "/" + hash + ".yaml";
  const Result<std::string> text = read_file(kept, kFileLimit);
  if (!text) return current(service, hash);
  if (files_.sha256(*text) != hash)
    return fail(Errc::invalid, kept + " is damaged: remove it, then backstopctl reload");
  config::ServiceOutcome outcome = config::load_service(*text, kept);
  if (!outcome.ok()) return fail(Errc::invalid, config::text_of(outcome.faults.front()));
  if (outcome.service.key() != service)
    return fail(Errc::not_found, "that file is of " + outcome.service.key() + ", not of " + service.substr(0, 128));
  outcome.service.text = *text;
  outcome.service.hash = hash;
  return std::move(outcome.service);
}

Result<config::Channel> Configs::channel(const std::string& name) {
  const config::LoadOutcome loaded = config::load(path_, files_);
  for (const config::Channel& channel : loaded.config.daemon.channels) {
    if (channel.name == name) return channel;
  }
  if (!loaded.ok()) return fail(Errc::invalid, config::text_of(loaded.faults.front()));
  return fail(Errc::not_found, "channel " + name.substr(0, 128) + " is not configured in " + path_);
}

} // namespace backstop::runner
