// SPDX-License-Identifier: MIT
#include "harness/load/http_answer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tailrace::load {
namespace {

message_format hello_format() {
  return message_format::http("GET", 43, {.status_line = "HTTP/1.1 200 OK", .body_bytes = 5});
}

std::string answer(const std::string& fields, const std::string& body = "hello") {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n\r\n" + body;
}

TEST(http_head, says_the_length_and_whether_the_connection_stays) {
  const http_head plain = read_http_head("HTTP/1.1 200 OK\r\ncontent-LENGTH: 12\r\n\r\n");
  EXPECT_EQ(plain.status_line, "HTTP/1.1 200 OK");
  EXPECT_EQ(plain.body_bytes, 12U);
  EXPECT_FALSE(plain.closes);
  EXPECT_TRUE(read_http_head("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").closes);
  EXPECT_TRUE(read_http_head("HTTP/1.1 200 OK\r\nconnection:foo,CLOSE \r\n\r\n").closes);
  EXPECT_FALSE(read_http_head("HTTP/1.1 200 OK\r\nConnection: closed\r\n\r\n").closes);
  EXPECT_FALSE(read_http_head("HTTP/1.1 200 OK\r\nX-Connection: close\r\n\r\n").closes);
  EXPECT_TRUE(read_http_head("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n").closes);
  EXPECT_FALSE(read_http_head("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n").closes);
}

TEST(http_head, of_any_bytes_is_read_without_harm) {
  for (const char* text : {"", "\r\n\r\n", "x", ":\r\n:\r\n\r\n", "HTTP/1.1 200\r\nContent-Length:",
                           "a\r\nContent-Length: -1\r\n\r\n", "a\r\nContent-Length: 1x\r\n\r\n",
                           "a\r\nContent-Length: 99999999999999999999\r\n\r\n",
                           "a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"})
    EXPECT_FALSE(read_http_head(text).body_bytes) << text;
}

TEST(http_reader, finds_each_end_wherever_the_bytes_are_cut) {
  const std::string text = answer("Content-Length: 5") + answer("Date: x\r\nContent-Length: 5") +
                           answer("Content-Length: 5\r\nConnection: close");
  const auto format = hello_format();
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    http_reader reader(format);
    http_progress at;
    std::size_t whole = 0;
    for (std::size_t from = 0; from < text.size();) {
      from += reader.take(at, text.data() + from, std::min(piece, text.size() - from));
      if (!at.whole) continue;
      ++whole;
      EXPECT_TRUE(at.right) << piece;
      EXPECT_EQ(at.closes, whole == 3) << piece;
      at.clear();
    }
    EXPECT_EQ(whole, 3U) << piece;
  }
}

TEST(http_reader, tells_other_answers_from_the_right_one) {
  const auto format = hello_format();
  http_reader reader(format);
  for (const std::string& text :
       {std::string("HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nhello"),
        answer("Content-Length: 4", "hell"), answer("Content-Length: 0", "")}) {
    http_progress at;
    EXPECT_EQ(reader.take(at, text.data(), text.size()), text.size());
    EXPECT_TRUE(at.whole) << text;
    EXPECT_FALSE(at.right) << text;
    EXPECT_FALSE(at.closes) << text;
  }
}

TEST(http_reader, an_answer_without_an_end_is_wrong_and_the_last) {
  const auto format = hello_format();
  for (const std::string& text :
       {answer("Transfer-Encoding: chunked", ""), answer("X: y", ""), std::string(65536, 'x')}) {
    http_reader reader(format);
    http_progress at;
    EXPECT_EQ(reader.take(at, text.data(), text.size()), text.size());
    EXPECT_TRUE(at.whole && at.closes && !at.right) << text.substr(0, 50);
  }
}

}  // namespace
}  // namespace tailrace::load
