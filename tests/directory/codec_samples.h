// SPDX-License-Identifier: GPL-3.0-or-later
// One fact of each kind and a heartbeat, with every field in use, for the tests of the codec.
#pragma once

#include <chrono>

#include "lib/core/fact.h"
#include "lib/core/heartbeat.h"
#include "lib/directory/codec.h"

namespace rollcall::directory::samples {

using namespace std::chrono_literals;

inline const std::string base = "cn=rollcall";

template <std::size_t N>
std::array<std::byte, N> filled(int with) {
  std::array<std::byte, N> bytes;
  bytes.fill(static_cast<std::byte>(with));
  return bytes;
}

inline const Uuid cluster{filled<16>(0xcc)};
inline const MemberId alice{filled<16>(0xa1)};
inline const MemberId bob{filled<16>(0xb2)};
inline const MemberId carol{filled<16>(0xc3)};
inline const MemberId dave{filled<16>(0xd4)};
inline const FactId id{{alice, 1}, 42};

// 2026-06-01 08:00:00
inline const Time t0{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} + 8h};

inline const ZoneRef zone{"example.test.", 2};
inline const Generation generation{Role::zsk, Algorithm::ecdsap256sha256, 3};
inline const MemberKeys alice_keys{alice, 1, "a.example.test", filled<32>(0x11), filled<32>(0x12)};
inline const MemberKeys bob_keys{bob, 2, "b.example.test", filled<32>(0x21), filled<32>(0x22)};

inline Candidate candidate() {
  return {zone,       generation,       t0 + 123456789ns, t0,
          "first",    t0 + 90 * 24h,    filled<32>(0xfe), 34505,
          to_bytes("rdata"), 1,         filled<32>(0xdd)};
}

inline Decision decision() {
  return {zone,
          {{filled<32>(0x01), Record::zrrsig}},
          {{filled<32>(0x02), Record::dnskey}, {filled<32>(0x02), Record::zrrsig}},
          {{{alice, 1}, 9}, {{alice, 1}, 10}, {{bob, 2}, 1}},
          {1s, 2s, 3s, 4s, 5s, 6s, 7s, 8s, 9s, 10s}};
}

inline Forget forget() {
  return {Uuid{filled<16>(0x66)}, t0 + 1ns,      alice,  {{bob, 2}, {carol, 1}}, {alice, dave}, dave,
          "root",                 {{{bob, 1}, 9}, {{bob, 2}, 7}, {{carol, 1}, 10}}};
}

/// Every kind; `created` of all is that of the candidate.
inline std::vector<FactContent> contents() {
  return {candidate(),
          Reject{zone, generation, {{bob, 2}, 7}, "made too early"},
          decision(),
          Observation{zone, {{bob, 2}, 8}, {filled<32>(0x01)}, {filled<32>(0x02), filled<32>(0x03)},
                      1, 3600s, "root"},
          Request{Uuid{filled<16>(0x77)}, zone, generation, "root", true},
          Abandon{zone, {filled<32>(0x04), filled<32>(0x05)}, "the zone is to be insecure"},
          Admit{bob_keys, {alice_keys, bob_keys}, {{carol, 1}}, {{{carol, 1}, 5}}},
          Epoch{1, bob, filled<32>(0x33), to_bytes("sealed")},
          Rewrap{zone, {{bob, 2}, 7}, 2, filled<32>(0xde)},
          Tombstone{{{alice, 1}, 41}, "withdrawn everywhere"},
          Leave{bob, "root"},
          forget()};
}

inline const Signature signature = filled<64>(0x55);

inline Entry entry_of(const FactContent& content) {
  const Attributes attributes = attributes_of(id, t0 + 123456789ns, content);
  return {fact_dn(base, id), signed_attributes(attributes, signature)};
}

inline Heartbeat heartbeat() {
  Heartbeat beat;
  beat.member = {alice, 1};
  beat.counter = 7;
  beat.instance = Uuid{filled<16>(0x99)};
  beat.time = t0;
  beat.last_seq = 42;
  beat.last_chain = filled<32>(0xca);
  beat.roster = {{alice, 1}, {bob, 2}};
  beat.vector = {{{alice, 1}, 42, filled<32>(0xca)}, {{bob, 2}, 7, filled<32>(0xcb)}};
  beat.behind = {{{"example.test.", 1}, {}},
                 {{"example.test.", 2}, {{{bob, 2}, 5}, {{bob, 2}, 10}}}};
  beat.lacks = {{{bob, 2}, 8}};
  beat.serving = true;
  beat.signer = {SwapAbility::together, 5s};
  beat.dnskey_ttl = 3600s;
  beat.max_zone_ttl = 86400s;
  beat.next_keys = t0 + 24h;
  beat.alarms = {"ds not at parent", "zone example.test. is lost"};
  beat.addresses = {"192.0.2.1@53", "2001:db8::1@53"};
  beat.version = "0.1.0";
  return beat;
}

}  // namespace rollcall::directory::samples
