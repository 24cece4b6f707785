// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_connector.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>
#include <vector>

namespace rollcall::directory {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Endpoint = asio::generic::stream_protocol::endpoint;

namespace {

void set_option(int fd, int level, int name, int value) {
  // A socket without its keepalive still works, so failure is no reason to give up.
  static_cast<void>(::setsockopt(fd, level, name, &value, sizeof value));
}

// Without these a dead peer is noticed only after many minutes.
void keep_alive(int fd, const LdapOptions& options) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options.keepalive_idle.count()));
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(options.keepalive_interval.count()));
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, options.keepalive_probes);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(options.user_timeout.count()));
}

}  // namespace

class LdapConnector::Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(asio::io_context& loop, asio::thread_pool& pool, std::shared_ptr<const LdapOptions> options,
          LdapUri uri, Done done)
      : loop_{loop}, pool_{pool}, options_{std::move(options)}, uri_{std::move(uri)}, done_{std::move(done)},
        resolver_{loop}, socket_{loop}, timer_{loop} {}

  void start() {
    if (uri_.transport == Transport::local) return connect_to({Endpoint{asio::local::stream_protocol::endpoint{uri_.host}}});
    error_code none;
    const auto address = asio::ip::make_address(uri_.host, none);
    if (!none) return connect_to({Endpoint{tcp::endpoint{address, uri_.port}}});
    resolve();
  }

  void cancel() {
    done_ = nullptr;
    hang_up();
    close();
  }

 private:
  void close() {
    error_code ignored;
    resolver_.cancel();
    timer_.cancel();
    socket_.close(ignored);
    if (line_ >= 0) ::close(std::exchange(line_, -1));
  }

  // The deadline covers one step; `step_` tells a late answer from the one that is waited for.
  template <class Answer>
  auto within_deadline(Answer answer) {
    const unsigned step = ++step_;
    timer_.expires_after(options_->connect_timeout);
    timer_.async_wait([self = shared_from_this(), step](error_code error) {
      if (!error && step == self->step_) self->timed_out();
    });
    return [self = shared_from_this(), step, answer](error_code error, auto... results) {
      if (step != self->step_ || !self->done_) return;
      ++self->step_;
      self->timer_.cancel();
      answer(*self, error, results...);
    };
  }

  void timed_out() {
    ++step_;
    if (!done_) return;
    if (remaining_.empty() && !connecting_) return finish_with(Errc::unavailable, "the host name is not resolved in time");
    last_error_ = "no answer in time";
    next_endpoint();
  }

  void resolve() {
    resolver_.async_resolve(
        uri_.host, std::to_string(uri_.port), tcp::resolver::numeric_service,
        within_deadline([](Attempt& self, error_code error, const tcp::resolver::results_type& found) {
          if (error) return self.finish_with(Errc::unavailable, error.message());
          std::vector<Endpoint> endpoints;
          for (const auto& entry : found) endpoints.emplace_back(entry.endpoint());
          self.connect_to(std::move(endpoints));
        }));
  }

  void connect_to(std::vector<Endpoint> endpoints) {
    connecting_ = true;
    remaining_.assign(endpoints.rbegin(), endpoints.rend());
    next_endpoint();
  }

  void next_endpoint() {
    if (remaining_.empty()) return finish_with(Errc::unavailable, last_error_);
    const Endpoint endpoint = remaining_.back();
    remaining_.pop_back();
    error_code ignored;
    socket_.close(ignored);
    socket_.async_connect(endpoint, within_deadline([](Attempt& self, error_code error) {
      if (!error) return self.open();
      self.last_error_ = error.message();
      self.next_endpoint();
    }));
  }

  // From here the pool has the socket; the loop sees it again as a handle that is ready for use.
  void open() {
    error_code error;
    socket_.native_non_blocking(true, error);
    if (uri_.transport != Transport::local) keep_alive(socket_.native_handle(), *options_);
    const int fd = socket_.release(error);
    if (error) return finish_with(Errc::unavailable, error.message());
    line_ = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    timer_.expires_after(options_->operation_timeout);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->hang_up();
    });
    open_on_pool(fd);
  }

  // libldap with GnuTLS has no working time limit for the handshake of ldaps (seen with 2.5.13): a
  // socket that is shut down ends whatever waits on it.
  void hang_up() {
    if (line_ < 0) return;
    hung_up_ = true;
    ::shutdown(line_, SHUT_RDWR);
  }

  void open_on_pool(int fd) {
    asio::post(pool_, [self = weak_from_this(), &loop = loop_, options = options_, uri = uri_, fd] {
      auto opened = std::make_shared<Result<LdapHandle>>(open_handle(fd, uri, *options));
      asio::post(loop, [self, opened] {
        if (const auto attempt = self.lock()) attempt->opened(std::move(*opened));
      });
    });
  }

  void opened(Result<LdapHandle> handle) {
    if (hung_up_) {
      return finish_with(Errc::unavailable, fmt::format("no answer to TLS and bind within {} ms",
                                                        options_->operation_timeout.count()));
    }
    finish(std::move(handle));
  }

  void finish_with(Errc code, const std::string& why) {
    finish(fail(code, fmt::format("connect to {}: {}", uri_.text, why)));
  }

  void finish(Result<LdapHandle> result) {
    close();
    if (const Done done = std::exchange(done_, nullptr)) done(std::move(result));
  }

  asio::io_context& loop_;
  asio::thread_pool& pool_;
  const std::shared_ptr<const LdapOptions> options_;
  const LdapUri uri_;
  Done done_;
  tcp::resolver resolver_;
  Socket socket_;
  asio::steady_timer timer_;
  std::vector<Endpoint> remaining_;  ///< The next one last.
  bool connecting_ = false;
  std::string last_error_ = "it has no address";
  unsigned step_ = 0;
  int line_ = -1;         ///< A second descriptor of the socket that the pool has; -1 if it has none.
  bool hung_up_ = false;
};

LdapConnector::LdapConnector(asio::io_context& loop, asio::thread_pool& pool,
                             std::shared_ptr<const LdapOptions> options, LdapUri uri, Done done)
    : attempt_{std::make_shared<Attempt>(loop, pool, std::move(options), std::move(uri), std::move(done))} {
  attempt_->start();
}

LdapConnector::~LdapConnector() { attempt_->cancel(); }

}  // namespace rollcall::directory
