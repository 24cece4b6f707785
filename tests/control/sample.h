// SPDX-License-Identifier: GPL-3.0-or-later
// A cluster of three in the middle of a ZSK rollover that waits for one of them: what the tests of
// JSON and of the command line print.
#pragma once

#include "lib/core/status.h"

namespace rollcall::sample {

inline MemberId member_id(int n) {
  MemberId id;
  id.bytes.back() = static_cast<std::byte>(n);
  return id;
}
inline const MemberId alice = member_id(1), bob = member_id(2), carol = member_id(3);

inline const Time now = *from_iso("2026-06-01T05:55:00Z");

inline MemberLine member(const MemberId& id, const std::string& host, std::chrono::seconds age) {
  MemberLine line;
  line.member = id;
  line.host = host;
  line.in_roster = line.serving = true;
  line.fresh = age < std::chrono::minutes{15};
  line.last_heartbeat = now - age;
  line.age = age;
  line.facts = 42;
  line.version = "0.1.0";
  return line;
}

inline KeyStatus key(Role role, std::uint16_t tag, std::uint32_t generation, std::byte first) {
  KeyStatus k;
  k.fingerprint.fill(first);
  k.key_tag = tag;
  k.generation = {role, Algorithm::ecdsap256sha256, generation};
  k.made_by = alice;
  k.created = now - std::chrono::hours{24 * 41};
  k.candidate = {{alice, 1}, generation};
  return k;
}

inline KeyStatus ksk() {
  KeyStatus k = key(Role::ksk, 20013, 1, std::byte{0x9f});
  k.stage = "trusted through its DS";
  k.records = {{Record::dnskey, {State::omnipresent, 3, {}}},
               {Record::krrsig, {State::omnipresent, 3, {}}},
               {Record::zrrsig, {State::hidden, 0, {}}},
               {Record::ds, {State::omnipresent, 3, {}}}};
  k.first_use = now - std::chrono::hours{24 * 41};
  k.expires = from_iso("2027-01-03T00:00:00Z");
  return k;
}

inline KeyStatus old_zsk() {
  KeyStatus k = key(Role::zsk, 11742, 1, std::byte{0x77});
  k.stage = "signs the zone";
  k.records = {{Record::dnskey, {State::omnipresent, 3, {}}},
               {Record::zrrsig, {State::omnipresent, 3, {}}}};
  k.first_use = now - std::chrono::hours{24 * 29};
  k.expires = from_iso("2026-06-02T00:00:00Z");
  return k;
}

inline KeyStatus new_zsk() {
  KeyStatus k = key(Role::zsk, 41211, 2, std::byte{0xc2});
  k.created = now - std::chrono::hours{26};
  k.made_by = bob;
  k.stage = "being published";
  k.records = {{Record::dnskey, {State::rumoured, 2, {}}},
               {Record::zrrsig, {State::hidden, 0, {}}}};
  k.expires = from_iso("2026-09-01T00:00:00Z");
  return k;
}

inline Hold waits_for_carol() {
  Hold hold;
  hold.reason = Reason::member;
  hold.step = "introduce ZRRSIG of ZSK 41211";
  hold.text = "not every member has answered that it carried out: introduce DNSKEY of ZSK 41211";
  hold.waits_for = {carol};
  return hold;
}

inline ZoneStatus rolling_zone() {
  ZoneStatus zone;
  zone.zone = {"example.org.", 1};
  zone.policy = "default";
  zone.roster = 3;
  zone.fresh = 2;
  zone.keys = {ksk(), old_zsk(), new_zsk()};
  zone.holds = {waits_for_carol()};
  zone.signed_until = from_iso("2026-06-14T00:00:00Z");
  zone.last_keys_made = now - std::chrono::hours{26};
  zone.next_keys = {{Role::ksk, *from_iso("2026-12-03T00:00:00Z")},
                    {Role::zsk, *from_iso("2026-08-01T00:00:00Z")}};
  zone.next_roll = {{Role::ksk, *from_iso("2027-01-03T00:00:00Z")}};
  zone.alarms = {"c.example.com is silent since 2026-05-31T20:55:00Z"};
  return zone;
}

inline ZoneStatus quiet_zone() {
  ZoneStatus zone = rolling_zone();
  zone.zone = {"example.net.", 1};
  zone.keys = {ksk(), old_zsk()};
  zone.fresh = 3;
  zone.holds.clear();
  zone.alarms.clear();
  zone.next_keys = {{Role::zsk, *from_iso("2026-07-01T00:00:00Z")}};
  return zone;
}

inline MemberStatus cluster() {
  MemberStatus status;
  status.self = alice;
  status.member = status.serving = status.may_write = true;
  status.config.cluster = member_id(99);
  status.members = {member(alice, "a.example.com", std::chrono::seconds{3}),
                    member(bob, "b.example.com", std::chrono::seconds{40}),
                    member(carol, "c.example.com", std::chrono::hours{9})};
  status.members.front().self = true;
  status.members.back().alarms = {"named does not answer at 127.0.0.1@53"};
  status.zones = {quiet_zone(), rolling_zone()};
  status.master_key.epoch = 1;
  return status;
}

}  // namespace rollcall::sample
