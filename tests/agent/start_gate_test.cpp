// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/start_gate.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace rollcall;
using namespace rollcall::agent;

namespace {

struct Start {
  explicit Start(Seconds limit = Seconds{3600}) : limit_(limit) {}

  Seconds limit_;
  boost::asio::io_context loop;
  std::vector<bool> opened;
  StartGate gate{loop, limit_, [this](bool looked) { opened.push_back(looked); }};
};

const std::vector<bool> closed, in_time{true}, too_late{false};

}  // namespace

TEST_CASE("the DNS server waits for a pass that knew the whole directory", "[start_gate]") {
  Start start;
  start.gate.passed();
  start.gate.directory_complete();
  CHECK(start.opened == closed);
  start.gate.passed();
  CHECK(start.opened == in_time);
  start.loop.run();  // the limit is cancelled, or this would take an hour
  CHECK(start.opened == in_time);
}

TEST_CASE("the DNS server waits for what was ordered, from before as well", "[start_gate]") {
  Start start;
  start.gate.order_began();  // from the store
  start.gate.passed();
  start.gate.directory_complete();
  start.gate.passed();
  CHECK(start.opened == closed);
  start.gate.order_ended();
  start.gate.order_began();  // what the directory added
  start.gate.passed();
  CHECK(start.opened == closed);
  start.gate.order_ended();
  CHECK(start.opened == closed);  // the next pass may order more
  start.gate.passed();
  CHECK(start.opened == in_time);
  start.gate.passed();
  CHECK(start.opened == in_time);
}

TEST_CASE("the DNS server does not wait longer than it is allowed to", "[start_gate]") {
  Start start(Seconds{0});
  start.gate.order_began();
  start.loop.run();
  CHECK(start.opened == too_late);
  start.gate.order_ended();
  start.gate.directory_complete();
  start.gate.passed();
  CHECK(start.opened == too_late);
}

TEST_CASE("without a cluster there is nothing to wait for", "[start_gate]") {
  Start start;
  start.gate.open();
  CHECK(start.opened == in_time);
}
