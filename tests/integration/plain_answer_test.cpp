#include "daemon/io/plain_answer.hpp"
#include "tests/fuzz/plain_answer_check.hpp"
#include <gtest/gtest.h>

namespace backstop {
namespace {

using State = PlainAnswer::State;

fuzz::ReadAnswer read(std::string_view data, std::size_t max_bytes = 1000) {
  return fuzz::read_in_pieces(data, data.size(), max_bytes);
}

/// Whether the connection could be used again after `data`.
bool keeps(std::string_view data) {
  AnswersUnderWay all;
  PlainAnswer answer(all, 1000);
  EXPECT_EQ(answer.read(data), State::whole);
  return answer.keeps_connection();
}

TEST(PlainAnswer, BodyByLengthInChunksOrUntilTheEnd) {
  for (const char* text : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nup\r\n3\r\n 1\n\r\n0\r\n\r\n",
                           "HTTP/1.0 200 OK\r\n\r\nup 1\n"}) {
    const fuzz::ReadAnswer answer = read(text);
    ASSERT_EQ(answer.state, State::whole) << text;
    EXPECT_EQ(answer.response.body, "up 1\n");
    EXPECT_EQ(answer.response.status, 200);
  }
}

TEST(PlainAnswer, WhatWasCutOffIsNoAnswer) {
  for (const char* text : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup", "HTTP/1.1 200 OK\r\nContent-Le",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nup 1\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"}) {
    const fuzz::ReadAnswer answer = read(text);
    EXPECT_EQ(answer.state, State::broken) << text;
    EXPECT_EQ(answer.fault, "the connection broke before the answer was complete: the server closed it");
  }
  EXPECT_EQ(read("").fault, "the server closed the connection without an answer");
}

TEST(PlainAnswer, InterimAnswersAreNotTheAnswer) {
  const auto answer = read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n"
                           "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(answer.state, State::whole);
  EXPECT_EQ(answer.response.status, 503);
  EXPECT_EQ(answer.response.retry_after, "7");
  EXPECT_EQ(answer.response.body, "");
}

TEST(PlainAnswer, WhatItDoesNotKnowIsLeftToOthers) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n").state, State::foreign);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n").state, State::foreign);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n").state, State::foreign);
}

TEST(PlainAnswer, LengthsThatLieAreNoHttp) {
  for (const char* lengths : {"Content-Length: -1", "Content-Length: 1x", "Content-Length: 99999999999999999999999",
                              "Content-Length: 1\r\nContent-Length: 2", "Content-Length:"})
    EXPECT_EQ(read(std::string("HTTP/1.1 200 OK\r\n") + lengths + "\r\n\r\nok").fault,
              "the answer is not HTTP/1: its length is no number");
}

TEST(PlainAnswer, BodyIsBoundedHoweverItComes) {
  const std::string ten(10, 'x');
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + ten, 10).response.body, ten);
  for (const std::string& text : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + ten,
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n" + ten + "\r\n0\r\n\r\n",
                                  "HTTP/1.0 200 OK\r\n\r\n" + ten})
    EXPECT_EQ(read(text, 9).fault, "the answer is larger than 9 bytes");
}

TEST(PlainAnswer, ManyChunksAreNoHeadersAndHeadersAreBounded) {
  std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 200'000; ++i) chunks += "1\r\nx\r\n";
  EXPECT_EQ(read(chunks + "0\r\n\r\n", 1'000'000).response.body.size(), 200'000U);
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 10'000; ++i) headers += "X-A: b\r\n";
  EXPECT_EQ(read(headers).fault, "the headers of the answer are larger than 64 KiB");
}

TEST(PlainAnswer, ConnectionIsKeptWhereBothSidesKnowWhereTheAnswerEnds) {
  EXPECT_TRUE(keeps("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  EXPECT_TRUE(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"));
  EXPECT_FALSE(keeps("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
}

} // namespace
} // namespace backstop
