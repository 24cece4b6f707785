// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_session.h"

#include <fmt/format.h>
#include <ldap.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "lib/directory/ldap_error.h"

namespace rollcall::directory {
namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int messages_a_turn = 100;  // then others have the loop for a moment
constexpr auto write_pause = std::chrono::milliseconds{5};

struct FreeMessage {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
using Message = std::unique_ptr<LDAPMessage, FreeMessage>;

bool is_final(LDAPMessage* message) {
  const int type = ldap_msgtype(message);
  return type != LDAP_RES_SEARCH_ENTRY && type != LDAP_RES_SEARCH_REFERENCE && type != LDAP_RES_INTERMEDIATE;
}

}  // namespace

class LdapSession::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, LdapHandle handle, std::string uri, std::chrono::milliseconds timeout, Lost lost)
      : loop_{loop}, handle_{std::move(handle)}, uri_{std::move(uri)}, timeout_{timeout}, lost_{std::move(lost)},
        readable_{loop}, deadline_timer_{loop}, write_timer_{loop} {}

  void start() {
    int fd = -1;
    ldap_get_option(handle_.get(), LDAP_OPT_DESC, &fd);
    error_code error;
    readable_.assign(fd, error);
    if (error) return die_later(error.message());
    drain_later();  // TLS may hold bytes that the descriptor does not show
  }

  void submit(LdapRequest request) {
    unsent_.push_back({std::move(request), Clock::now() + timeout_, Clock::now()});
    send_unsent();
    watch_deadlines();
  }

  void stop() {
    lost_ = nullptr;
    unsent_.clear();
    outstanding_.clear();
    close();
  }

 private:
  struct Outstanding {
    LdapRequest request;
    Clock::time_point deadline;
    Clock::time_point since;
  };

  bool closed() const { return handle_ == nullptr; }

  // libldap owns the descriptor: the loop lets go of it before libldap closes it.
  void close() {
    if (closed()) return;
    if (readable_.is_open()) readable_.release();
    deadline_timer_.cancel();
    write_timer_.cancel();
    handle_.reset();
  }

  // --- out

  void send_unsent() {
    while (!unsent_.empty() && !closed()) {
      Outstanding next = std::move(unsent_.front());
      unsent_.pop_front();
      int id = 0;
      const int rc = next.request.send(handle_.get(), id);
      if (rc == LDAP_BUSY) {  // an earlier request is still half-written; this one was not taken
        unsent_.push_front(std::move(next));
        return wait_writable();
      }
      if (rc != LDAP_SUCCESS) {
        not_sent(std::move(next), rc);
        continue;
      }
      outstanding_.emplace(id, std::move(next));
      if (last_code(handle_.get()) == LDAP_BUSY) {
        half_written_ = id;
        return wait_writable();
      }
      half_written_.reset();
    }
  }

  // Posted: the caller of submit() does not expect an answer before it returns.
  void not_sent(Outstanding request, int code) {
    const Error error = ldap_error(code, request.request.doing, diagnostic_of(handle_.get()));
    asio::post(loop_, [answered = std::move(request.request.answered), error] { answered(tl::unexpected(error)); });
    if (code == LDAP_SERVER_DOWN) die_later(error.what);
  }

  // ldap_result() writes the rest when the socket takes it, but does not tell whether it did.
  void wait_writable() {
    if (write_waiting_) return;
    write_waiting_ = true;
    readable_.async_wait(asio::posix::stream_descriptor::wait_write, [self = shared_from_this()](error_code error) {
      if (error || self->closed()) return;
      self->drain();
      self->pause_writing();
    });
  }

  void pause_writing() {
    if (closed()) return;
    write_timer_.expires_after(write_pause);
    write_timer_.async_wait([self = shared_from_this()](error_code error) {
      if (error || self->closed()) return;
      self->write_waiting_ = false;
      self->send_unsent();
      if (self->half_written_ && !self->closed()) self->wait_writable();
    });
  }

  // --- in

  void wait_readable() {
    if (read_waiting_ || closed()) return;
    read_waiting_ = true;
    readable_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](error_code error) {
      self->read_waiting_ = false;
      if (!error && !self->closed()) self->drain();
    });
  }

  void drain_later() {
    asio::post(loop_, [self = shared_from_this()] {
      if (!self->closed()) self->drain();
    });
  }

  // TLS and BER buffers hold messages that the descriptor does not show: go on until there are none.
  void drain() {
    for (int count = 0; count < messages_a_turn; ++count) {
      timeval at_once{0, 0};
      LDAPMessage* raw = nullptr;
      const int type = ldap_result(handle_.get(), LDAP_RES_ANY, LDAP_MSG_ONE, &at_once, &raw);
      const Message message{raw};
      if (type == 0) return wait_readable();
      if (type < 0) return die(ldap_err2string(last_code(handle_.get())));
      heard_ = Clock::now();
      dispatch(message.get());
      if (closed()) return;
    }
    drain_later();
  }

  void dispatch(LDAPMessage* message) {
    const auto found = outstanding_.find(ldap_msgid(message));
    if (found == outstanding_.end()) return unasked(message);
    if (half_written_ && *half_written_ <= found->first) half_written_.reset();
    const LdapAnswer answer{handle_.get(), message};
    if (is_final(message)) {
      const Outstanding done = std::move(found->second);
      outstanding_.erase(found);
      return done.request.answered(answer);
    }
    found->second.deadline = Clock::now() + timeout_;
    const auto answered = found->second.request.answered;
    const auto persistence = found->second.request.persistence;
    answered(answer);
    if (persistence && persistence->enough) abandon(ldap_msgid(message));
  }

  // Message 0 is the server's notice of disconnection (RFC 4511, 4.4.1); others are late answers.
  void unasked(LDAPMessage* message) {
    if (ldap_msgid(message) == LDAP_RES_UNSOLICITED) die("the server ends the connection");
  }

  // --- deadlines

  void watch_deadlines() {
    if (deadline_watched_ || closed()) return;
    const auto next = next_deadline();
    if (!next) return;
    deadline_watched_ = true;
    deadline_timer_.expires_at(*next);
    deadline_timer_.async_wait([self = shared_from_this()](error_code error) {
      self->deadline_watched_ = false;
      if (error || self->closed()) return;
      self->drain();  // what has arrived while the loop was busy is not late
      if (!self->closed()) self->expire();
      self->watch_deadlines();
    });
  }

  static bool is_quiet(const Outstanding& request) {
    return request.request.persistence && request.request.persistence->quiet;
  }

  std::optional<Clock::time_point> next_deadline() const {
    std::optional<Clock::time_point> next;
    const auto consider = [&next](const Outstanding& request) {
      if (!is_quiet(request) && (!next || request.deadline < *next)) next = request.deadline;
    };
    for (const auto& entry : outstanding_) consider(entry.second);
    for (const auto& request : unsent_) consider(request);
    return next;
  }

  // A server that has said nothing at all since the request went out is not slow but gone. And no
  // request is abandoned while one is half-written: that would tear the stream.
  void expire() {
    const auto now = Clock::now();
    const bool stuck = half_written_ || !unsent_.empty();
    std::vector<int> late;
    for (const auto& entry : outstanding_) {
      const Outstanding& request = entry.second;
      if (is_quiet(request) || request.deadline > now) continue;
      if (stuck || heard_ < request.since || request.request.persistence) return die(no_answer(request));
      late.push_back(entry.first);
    }
    for (const Outstanding& request : unsent_) {
      if (request.deadline <= now) return die(no_answer(request));
    }
    for (const int id : late) {
      give_up(id);
      if (closed()) return;
    }
  }

  std::string no_answer(const Outstanding& request) const {
    return fmt::format("no answer to {} within {} ms", request.request.doing, timeout_.count());
  }

  void give_up(int id) {
    const auto found = abandon(id);
    if (!found) return;
    found->request.answered(fail(Errc::unavailable, fmt::format("{}: {}", uri_, no_answer(*found))));
  }

  std::optional<Outstanding> abandon(int id) {
    auto found = outstanding_.extract(id);
    if (closed() || found.empty()) return std::nullopt;
    ldap_abandon_ext(handle_.get(), id, nullptr, nullptr);
    return std::move(found.mapped());
  }

  // --- the end

  void die_later(const std::string& why) {
    asio::post(loop_, [self = shared_from_this(), why] { self->die(why); });
  }

  // First `lost`, so that who sends again in `answered` does not meet this session. It may destroy
  // the session's owner's handle to us; whoever called keeps us alive.
  void die(const std::string& why) {
    if (closed()) return;
    close();
    const auto outstanding = std::exchange(outstanding_, {});
    const auto unsent = std::exchange(unsent_, {});
    if (const Lost lost = std::exchange(lost_, nullptr)) lost(why);
    for (const auto& entry : outstanding) tell_lost(entry.second, why);
    for (const auto& request : unsent) tell_lost(request, why);
  }

  void tell_lost(const Outstanding& request, const std::string& why) const {
    request.request.answered(
        fail(Errc::unavailable, fmt::format("{}: connection to {} lost: {}", request.request.doing, uri_, why)));
  }

  asio::io_context& loop_;
  LdapHandle handle_;
  const std::string uri_;
  const std::chrono::milliseconds timeout_;
  Lost lost_;
  asio::posix::stream_descriptor readable_;
  asio::steady_timer deadline_timer_;
  asio::steady_timer write_timer_;
  std::map<int, Outstanding> outstanding_;
  std::deque<Outstanding> unsent_;
  std::optional<int> half_written_;
  Clock::time_point heard_{};
  bool read_waiting_ = false;
  bool write_waiting_ = false;
  bool deadline_watched_ = false;
};

LdapSession::LdapSession(asio::io_context& loop, LdapHandle handle, std::string uri,
                         std::chrono::milliseconds operation_timeout, Lost lost)
    : impl_{std::make_shared<Impl>(loop, std::move(handle), std::move(uri), operation_timeout, std::move(lost))} {
  impl_->start();
}

LdapSession::~LdapSession() { impl_->stop(); }

void LdapSession::submit(LdapRequest request) { impl_->submit(std::move(request)); }

}  // namespace rollcall::directory
