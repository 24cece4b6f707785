// SPDX-License-Identifier: GPL-3.0-or-later
// Switches of zones in IPA: which turn asks for what, and that absence asks for nothing.
#include "lib/core/ipa_tree.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace rollcall;

namespace {

constexpr const char* zone = "example.test.";

IpaServer server(const std::string& host) { return {host, true, true, true, false}; }

IpaManaged entry(bool switched_on, bool insecure = false, bool removed = false) {
  ZoneConfig config{{zone, 1}, "own"};
  config.insecure = insecure;
  config.removed = removed;
  return {config, switched_on};
}

struct World {
  IpaTree tree;
  MemberStatus status;

  World() {
    for (const char* host : {"a.test", "b.test"}) {
      tree.servers.push_back(server(host));
      MemberLine line;
      line.host = host;
      line.in_roster = true;
      status.members.push_back(line);
    }
  }
  World& says(std::optional<bool> signing) {
    tree.zones = {{zone, signing, false}};
    return *this;
  }
  World& has(IpaManaged managed) {
    tree.managed = {managed};
    return *this;
  }
  World& ds(State state) {
    KeyStatus key;
    key.records[Record::ds].state = state;
    ZoneStatus one;
    one.zone = {zone, 1};
    one.keys = {key};
    status.zones = {one};
    return *this;
  }
  IpaPlan plan() const { return plan_of(tree, status); }
  bool is_calm() const { return plan().turns.empty() && plan().alarms.empty(); }
};

std::optional<SwitchTurn::To> only_turn(const IpaPlan& plan) {
  if (plan.turns.size() != 1 || plan.turns[0].zone != zone) return std::nullopt;
  return plan.turns[0].to;
}

bool complains(const IpaPlan& plan, std::initializer_list<const char*> words) {
  return std::ranges::any_of(plan.alarms, [&](const std::string& alarm) {
    return std::ranges::all_of(
        words, [&](const char* word) { return alarm.find(word) != std::string::npos; });
  });
}

}  // namespace

TEST_CASE("a zone that is switched on comes under management, once", "[ipa]") {
  World world;
  world.says(true);
  CHECK(only_turn(world.plan()) == SwitchTurn::To::managed);
  CHECK(world.plan().turns[0].policy == "default");
  CHECK(world.has(entry(true)).is_calm());
}

TEST_CASE("switched on again: a removed zone is added with its policy, an insecure one is signed",
          "[ipa]") {
  World world;
  world.says(true).has(entry(false, true, true));
  CHECK(only_turn(world.plan()) == SwitchTurn::To::managed);
  CHECK(world.plan().turns[0].policy == "own");
  CHECK(only_turn(world.has(entry(false, true)).plan()) == SwitchTurn::To::secure);
}

TEST_CASE("a zone that was added by hand is taken over by its switch", "[ipa]") {
  CHECK(only_turn(World{}.says(true).has(entry(false)).plan()) == SwitchTurn::To::secure);
}

TEST_CASE("switched off is followed once, and only if it was on", "[ipa]") {
  World world;
  world.says(false).has(entry(true));
  CHECK(only_turn(world.plan()) == SwitchTurn::To::insecure);
  CHECK(world.has(entry(false, true)).is_calm());
  CHECK(world.has(entry(false, false, true)).is_calm());

  const IpaPlan by_hand = world.has(entry(false)).plan();
  CHECK(by_hand.turns.empty());
  CHECK(complains(World{}.says(std::nullopt).has(entry(false)).plan(),
                  {zone, "its switch in IPA is off"}));
  CHECK(complains(
      by_hand, {zone, "its switch in IPA is off", "ipa dnszone-mod example.test. --dnssec=TRUE"}));
}

TEST_CASE("what an administrator wants otherwise stands until the switch is turned", "[ipa]") {
  CHECK(World{}.says(true).has(entry(true, true)).is_calm());         // zone insecure
  CHECK(World{}.says(true).has(entry(true, false, true)).is_calm());  // zone remove
}

TEST_CASE("an entry that is gone, or does not show its switch, turns nothing off", "[ipa]") {
  World world;
  world.has(entry(true));
  const IpaPlan gone = world.plan();
  CHECK(gone.turns.empty());
  CHECK(complains(gone, {zone, "has gone from IPA", "rollcall zone remove example.test."}));
  const IpaPlan mute = world.says(std::nullopt).plan();
  CHECK(mute.turns.empty());
  CHECK(complains(mute, {zone, "cannot be read"}));
  CHECK(world.says(std::nullopt).has(entry(false, true)).is_calm());
}

TEST_CASE("off while the DS is out is an alarm until no cache has it", "[ipa]") {
  World world;
  world.says(false).has(entry(false, true));
  for (const State state : {State::rumoured, State::omnipresent, State::unretentive}) {
    CHECK(complains(world.ds(state).plan(),
                    {zone, "first ipa dnszone-mod example.test. --dnssec=TRUE",
                     "rollcall zone insecure example.test."}));
  }
  CHECK(world.ds(State::hidden).is_calm());
}

TEST_CASE("a zone of which IPA itself has keys is refused, with the reason", "[ipa]") {
  World world;
  world.says(true);
  world.tree.zones[0].stock_keys = true;
  CHECK(world.plan().turns.empty());
  CHECK(complains(world.plan(), {zone, "IPA's own key manager has keys of it"}));
  CHECK(why_not_ours(world.tree, zone));
  CHECK_FALSE(why_not_ours(world.tree, "other.test."));
  CHECK(complains(world.has(entry(true)).plan(), {zone, "two key managers"}));
}

TEST_CASE("where IPA has a key master no zone comes under management", "[ipa]") {
  World world;
  world.says(true);
  world.tree.servers[1].stock_key_master = true;
  CHECK(world.plan().turns.empty());
  CHECK(complains(world.plan(), {zone, "does not come under management", "b.test"}));
  CHECK(complains(world.plan(), {"b.test", "ipa-dns-install --disable-dnssec-master"}));
  CHECK(why_not_ours(world.tree, zone));
  // What leaves may leave.
  CHECK(only_turn(world.says(false).has(entry(true)).plan()) == SwitchTurn::To::insecure);
}

TEST_CASE("a member whose server vanishes is named with the command, and nothing else happens",
          "[ipa]") {
  World world;
  world.says(true).has(entry(true));
  world.tree.servers.pop_back();
  CHECK(world.plan().turns.empty());
  CHECK(complains(world.plan(), {"b.test", "rollcall forget b.test"}));
  world.status.members[1].in_roster = false;  // it was forgotten
  CHECK(world.is_calm());
}

TEST_CASE("the service entry of an agent must be there, with its order", "[ipa]") {
  World world;
  world.tree.servers[0].agent = false;
  world.tree.servers[1].agent_order = false;
  CHECK(complains(world.plan(), {"a.test", "ipa-server-upgrade"}));
  CHECK(complains(world.plan(), {"b.test", "startOrder 115"}));
}

TEST_CASE("a server that answers DNS without being a member is an alarm while a zone is signed",
          "[ipa]") {
  World world;
  world.tree.servers.push_back(server("c.test"));
  CHECK(world.is_calm());
  world.says(true).has(entry(true));
  CHECK(complains(world.plan(), {"c.test", "no member"}));
  world.tree.servers[2].dns = false;
  CHECK(world.is_calm());
}
