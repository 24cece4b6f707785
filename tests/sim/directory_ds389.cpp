// SPDX-License-Identifier: GPL-3.0-or-later
// Where 389-ds differs from slapd: attributes are merged, entries of one name are told apart, deletes replicate, and
// changes are not kept for ever.
#include <algorithm>
#include <utility>

#include "tests/sim/attributes.h"
#include "tests/sim/directory.h"

namespace rollcall::sim {
namespace {

using std::chrono::hours;

constexpr hours changes_are_kept{7 * 24};  // nsslapd-changelogmaxage, nsds5ReplicaPurgeDelay

}  // namespace

Directory::Stored Directory::written_over(const Stored& present, const Stored& written, bool all) {
  const auto first = std::ranges::find_if(present.added, [](const auto& one) { return one.second.entry != nullptr; });
  const bool there = first != present.added.end();
  Added now{written.version, written.entry, {attributes(*written.entry), written.version}};
  for (std::size_t i = 0; there && !all && i < now.attributes.size(); ++i) {
    if (equal_in(i, *first->second.entry, *written.entry)) now.attributes[i] = first->second.attributes[i];
  }
  Stored stored = present;
  stored.added.insert_or_assign(there ? first->first : written.version, std::move(now));
  show_first(stored);
  return stored;
}

void Directory::show_first(Stored& stored) {
  stored.entry = nullptr;
  for (const auto& [when, one] : stored.added) {
    stored.version = std::max(stored.version, one.version);
    if (!stored.entry) stored.entry = one.entry;
  }
}

bool Directory::covers(const Stored& present, const Stored& stored) const {
  if (!ds389()) return present.version >= stored.version;
  return std::ranges::all_of(stored.added, [&present](const auto& one) {
    const auto own = present.added.find(one.first);
    return own != present.added.end() && covers(own->second, one.second);
  });
}

// A delete beats every change.
bool Directory::covers(const Added& present, const Added& stored) {
  if (!present.entry || !stored.entry) return !present.entry;
  return present.version >= stored.version &&
         std::ranges::equal(present.attributes, stored.attributes, std::ranges::greater_equal{});
}

Directory::Stored Directory::merged(const Stored& present, const Stored& stored) {
  Stored both = present;
  for (const auto& [when, one] : stored.added) {
    const auto [own, added] = both.added.try_emplace(when, one);
    if (!added) own->second = merged(own->second, one);
    if (added && one.entry && present.entry) context_.counters.add("conflict entry");
  }
  show_first(both);
  return both;
}

Directory::Added Directory::merged(const Added& present, const Added& stored) {
  if (!present.entry || !stored.entry) return {std::max(present.version, stored.version), nullptr, {}};
  const auto& [older, newer] = std::minmax(present, stored, [](const Added& a, const Added& b) { return a.version < b.version; });
  Added both = newer;
  Content content = *newer.entry;
  for (std::size_t i = 0; i < both.attributes.size(); ++i) {
    if (both.attributes[i] >= older.attributes[i]) continue;
    context_.counters.add("attributes merged");
    both.attributes[i] = older.attributes[i];
    take(i, content, *older.entry);
  }
  both.entry = std::make_shared<const Content>(std::move(content));
  return both;
}

void Directory::remove(std::size_t replica, EntryId id) {
  context_.trace.line("directory", "somebody deletes a fact at " + member_name(replica));
  Stored stored = at(replica, id);
  const auto first = std::ranges::find_if(stored.added, [](const auto& one) { return one.second.entry != nullptr; });
  first->second = {{context_.schedule.now(), replica, ++order_}, nullptr, {}};
  show_first(stored);
  store(replica, id, std::move(stored));
}

bool Directory::changes_are_gone(std::size_t from, std::size_t to) const {
  const Link& link = links_[from][to];
  return ds389() && hostile_ && link.behind && link.behind_since > Time{} &&
         context_.schedule.now() - link.behind_since > changes_are_kept;
}

// An administrator reads of it in the server's log, sooner or later.
void Directory::fill_anew_later(std::size_t from, std::size_t to) {
  if (to_fill_.contains(from) || !to_fill_.insert(to).second) return;
  context_.schedule.after(context_.dice.between(hours{1}, hours{72}), [this, from, to] {
    to_fill_.erase(to);
    if (changes_are_gone(from, to) && open(from, to)) fill_anew(from, to);
  });
}

// What only the target had is lost to it, and what the others had of it they still have.
void Directory::fill_anew(std::size_t from, std::size_t to) {
  context_.counters.add("filled anew");
  context_.trace.line("directory", "replica " + member_name(to) + " is filled anew from " + member_name(from));
  for (EntryId id = 0; id < names_.size(); ++id) {
    const Stored before = std::exchange(at(to, id), at(from, id));
    if (at(to, id).entry) {
      notify(to, at(to, id).entry);
    } else if (before.entry) {
      tell_of_loss(to, before.entry);
    }
  }
  for (std::size_t other = 0; other < replicas_.size(); ++other) {
    if (other == to) continue;
    for (const auto& [source, target] : {std::pair{other, to}, std::pair{to, other}}) {
      const bool with_source = other == from;
      link(source, target).behind = !with_source;
      link(source, target).behind_since = context_.schedule.now();
      if (!with_source) reopened(source, target);
    }
  }
}

}  // namespace rollcall::sim
