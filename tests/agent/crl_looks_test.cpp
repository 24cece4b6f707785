// SPDX-License-Identifier: GPL-3.0-or-later
// Against small web servers on 127.0.0.1, one a way in which a CA can answer.
#include "lib/agent/crl_looks.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <thread>

using namespace rollcall;
using namespace rollcall::agent;

namespace {

using boost::asio::ip::tcp;

/// Answers one connection with a text; with an empty one it closes, silent.
class Web {
 public:
  explicit Web(std::string answer)
      : acceptor_(io_, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}) {
    thread_ = std::thread([this, answer = std::move(answer)] {
      tcp::socket client = acceptor_.accept();
      boost::asio::streambuf request;
      boost::system::error_code ignored;
      boost::asio::read_until(client, request, "\r\n\r\n", ignored);
      asked.assign(boost::asio::buffers_begin(request.data()),
                   boost::asio::buffers_end(request.data()));
      boost::asio::write(client, boost::asio::buffer(answer), ignored);
    });
  }
  ~Web() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  WebServer at(const std::string& host) const {
    return {host, "127.0.0.1", acceptor_.local_endpoint().port()};
  }

  std::string asked;  ///< After join().

 private:
  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

CrlAnswers ask(const std::vector<WebServer>& servers,
               std::chrono::milliseconds patience = std::chrono::seconds{10}) {
  boost::asio::io_context loop;
  CrlAnswers got;
  int times = 0;
  look_at_crls(
      loop, servers,
      [&](CrlAnswers answers) {
        got = std::move(answers);
        ++times;
      },
      patience);
  loop.run();
  CHECK(times == 1);
  return got;
}

std::uint16_t closed_port() {
  boost::asio::io_context io;
  tcp::acceptor acceptor{io, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
  return acceptor.local_endpoint().port();
}

}  // namespace

TEST_CASE("the CA that gives the list generates it, one that redirects does not", "[health]") {
  Web generates(
      "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: application/pkix-crl\r\n\r\n");
  Web redirects(
      "HTTP/1.1 301 Moved Permanently\r\nLocation: https://b.test/ca/ee/ca/getCRL\r\n\r\n");
  const CrlAnswers answers = ask({generates.at("a.test"), redirects.at("b.test")});
  CHECK(answers.at("a.test").value());
  CHECK_FALSE(answers.at("b.test").value());
  generates.join();
  CHECK(generates.asked.starts_with("HEAD /ipa/crl/MasterCRL.bin HTTP/1.1\r\n"));
  CHECK(generates.asked.find("Host: a.test\r\n") != std::string::npos);
}

TEST_CASE("what is no answer is said with the reason, and stops no other one", "[health]") {
  Web missing("HTTP/1.1 404 Not Found\r\n\r\n");
  Web silent("");
  Web odd("SSH-2.0-OpenSSH_9.2\r\n");
  Web good("HTTP/1.1 200 OK\r\n\r\n");
  const std::uint16_t nobody = closed_port();
  const CrlAnswers answers = ask({missing.at("a.test"),
                                  silent.at("b.test"),
                                  odd.at("c.test"),
                                  good.at("d.test"),
                                  {"e.test", "127.0.0.1", nobody}});
  CHECK(answers.at("a.test").error().what == "HTTP status 404 for /ipa/crl/MasterCRL.bin");
  CHECK(answers.at("b.test").error().code == Errc::unavailable);
  CHECK(answers.at("c.test").error().code == Errc::unavailable);
  CHECK(answers.at("d.test").value());
  CHECK(answers.at("e.test").error().code == Errc::unavailable);
}

TEST_CASE("a server that takes the question and says nothing is waited for no longer than wanted",
          "[health]") {
  boost::asio::io_context io;
  tcp::acceptor hangs{io,
                      tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};  // nobody accepts
  Web good("HTTP/1.1 301 Moved Permanently\r\n\r\n");
  const CrlAnswers answers =
      ask({{"a.test", "127.0.0.1", hangs.local_endpoint().port()}, good.at("b.test")},
          std::chrono::milliseconds{300});
  CHECK(answers.at("a.test").error().what == "no answer in time");
  CHECK_FALSE(answers.at("b.test").value());
}

TEST_CASE("without CAs nobody is asked", "[health]") { CHECK(ask({}).empty()); }
