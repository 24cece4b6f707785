// SPDX-License-Identifier: GPL-3.0-or-later
// The master key: opened while it is needed, rotated, and every key wrapped under the next one.
//
// Nothing is lost by what is dropped here: the sealed copy of a master key stays in the store, and
// one that is needed after all is opened again. What cannot be had back is an older wrapped copy of
// a key; it goes when every member acked a later one, on a closed view.
#include <algorithm>
#include <utility>

#include "lib/core/alarm_words.h"
#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

const ZoneName no_zone = "rollcall.invalid.";  // for whose turn it is where no zone is concerned. RFC 2606, 2

}  // namespace

void Member::Impl::tend_master_keys() {
  if (!all_stale_ && !epochs_stale_) return;
  epochs_stale_ = false;
  take_sealed();
  raise_epoch();
  open_and_drop_master_keys();
  finish_rewraps();
  follow_rewraps();
  if (!may_decide()) return;
  seal_master_keys();
  end_epochs();
  rotate_after_departures();
  begin_rotation();
}

void Member::Impl::note_epoch(const Fact& fact) {
  const auto* epoch = std::get_if<Epoch>(&fact.content);
  const auto* candidate = std::get_if<Candidate>(&fact.content);
  const bool other_key = epochs_.add(fact);
  if (candidate && candidate->epoch < current_epoch_) to_rewrap_.insert(fact.id);
  epochs_stale_ =
      epochs_stale_ || epoch || candidate || std::holds_alternative<Rewrap>(fact.content);
  if (!other_key) return;
  // What was tried with another key of this number is tried again.
  std::erase_if(checks_, [&](const auto& check) {
    const Fact* of = log_.find(check.first);
    const auto* rewrap = of ? std::get_if<Rewrap>(&of->content) : nullptr;
    const auto* key = of ? std::get_if<Candidate>(&of->content) : nullptr;
    const bool tried =
        (rewrap && rewrap->epoch == epoch->number) || (key && key->epoch == epoch->number);
    if (tried) failed_checks_.erase(check.first);
    return tried;
  });
}

// --- which is in use -----------------------------------------------------------------------------

// It never goes back: who joins later does not undo what all others had agreed on.
void Member::Impl::raise_epoch() {
  std::uint32_t number = epochs_.proven(ended_);
  const bool all_known = compared() && !acks_.roster().empty();
  if (number < epochs_.newest() && all_known && epochs_.without_newest(acks_).empty())
    number = epochs_.newest();
  if (number <= current_epoch_) return;
  if (current_epoch_ > 0) {
    tell(Notice::Level::notice, "master key in use", "",
         "epoch " + std::to_string(number) + ": every member holds it; keys are wrapped again");
  }
  current_epoch_ = number;
  for (const auto& [zone, work] : zones_) {
    for (const auto& candidate : work.book.candidates()) {
      if (candidate->epoch < number && !ended_.contains(candidate.id))
        to_rewrap_.insert(candidate.id);
    }
  }
}

// The newest that may be used and was opened.
std::optional<std::uint32_t> Member::Impl::usable_epoch() const {
  for (std::uint32_t number = current_epoch_; number > 0; --number) {
    if (holds_master_key(number)) return number;
  }
  return std::nullopt;
}

bool Member::Impl::holds_master_key(std::uint32_t number) const {
  const auto key = epochs_.key(number);
  return key && master_keys_.contains(*key);
}

// --- opened and dropped --------------------------------------------------------------------------

// The older ones under which the newest copy of a live key is wrapped.
std::set<std::uint32_t> Member::Impl::needed_epochs() const {
  std::set<std::uint32_t> needed;
  for (const FactId& id : to_rewrap_) {
    const Fact& wrap = *log_.find(newest_wrap(id));
    const auto* rewrap = std::get_if<Rewrap>(&wrap.content);
    needed.insert(rewrap ? rewrap->epoch : std::get<Candidate>(wrap.content).epoch);
  }
  return needed;
}

// Of a number that is not in use yet any key may turn out to be the one.
bool Member::Impl::wants_master_key(const MasterKeyId& key) const {
  if (key.number > current_epoch_) return true;
  if (epochs_.key(key.number) != key) return false;
  return key.number == current_epoch_ || needed_epochs().contains(key.number);
}

bool Member::Impl::carry_epoch(const Fact& fact, const Epoch& epoch) {
  const MasterKeyId key{epoch.number, epoch.check};
  if (epoch.recipient != self_.member || ended_.contains(fact.id) || master_keys_.contains(key))
    return true;
  if (!wants_master_key(key)) return true;
  if (opening_.insert(fact.id).second) effects_.acts.push_back(OpenEpoch{fact.id});
  return false;
}

void Member::Impl::open_master_key(std::uint32_t number) {
  for (const auto& epoch : epochs_.facts(number)) {
    const MasterKeyId key{number, epoch->check};
    if (epoch->recipient != self_.member || master_keys_.contains(key)) continue;
    if (number <= current_epoch_ && key != epochs_.key(number)) continue;
    if (opening_.insert(epoch.id).second) effects_.acts.push_back(OpenEpoch{epoch.id});
  }
}

// Opened master keys are in memory only: each life opens again what it needs, and no more.
void Member::Impl::open_and_drop_master_keys() {
  std::set<std::uint32_t> wanted = needed_epochs();
  for (std::uint32_t number = std::max(current_epoch_, 1u); number <= epochs_.newest(); ++number)
    wanted.insert(number);
  for (const std::uint32_t number : wanted) open_master_key(number);
  std::erase_if(master_keys_, [&](const MasterKeyId& key) {
    const bool lost = key.number <= current_epoch_ && epochs_.key(key.number) != key;
    if (wanted.contains(key.number) && !lost) return false;
    effects_.acts.push_back(DropEpoch{key});
    tell(Notice::Level::notice, "master key dropped", "",
         "epoch " + std::to_string(key.number) +
             (lost ? ": another one of its number is earlier" : ": nothing needs it any more"));
    return true;
  });
}

// --- sealed --------------------------------------------------------------------------------------

// Who joins is sealed the one in use; whatever else it needs, it gets from the first who sees that.
void Member::Impl::seal_master_keys() {
  if (epochs_.newest() <= 1) return;  // sealed together with the admission
  std::map<std::pair<std::uint32_t, MemberId>, BootTime> unsealed;
  const auto turn = static_cast<Nanoseconds::rep>(rank(no_zone));
  for (const MasterKeyId& key : master_keys_) {
    if (epochs_.key(key.number) != key) continue;
    for (const MemberId& member : acks_.roster()) {
      const MemberKeys* keys = keys_of(member);
      const bool out = members_.departed().contains(member);
      if (keys == nullptr || out || epochs_.sealed_to(key.number, member)) continue;
      const std::pair what{key.number, member};
      const auto before = unsealed_since_.find(what);
      const BootTime since = before == unsealed_since_.end() ? now_.boot : before->second;
      const BootTime at = since + settings_.patience + settings_.step_stagger * turn;
      unsealed[what] = since;
      if (now_.boot < at) {
        epochs_stale_ = true;
        wake_for_timer(at);
        continue;
      }
      unsealed[what] = now_.boot;  // once more if nothing comes of it
      effects_.acts.push_back(SealEpoch{key, *keys});
    }
  }
  unsealed_since_ = std::move(unsealed);
}

void Member::Impl::take_sealed() {
  for (Epoch& sealed : std::exchange(sealed_, {})) {
    const bool is_the_one = epochs_.key(sealed.number) == MasterKeyId{sealed.number, sealed.check};
    const bool wanted =
        may_decide() && is_the_one && !epochs_.sealed_to(sealed.number, sealed.recipient);
    if (wanted) add_fact(std::move(sealed));
  }
  if (!made_epoch_) return;
  making_epoch_ = false;
  add_epoch(*std::exchange(made_epoch_, {}));
}

// --- rotated -------------------------------------------------------------------------------------

std::optional<std::string> Member::Impl::cannot_rotate() const {
  if (!may_decide()) return "this member cannot begin a rotation now: " + why_undecided();
  const MasterKeyStatus status = master_key_status();
  if (!status.rotating || newest_is_lost()) return std::nullopt;
  std::string text =
      "the rotation to epoch " + std::to_string(epochs_.newest()) + " is not over: " + status.text;
  for (const MemberId& member : status.waits_for) {
    text += (member == status.waits_for.front() ? ": " : ", ") + name_of_member(member);
  }
  return text;
}

// Begun by somebody who is out now, and sealed to nobody who is left: it never comes into use.
bool Member::Impl::newest_is_lost() const {
  const auto& facts = epochs_.facts(epochs_.newest());
  if (current_epoch_ >= epochs_.newest() || !members_.gone(facts.front().id.author)) return false;
  return std::ranges::none_of(acks_.roster(), [&](const MemberId& member) {
    return epochs_.sealed_to(epochs_.newest(), member);
  });
}

// Who is out may still have what it was sealed, so its heir sees to it that nothing more is wrapped
// with that. While caches may have what it served, its answers are needed, and it cannot give them.
void Member::Impl::rotate_after_departures() {
  if (rotation_wanted_by_ || making_epoch_) return;
  const auto& counted = acks_.roster();
  for (const auto& [member, number] : members_.departed()) {
    const bool counts = std::ranges::find(counted, member) != counted.end();
    const bool ours = members_.ender({member, number}) == self_.member;
    if (counts || !ours || !epochs_.sealed_to(epochs_.newest(), member)) continue;
    epochs_stale_ = true;  // looked at again until it can be begun
    if (!cannot_rotate()) rotation_wanted_by_ = "the departure of " + name_of_member(member);
    return;
  }
}

// To oneself last: whoever gets a part of these facts only can open what it gets, or seal it to the
// others.
void Member::Impl::begin_rotation() {
  if (!rotation_wanted_by_ || making_epoch_) return;
  if (const auto why_not = cannot_rotate()) {
    tell(Notice::Level::warning, "master key not rotated", "", *why_not);
    rotation_wanted_by_.reset();
    return;
  }
  std::vector<MemberKeys> recipients;
  for (const MemberId& member : acks_.roster()) {
    const MemberKeys* keys = keys_of(member);
    if (member == self_.member || keys == nullptr || members_.departed().contains(member)) continue;
    recipients.push_back(*keys);
  }
  recipients.push_back(known_.at(self_));
  making_epoch_ = true;
  effects_.acts.push_back(MakeEpoch{epochs_.newest() + 1, std::move(recipients)});
}

// Look again: a rival of its number may have come, and perhaps was acked, while it was made.
void Member::Impl::add_epoch(std::vector<Epoch> sealed) {
  const std::string who = std::exchange(rotation_wanted_by_, {}).value_or("");
  if (sealed.empty()) return;  // the shell has told why
  const std::uint32_t number = sealed.front().number;
  if (number != epochs_.newest() + 1 || cannot_rotate()) {
    return tell(Notice::Level::warning, "master key not rotated", "",
                "something else came first; ask again");
  }
  tell(Notice::Level::notice, "master key rotation begun", "",
       "epoch " + std::to_string(number) + " by=" + who);
  for (Epoch& epoch : sealed) add_fact(std::move(epoch));
}

// When everything is wrapped under the newest, and everybody acked that.
void Member::Impl::end_epochs() {
  const bool under_way = current_epoch_ < epochs_.newest() || !to_rewrap_.empty();
  if (under_way) return;
  std::vector<std::pair<FactId, std::string>> over;
  for (const auto& [number, facts] : epochs_.numbers()) {
    for (const auto& epoch : facts) {
      const bool lost = epoch->check != facts.front()->check;
      if ((number == current_epoch_ && !lost) || ended_.contains(epoch.id) ||
          !ends(epoch.id.author))
        continue;
      over.emplace_back(epoch.id, lost
                                      ? "another master key of its number is earlier"
                                      : "epoch " + std::to_string(current_epoch_) + " replaced it");
    }
  }
  for (auto& [id, why] : over) add_fact(Tombstone{id, std::move(why)});
}

// --- told ----------------------------------------------------------------------------------------

MasterKeyStatus Member::Impl::master_key_status() const {
  MasterKeyStatus status;
  status.epoch = current_epoch_;
  status.keys_left = to_rewrap_.size();
  status.rotating = current_epoch_ < epochs_.newest() || !to_rewrap_.empty();
  std::set<MemberId> waits_for;
  if (current_epoch_ < epochs_.newest()) {
    status.text =
        "not every member holds the master key of epoch " + std::to_string(epochs_.newest());
    for (const MemberId& member : epochs_.without_newest(acks_)) waits_for.insert(member);
  } else if (status.rotating) {
    status.text = std::to_string(to_rewrap_.size()) +
                  (to_rewrap_.size() == 1 ? " key is" : " keys are") + " not wrapped under epoch " +
                  std::to_string(current_epoch_) + " everywhere";
    for (const FactId& id : to_rewrap_) {
      for (const MemberId& member : without_rewrap(id)) waits_for.insert(member);
    }
  }
  status.waits_for.assign(waits_for.begin(), waits_for.end());
  if (current_epoch_ > 0) status.without = epochs_.without(current_epoch_, acks_, now_.wall - settings_.silence);
  return status;
}

std::vector<std::string> Member::Impl::master_key_alarms() const {
  std::vector<std::string> list;
  for (const auto& [id, why] : unopened_) {
    if (ended_.contains(id)) continue;
    list.push_back(alarm_words::sealed_key + name_of_member(id.author.member) +
                   " sealed to this member cannot be opened: " + why);
  }
  return list;
}

}  // namespace rollcall
