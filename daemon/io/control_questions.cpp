#include "daemon/io/control_questions.hpp"
#include "daemon/io/barrier.hpp"
#include "daemon/io/control_exchange.hpp"
#include "daemon/io/curl_exchange.hpp"
#include <algorithm>
#include <stdexcept>
#include <utility>

namespace backstop {

struct ControlQuestions::Multi {
  struct Question {
    int id = 0;
    std::unique_ptr<CurlExchange> exchange;
  };

  std::string socket;
  Barrier barrier;
  CURLM* handle = curl_multi_init();
  std::vector<Question> questions;
  std::vector<Answered> answered; ///< what could not even be asked

  ~Multi() {
    for (const Question& q : questions) curl_multi_remove_handle(handle, q.exchange->easy());
    curl_multi_cleanup(handle);
  }
  void take(CURL* easy, CURLcode code) {
    const auto it = std::find_if(questions.begin(), questions.end(),
                                 [easy](const Question& q) { return q.exchange->easy() == easy; });
    if (it == questions.end()) return;
    curl_multi_remove_handle(handle, easy);
    Result<HttpResponse> outcome = it->exchange->outcome(code);
    if (outcome)
      answered.push_back({it->id, ControlClient::Answer{outcome->status, std::move(outcome->body)}});
    else
      answered.push_back({it->id, no_control_answer(socket, easy, code, outcome.error())});
    questions.erase(it);
  }
};

ControlQuestions::ControlQuestions(std::string socket_path) : multi_(std::make_unique<Multi>()) {
  if (!multi_->handle) throw std::runtime_error("libcurl gives no handle");
  multi_->socket = std::move(socket_path);
}
ControlQuestions::~ControlQuestions() = default;

void ControlQuestions::ask(int id, const std::string& method, const std::string& path, const std::string& body,
                           Duration timeout) {
  HttpRequest r = control_request(multi_->socket, method, path);
  r.timeout = timeout;
  r.body = body;
  if (!body.empty()) r.headers.emplace_back("Content-Type", "application/json");
  auto exchange = std::make_unique<CurlExchange>(std::move(r), multi_->barrier);
  if (Status prepared = exchange->prepare(); !prepared) {
    multi_->answered.push_back({id, prepared.error()});
    return;
  }
  curl_multi_add_handle(multi_->handle, exchange->easy());
  multi_->questions.push_back({id, std::move(exchange)});
}

std::vector<ControlQuestions::Answered> ControlQuestions::wait(const std::vector<int>& readable, Duration at_most) {
  std::vector<curl_waitfd> others;
  others.reserve(readable.size());
  for (const int fd : readable) others.push_back({fd, CURL_WAIT_POLLIN, 0});
  int running = 0;
  const auto drive = [&] {
    curl_multi_perform(multi_->handle, &running);
    multi_->barrier.rethrow();
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_->handle, &left))
      if (message->msg == CURLMSG_DONE) multi_->take(message->easy_handle, message->data.result);
  };
  drive();
  if (multi_->answered.empty()) {
    const auto ms = std::clamp<long long>(std::chrono::ceil<std::chrono::milliseconds>(at_most).count(), 0, 60'000);
    int ready = 0;
    curl_multi_poll(multi_->handle, others.data(), static_cast<unsigned>(others.size()), static_cast<int>(ms), &ready);
    drive();
  }
  return std::exchange(multi_->answered, {});
}

} // namespace backstop
