#include "daemon/traffic/nginx.hpp"
#include "daemon/traffic/command.hpp"
#include "daemon/traffic/placed_file.hpp"
#include <algorithm>

namespace backstop::traffic {
namespace {

constexpr std::string_view kMark = "# Written by backstop: ";

/// What stands in the file must not become syntax of nginx.
bool plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-+/:[]@~").find(c) != std::string_view::npos;
  });
}

/// A pattern that fits FILE.options alone: nginx does not mind that a pattern fits nothing.
std::string options_pattern(const std::string& file) { return file + ".option[s]"; }

std::string server_line(const std::string& address, int weight) {
  return "    server " + address + (weight == 0 ? " down;\n" : " weight=" + std::to_string(weight) + ";\n");
}

/// What is there must be ours, or nothing.
Status ours(const NginxPlace& place, const std::optional<std::string>& text) {
  if (!text || text->empty() || text->starts_with(kMark)) return {};
  return fail(Errc::refused, place.file +
                                 ": was not written by backstop, and would be overwritten (name another file, or "
                                 "remove it if all of it may go)");
}

/// What the first line of `text` says about the shares, where it is not what `wanted` says.
std::string said_by(const std::string& text, const std::string& wanted) {
  const std::string first = text.substr(0, text.find('\n'));
  if (!first.starts_with(kMark)) return "nothing of backstop's";
  if (first == wanted.substr(0, wanted.find('\n'))) return "so, of other servers";
  return first.substr(kMark.size(), first.find(". Do") - kMark.size());
}

/// The old text again, or no file where there was none.
std::string put_back(const PlacedFile& file, const std::optional<std::string>& old) {
  const Status back = old ? file.put(*old) : file.remove();
  return back ? "; the file is as it was" : "; and the old file could not be put back: " + back.error().what;
}

} // namespace

Result<std::string> nginx_text(const NginxPlace& place, const Split& split) {
  if (!plain(place.upstream)) return fail(Errc::invalid, "--upstream: \"" + place.upstream + "\" is no name");
  if (!plain(place.file) || place.file.front() != '/' || place.file.back() == '/' ||
      place.file.find('[') != std::string::npos)
    return fail(Errc::invalid, "--file: \"" + place.file + "\" is no absolute path of plain characters");
  const auto weights = weights_of(split);
  if (!weights) return weights.error();
  std::string out = std::string(kMark) + text_of(split) + ". Do not edit: options of your own go into " + place.file +
                    ".options\nupstream " + place.upstream + " {\n    include " + options_pattern(place.file) + ";\n";
  for (std::size_t side = 0; side < split.sides.size(); ++side)
    for (const std::string& address : split.sides[side].servers) {
      if (!plain(address))
        return fail(Errc::invalid, "--side: \"" + address + "\" is no address (127.0.0.1:8001, unix:/run/shop)");
      out += server_line(address, (*weights)[side]);
    }
  return out + "}\n";
}

Result<std::string> set_by_nginx(const NginxPlace& place, const Split& split, const Deadline& deadline) {
  const auto text = nginx_text(place, split);
  if (!text) return text.error();
  const auto file = PlacedFile::open(place.file, true);
  if (!file) return file.error();
  const auto old = file->text();
  if (!old) return old.error();
  const auto loaded = file->note();
  if (!loaded) return loaded.error();
  if (const Status mine = ours(place, *old); !mine) return mine.error();
  if (const Status gone = file->remove_note(); !gone) return gone.error();
  if (*old != *text)
    if (const Status written = file->put(*text); !written) return written.error();
  if (const Status good = run_command(place.test, deadline); !good) {
    std::string what = good.error().what;
    if (*old != *text) what += put_back(*file, *old);
    // nginx was told nothing, so what it had loaded it still has.
    if (*loaded)
      if (const Status noted = file->put_note(**loaded); !noted) what += "; " + noted.error().what;
    return fail(good.error().code, what);
  }
  if (const Status told = run_command(place.reload, deadline); !told) {
    const std::string back = *old != *text ? put_back(*file, *old) : "";
    return fail(told.error().code, told.error().what + back + " (does nginx run?)");
  }
  if (const Status noted = file->put_note(*text); !noted) return noted.error();
  return text_of(split) + " (" + place.file + ", reloaded)";
}

Result<std::string> check_by_nginx(const NginxPlace& place, const Split& split) {
  const auto text = nginx_text(place, split);
  if (!text) return text.error();
  const auto file = PlacedFile::open(place.file, false);
  if (!file) return file.error();
  const auto is = file->text();
  if (!is) return is.error();
  const auto loaded = file->note();
  if (!loaded) return loaded.error();
  if (!*is) return fail(Errc::not_found, place.file + ": there is no such file (it is made when traffic is set first)");
  if (**is != *text)
    return fail(Errc::refused, place.file + ": not " + text_of(split) + ": it says " + said_by(**is, *text));
  if (*loaded != *text)
    return fail(Errc::refused, place.file + ": says so, but a reload of nginx did not follow (run it without --check)");
  return text_of(split) + " (" + place.file + ", reloaded)";
}

} // namespace backstop::traffic
