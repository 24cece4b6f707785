// SPDX-License-Identifier: GPL-3.0-or-later
// Work on the pool, for the source files of the shell.
#pragma once

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "lib/agent/shell.h"

namespace rollcall::agent {

template <class Work, class Finish>
void Shell::on_pool(Work work, Finish finish) {
  boost::asio::post(parts_.pool, [&loop = parts_.loop, alive = alive_, work = std::move(work),
                                  finish = std::move(finish)]() mutable {
    auto result = std::make_shared<decltype(work())>(work());
    boost::asio::post(loop, [alive = std::move(alive), result, finish = std::move(finish)]() mutable {
      if (*alive) finish(std::move(*result));
    });
  });
}

}  // namespace rollcall::agent
