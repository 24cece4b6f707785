// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/crypto.h"

#include <cstring>

namespace rollcall::sim {
namespace {

constexpr std::uint64_t mix(std::uint64_t state, std::uint64_t word) {  // splitmix64
  state += word + 0x9e3779b97f4a7c15U;
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9U;
  state = (state ^ (state >> 27)) * 0x94d049bb133111ebU;
  return state ^ (state >> 31);
}

std::uint64_t mix(std::uint64_t state, ByteView bytes) {
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    state = mix(state, word);
    bytes = bytes.subspan(sizeof word);
  }
  for (const std::byte byte : bytes) state = mix(state, static_cast<std::uint64_t>(byte));
  return state;
}

template <class Out>
Out fill(std::uint64_t state) {
  Out out{};
  for (std::size_t at = 0; at < out.size(); at += sizeof state) {
    state = mix(state, at);
    std::memcpy(out.data() + at, &state, sizeof state);
  }
  return out;
}

// What tells two facts of one author with one number apart, should there ever be two.
std::uint64_t summary(const FactContent& content) {
  const std::uint64_t kind = content.index();
  if (const auto* candidate = std::get_if<Candidate>(&content)) return mix(kind, candidate->fingerprint);
  if (const auto* decision = std::get_if<Decision>(&content)) {
    std::uint64_t state = mix(kind, decision->introduces.size());
    for (const KeyRecord& record : decision->introduces) state = mix(state, record.key);
    for (const KeyRecord& record : decision->withdraws) state = mix(state, record.key);
    return state;
  }
  if (const auto* tombstone = std::get_if<Tombstone>(&content)) return mix(kind, tombstone->ended.seq);
  return kind;
}

}  // namespace

Signature ModelledCrypto::sign(const FactId& id, Time created, const FactContent& content) const {
  std::uint64_t state = mix(id.seq, id.author.member.bytes);
  state = mix(state, id.author.number);
  state = mix(state, static_cast<std::uint64_t>(created.time_since_epoch().count()));
  return fill<Signature>(mix(state, summary(content)));
}

Digest ModelledCrypto::chain(const Digest& before, const Signature& signature) const {
  return fill<Digest>(mix(mix(0, before), signature));
}

std::uint64_t ModelledCrypto::rank(const MemberId& member, const ZoneName& zone) const {
  return mix(mix(0, member.bytes), as_bytes(zone));
}

}  // namespace rollcall::sim
