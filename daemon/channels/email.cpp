#include "daemon/channels/escape.hpp"
#include "daemon/channels/kinds.hpp"
#include "daemon/record.hpp"
#include <array>
#include <chrono>
#include <fmt/format.h>

/// A mail of two alternatives, plain text and HTML, after RFC 5322 and MIME. All bytes are ASCII, lines end with CRLF.
namespace backstop::channels {
namespace {

constexpr std::size_t kMostFact = 1000;
constexpr const char* kBoundary = "=_backstop_alternatives"; // "=_" stands in no quoted-printable text

std::string domain_of(const std::string& address) { return address.substr(address.find('@') + 1); }

std::string message_id(const Sending& s, const std::string& of) {
  return "<" + sha256_hex(s.host + "/" + of).substr(0, 32) + "@" + domain_of(s.channel.mail.from) + ">";
}

/// "Thu, 01 Jan 2026 00:00:00 +0000"
std::string mail_date(Time t) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds point{std::chrono::floor<std::chrono::seconds>(t.time_since_epoch())};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const auto s = (point - day).count();
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", days[std::chrono::weekday{day}.c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), s / 3600, s / 60 % 60, s % 60);
}

std::string headers_of(const Sending& s) {
  const config::MailRoute& mail = s.channel.mail;
  std::string to;
  for (const std::string& address : mail.to) to += (to.empty() ? "" : ",\r\n ") + address;
  std::string out = "Date: " + mail_date(s.now) + "\r\nFrom: backstop <" + mail.from + ">\r\nTo: " + to + "\r\n";
  out += "Subject: " + for_header("Subject", "[" + s.what.severity + "] " + s.what.title) + "\r\n";
  out += "Message-ID: " + message_id(s, s.what.key) + "\r\n";
  // The notices of one incident stand together in the reader's list.
  if (!s.what.incident.empty()) {
    const std::string thread = message_id(s, incident_key(s.what, s.host));
    out += "In-Reply-To: " + thread + "\r\nReferences: " + thread + "\r\n";
  }
  out += "Auto-Submitted: auto-generated\r\n"; // RFC 3834: nobody answers with a holiday note
  if (s.what.severity == "critical") out += "Importance: high\r\n";
  return out + "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"" + kBoundary + "\"\r\n";
}

std::string footer_of(const Sending& s) { return "backstop on " + s.host + ", " + s.what.key; }

std::string text_of(const Sending& s) {
  std::string out = plain_line(s.what.title) + "\n\n";
  for (const auto& [name, value] : facts_of(s.what)) out += name + ": " + plain_line(value, kMostFact) + "\n";
  return out + "\n-- \n" + plain_line(footer_of(s)) + "\n";
}

std::string html_of(const Sending& s) {
  const bool bad = s.what.action() == Action::trigger, over = s.what.action() == Action::resolve;
  std::string out = "<!DOCTYPE html>\n<html><body style=\"font-family:sans-serif\">\n<p style=\"border-left:4px solid ";
  out += bad ? "#d72631" : over ? "#2e9e5b" : "#6b7785";
  out += ";padding-left:8px\"><b>" + for_html(s.what.title) + "</b></p>\n<table>\n";
  for (const auto& [name, value] : facts_of(s.what))
    out += "<tr><td style=\"color:#555;vertical-align:top\">" + for_html(name) + "</td><td>" +
           for_html(value, kMostFact) + "</td></tr>\n";
  return out + "</table>\n<p style=\"color:#777;font-size:small\">" + for_html(footer_of(s)) + "</p>\n</body></html>\n";
}

std::string part(const char* type, const std::string& text) {
  return std::string("--") + kBoundary + "\r\nContent-Type: " + type +
         "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(text) + "\r\n";
}

} // namespace

Mail mail_of(const Sending& s) {
  const config::MailRoute& route = s.channel.mail;
  Mail mail;
  mail.server = route.server;
  mail.tls = route.tls == config::MailRoute::Tls::starttls ? Mail::Tls::starttls
             : route.tls == config::MailRoute::Tls::tls    ? Mail::Tls::tls
                                                           : Mail::Tls::none;
  mail.ca_file = s.channel.ca_file;
  mail.user = route.user;
  mail.password = s.secrets.key;
  mail.from = route.from;
  mail.to = route.to;
  mail.timeout = s.channel.timeout;
  mail.message = headers_of(s) + "\r\n" + part("text/plain", text_of(s)) + part("text/html", html_of(s)) + "--" +
                 kBoundary + "--\r\n";
  return mail;
}

} // namespace backstop::channels
