// SPDX-License-Identifier: GPL-3.0-or-later
// People who change their mind all the time: whatever they wanted before, and in the middle of what, the zone ends as they
// want it last. By seed, with a cache that watches.
#include <random>

#include "tests/core/zone_in_order.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

namespace {

constexpr unsigned histories = 400;

class Whims {
 public:
  explicit Whims(unsigned seed) : dice_{seed}, like_named_{below(2) == 1}, zone_{some_policy(), like_named_ ? like_named : exact} {}

  void live() {
    for (unsigned left = 1 + below(6); left > 0; --left) {
      change();
      zone_.pass(below(2) == 0 ? below(20) * 1h : below(260) * 1h);
    }
    last_ = some_policy();
    last_.standby_ksk = last_.standby_zsk = false;
    last_.zsk_lifetime = last_.ksk_lifetime = Seconds{0};
    wants_what_it_can_ = !like_named_ || can_change_its_scheme();
    zone_.member.want(last_);
    zone_.pass(8000h);
  }

  bool ends_in_order() {
    const auto keys = zone_.member.status().zones.at(0).keys;
    const auto trusted = std::ranges::find_if(keys, [](const KeyStatus& key) {
      return signs_keys(key.generation.role) && key.records.at(Record::ds).state == State::omnipresent;
    });
    if (trusted == keys.end()) return false;
    const auto holds = zone_.holds();
    const bool only_stands_by = std::ranges::all_of(holds, [](const Hold& hold) { return hold.reason == Reason::policy; });
    return !wants_what_it_can_ || (last_.wants(trusted->generation.role) && only_stands_by);
  }
  bool was_ever_bogus() const { return zone_.member.was_ever_bogus(); }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(dice_() % n); }

  Policy some_policy() {
    Policy policy = still();
    policy.scheme = below(2) == 0 ? Scheme::csk : Scheme::ksk_zsk;
    policy.algorithm = below(2) == 0 ? Algorithm::ed25519 : Algorithm::ecdsap256sha256;
    policy.algorithm_rollover =
        like_named_ || below(2) == 0 ? AlgorithmRollover::liberal : AlgorithmRollover::conservative;
    policy.standby_ksk = below(4) == 0;
    policy.standby_zsk = below(4) == 0;
    policy.zsk_rollover = below(3) == 0 ? ZskRollover::double_signature : ZskRollover::pre_publication;
    policy.ksk_rollover = static_cast<KskRollover>(below(3));
    policy.trust_anchor = below(8) == 0;
    if (below(4) == 0) policy.zsk_lifetime = 700h;
    if (below(4) == 0) policy.ksk_lifetime = 900h;
    if (below(5) == 0) policy.purge = 100h;
    return policy;
  }

  void change() {
    const Role role = all_roles[below(3)];
    switch (below(10)) {
      case 0:
        zone_.member.want_insecure(true);
        zone_.pass(below(150) * 1h);
        return zone_.member.want_insecure(false);
      case 1: return void(zone_.member.member().roll("example.test.", role, Uuid{{std::byte{++asked_}}}, "root", below(2) == 0));
      case 2: return void(zone_.member.member().abandon("example.test.", role, "root"));
      default: return zone_.member.want(some_policy());
    }
  }

  // Nothing of the last algorithm is there in the other scheme.
  bool can_change_its_scheme() const {
    return std::ranges::none_of(zone_.member.status().zones.at(0).keys, [this](const KeyStatus& key) {
      return !last_.wants(key.generation.role) && key.generation.algorithm == last_.algorithm;
    });
  }

  std::mt19937_64 dice_;
  bool like_named_;
  Zone zone_;
  Policy last_;
  bool wants_what_it_can_ = true;
  std::uint8_t asked_ = 0;
};

}  // namespace

TEST_CASE("whatever people wanted in the middle of what, a zone ends as they want it last", "[rollovers][scheme]") {
  for (unsigned seed = 0; seed < histories; ++seed) {
    Whims whims{seed};
    whims.live();
    CAPTURE(seed);
    CHECK(whims.ends_in_order());
    CHECK_FALSE(whims.was_ever_bogus());
  }
}
