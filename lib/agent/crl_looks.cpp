// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/crl_looks.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <memory>

namespace rollcall::agent {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr const char* crl_path = "/ipa/crl/MasterCRL.bin";
constexpr unsigned http_1_1 = 11;

Result<bool> generates(unsigned status) {
  constexpr unsigned found = 200;
  if (status == found) return true;
  if (status >= 300 && status < 400) return false;
  return fail(Errc::malformed, "HTTP status " + std::to_string(status) + " for " + crl_path);
}

/// The question to one server. Lives until it has told its answer.
class Question : public std::enable_shared_from_this<Question> {
 public:
  using Done = std::function<void(Result<bool>)>;

  Question(asio::io_context& loop, const WebServer& server, Done done)
      : resolver_(loop), stream_(loop), timer_(loop), server_(server), done_(std::move(done)) {
    request_.method(http::verb::head);
    request_.target(crl_path);
    request_.version(http_1_1);
    request_.set(http::field::host, server.host);
    request_.set(http::field::connection, "close");
    answer_.skip(true);  // there is no body
  }

  void ask(std::chrono::milliseconds patience);

 private:
  template <class Act>
  auto next(Act act) {
    return [self = shared_from_this(), act](error_code error, auto&& result) {
      if (!self->done_) return;
      if (error) return self->tell(fail(Errc::unavailable, error.message()));
      act(*self, result);
    };
  }

  void tell(Result<bool> answer) {
    if (!done_) return;
    resolver_.cancel();
    timer_.cancel();
    stream_.close();
    std::exchange(done_, nullptr)(std::move(answer));
  }

  void connect(const asio::ip::tcp::resolver::results_type& found) {
    stream_.async_connect(found, next([](Question& self, const asio::ip::tcp::endpoint&) {
                            http::async_write(
                                self.stream_, self.request_,
                                self.next([](Question& asked, std::size_t) { asked.read(); }));
                          }));
  }

  void read() {
    http::async_read_header(stream_, buffer_, answer_, next([](Question& self, std::size_t) {
                              self.tell(generates(self.answer_.get().result_int()));
                            }));
  }

  asio::ip::tcp::resolver resolver_;
  beast::tcp_stream stream_;
  asio::steady_timer timer_;
  WebServer server_;
  Done done_;
  http::request<http::empty_body> request_;
  http::response_parser<http::empty_body> answer_;
  beast::flat_buffer buffer_;
};

void Question::ask(std::chrono::milliseconds patience) {
  timer_.expires_after(patience);
  timer_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled) self->tell(fail(Errc::unavailable, "no answer in time"));
  });
  resolver_.async_resolve(
      server_.address, std::to_string(server_.port),
      next([](Question& self, const asio::ip::tcp::resolver::results_type& found) {
        self.connect(found);
      }));
}

struct Round {
  std::size_t left = 0;
  CrlAnswers answers;
  std::function<void(CrlAnswers)> done;
};

}  // namespace

void look_at_crls(asio::io_context& loop, const std::vector<WebServer>& servers,
                  std::function<void(CrlAnswers)> done, std::chrono::milliseconds patience) {
  if (servers.empty()) return asio::post(loop, [done = std::move(done)] { done({}); });
  const auto round = std::make_shared<Round>(Round{servers.size(), {}, std::move(done)});
  for (const WebServer& server : servers) {
    std::make_shared<Question>(loop, server, [round, host = server.host](Result<bool> answer) {
      round->answers.insert_or_assign(host, std::move(answer));
      if (--round->left == 0) round->done(std::move(round->answers));
    })->ask(patience);
  }
}

}  // namespace rollcall::agent
