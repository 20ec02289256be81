#include "daemon/io/step_files.hpp"
#include "daemon/step/files.hpp"
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>

namespace backstop {
namespace {

using step::Fd;

Error system_error(const std::string& what, int error) { return fail(Errc::io, what + ": " + std::strerror(error)); }

/// FNV-1a, 64 bit (public domain, Fowler/Noll/Vo): only to shorten names; the key itself is in the command file.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

/// Readable for who looks into the directory at night, unique by the hash, and short enough for a file name.
std::string name_of(const StepKey& key) {
  const std::string text = key.text();
  std::string name;
  for (const char c : std::string_view(text).substr(0, 100)) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    name += plain ? c : '.';
  }
  static constexpr char digits[] = "0123456789abcdef";
  name += '-';
  for (int shift = 60; shift >= 0; shift -= 4) name += digits[(hash(text) >> shift) & 15];
  return name;
}

Result<std::string> read_file(int directory, const char* name) {
  const Fd file(::openat(directory, name, O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return fail(Errc::not_found, name);
  std::string text;
  if (!file || !step::read_all(file.get(), text, step::kFileLimit)) return system_error(name, errno);
  return text;
}

std::string boot_id() {
  std::string text = read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id").value_or("");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string field(const step::Fields& fields, std::string_view name) {
  for (const auto& [n, value] : fields)
    if (n == name) return value;
  return {};
}

bool has_nul(std::string_view text) { return text.find('\0') != text.npos; }

std::string command_text(const StepKey& key, const StepCommand& command) {
  std::string out;
  step::put(out, "key", key.text());
  step::put(out, "boot", boot_id());
  for (const std::string& argument : command.argv) step::put(out, "argv", argument);
  for (const auto& [name, value] : command.environment) step::put(out, "environment", name + "=" + value);
  step::put(out, "user", command.user);
  step::put(out, "directory", command.directory);
  step::put(out, "lock_file", command.lock_file);
  step::put_number(out, "timeout_us", command.timeout.count());
  step::put_number(out, "kill_after_us", command.kill_after.count());
  step::put_number(out, "output_limit", static_cast<std::int64_t>(command.output_limit));
  step::put_end(out);
  return out;
}

/// All files the step needs, and the space for its outcome. The command appears at once and whole: killed in here, we leave
/// none, which says that nothing was run.
Status fill(int directory, const std::string& command, std::size_t output_limit) {
  const Fd file(::openat(directory, step::kCommandTmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (!file || !step::write_all(file.get(), command) ||
      ::renameat(directory, step::kCommandTmp, directory, step::kCommand) != 0)
    return system_error(step::kCommand, errno);
  if (::mkfifoat(directory, step::kControl, 0660) != 0) return system_error(step::kControl, errno);
  const Fd outcome(::openat(directory, step::kOutcomeTmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  const auto space = static_cast<off_t>(output_limit + step::kDetailLimit + 1024);
  if (!outcome || (::fallocate(outcome.get(), 0, 0, space) != 0 && errno != EOPNOTSUPP))
    return system_error(step::kOutcomeTmp, errno);
  return {};
}

void clear(int directory, bool tombstone) {
  for (const char* const name :
       {step::kCommandTmp, step::kCommand, step::kStarted, step::kControl, step::kOutcomeTmp, step::kOutcome})
    ::unlinkat(directory, name, 0);
  if (!tombstone) ::unlinkat(directory, step::kForgotten, 0);
}

bool is_claimed_by_other(int directory, const StepKey& key) {
  step::Fields fields;
  const Result<std::string> text = read_file(directory, step::kCommand);
  return text && step::parse(*text, fields) && field(fields, "key") != key.text();
}

StepFiles::Found lost(std::string detail) {
  StepFiles::Found found;
  found.outcome.detail = std::move(detail);
  return found;
}

StepFiles::Found read_outcome(std::string_view text, const std::string& path, std::size_t limit) {
  step::Fields fields;
  std::int64_t status = 0;
  std::int64_t took = 0;
  const bool whole = step::parse(text, fields) && step::to_number(field(fields, "status"), status) &&
                     step::to_number(field(fields, "took_us"), took);
  const std::optional<StepEnd> end = step_end_named(field(fields, "ended"));
  if (!whole || !end) return lost(path + "/" + step::kOutcome + " is damaged");
  StepFiles::Found found{StepRunner::Seen::finished, {}, false};
  found.outcome.end = *end;
  found.outcome.status = static_cast<int>(status);
  found.outcome.took = Duration(took);
  found.outcome.output_cut = field(fields, "output_cut") == "1";
  found.outcome.output = clean_output(field(fields, "output"), limit, found.outcome.output_cut);
  bool whatever = false;
  found.outcome.detail = clean_output(field(fields, "detail"), step::kDetailLimit, whatever);
  return found;
}

} // namespace

Result<StepFiles> StepFiles::open(const std::string& state_directory) {
  const std::string path = state_directory + "/steps";
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_error("cannot make " + path, errno);
  return open_existing(state_directory);
}

Result<StepFiles> StepFiles::open_existing(const std::string& state_directory) {
  const std::string path = state_directory + "/steps";
  Fd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return system_error("cannot open " + path, errno);
  return StepFiles(std::move(root), path);
}

std::string StepFiles::path_of(const StepKey& key) const { return path_ + "/" + name_of(key); }

Fd StepFiles::directory(const StepKey& key) const {
  return Fd(::openat(root_.get(), name_of(key).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// What execve or the supervisor would misunderstand without a word.
Status StepFiles::fits(const StepCommand& command) {
  if (command.argv.empty() || command.argv.front().empty()) return fail(Errc::invalid, "the command is empty");
  if (command.timeout <= Duration::zero()) return fail(Errc::invalid, "the timeout must be above zero");
  if (command.kill_after < Duration::zero()) return fail(Errc::invalid, "kill_after must not be negative");
  if (command.output_limit > step::kFileLimit / 4) return fail(Errc::invalid, "at most 4 MiB of output can be kept");
  for (const std::string& argument : command.argv)
    if (has_nul(argument)) return fail(Errc::invalid, "an argument holds a NUL byte");
  for (const auto& [name, value] : command.environment)
    if (name.empty() || name.find('=') != name.npos || has_nul(name) || has_nul(value))
      return fail(Errc::invalid,
                  "the environment variable '" + name + "' is empty, or has a '=' in its name, or a NUL byte");
  if (has_nul(command.user + command.directory + command.lock_file))
    return fail(Errc::invalid, "the user, directory or lock file holds a NUL byte");
  return {};
}

Status StepFiles::claim(const StepKey& key, const StepCommand& command) const {
  const std::string what = "step " + key.text();
  if (const Status ok = fits(command); !ok) return ok.error().in(what);
  const std::string text = command_text(key, command);
  if (text.size() >= step::kFileLimit)
    return fail(Errc::too_large, what + ": arguments and environment are larger than 16 MiB");
  const auto make = [&] { return ::mkdirat(root_.get(), name_of(key).c_str(), 0750) == 0 ? 0 : errno; };
  int error = make();
  if (error == EEXIST && is_half_made(key)) {
    unclaim(key);
    error = make();
  }
  if (error == EEXIST) return fail(Errc::refused, what + " was started before, see " + path_of(key));
  if (error != 0) return system_error(what + ": cannot make " + path_of(key), error);
  const Fd directory = this->directory(key);
  const Status filled =
      directory ? fill(directory.get(), text, command.output_limit) : Status(system_error("cannot open", errno));
  if (!filled) {
    unclaim(key);
    return filled.error().in(what + ": " + path_of(key));
  }
  return {};
}

bool StepFiles::is_half_made(const StepKey& key) const {
  const Fd directory = this->directory(key);
  const auto absent = [&](const char* name) {
    return ::faccessat(directory.get(), name, F_OK, 0) != 0 && errno == ENOENT;
  };
  return directory && absent(step::kCommand) && absent(step::kOutcome) && absent(step::kForgotten);
}

void StepFiles::unclaim(const StepKey& key) const {
  if (const Fd directory = this->directory(key)) clear(directory.get(), false);
  ::unlinkat(root_.get(), name_of(key).c_str(), AT_REMOVEDIR);
}

Fd StepFiles::control(const StepKey& key) const {
  const Fd directory = this->directory(key);
  if (!directory || is_claimed_by_other(directory.get(), key)) return {};
  return Fd(::openat(directory.get(), step::kControl, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

Result<Fd> StepFiles::control_reader(const StepKey& key) const {
  const Fd directory = this->directory(key);
  // Both ways, which Linux allows for a FIFO: without a writer the supervisor would be told of the end all the time.
  Fd reader(directory ? ::openat(directory.get(), step::kControl, O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1);
  if (!reader) return system_error(path_of(key) + "/" + step::kControl, errno);
  return reader;
}

StepFiles::Found StepFiles::look(const StepKey& key) const {
  const Fd directory = this->directory(key);
  if (!directory && errno == ENOENT) return {StepRunner::Seen::never, {}, false};
  if (!directory) return lost("cannot read " + path_of(key) + ": " + std::strerror(errno));
  if (is_claimed_by_other(directory.get(), key)) return lost(path_of(key) + " belongs to another step");
  if (::faccessat(directory.get(), step::kForgotten, F_OK, 0) == 0)
    return lost("its outcome was recorded and then removed");

  const Result<std::string> command = read_file(directory.get(), step::kCommand);
  step::Fields fields;
  const bool parsed = command && step::parse(*command, fields);
  std::int64_t limit = 0;
  step::to_number(field(fields, "output_limit"), limit);
  if (const Result<std::string> outcome = read_file(directory.get(), step::kOutcome))
    return read_outcome(*outcome, path_of(key), static_cast<std::size_t>(limit));

  // No outcome. Within one boot the files tell whether the command was ever executed; after a power cut they may be
  // older than what happened, save for a missing command file: that one was on the disk before anything could start.
  const Result<std::string> started = read_file(directory.get(), step::kStarted);
  const bool absent = !command && command.error().code == Errc::not_found;
  const bool unstarted = !started && started.error().code == Errc::not_found;
  if (absent || (parsed && unstarted && field(fields, "boot") == boot_id())) {
    Found found{StepRunner::Seen::finished, {}, true};
    found.outcome.end = StepEnd::failed_to_start;
    found.outcome.detail =
        "backstopd or the supervisor of the step died before the command was executed; nothing was run";
    return found;
  }
  if (parsed && field(fields, "boot") != boot_id()) return lost("the host went down while it ran");
  if (started && !started->empty())
    return lost("its supervisor died; the command itself, pid " + *started +
                ", may still run, unless it was killed as well");
  return lost("its supervisor died; the command may still run");
}

void StepFiles::forget(const StepKey& key) const {
  const Fd directory = this->directory(key);
  if (!directory || is_claimed_by_other(directory.get(), key)) return;
  // The tombstone first: without it an emptied directory would look like a step that was never executed.
  const Fd mark(::openat(directory.get(), step::kForgotten, O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
  if (mark) clear(directory.get(), true);
}

std::size_t StepFiles::purge(Time before) const {
  std::size_t removed = 0;
  const int copy = ::openat(root_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const auto close = [](DIR* d) { ::closedir(d); };
  const std::unique_ptr<DIR, decltype(close)> entries(copy < 0 ? nullptr : ::fdopendir(copy), close);
  while (const dirent* const entry = entries ? ::readdir(entries.get()) : nullptr) {
    const Fd directory(
        entry->d_name[0] == '.' ? -1 : ::openat(root_.get(), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat st {};
    if (!directory || ::fstat(directory.get(), &st) != 0) continue;
    const Time changed = time_from_us(std::int64_t{st.st_mtim.tv_sec} * 1'000'000 + st.st_mtim.tv_nsec / 1000);
    const Fd alive(::openat(directory.get(), step::kControl, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (changed >= before || alive) continue;
    clear(directory.get(), false);
    if (::unlinkat(root_.get(), entry->d_name, AT_REMOVEDIR) == 0) ++removed;
  }
  return removed;
}

} // namespace backstop
