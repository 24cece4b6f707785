// SPDX-License-Identifier: GPL-3.0-or-later
// A member's signing DNS server as a model, with a secondary that follows it.
//
// An order is carried out piece by piece: the DNSKEY RRset, then the data in two halves. Resolvers
// may ask at any moment, and the secondary serves the same up to the propagation delay later. It can
// refuse, hang, stop half-way, or lose the zone; what it served last it serves until it is changed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "tests/sim/context.h"
#include "tests/sim/judge.h"

namespace rollcall::sim {

class DnsServer {
 public:
  /// How far a server dates its signatures back, as named does.
  static constexpr Seconds dated_back{3600};

  /// Empty: it failed.
  using Done = std::function<void(std::optional<ServedZone>)>;

  DnsServer(Context& context, Judge& judge, std::size_t member);

  void load(const ZoneName& zone);
  void apply(const Export& order, Done done);
  void look(const ZoneName& zone, const std::vector<KeyTarget>& keys, const Done& done);

  /// Whether resolvers get answers: the machine is up and the member says that it serves.
  void set_answering(bool answering);
  bool answering() const { return answering_; }

  // Faults.
  void set_clock(Nanoseconds wrong_by) { clock_ = wrong_by; }
  void hang_until(Time until);
  void refuse(unsigned times) { refusals_ = times; }
  void stop_half_way() { stops_half_way_ = true; }
  void lose_zone(const ZoneName& zone);
  void sign_with_another_key() { wrong_key_ = true; }  ///< The next time that it is told to sign.
  void restart_with_old_copy(const ZoneName& zone);
  void lie(bool lies);  ///< Says that it did what it was told, and does nothing.
  bool is_old_copy(const ZoneName& zone) const;  ///< What it serves is not of now.
  void warned_of(
      bool on);    ///< What it answers from now on is not our word: people were warned of it.
  bool troubled() const { return lies_ || context_.schedule.now() < hangs_until_; }
  void recover();  ///< No more faults; a lost zone stays lost until an order.

  void take_out_foreign(const ZoneName& zone);  ///< By people, what its member was told of last.

  /// Null if it has no such zone now.
  const Served* served(const ZoneName& zone) const;
  std::set<Fingerprint> cds(const ZoneName& zone) const;
  bool asks_for_no_ds(const ZoneName& zone) const;
  std::size_t keys_published(const ZoneName& zone) const;

 private:
  struct Zone {
    Served now;
    Served old;                  ///< What it was before the last order.
    bool lost = false;
    bool old_copy = false;       ///< It restarted with one, or did not do what it was told.
    std::vector<Fingerprint> foreign;  ///< What its member was told of last that it did not ask about.
    std::uint64_t order = 0;     ///< A newer order stops an older one.
    Time secondary_at{};         ///< Until when the secondary's changes are under way.
  };
  enum class Piece : std::uint8_t { dnskey, first_half, second_half };

  void begin(const Export& order, std::uint64_t number, Done done);
  void go_on();
  Served wanted(const Served& before, const Export& order) const;
  bool serves(const Served& now, const std::vector<KeyTarget>& keys) const;
  static std::vector<Fingerprint> foreign(const Served& now, const std::vector<KeyTarget>& keys);
  std::vector<Piece> pieces(const Served& before, const Served& after);
  void run(const ZoneName& zone, std::uint64_t order, Served after, std::vector<Piece> left,
           std::vector<KeyTarget> keys, Done done);
  static void replace(Piece piece, const Served& after, Served& now);
  ServedZone pretended(const Zone& zone, const std::vector<KeyTarget>& keys) const;
  ServedZone seen(Zone& zone, const std::vector<KeyTarget>& keys) const;
  bool signatures_look_valid() const { return clock_ > -dated_back && clock_ < context_.swarm.policy.signature_refresh; }
  void show(const ZoneName& name);
  void pretend(const ZoneName& name);
  void believe(const ZoneName& name);
  void distrust(const ZoneName& name);

  Context& context_;
  Judge& judge_;
  std::size_t member_;
  SwapAbility ability_;
  std::map<ZoneName, Zone> zones_;
  bool answering_ = false;
  Nanoseconds clock_{0};  ///< Of its machine, against true time.
  Time hangs_until_{};
  std::vector<std::function<void()>> hung_;
  unsigned refusals_ = 0;
  bool stops_half_way_ = false;
  bool wrong_key_ = false;
  bool lies_ = false;
  bool warned_of_ = false;
};

}  // namespace rollcall::sim
