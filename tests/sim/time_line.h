// SPDX-License-Identifier: GPL-3.0-or-later
// Who served what, from when to when: the end of a story. Keeps nothing if nobody listens.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/context.h"

namespace rollcall::sim {

class TimeLine {
 public:
  explicit TimeLine(Context& context) : context_(context) {}

  bool on() const { return context_.trace.on(); }
  /// From now on; an empty text: nothing at all.
  void serves(const ZoneName& zone, const std::string& server, std::string text);
  /// The whole of it, zone by zone, server by server.
  void tell() const;

 private:
  struct Span {
    Time since;
    std::string text;
  };
  Context& context_;
  std::map<std::pair<ZoneName, std::string>, std::vector<Span>> spans_;
};

}  // namespace rollcall::sim
