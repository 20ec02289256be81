#include "daemon/ctl/screen/curses_terminal.hpp"
#include <clocale>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>
#define NCURSES_NOMACROS
#include <curses.h>

namespace backstop::ctl::screen {
namespace {

/// Pairs of colors, by what they say.
enum Pair : short { kGood = 1, kAlert = 2, kCritical = 3 };

/// Of the 256 colors those that can be read on black and on white; of the eight what people have set up for themselves.
void set_up_colors() {
  start_color();
  use_default_colors();
  const bool many = COLORS >= 256;
  init_pair(kGood, many ? 34 : COLOR_GREEN, -1);
  init_pair(kAlert, many ? 172 : COLOR_YELLOW, -1);
  init_pair(kCritical, many ? 196 : COLOR_RED, -1);
}

attr_t attributes_of(Tone tone, bool color) {
  switch (tone) {
  case Tone::plain: return A_NORMAL;
  case Tone::quiet: return A_DIM;
  case Tone::strong: return A_BOLD;
  case Tone::good: return color ? COLOR_PAIR(kGood) : A_NORMAL;
  case Tone::alert: return color ? A_BOLD | COLOR_PAIR(kAlert) : A_BOLD;
  case Tone::critical: return color ? A_BOLD | COLOR_PAIR(kCritical) : A_BOLD | A_REVERSE;
  }
  return A_NORMAL;
}

/// UTF-8 of a character.
std::string utf8_of(wchar_t wide) {
  const auto c = static_cast<char32_t>(wide);
  const auto byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F))};
  if (c < 0x10000) return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
  return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
}

/// Bytes of the locale become characters; what is none in it is left out, and nothing with it.
class Decoder {
public:
  std::optional<Key> take(int byte) {
    const char c = static_cast<char>(static_cast<unsigned char>(byte));
    wchar_t wide = 0;
    const std::size_t n = std::mbrtowc(&wide, &c, 1, &state_);
    if (n == static_cast<std::size_t>(-1)) state_ = {};
    if (n > 1 || wide < 0xA0) return {}; // not yet whole, or none; control characters are not text
    return Key{Key::Kind::text, utf8_of(wide)};
  }

private:
  std::mbstate_t state_{};
};

std::optional<Key> function_key(int code) {
  using Kind = Key::Kind;
  switch (code) {
  case KEY_UP: return Key{Kind::up};
  case KEY_DOWN: return Key{Kind::down};
  case KEY_PPAGE: return Key{Kind::page_up};
  case KEY_NPAGE: return Key{Kind::page_down};
  case KEY_HOME: return Key{Kind::home};
  case KEY_END: return Key{Kind::end};
  case KEY_ENTER: return Key{Kind::enter};
  case KEY_BACKSPACE: return Key{Kind::backspace};
  default: return {};
  }
}

std::optional<Key> ascii_key(int c) {
  using Kind = Key::Kind;
  switch (c) {
  case '\n':
  case '\r': return Key{Kind::enter};
  case 0x1B: return Key{Kind::escape};
  case 0x08:
  case 0x7F: return Key{Kind::backspace};
  case 0x15: return Key{Kind::clear}; // Ctrl-U
  default: break;
  }
  if (c < 0x20) return {};
  return Key{Kind::text, std::string(1, static_cast<char>(c))};
}

constexpr int kCtrlL = 0x0C;

} // namespace

struct CursesTerminal::Screen {
  explicit Screen(SCREEN* made) : screen(made) {}
  ~Screen() {
    endwin();
    delscreen(screen);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  SCREEN* screen;
  Decoder decoder;
};

Result<std::unique_ptr<CursesTerminal>> CursesTerminal::open(bool color) {
  std::setlocale(LC_CTYPE, "");
  const char* name = std::getenv("TERM");
  const std::string type = name ? name : "";
  SCREEN* made = type.empty() ? nullptr : newterm(nullptr, stdout, stdin);
  if (!made) return fail(Errc::invalid, "TERM is '" + type + "', and this terminal is not known here");
  auto screen = std::make_unique<Screen>(made);
  const char* place = tigetstr("cup");
  if (!place || reinterpret_cast<std::intptr_t>(place) == -1)
    return fail(Errc::invalid, "TERM is '" + type + "', and this terminal cannot place text");
  cbreak();
  noecho();
  nonl();
  set_escdelay(25);
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  leaveok(stdscr, FALSE);
  Capabilities capabilities;
  capabilities.color = color && has_colors();
  if (capabilities.color) set_up_colors();
  // The console's fonts have few signs; what it shows instead of the others tells nothing.
  capabilities.utf8 = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && type != "linux";
  return std::unique_ptr<CursesTerminal>(new CursesTerminal(std::move(screen), capabilities));
}

CursesTerminal::CursesTerminal(std::unique_ptr<Screen> screen, Capabilities capabilities)
    : screen_(std::move(screen)), capabilities_(capabilities) {}
CursesTerminal::~CursesTerminal() = default;

Size CursesTerminal::size() const { return {COLS, LINES}; }

void CursesTerminal::resize() {
  winsize now{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) != 0 || now.ws_row == 0 || now.ws_col == 0) return;
  resizeterm(now.ws_row, now.ws_col);
  painted_.reset();
  clearok(stdscr, TRUE); // the terminal may have broken its lines anew
}

void CursesTerminal::paint(const Grid& grid) {
  if (painted_ && painted_->size() != grid.size()) painted_.reset();
  if (!painted_) werase(stdscr);
  for (int row = 0; row < grid.size().height; ++row) {
    for (int column = 0; column < grid.size().width; ++column) {
      const Cell& cell = grid.at(row, column);
      if (cell.text.empty() || (painted_ && painted_->at(row, column) == cell)) continue;
      wattrset(stdscr, static_cast<int>(attributes_of(cell.tone, capabilities_.color)));
      mvwaddstr(stdscr, row, column, cell.text.c_str());
    }
  }
  wattrset(stdscr, A_NORMAL);
  curs_set(grid.cursor.row >= 0 ? 1 : 0);
  wmove(stdscr, std::max(0, grid.cursor.row), std::max(0, grid.cursor.column));
  wrefresh(stdscr);
  painted_ = grid;
}

std::vector<Key> CursesTerminal::keys() {
  std::vector<Key> keys;
  for (int c = wgetch(stdscr); c != ERR; c = wgetch(stdscr)) {
    if (c == kCtrlL) {
      painted_.reset();
      clearok(stdscr, TRUE);
    } else if (const std::optional<Key> key = c > 0xFF    ? function_key(c)
                                              : c >= 0x80 ? screen_->decoder.take(c)
                                                          : ascii_key(c)) {
      keys.push_back(*key);
    }
  }
  return keys;
}

bool CursesTerminal::gone() const {
  pollfd tty{STDIN_FILENO, 0, 0};
  return ::poll(&tty, 1, 0) > 0 && (tty.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

} // namespace backstop::ctl::screen
