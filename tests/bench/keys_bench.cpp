// SPDX-License-Identifier: GPL-3.0-or-later
// What a key costs its maker, and a fact its readers. The figure is CPU time: at most 50 us for a
// P-256 key made, wrapped and encoded. The author's signature is shown with it and without it.
#include <benchmark/benchmark.h>

#include "lib/agent/key_work.h"
#include "lib/crypto/random.h"
#include "lib/crypto/wrap.h"
#include "lib/crypto/zone_key.h"
#include "lib/directory/codec.h"
#include "lib/util/must.h"

namespace {

using namespace rollcall;

const std::string base = "cn=rollcall";

// One member with its master key, and an order for its next ZSK.
struct Maker {
  crypto::Identity identity = crypto::Identity::make();
  agent::MasterKey master_key =
      std::make_shared<Secret>(crypto::random_secret(crypto::master_key_size));
  agent::KeyOwner owner{crypto::random_uuid(), crypto::random_uuid()};
  MakeKey order{{{"example.com.", 1}, {Role::zsk, Algorithm::ecdsap256sha256, 2}}, 1, {}};
  FactId id{{owner.member, 1}, 1};

  agent::MadeKey make() const {
    auto made = agent::make_key(owner, order, master_key);
    MUST(made.has_value());
    return std::move(*made);
  }

  directory::Attributes encode(const agent::MadeKey& made) const {
    const Candidate candidate = candidate_of(made.key);
    return directory::with_wrapped_key(directory::attributes_of(id, candidate.created, candidate),
                                       made.wrapped);
  }

  // The entry of a candidate as it goes to the directory.
  directory::Entry sign(directory::Attributes encoded) const {
    const Signature signature = identity.sign(directory::signed_bytes(owner.cluster, encoded));
    return {directory::fact_dn(base, id),
            directory::signed_attributes(std::move(encoded), signature)};
  }

  Candidate candidate_of(const NewKey& key) const {
    Candidate candidate;
    candidate.zone = order.intent.zone;
    candidate.generation = order.intent.generation;
    candidate.created = candidate.due = key.created;
    candidate.why = "first";
    candidate.fingerprint = key.fingerprint;
    candidate.key_tag = key.key_tag;
    candidate.dnskey = key.dnskey;
    candidate.epoch = key.epoch;
    candidate.wrapped_digest = key.wrapped_digest;
    return candidate;
  }
};

void key_generated(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(crypto::generate(Role::zsk, Algorithm::ecdsap256sha256));
  }
}
BENCHMARK(key_generated)->Unit(benchmark::kMicrosecond);

void key_made_wrapped_and_encoded(benchmark::State& state) {
  const Maker maker;
  for (auto _ : state) benchmark::DoNotOptimize(maker.encode(maker.make()));
}
BENCHMARK(key_made_wrapped_and_encoded)->Unit(benchmark::kMicrosecond);

void key_made_wrapped_encoded_and_signed(benchmark::State& state) {
  const Maker maker;
  for (auto _ : state) benchmark::DoNotOptimize(maker.sign(maker.encode(maker.make())));
}
BENCHMARK(key_made_wrapped_encoded_and_signed)->Unit(benchmark::kMicrosecond);

void candidate_read_and_verified(benchmark::State& state) {
  const Maker maker;
  const directory::Entry entry = maker.sign(maker.encode(maker.make()));
  const crypto::PublicKey author = maker.identity.signing_key();
  for (auto _ : state) {
    const auto read = directory::read_fact(maker.owner.cluster, base, entry);
    MUST(read && crypto::verify(author, read->signed_bytes, read->fact.signature));
  }
}
BENCHMARK(candidate_read_and_verified)->Unit(benchmark::kMicrosecond);

// What every member does once with every candidate, before it answers.
void key_unwrapped_and_proved(benchmark::State& state) {
  const Maker maker;
  const agent::MadeKey made = maker.make();
  const Candidate candidate = maker.candidate_of(made.key);
  for (auto _ : state) {
    MUST(agent::check_key(maker.owner, candidate, made.wrapped, maker.master_key).has_value());
  }
}
BENCHMARK(key_unwrapped_and_proved)->Unit(benchmark::kMicrosecond);

}  // namespace
