#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/bundle.hpp"
#include "daemon/ctl/program.hpp"
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace backstop::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".tar.gz";
constexpr Duration kTar = std::chrono::seconds(120);

std::string default_name() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::string text(64, '\0');
  text.resize(std::strftime(text.data(), text.size(), "backstop-debug-%Y%m%dT%H%M%SZ.tar.gz", &utc));
  return text;
}

Status fill(const Bundle& bundle, const fs::path& folder) {
  for (const BundleFile& file : bundle.files) {
    const fs::path path = folder / file.name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary);
    out << file.text;
    out.close();
    if (error || !out) return fail(Errc::io, path.string() + ": cannot be written (no space left?)");
  }
  return {};
}

} // namespace

Result<std::string> write_bundle(const Bundle& bundle, const std::string& file) {
  std::error_code error;
  std::string plain = file;
  if (plain.ends_with(kEnding)) plain.resize(plain.size() - std::strlen(kEnding));
  const fs::path folder = plain == file ? fs::path(file + ".files") : fs::path(plain);
  for (const fs::path& path : {fs::path(file), folder}) {
    if (fs::exists(path, error)) return fail(Errc::invalid, path.string() + ": is there already; name another file");
  }
  const mode_t before = ::umask(0077); // what is left of it is for whoever made it
  Status done;
  if (::mkdir(folder.c_str(), 0700) != 0)
    done = fail(Errc::io, folder.string() + ": cannot be made: " + std::strerror(errno));
  else
    done = fill(bundle, folder);
  Result<std::string> tar = fail(Errc::invalid, "");
  if (done) {
    const fs::path parent = folder.parent_path().empty() ? fs::path(".") : folder.parent_path();
    tar = output_of({"tar", "-czf", file, "-C", parent.string(), folder.filename().string()}, kTar);
    if (!tar && tar.error().code != Errc::not_found) done = tar.error();
  }
  ::umask(before);
  if (done && !tar) return folder.string(); // no tar here
  fs::remove_all(folder, error);
  if (!done) fs::remove(file, error);
  if (!done) return done.error();
  return file;
}

Said run_debug_bundle(const Invocation& invocation, const DebugBundle& wanted) {
  BundleSources sources;
  sources.config = wanted.config;
  if (invocation.socket != Invocation{}.socket) sources.socket = invocation.socket;
  const Bundle bundle = collect_bundle(sources);
  const Result<std::string> made = write_bundle(bundle, wanted.file.empty() ? default_name() : wanted.file);
  if (!made) return wrong(made.error().what);
  if (invocation.json) {
    Json missing = Json::array();
    for (const std::string& what : bundle.missing) missing.push(what);
    return {kDone, Json::object().set("file", *made).set("missing", std::move(missing)).dump(2) + "\n", ""};
  }
  Said said{kDone, *made + "\n", ""};
  for (const std::string& what : bundle.missing) said.err += "missing: " + what + "\n";
  said.err += "secrets were taken out; look through it before you give it away\n";
  return said;
}

} // namespace backstop::ctl
