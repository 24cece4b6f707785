// SPDX-License-Identifier: GPL-3.0-or-later
// Requests of administrators that stand in the directory: each is taken up by some member, and
// answered there.
//
// The members are ranked for each zone, and each leaves a request to those before it for a while.
// Two that act are harmless: what they do is the same once, and where answers differ `done` is the
// truth. A member that must not write now waits until it may.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "lib/directory/codec_requests.h"

namespace rollcall::agent {

/// Why a request was not carried out; nothing if it was.
using Verdict = std::function<void(const std::optional<std::string>& why_not)>;

struct RequestsParts {
  boost::asio::io_context& loop;
  directory::Directory& directory;
  std::string base;
  MemberId self;
  Nanoseconds stagger{};  ///< Between two ranks; and until a member that may not write looks again.

  /// How many members come before this one; empty while it must not act.
  std::function<std::optional<std::size_t>(const directory::DirectoryRequest&)> turn;
  /// Does it, now or later.
  std::function<void(const directory::DirectoryRequest&, Verdict)> carry_out;
  std::function<void(const std::string& dn, const std::string& why)> problem;  ///< As for Outbox.
};

class Requests {
 public:
  explicit Requests(RequestsParts parts) : parts_(std::move(parts)) {}

  /// Somebody asks; told again and again.
  void asked(directory::DirectoryRequest request);
  /// Somebody has answered, we or another.
  void answered(const Uuid& request);

 private:
  struct Open {
    Open(boost::asio::io_context& loop, directory::DirectoryRequest what)
        : request(std::move(what)), timer(loop) {}
    directory::DirectoryRequest request;
    boost::asio::steady_timer timer;
    bool waited = false;  ///< For those before us.
  };

  void come_back(const Uuid& id, Nanoseconds pause);
  void look(const Uuid& id);
  void answer(const Uuid& id, const std::optional<std::string>& why_not);

  RequestsParts parts_;
  std::map<Uuid, Open> open_;
  std::set<Uuid> answered_;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  ///< For what runs late: gone with us.
};

}  // namespace rollcall::agent
