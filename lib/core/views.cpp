// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/views.h"

#include <algorithm>

#include "lib/util/must.h"

namespace rollcall {

namespace {

// Whether `answer` has something of each algorithm that `asked` has.
bool fits(KeySet asked, KeySet answer, std::span<const KeySet> algorithms) {
  return std::ranges::all_of(algorithms, [=](KeySet of_algorithm) {
    return (asked & of_algorithm) == 0 || (asked & answer & of_algorithm) != 0;
  });
}

}  // namespace

std::string_view to_string(Insists insists) {
  switch (insists) {
    case Insists::any: return "any algorithm";
    case Insists::every_in_ds: return "every algorithm of the DS";
    case Insists::every_in_dnskey: return "every algorithm of the DNSKEY";
  }
  MUST(false);
}

std::optional<Bogus> find_bogus(const Views& views) { return find_bogus(views, Insists::any, {}); }

std::optional<Bogus> find_bogus(const Views& views, Insists insists,
                                std::span<const KeySet> algorithms) {
  const bool anybody_validates = std::ranges::any_of(views.ds, [](KeySet ds) { return ds != 0; });
  if (!anybody_validates) return std::nullopt;

  const auto of_ds = insists == Insists::every_in_ds ? algorithms : std::span<const KeySet>{};
  const auto of_dnskey = insists == Insists::every_in_dnskey ? algorithms : std::span<const KeySet>{};
  for (const DnskeyView& dnskey : views.dnskey) {
    const KeySet signed_by = dnskey.keys & dnskey.signers;
    for (const KeySet ds : views.ds) {
      if (ds != 0 && ((ds & signed_by) == 0 || !fits(ds, signed_by, of_ds))) {
        return Bogus{Bogus::Pair::ds_dnskey, ds, dnskey, 0};
      }
    }
    for (const KeySet data : views.data) {
      if ((dnskey.keys & data) == 0 || !fits(dnskey.keys, data, of_dnskey)) {
        return Bogus{Bogus::Pair::dnskey_data, 0, dnskey, data};
      }
    }
  }
  return std::nullopt;
}

template <class Content>
void Ledger::serve(Publications<Content>& list, std::size_t server, const Content& content,
                   Seconds ttl, Time now) {
  for (Publication<Content>& entry : list) {
    if (entry.server != server || entry.until) continue;
    if (entry.content == content && entry.ttl == ttl) return;
    entry.until = now;
  }
  list.push_back({server, content, ttl, std::nullopt});
}

template <class Content>
std::vector<Content> Ledger::cached(const Publications<Content>& list, Time now) {
  std::vector<Content> contents;
  for (const Publication<Content>& entry : list) {
    if (!entry.until || now < *entry.until + entry.ttl) contents.push_back(entry.content);
  }
  std::ranges::sort(contents);
  contents.erase(std::unique(contents.begin(), contents.end()), contents.end());
  return contents;
}

void Ledger::serve_ds(std::size_t server, KeySet ds, Seconds ttl, Time now) {
  serve(ds_, server, ds, ttl, now);
}

void Ledger::serve_dnskey(std::size_t server, DnskeyView content, Seconds ttl, Time now) {
  serve(dnskey_, server, content, ttl, now);
}

void Ledger::serve_data(std::size_t server, KeySet signers, Seconds ttl, Time now) {
  serve(data_, server, signers, ttl, now);
}

void Ledger::stop(std::size_t server, Time now) {
  const auto close = [&](auto& list) {
    for (auto& entry : list) {
      if (entry.server == server && !entry.until) entry.until = now;
    }
  };
  close(ds_);
  close(dnskey_);
  close(data_);
}

Views Ledger::views(Time now) const {
  return {cached(ds_, now), cached(dnskey_, now), cached(data_, now)};
}

void Ledger::trim(Time now) {
  const auto over = [now](const auto& entry) { return entry.until && *entry.until + entry.ttl <= now; };
  std::erase_if(ds_, over);
  std::erase_if(dnskey_, over);
  std::erase_if(data_, over);
}

}  // namespace rollcall
