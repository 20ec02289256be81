#include "daemon/io/mysql_connection.hpp"
#include <algorithm>
#include <cstdlib>
#include <errmsg.h>
#include <fcntl.h>
#include <mysql.h>
#include <new>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace backstop {
namespace {

constexpr std::size_t kConnectorStack = std::size_t{128} << 10; ///< its own, of which only what is used is in memory
constexpr int kMostUnwinding = 1000;
/// Those that prove the password without giving it away. The connector would send it in clear if a server asked for
/// that.
constexpr const char* kAuthentications = "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password";

struct Meaning {
  unsigned number;
  Errc code;
  const char* text; ///< put before what was said
};
constexpr Meaning kMeanings[] = {
    {1040, Errc::busy, "the server has no free connection"},
    {1203, Errc::busy, "the server lets this user have no more connections"},
    {1226, Errc::busy, "the server lets this user have no more connections"},
    {1053, Errc::busy, "the server is shutting down"},
    {1045, Errc::unauthorized, "the server refused user or password"},
    {1698, Errc::unauthorized, "the server refused user or password"},
    {1820, Errc::unauthorized, "the password has expired"},
    {1862, Errc::unauthorized, "the password has expired"},
    {3118, Errc::unauthorized, "the account is locked"},
    {4151, Errc::unauthorized, "the account is locked"},
    {1130, Errc::unauthorized, "the server does not let this user in from here"},
    {1129, Errc::unauthorized, "the server blocks this host; FLUSH HOSTS there"},
    {1142, Errc::unauthorized, "the user has no right to do this"},
    {1227, Errc::unauthorized, "the user has no right to do this"},
    {5010, Errc::unauthorized, "the server wants the password in a way that would give it away"},
    {2059, Errc::unauthorized, "the server wants a way of authentication that is not supported"},
    {1317, Errc::timeout, "the server gave up the question"},
    {1969, Errc::timeout, "the server gave up the question"},
    {3024, Errc::timeout, "the server gave up the question"},
    {1927, Errc::io, "the server ended the connection"},
    {2006, Errc::io, "the server ended the connection"},
    {2013, Errc::io, "the server ended the connection"},
};

/// Of an error before TLS the connector gives a number of its own; the server's stands in the text.
unsigned server_number(const std::string& text) {
  constexpr std::string_view mark = "cannot be verified: ";
  const std::size_t at = text.find(mark);
  return at == std::string::npos ? 0
                                 : static_cast<unsigned>(std::strtoul(text.c_str() + at + mark.size(), nullptr, 10));
}

bool handshake_reads = true; ///< what the handshake that has just paused waits for

/// In place of the connector's own waiting, which would block. It asks so in a handshake of TLS alone.
int wait_for_handshake(my_socket socket, my_bool is_read, int /*timeout*/) noexcept {
  SideStack* const stack = SideStack::current();
  if (stack == nullptr) return 0; // as after a timeout
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
  handshake_reads = is_read != 0;
  stack->pause();
  return 1;
}

std::uint32_t epoll_of(int status) {
  return ((status & MYSQL_WAIT_READ) ? std::uint32_t{EPOLLIN} : 0U) |
         ((status & MYSQL_WAIT_WRITE) ? std::uint32_t{EPOLLOUT} : 0U) |
         ((status & MYSQL_WAIT_EXCEPT) ? std::uint32_t{EPOLLPRI} : 0U);
}

int ready_of(std::uint32_t happened, int waited_for) {
  const int ready = ((happened & EPOLLIN) ? MYSQL_WAIT_READ : 0) | ((happened & EPOLLOUT) ? MYSQL_WAIT_WRITE : 0) |
                    ((happened & EPOLLPRI) ? MYSQL_WAIT_EXCEPT : 0);
  return ready != 0 ? ready : waited_for; // an error alone: the call will find it
}

} // namespace

Error meaning_of(unsigned number, const std::string& text) {
  const unsigned said = server_number(text);
  for (const Meaning& m : kMeanings)
    if ((said != 0 ? said : number) == m.number) return fail(m.code, std::string(m.text) + " (" + text + ")");
  return fail(Errc::io, text.empty() ? "the connection was lost" : text);
}

MysqlConnection::MysqlConnection(const MysqlServer& server, std::size_t most_bytes)
    : server_(server), mysql_(mysql_init(nullptr)) {
  if (mysql_ == nullptr) throw std::bad_alloc();
  if (!server_.ca_file.empty()) stack_ = std::make_unique<SideStack>();
  set_options(most_bytes);
}

MysqlConnection::~MysqlConnection() { close(false); }

void MysqlConnection::set_options(std::size_t most_bytes) {
  const std::size_t stack = kConnectorStack;
  mysql_options(mysql_, MYSQL_OPT_NONBLOCK, &stack);
  const unsigned no_files = 0;
  mysql_options(mysql_, MYSQL_OPT_LOCAL_INFILE, &no_files);
  const auto packet = static_cast<unsigned long>(most_bytes);
  mysql_options(mysql_, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
  mysql_options(mysql_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql_, MARIADB_OPT_RESTRICTED_AUTH, kAuthentications);
  mysql_optionsv(mysql_, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "backstop");
  const unsigned protocol = server_.unix_socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  mysql_options(mysql_, MYSQL_OPT_PROTOCOL, &protocol);
  if (server_.ca_file.empty()) return;
  const my_bool yes = 1;
  mysql_options(mysql_, MYSQL_OPT_SSL_ENFORCE, &yes);
  mysql_options(mysql_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
  mysql_options(mysql_, MYSQL_OPT_SSL_CA, server_.ca_file.c_str());
  if (!server_.cert_file.empty()) mysql_options(mysql_, MYSQL_OPT_SSL_CERT, server_.cert_file.c_str());
  if (!server_.key_file.empty()) mysql_options(mysql_, MYSQL_OPT_SSL_KEY, server_.key_file.c_str());
  mysql_options(mysql_, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
  mysql_optionsv(mysql_, MARIADB_OPT_IO_WAIT, wait_for_handshake);
}

std::uint32_t MysqlConnection::connect(const std::string& address, const std::string& password) {
  host_ = address;
  host_.reserve(std::max(address.size(), server_.host.size())); // its place stays the same when the name comes in
  password_ = password;
  return make(Call::connect);
}

std::uint32_t MysqlConnection::ask(const std::string& sql) {
  sql_ = sql;
  return make(Call::ask);
}

std::uint32_t MysqlConnection::fetch() { return make(Call::fetch); }

bool MysqlConnection::begin_rows() {
  result_ = mysql_use_result(mysql_);
  failed_ = result_ == nullptr && mysql_field_count(mysql_) != 0;
  return !failed_;
}

std::vector<std::string> MysqlConnection::columns() const {
  std::vector<std::string> names;
  const MYSQL_FIELD* const fields = mysql_fetch_fields(result_);
  for (unsigned column = 0; column < mysql_num_fields(result_); ++column) names.emplace_back(fields[column].name);
  return names;
}

std::optional<SqlRows::Row> MysqlConnection::row() const {
  if (row_ == nullptr) return std::nullopt;
  const unsigned long* const lengths = mysql_fetch_lengths(result_);
  SqlRows::Row row;
  for (unsigned column = 0; column < mysql_num_fields(result_); ++column) {
    std::optional<std::string>& cell = row.emplace_back();
    if (row_[column] != nullptr) cell.emplace(row_[column], lengths[column]);
  }
  return row;
}

void MysqlConnection::end_rows() {
  if (result_ != nullptr) mysql_free_result(result_);
  result_ = nullptr;
}

std::uint32_t MysqlConnection::make(Call call) {
  call_ = call;
  failed_ = false;
  if (call == Call::connect && stack_) return made(stack_->run([this] { status_ = start(); }));
  status_ = start();
  return made(true);
}

std::uint32_t MysqlConnection::go_on(std::uint32_t happened) {
  if (stack_ && stack_->paused()) return made(stack_->resume());
  const int ready = ready_of(happened, status_);
  if (call_ == Call::connect && stack_) return made(stack_->run([this, ready] { status_ = proceed(ready); }));
  status_ = proceed(ready);
  return made(true);
}

std::uint32_t MysqlConnection::made(bool ended) {
  if (call_ == Call::connect && socket() >= 0) fcntl(socket(), F_SETFD, FD_CLOEXEC); // not for what is started here
  if (!ended) {
    reached_ = true;
    return handshake_reads ? EPOLLIN : EPOLLOUT;
  }
  if (status_ != 0) {
    if (call_ == Call::connect && stack_) prepare_handshake();
    if (status_ & MYSQL_WAIT_READ) reached_ = true;
    return epoll_of(status_);
  }
  failed_ = call_ == Call::connect ? connected_ == nullptr
            : call_ == Call::ask   ? refused_ != 0
                                   : row_ == nullptr && mysql_errno(mysql_) != 0;
  if (call_ == Call::connect && stack_ && !failed_)
    fcntl(socket(), F_SETFL, fcntl(socket(), F_GETFL) | O_NONBLOCK); // else reading over TLS blocks
  call_ = Call::none;
  return 0;
}

/// While the connection is being made, which is the first wait of all over TCP. The connector makes the socket blocking
/// after it, and may begin its handshake before it comes back here: a blocking read ends at once then, and the
/// handshake asks wait_for_handshake. It has resolved the address by now, and looks at the host again for the
/// certificate.
void MysqlConnection::prepare_handshake() {
  if (reached_) return;
  const timeval least{0, 1};
  setsockopt(socket(), SOL_SOCKET, SO_RCVTIMEO, &least, sizeof least);
  setsockopt(socket(), SOL_SOCKET, SO_SNDTIMEO, &least, sizeof least);
  host_.assign(server_.host);
}

int MysqlConnection::start() {
  switch (call_) {
  case Call::connect: {
    const bool local = !server_.unix_socket.empty();
    return mysql_real_connect_start(&connected_, mysql_, local ? nullptr : host_.c_str(), server_.user.c_str(),
                                    password_.c_str(), nullptr, server_.port,
                                    local ? server_.unix_socket.c_str() : nullptr, 0);
  }
  case Call::ask: return mysql_real_query_start(&refused_, mysql_, sql_.data(), sql_.size());
  case Call::fetch: return mysql_fetch_row_start(&row_, result_);
  case Call::none: break;
  }
  return 0;
}

int MysqlConnection::proceed(int ready) {
  switch (call_) {
  case Call::connect: return mysql_real_connect_cont(&connected_, mysql_, ready);
  case Call::ask: return mysql_real_query_cont(&refused_, mysql_, ready);
  case Call::fetch: return mysql_fetch_row_cont(&row_, result_, ready);
  case Call::none: break;
  }
  return 0;
}

int MysqlConnection::socket() const { return mysql_get_socket(mysql_); }

bool MysqlConnection::lost() const {
  constexpr unsigned first_of_connector = 2000;
  constexpr unsigned last_of_connector = 2999;
  const unsigned number = mysql_errno(mysql_);
  return socket() < 0 || (number >= first_of_connector && number <= last_of_connector) ||
         meaning_of(number, "").code == Errc::busy || number == 1927;
}

bool MysqlConnection::reached() const {
  const unsigned number = mysql_errno(mysql_);
  return reached_ || (number != 0 && (number < CR_CONNECTION_ERROR || number > CR_UNKNOWN_HOST));
}

MysqlError MysqlConnection::error() const { return {mysql_errno(mysql_), mysql_error(mysql_)}; }

/// Puts a file that is at its end in the place of the socket, so that whatever the connector still does fails at once.
void MysqlConnection::cut() const {
  const int fd = socket();
  if (fd < 0) return;
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || dup3(null, fd, O_CLOEXEC) < 0) shutdown(fd, SHUT_RDWR);
  if (null >= 0) ::close(null);
}

void MysqlConnection::close(bool politely) {
  if (mysql_ == nullptr) return;
  if (!politely) cut();
  // The connector frees what a waiting call has taken at the end of that call alone.
  for (int i = 0; call_ != Call::none && i < kMostUnwinding; ++i) {
    if (stack_ && stack_->paused()) {
      made(stack_->resume());
    } else if (call_ == Call::connect && stack_) {
      made(stack_->run([this] { status_ = proceed(MYSQL_WAIT_TIMEOUT); }));
    } else {
      status_ = proceed(MYSQL_WAIT_TIMEOUT);
      made(true);
    }
  }
  end_rows();
  int waits = mysql_close_start(mysql_);
  if (waits != 0) cut();
  while (waits != 0) waits = mysql_close_cont(mysql_, MYSQL_WAIT_TIMEOUT);
  mysql_ = nullptr;
}

} // namespace backstop
