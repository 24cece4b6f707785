// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/session.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "lib/control/verbs.h"

namespace rollcall::control {
namespace {

using boost::system::error_code;
constexpr std::size_t chunk = 4096;

}  // namespace

Session::Session(Socket socket, std::shared_ptr<const ServerOptions> options,
                 std::shared_ptr<const Handler> handler)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      options_(std::move(options)),
      handler_(std::move(handler)) {}

void Session::serve(uid_t user, Access access) {
  user_ = user;
  access_ = access;
  limit_time();
  read();
}

void Session::turn_away(const Problem& problem) {
  limit_time();
  answer(tl::unexpected(problem), true);
}

void Session::close() {
  error_code ignored;
  timer_.cancel(ignored);
  socket_.close(ignored);
}

// For a whole question to arrive, or for an answer to be taken; the handler has all the time it
// wants.
void Session::limit_time() {
  timer_.expires_after(options_->idle_timeout);
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->close();
  });
}

void Session::read() {
  if (const auto end = in_.find('\n'); end != std::string::npos) {
    const std::string line = in_.substr(0, end);
    in_.erase(0, end + 1);
    ask(line);
    return;
  }
  if (in_.size() >= longest_line) {
    turn_away({Errc::malformed,
               "the question is longer than " + std::to_string(longest_line) + " bytes"});
    return;
  }
  const std::size_t known = in_.size();
  in_.resize(known + chunk);
  socket_.async_read_some(boost::asio::buffer(in_.data() + known, chunk),
                          [self = shared_from_this(), known](error_code error, std::size_t size) {
                            self->in_.resize(known + size);
                            if (error) return self->close();
                            self->read();
                          });
}

Answer Session::permission(const Request& request) const {
  const Access needed =
      find_verb(request.verb)->right == Right::change ? Access::change : Access::read;
  if (access_ < needed) return tl::unexpected(no_right(user_, needed, *options_));
  return Json{};
}

void Session::ask(const std::string& line) {
  timer_.cancel();
  auto request = decode_question(line);
  if (!request) return answer(tl::unexpected(Problem{request.error()}), false);
  if (const auto allowed = permission(*request); !allowed) return answer(allowed, false);
  request->who = user_name(user_);
  request->may_change = access_ == Access::change;
  (*handler_)(*request, [self = shared_from_this()](Answer given) { self->answer(given, false); });
}

void Session::answer(const Answer& given, bool then_close) {
  if (!socket_.is_open()) return;
  out_ = encode(given) + '\n';
  limit_time();
  boost::asio::async_write(socket_, boost::asio::buffer(out_),
                           [self = shared_from_this(), then_close](error_code error, std::size_t) {
                             if (error || then_close) return self->close();
                             self->limit_time();
                             self->read();
                           });
}

Problem no_right(uid_t user, Access needed, const ServerOptions& options) {
  const std::string name = user_name(user);
  const std::string& group = needed == Access::change ? options.change_group : options.read_group;
  const std::string what = needed == Access::change ? "change anything" : "ask rollcalld";
  return {
      Errc::denied, "user " + name + " may not " + what + ": not in group " + group,
      "run it as root, or: usermod -aG " + group + " " + name + " (counts from the next login)"};
}

}  // namespace rollcall::control
