// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_directory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <deque>
#include <random>
#include <utility>
#include <vector>

#include "lib/directory/ldap_backoff.h"
#include "lib/directory/ldap_connector.h"
#include "lib/directory/ldap_files.h"
#include "lib/directory/ldap_requests.h"
#include "lib/directory/ldap_session.h"
#include "lib/directory/ldap_uri.h"
#include "lib/directory/ldap_watch.h"
#include "lib/util/must.h"

namespace rollcall::directory {
namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

// libldap writes to its socket without MSG_NOSIGNAL: a server that closes first would end the process.
void ignore_sigpipe() {
  struct sigaction present {};
  ::sigaction(SIGPIPE, nullptr, &present);
  if (present.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
}

std::vector<LdapUri> parsed(const LdapOptions& options) {
  std::vector<LdapUri> uris;
  for (const std::string& text : options.uris) uris.push_back(*parse_uri(text));
  return uris;
}

}  // namespace

class LdapDirectory::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, asio::thread_pool& pool, LdapOptions options)
      : loop_{loop}, pool_{pool}, options_{std::make_shared<const LdapOptions>(std::move(options))},
        uris_{parsed(*options_)}, backoff_{options_->backoff_min, options_->backoff_max, random_seed()},
        retry_timer_{loop}, waiting_timer_{loop} {}

  void watch(Listener& listener) {
    MUST(watch_ == nullptr);
    watch_ = std::make_shared<LdapWatch>(loop_, options_, listener);
    if (session_) watch_->connected(*session_, uri_);
    start();
  }

  void submit(LdapRequest request) {
    if (session_) return session_->submit(std::move(request));
    waiting_.push_back({std::move(request), Clock::now() + options_->operation_timeout});
    watch_waiting();
    start();
  }

  /// A callback that is not called after stop().
  template <class T>
  Done<T> while_alive(Done<T> done) {
    return [weak = weak_from_this(), done = std::move(done)](Result<T> result) {
      const auto self = weak.lock();
      if (self && !self->stopped_) done(std::move(result));
    };
  }

  void stop() {
    stopped_ = true;
    if (watch_) watch_->stop();
    retry_timer_.cancel();
    waiting_timer_.cancel();
    waiting_.clear();
    connector_.reset();
    session_.reset();
  }

 private:
  struct Waiting {
    LdapRequest request;
    Clock::time_point deadline;
  };

  void start() {
    if (std::exchange(started_, true)) return;
    next_round();
  }

  // --- a round tries every URI once

  void next_round() {
    failures_.clear();
    all_denied_ = true;
    files_ = stamps_of(*options_);
    try_uri(0);
  }

  void try_uri(std::size_t index) {
    const auto done = [weak = weak_from_this(), index](Result<LdapHandle> handle) {
      const auto self = weak.lock();
      if (self && !self->stopped_) self->tried(index, std::move(handle));
    };
    connector_ = std::make_unique<LdapConnector>(loop_, pool_, options_, uris_[index], done);
  }

  void tried(std::size_t index, Result<LdapHandle> handle) {
    if (handle) return connected(uris_[index].text, std::move(*handle));
    failures_.push_back(handle.error().what);
    all_denied_ = all_denied_ && handle.error().code == Errc::denied;
    if (index + 1 < uris_.size()) return try_uri(index + 1);
    connector_.reset();
    // Once may be a server that stopped in the middle of a handshake; twice is for an operator to mend.
    const bool denied_again = std::exchange(denied_before_, all_denied_) && all_denied_;
    down(fmt::format("{}", fmt::join(failures_, "; ")), denied_again ? backoff_.longest() : backoff_.next());
  }

  void down(const std::string& what, milliseconds pause) {
    next_round_ = Clock::now() + pause;
    await_next_round();
    why_down_ = what;
    const auto why = fmt::format("{}; next try in {:.1f} s", what, static_cast<double>(pause.count()) / 1000);
    if (watch_) watch_->disconnected(why, failures_.size() == uris_.size() && all_denied_);
  }

  // Who was refused and has mended one of the files that we use does not wait for the end of the pause.
  void await_next_round() {
    retry_timer_.expires_at(std::min(next_round_, Clock::now() + options_->recheck));
    retry_timer_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (error || !self || self->stopped_) return;
      if (Clock::now() >= self->next_round_ || self->files_ != stamps_of(*self->options_)) return self->next_round();
      self->await_next_round();
    });
  }

  void connected(const std::string& uri, LdapHandle handle) {
    connector_.reset();
    denied_before_ = false;
    uri_ = uri;
    const auto lost = [weak = weak_from_this()](const std::string& why) {
      const auto self = weak.lock();
      if (self && !self->stopped_) self->lost(why);
    };
    session_ = std::make_unique<LdapSession>(loop_, std::move(handle), uri, options_->operation_timeout, lost);
    for (Waiting& waiting : std::exchange(waiting_, {})) session_->submit(std::move(waiting.request));
    if (watch_) watch_->connected(*session_, uri);
    if (!watch_) backoff_.reset();
  }

  // A server that binds us and then falls over each time must not be hammered: only one that got us
  // as far as `current` earns the short pause.
  void lost(const std::string& why) {
    if (watch_ && watch_->is_current()) backoff_.reset();
    session_.reset();
    failures_.clear();
    down(fmt::format("connection to {} lost: {}", uri_, why), backoff_.next());
  }

  // --- verbs that wait for a connection, in the order of their deadlines

  void watch_waiting() {
    if (waiting_.size() != 1) return;
    expire_at(waiting_.front().deadline);
  }

  void expire_at(Clock::time_point deadline) {
    waiting_timer_.expires_at(deadline);
    waiting_timer_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (!error && self && !self->stopped_) self->expire();
    });
  }

  void expire() {
    const auto now = Clock::now();
    while (!waiting_.empty() && waiting_.front().deadline <= now) {
      const LdapRequest request = std::move(waiting_.front().request);
      waiting_.pop_front();
      request.answered(fail(Errc::unavailable, fmt::format("{}: not sent: {}", request.doing, why_down_)));
      if (stopped_) return;
    }
    if (!waiting_.empty()) expire_at(waiting_.front().deadline);
  }

  asio::io_context& loop_;
  asio::thread_pool& pool_;
  const std::shared_ptr<const LdapOptions> options_;
  const std::vector<LdapUri> uris_;
  Backoff backoff_;
  asio::steady_timer retry_timer_;
  asio::steady_timer waiting_timer_;
  std::shared_ptr<LdapWatch> watch_;
  std::unique_ptr<LdapConnector> connector_;
  std::unique_ptr<LdapSession> session_;
  std::string uri_;                    ///< Of the present or last connection.
  std::vector<std::string> failures_;  ///< Of this round.
  bool all_denied_ = true;             ///< In this round.
  bool denied_before_ = false;         ///< In the round before.
  std::vector<FileStamp> files_;       ///< As they were when this round began.
  Clock::time_point next_round_{};
  std::string why_down_ = "no connection yet";
  std::deque<Waiting> waiting_;
  bool started_ = false;
  bool stopped_ = false;
};

Result<std::unique_ptr<LdapDirectory>> LdapDirectory::create(asio::io_context& loop, asio::thread_pool& pool,
                                                             LdapOptions options) {
  if (auto valid = validate(options); !valid) return tl::unexpected(valid.error());
  ignore_sigpipe();
  return std::unique_ptr<LdapDirectory>{
      new LdapDirectory{std::make_shared<Impl>(loop, pool, std::move(options))}};
}

LdapDirectory::LdapDirectory(std::shared_ptr<Impl> impl) : impl_{std::move(impl)} {}

LdapDirectory::~LdapDirectory() { impl_->stop(); }

void LdapDirectory::watch(Listener& listener) { impl_->watch(listener); }

void LdapDirectory::add(Entry entry, Done<> done) {
  impl_->submit(add_request(std::move(entry), impl_->while_alive(std::move(done))));
}

void LdapDirectory::modify(std::string dn, Attributes replace, Done<> done) {
  impl_->submit(modify_request(std::move(dn), std::move(replace), impl_->while_alive(std::move(done))));
}

void LdapDirectory::read(std::string dn, Done<Entry> done) {
  impl_->submit(read_request(std::move(dn), {"*"}, impl_->while_alive(std::move(done))));
}

void LdapDirectory::search(std::string dn, std::string filter, std::vector<std::string> names,
                           Done<std::vector<Entry>> done) {
  impl_->submit(find_request(std::move(dn), std::move(filter), std::move(names), impl_->while_alive(std::move(done))));
}

void LdapDirectory::who_am_i(Done<std::string> done) {
  impl_->submit(who_am_i_request(impl_->while_alive(std::move(done))));
}

}  // namespace rollcall::directory
