// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/ipa_follower.h"

#include <array>

namespace rollcall::agent {

/// One look: the searches, and where each puts what it finds.
struct IpaFollower::Look {
  struct Step {
    directory::Search search;
    Entries directory::IpaEntries::*into;
  };
  explicit Look(const directory::IpaSearches& all)
      : steps{{{all.managed, &directory::IpaEntries::managed},
               {all.dns, &directory::IpaEntries::dns},
               {all.masters, &directory::IpaEntries::masters}}} {}

  std::array<Step, 3> steps;
  directory::IpaEntries found;
};

IpaFollower::IpaFollower(IpaFollowerParts parts) : parts_(std::move(parts)), timer_(parts_.loop) {}

void IpaFollower::start() { look(); }

void IpaFollower::again() {
  timer_.expires_after(parts_.interval);
  timer_.async_wait(
      [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& cancelled) {
        if (!cancelled && alive.lock()) look();
      });
}

void IpaFollower::look() {
  if (!parts_.may_look()) return again();
  search(std::make_shared<Look>(directory::ipa_searches(parts_.base)), 0);
}

void IpaFollower::search(const std::shared_ptr<Look>& look, std::size_t step) {
  if (step == look->steps.size()) return ended(directory::read_ipa_tree(parts_.base, look->found));
  const auto& [what, into] = look->steps[step];
  parts_.directory.search(
      what.dn, what.filter, what.names,
      [this, alive = std::weak_ptr(alive_), look, step](Result<Entries> entries) {
        if (!alive.lock()) return;
        if (!entries) return ended(tl::unexpected(entries.error()));
        look->found.*(look->steps[step].into) = std::move(*entries);
        search(look, step + 1);
      });
}

// The directory may have become a part of itself while it was read.
void IpaFollower::ended(const Result<IpaTree>& tree) {
  if (parts_.may_look()) parts_.looked(tree);
  again();
}

}  // namespace rollcall::agent
