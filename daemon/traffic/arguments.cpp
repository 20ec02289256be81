#include "daemon/traffic/arguments.hpp"
#include <algorithm>
#include <charconv>
#include <getopt.h>

namespace backstop::traffic {

const char* const kUsage =
    "backstop-traffic haproxy --socket PATH|HOST:PORT --backend NAME SIDES [--check] [--timeout SECONDS]\n"
    "backstop-traffic nginx --file FILE --upstream NAME SIDES [--test ARG]... [--reload ARG]... [--check] [--timeout "
    "SECONDS]\n"
    "SIDES: --side NAME=SERVER[,SERVER]... --side NAME=SERVER[,SERVER]... --to NAME --share 0..1\n"
    "  Gives the side --to that share of the traffic, and the other side the rest.\n"
    "  --check    changes nothing; exit code 0 only where it is so already\n"
    "  --timeout  when to give up; default 30\n"
    "  --test, --reload   the words of a command, one each; default: /usr/sbin/nginx -t, /usr/sbin/nginx -s reload\n"
    "Exit code: 0 it is so; 1 it is not, or failed; 2 wrong arguments.\n";

namespace {

struct Words {
  std::string socket, backend, file, upstream, to, share, timeout;
  std::vector<std::string> sides, test, reload;
  bool check = false, help = false;
};

bool set(int key, const char* value, Words& out) {
  switch (key) {
  case 's': out.socket = value; return true;
  case 'b': out.backend = value; return true;
  case 'f': out.file = value; return true;
  case 'u': out.upstream = value; return true;
  case 'S': out.sides.emplace_back(value); return true;
  case 't': out.to = value; return true;
  case 'h': out.share = value; return true;
  case 'T': out.timeout = value; return true;
  case 'e': out.test.emplace_back(value); return true;
  case 'r': out.reload.emplace_back(value); return true;
  case 'c': return out.check = true;
  case 'H': return out.help = true;
  default: return false;
  }
}

Status split_words(int argc, char** argv, Words& out) {
  static const option options[] = {{"socket", required_argument, nullptr, 's'},
                                   {"backend", required_argument, nullptr, 'b'},
                                   {"file", required_argument, nullptr, 'f'},
                                   {"upstream", required_argument, nullptr, 'u'},
                                   {"side", required_argument, nullptr, 'S'},
                                   {"to", required_argument, nullptr, 't'},
                                   {"share", required_argument, nullptr, 'h'},
                                   {"timeout", required_argument, nullptr, 'T'},
                                   {"test", required_argument, nullptr, 'e'},
                                   {"reload", required_argument, nullptr, 'r'},
                                   {"check", no_argument, nullptr, 'c'},
                                   {"help", no_argument, nullptr, 'H'},
                                   {nullptr, 0, nullptr, 0}};
  ::opterr = 0;
  for (int key = 0; (key = ::getopt_long(argc, argv, "", options, nullptr)) != -1;)
    if (!set(key, optarg, out))
      return fail(Errc::invalid,
                  std::string(argv[optind - 1]) + ": no such option, or its value is missing (see --help)");
  if (!out.help && optind != argc - 1) return fail(Errc::invalid, "haproxy or nginx, once (see --help)");
  return {};
}

std::optional<double> number(const std::string& text, double least, double most) {
  double out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !(out >= least && out <= most))
    return std::nullopt;
  return out;
}

Result<Side> side_of(const std::string& text) {
  const Error wrong = fail(Errc::invalid, "--side " + text + ": must be NAME=SERVER[,SERVER]...");
  const std::size_t equals = text.find('=');
  if (equals == text.npos || equals == 0) return wrong;
  Side out{text.substr(0, equals), {}};
  for (std::size_t from = equals + 1, end = 0; end != text.npos; from = end + 1) {
    end = text.find(',', from);
    out.servers.push_back(text.substr(from, end == text.npos ? end : end - from));
    if (out.servers.back().empty()) return wrong;
  }
  return out;
}

Result<Split> split_of(const Words& words) {
  if (words.sides.size() != 2) return fail(Errc::invalid, "--side is needed twice, once for each side");
  Split out;
  std::vector<std::string> servers;
  for (std::size_t i = 0; i < 2; ++i) {
    Result<Side> side = side_of(words.sides[i]);
    if (!side) return side.error();
    servers.insert(servers.end(), side->servers.begin(), side->servers.end());
    out.sides[i] = *std::move(side);
  }
  std::sort(servers.begin(), servers.end());
  if (const auto twice = std::adjacent_find(servers.begin(), servers.end()); twice != servers.end())
    return fail(Errc::invalid, "--side: " + *twice + " is there twice");
  if (out.sides[0].name == out.sides[1].name) return fail(Errc::invalid, "--side: both are named " + words.sides[0]);
  out.to = words.to == out.sides[0].name ? 0 : 1;
  if (words.to != out.sides[out.to].name)
    return fail(Errc::invalid, "--to: must be " + out.sides[0].name + " or " + out.sides[1].name);
  const auto share = number(words.share, 0, 1);
  if (!share) return fail(Errc::invalid, "--share: must be a number from 0 to 1 (0.1 is 10%)");
  out.share = *share;
  return out;
}

/// HAProxy takes what is between blanks and semicolons for words of the command line of its API.
bool one_word(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != ';' && c != '/' && c != '\\' && c != '<' && c != 0x7f;
  });
}

Result<HaproxyPlace> haproxy_of(const Words& words, const Split& split) {
  if (words.socket.empty()) return fail(Errc::invalid, "--socket is needed: the path of the runtime API, or host:port");
  if (!one_word(words.backend)) return fail(Errc::invalid, "--backend: a name of a backend is needed");
  for (const Side& side : split.sides)
    for (const std::string& server : side.servers)
      if (!one_word(server)) return fail(Errc::invalid, "--side: \"" + server + "\" is no name of a server");
  if (!words.file.empty() || !words.upstream.empty() || !words.test.empty() || !words.reload.empty())
    return fail(Errc::invalid, "--file, --upstream, --test and --reload are for nginx");
  return HaproxyPlace{words.socket, words.backend};
}

Result<NginxPlace> nginx_of(const Words& words) {
  if (words.file.empty() || words.upstream.empty()) return fail(Errc::invalid, "--file and --upstream are needed");
  if (!words.socket.empty() || !words.backend.empty())
    return fail(Errc::invalid, "--socket and --backend are for haproxy");
  NginxPlace out;
  out.file = words.file;
  out.upstream = words.upstream;
  if (!words.test.empty()) out.test = words.test;
  if (!words.reload.empty()) out.reload = words.reload;
  return out;
}

} // namespace

Result<std::optional<Arguments>> parse_arguments(int argc, char** argv) {
  Words words;
  if (const Status good = split_words(argc, argv, words); !good) return good.error();
  if (words.help) return std::optional<Arguments>();
  const Result<Split> split = split_of(words);
  if (!split) return split.error();
  Arguments out;
  out.split = *split;
  out.check = words.check;
  if (!words.timeout.empty()) {
    const auto seconds = number(words.timeout, 0.001, 3600);
    if (!seconds) return fail(Errc::invalid, "--timeout: must be a number of seconds, up to 3600");
    out.timeout = std::chrono::milliseconds(static_cast<int>(*seconds * 1000));
  }
  const std::string driver = argv[optind];
  if (driver == "haproxy") {
    auto place = haproxy_of(words, *split);
    if (!place) return place.error();
    out.place = *place;
  } else if (driver == "nginx") {
    auto place = nginx_of(words);
    if (!place) return place.error();
    out.place = *place;
  } else {
    return fail(Errc::invalid, "\"" + driver + "\" is neither haproxy nor nginx");
  }
  return std::optional(out);
}

} // namespace backstop::traffic
