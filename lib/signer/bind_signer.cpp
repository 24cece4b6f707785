// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/bind_signer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "lib/dns/ds.h"
#include "lib/dns/names.h"
#include "lib/dns/query.h"
#include "lib/dns/zone_view.h"
#include "lib/signer/bind_check.h"
#include "lib/signer/key_directory.h"
#include "lib/signer/key_times.h"
#include "lib/signer/rndc.h"
#include "lib/signer/stage.h"

namespace rollcall::signer {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds shortest_pause{5}, longest_pause{500};

// Named takes some 25 ms for a small zone and minutes for a large one. A quarter of the time that
// it has taken so far is what an answer may come late, and transfers get rarer by themselves.
milliseconds pause_after(Clock::duration taken) {
  return std::clamp(std::chrono::duration_cast<milliseconds>(taken / 4), shortest_pause,
                    longest_pause);
}

std::vector<Bytes> dnskeys_of(const std::vector<KeyOrder>& keys) {
  std::vector<Bytes> dnskeys;
  std::transform(keys.begin(), keys.end(), std::back_inserter(dnskeys),
                 [](const KeyOrder& key) { return key.dnskey; });
  return dnskeys;
}

Seen seen_in(const dns::ZoneView& view, const std::vector<KeyOrder>& keys) {
  Seen seen;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const dns::KeyView& key = view.keys[i];
    seen.keys.push_back({keys[i].fingerprint, key.published, key.signs_keys, key.signs_whole_zone,
                         key.signs_anything, key.announced});
  }
  for (const Bytes& dnskey : view.foreign_keys) {
    if (const auto tag = dns::key_tag(dnskey)) seen.foreign_keys.push_back(*tag);
  }
  std::sort(seen.foreign_keys.begin(), seen.foreign_keys.end());
  seen.dnskey_ttl = view.dnskey_ttl;
  seen.max_zone_ttl = view.max_zone_ttl;
  seen.first_expiry = view.first_expiry;
  seen.serial = view.serial;
  return seen;
}

Seen nothing_of(const std::vector<KeyOrder>& orders) {
  Seen seen;
  seen.keys.resize(orders.size());
  return seen;
}

bool lacks_signatures(const std::vector<KeyOrder>& orders, const Seen& seen) {
  return !std::equal(orders.begin(), orders.end(), seen.keys.begin(),
                     [](const KeyOrder& order, const SeenKey& key) {
                       return !order.sign_zone || key.signs_whole_zone;
                     });
}

}  // namespace

struct BindSigner::State {
  BindConfig config;
  boost::asio::any_io_executor workers, loop;
  Rndc rndc;

  /// Transfers the zone and looks what it has of the keys. Blocks.
  Result<Seen> look(const ZoneName& zone, const std::vector<KeyOrder>& keys) const {
    const auto served = dns::transfer(config.server, zone, config.query_timeout);
    if (!served) return tl::unexpected(why_not(zone, served.error()));
    const auto dnskeys = dnskeys_of(keys);
    const auto view = dns::view_zone(*served, dnskeys, std::chrono::system_clock::now());
    if (!view) return tl::unexpected(view.error());
    return seen_in(*view, keys);
  }

  /// The same, and that named can go on: what it serves hides for weeks that its files are gone. Blocks.
  Result<Seen> look_at_all(const ZoneName& zone, const std::vector<KeyOrder>& keys) const {
    auto seen = look(zone, keys);
    if (!seen) return seen;
    const std::string missing = KeyDirectory(config.keys, zone, config.layout).missing(keys);
    if (missing.empty()) return seen;
    return fail(Errc::not_found, missing + ": without it named cannot sign again; it is written anew");
  }

  /// Calls `done` in the event loop.
  template <class T>
  void deliver(Done<T> done, Result<T> result) const {
    boost::asio::post(loop, [done = std::move(done), result = std::move(result)] { done(result); });
  }

 private:
  // named says SERVFAIL and NOTAUTH; rndc knows why.
  Error why_not(const ZoneName& zone, const Error& transfer) const {
    if (transfer.code == Errc::denied) {
      return {Errc::denied,
              fmt::format("{}; add to the zone in named.conf: allow-transfer {{ localhost; }};",
                          transfer.what)};
    }
    const auto status = rndc.run("zonestatus", zone);
    return status ? transfer : status.error();
  }
};

namespace {

// One apply() from the files to what is seen. Each step blocks a worker; the pauses between do not.
template <class State>
class Apply : public std::enable_shared_from_this<Apply<State>> {
 public:
  Apply(std::shared_ptr<const State> state, const ZoneName& zone, std::vector<KeyOrder> orders,
        Seconds patience, Done<Seen> done)
      : state_(std::move(state)),
        zone_(zone),
        orders_(std::move(orders)),
        directory_(state_->config.keys, zone, state_->config.layout),
        done_(std::move(done)),
        began_(Clock::now()),
        until_(began_ + patience),
        timer_(state_->workers) {}

  void start() {
    boost::asio::post(state_->workers,
                      [self = this->shared_from_this()] { self->change_and_poll(); });
  }

 private:
  void change_and_poll() {
    const auto change = write_files();
    if (!change) return finish(tl::unexpected(change.error()));
    if (*change == KeyChange::none || tell(*change == KeyChange::activation ? "sign" : "loadkeys"))
      poll();
  }

  // False, and finished, if named did not take it.
  bool tell(std::string_view verb) {
    if (!told_at_) told_at_ = Clock::now();
    const auto answer = state_->rndc.run(verb, zone_);
    if (!answer) finish(tl::unexpected(answer.error()));
    return answer.has_value();
  }

  Result<KeyChange> write_files() {
    if (auto ready = directory_.prepare(); !ready) return tl::unexpected(ready.error());
    if (auto planned = plan_stage(); !planned) return tl::unexpected(planned.error());
    const auto change = directory_.write(stage_.write, std::chrono::system_clock::now());
    if (!change || stage_.remove.empty()) return change;
    if (auto removed = remove_files(stage_.remove); !removed)
      return tl::unexpected(removed.error());
    return std::max(*change, KeyChange::files);
  }

  // A transfer takes longer than all files, so named is asked first only where the way depends on what
  // it serves. Else what is served in spite of the files is found when the outcome is.
  Result<> plan_stage() {
    if (!seen_ && depends_on_served(orders_, has_files())) {
      auto seen = state_->look(zone_, orders_);
      if (!seen) return tl::unexpected(seen.error());
      seen_ = std::move(*seen);
    }
    stage_ = stage_after(seen_.value_or(nothing_of(orders_)));
    return {};
  }

  Stage stage_after(const Seen& seen) const { return next_stage(orders_, seen, has_files()); }

  HasFiles has_files() const {
    return [this](const KeyOrder& key) { return directory_.has(key); };
  }

  bool wants_other_files(const Seen& seen) const {
    const Stage next = stage_after(seen);
    return next.last != stage_.last || next.write.size() != stage_.write.size();
  }

  void poll() {
    const auto seen = state_->look(zone_, orders_);
    if (seen && are_carried_out(orders_, *seen)) return conclude(*seen);
    if (seen && wants_other_files(*seen)) {
      seen_ = *seen;
      return change_and_poll();
    }
    // The files are right and named did not read them: it was down, or restored.
    if (seen && !told_at_ && !tell(lacks_signatures(orders_, *seen) ? "sign" : "loadkeys")) return;
    const bool may_change = seen || seen.error().code == Errc::unavailable;
    const milliseconds pause = pause_after(Clock::now() - began_);
    if (!may_change || Clock::now() + pause > until_) return finish(seen);
    timer_.expires_after(pause);
    timer_.async_wait([self = this->shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->poll();
    });
  }

  void conclude(const Seen& seen) {
    std::vector<KeyOrder> gone;
    std::copy_if(orders_.begin(), orders_.end(), std::back_inserter(gone), leaves);
    if (auto removed = remove_files(gone); !removed) return finish(tl::unexpected(removed.error()));
    finish(seen);
  }

  Result<> remove_files(const std::vector<KeyOrder>& keys) {
    bool removed_any = false;
    for (const KeyOrder& key : keys) {
      if (!directory_.has(key)) continue;
      if (auto removed = directory_.remove(key); !removed) return removed;
      removed_any = true;
    }
    return removed_any ? directory_.sync() : Result<>{};
  }

  void finish(Result<Seen> result) {
    if (result) result->told_at = told_at_;
    state_->deliver(std::move(done_), std::move(result));
  }

  std::shared_ptr<const State> state_;
  ZoneName zone_;
  std::vector<KeyOrder> orders_;
  std::optional<Seen> seen_;  // What the stage was planned with; empty: nothing.
  Stage stage_;
  KeyDirectory directory_;
  Done<Seen> done_;
  Clock::time_point began_, until_;
  std::optional<Clock::time_point> told_at_;  // rndc has run.
  boost::asio::steady_timer timer_;
};

// A name that did not come through canonical_zone() must not become a path or an argument.
template <class T>
bool refuse_bad_name(const ZoneName& zone, const boost::asio::any_io_executor& loop,
                     const Done<T>& done) {
  const auto name = dns::canonical_zone(zone);
  if (name == zone) return false;
  const Error error =
      name ? Error{Errc::malformed, fmt::format("write the zone as {}", *name)} : name.error();
  boost::asio::post(loop, [done, error] { done(tl::unexpected(error)); });
  return true;
}

}  // namespace

BindSigner::BindSigner(BindConfig config, boost::asio::any_io_executor workers,
                       boost::asio::any_io_executor loop) {
  Rndc rndc(config.rndc, config.rndc_timeout);
  state_ = std::make_shared<State>(
      State{std::move(config), std::move(workers), std::move(loop), std::move(rndc)});
}

BindSigner::~BindSigner() = default;

// ZRRSIG and DNSKEY of a key leave together only; what `rndc sign` did is seen before it is
// reported.
SignerAbility BindSigner::ability() const { return {SwapAbility::together, Seconds{0}}; }

void BindSigner::apply(const ZoneName& zone, std::vector<KeyOrder> orders, Seconds patience,
                       Done<Seen> done) {
  if (refuse_bad_name(zone, state_->loop, done)) return;
  std::make_shared<Apply<State>>(state_, zone, std::move(orders), patience, std::move(done))
      ->start();
}

void BindSigner::look(const ZoneName& zone, std::vector<KeyOrder> keys, Done<Seen> done) {
  if (refuse_bad_name(zone, state_->loop, done)) return;
  boost::asio::post(state_->workers,
                    [state = state_, zone, keys = std::move(keys), done = std::move(done)] {
                      state->deliver(done, state->look_at_all(zone, keys));
                    });
}

// systemd does not start it again: it ended well, and was not told to.
void BindSigner::stop(Done<> done) {
  boost::asio::post(state_->workers, [state = state_, done = std::move(done)] {
    const auto stopped = state->rndc.run("stop", "");
    const bool down = !stopped && stopped.error().code == Errc::unavailable;
    Result<> result;
    if (!stopped && !down) result = tl::unexpected(stopped.error());
    boost::asio::post(state->loop, [done, result] { done(result); });
  });
}

void BindSigner::check(const ZoneName& zone, std::vector<std::uint16_t> foreign, Done<std::vector<Finding>> done) {
  if (!zone.empty() && refuse_bad_name(zone, state_->loop, done)) return;
  boost::asio::post(state_->workers, [state = state_, zone, foreign = std::move(foreign), done = std::move(done)] {
    state->deliver(done,
                   Result<std::vector<Finding>>(check_bind(state->config, state->rndc, zone, foreign)));
  });
}

}  // namespace rollcall::signer
