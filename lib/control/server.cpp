// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/server.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <vector>

#include "lib/control/peer.h"
#include "lib/control/session.h"

namespace rollcall::control {
namespace {

using boost::system::error_code;
using Protocol = boost::asio::local::stream_protocol;
namespace errc = boost::system::errc;

constexpr std::chrono::seconds accept_pause{1};  // when there are no file descriptors left

Error named(const std::string& path, const error_code& error) {
  if (error == errc::no_such_file_or_directory) {
    return {Errc::not_found, "the directory of socket " + path + " is missing"};
  }
  const bool denied = error == errc::permission_denied || error == errc::operation_not_permitted;
  return {denied ? Errc::denied : Errc::unavailable, "socket " + path + ": " + error.message()};
}

bool somebody_listens(boost::asio::io_context& loop, const std::string& path) {
  Protocol::socket probe{loop};
  error_code error;
  probe.connect(Protocol::endpoint{path}, error);
  return error != errc::connection_refused;
}

// What a daemon that was killed left behind. Whatever else is there is not ours to remove.
Result<> remove_stale(boost::asio::io_context& loop, const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) return fail(Errc::conflict, path + " is in the way and no socket");
  if (somebody_listens(loop, path)) {
    return fail(Errc::conflict, "another daemon listens on socket " + path);
  }
  if (::unlink(path.c_str()) != 0) {
    return tl::unexpected(named(path, {errno, boost::system::system_category()}));
  }
  return {};
}

}  // namespace

struct ControlServer::State : std::enable_shared_from_this<ControlServer::State> {
  State(boost::asio::io_context& context, ServerOptions wanted, Handler handle)
      : loop(context),
        acceptor(context),
        pause(context),
        options(std::make_shared<const ServerOptions>(std::move(wanted))),
        handler(std::make_shared<const Handler>(std::move(handle))) {}

  Result<> open() {
    error_code error;
    const Protocol::endpoint endpoint{options->path};
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) bound = true;
    // Everybody may connect; who may ask is told by SO_PEERCRED, with a message that helps.
    if (!error && ::chmod(options->path.c_str(), 0666) != 0) {
      error = {errno, boost::system::system_category()};
    }
    if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
    if (error) return tl::unexpected(named(options->path, error));
    return {};
  }

  void accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, Protocol::socket socket) {
      if (!self->acceptor.is_open()) return;
      if (error) return self->accept_later();
      self->welcome(std::move(socket));
      self->accept();
    });
  }

  void accept_later() {
    pause.expires_after(accept_pause);
    pause.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->accept();
    });
  }

  void welcome(Protocol::socket socket) {
    const auto peer = peer_of(socket.native_handle());
    const auto session = std::make_shared<Session>(std::move(socket), options, handler);
    if (!peer) return session->turn_away(peer.error());
    const Access access = access_of(*peer, circle);
    if (access == Access::none)
      return session->turn_away(no_right(peer->user, Access::read, *options));
    std::erase_if(sessions, [](const auto& known) { return known.expired(); });
    if (sessions.size() >= options->most_clients) {
      return session->turn_away({Errc::unavailable, "rollcalld has too many clients", "try again"});
    }
    sessions.push_back(session);
    session->serve(peer->user, access);
  }

  void stop() {
    error_code ignored;
    acceptor.close(ignored);
    pause.cancel(ignored);
    if (bound) ::unlink(options->path.c_str());
    for (const auto& known : sessions) {
      if (const auto session = known.lock()) session->close();
    }
  }

  boost::asio::io_context& loop;
  Protocol::acceptor acceptor;
  boost::asio::steady_timer pause;
  std::shared_ptr<const ServerOptions> options;
  std::shared_ptr<const Handler> handler;
  Circle circle;
  bool bound = false;
  std::vector<std::weak_ptr<Session>> sessions;
};

ControlServer::ControlServer(boost::asio::io_context& loop, ServerOptions options, Handler handler)
    : state_(std::make_shared<State>(loop, std::move(options), std::move(handler))) {}

ControlServer::~ControlServer() { state_->stop(); }

Result<> ControlServer::listen() {
  const std::string& path = state_->options->path;
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(Errc::malformed, "socket path " + path + " is longer than 107 bytes");
  }
  state_->circle = {::geteuid(), group_named(state_->options->read_group),
                    group_named(state_->options->change_group)};
  if (const auto removed = remove_stale(state_->loop, path); !removed) return removed;
  if (const auto opened = state_->open(); !opened) return opened;
  state_->accept();
  return {};
}

}  // namespace rollcall::control
