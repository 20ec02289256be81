#include "daemon/runner/configs.hpp"
#include "daemon/frozen_config.hpp"
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

/// The service with this hash among those that were read.
Result<config::Service> Configs::found_in(const config::LoadOutcome& loaded, const std::string& service,
                                          const std::string& hash) const {
  for (const auto& found : loaded.config.services) {
    if (found->key() != service) continue;
    if (found->hash == hash) return *found;
    return fail(Errc::not_found, found->file + " was changed since backstopd read it: backstopctl reload");
  }
  if (!loaded.ok()) return fail(Errc::invalid, config::text_of(loaded.faults.front()));
  return fail(Errc::not_found, "service " + service.substr(0, 128) + " is not configured in " + path_);
}

std::string Configs::place_of(const std::string& hash) const { return archive_ + "/" + hash + ".yaml"; }

/// Errc::not_found: no file of that hash was kept.
Result<config::Service> Configs::kept(const std::string& service, const std::string& hash) const {
  const std::string place = place_of(hash);
  const Result<std::string> text = read_file(place, kFileLimit);
  if (!text) return fail(Errc::not_found, text.error().what);
  if (files_.sha256(*text) != hash)
    return fail(Errc::invalid, place + " is damaged: remove it, then backstopctl reload");
  Result<config::Service> found = service_of_text(*text, place);
  if (found && found->key() != service)
    return fail(Errc::invalid, "that file is of " + found->key() + ", not of " + service.substr(0, 128));
  return found;
}

Status Configs::remember(const std::string& service, const std::string& hash) {
  if (!is_hash(hash)) return fail(Errc::invalid, "the hash of a configuration has 64 hex digits");
  if (kept(service, hash)) return {};
  const config::LoadOutcome loaded = config::load(path_, files_);
  const Result<config::Service> found = found_in(loaded, service, hash);
  if (!found) return found.error();
  if (Status written = write_durably(place_of(hash), found->text); !written) return written;
  // One reading serves all: a daemon that starts asks for each of its services.
  if (loaded.ok()) {
    for (const auto& other : loaded.config.services) {
      if (kept(other->key(), other->hash)) continue;
      if (Status written = write_durably(place_of(other->hash), other->text); !written) return written;
    }
  }
  return {};
}

Result<config::Service> Configs::service(const std::string& service, const std::string& hash) {
  if (!is_hash(hash)) return fail(Errc::invalid, "the hash of a configuration has 64 hex digits");
  Result<config::Service> found = kept(service, hash);
  if (!found && found.error().code == Errc::not_found) return found_in(config::load(path_, files_), service, hash);
  return found;
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
