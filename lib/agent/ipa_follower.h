// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at the tree of IPA around the base again and again, and passes on what it says.
//
// It is read, not watched: IPA reports only changes below cn=dns reliably, and servers stand
// elsewhere. What is read anew each time over whatever connection there is misses nothing that
// happened while there was none.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "lib/directory/codec_ipa.h"
#include "lib/directory/directory.h"
#include "lib/util/time.h"

namespace rollcall::agent {

struct IpaFollowerParts {
  boost::asio::io_context& loop;
  directory::Directory& directory;
  std::string base;  ///< One that directory::ipa_suffix() takes.
  Seconds interval{};
  std::function<bool()> may_look;  ///< Whether what the directory shows is whole.
  std::function<void(const Result<IpaTree>&)> looked;
};

class IpaFollower {
 public:
  explicit IpaFollower(IpaFollowerParts parts);

  /// Begins with a look soon.
  void start();

 private:
  using Entries = std::vector<directory::Entry>;
  struct Look;

  void again();
  void look();
  void search(const std::shared_ptr<Look>& look, std::size_t step);
  void ended(const Result<IpaTree>& tree);

  IpaFollowerParts parts_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  ///< For what runs late: gone with us.
};

}  // namespace rollcall::agent
