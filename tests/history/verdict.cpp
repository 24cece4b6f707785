// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/history/verdict.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <utility>

#include "lib/util/must.h"

namespace rollcall::history {
namespace {

constexpr std::array all_modes{Insists::any, Insists::every_in_ds, Insists::every_in_dnskey};
constexpr unsigned most_keys = 64;

using Spans = std::vector<std::pair<Span, const Publication*>>;

// The keys of a zone as numbers, for as long as caches have them.
class Numbers {
 public:
  bool fits(const KeyNames& keys) {
    return std::ranges::all_of(keys, [this](const std::string& key) { return number(key); });
  }
  KeySet set(const KeyNames& keys) const {
    KeySet set = 0;
    for (const std::string& key : keys) set |= KeySet{1} << numbers_.at(key);
    return set;
  }
  // Algorithm numbers stand before the first slash.
  std::vector<KeySet> algorithms() const {
    std::map<std::string, KeySet> sets;
    for (const auto& [key, number] : numbers_)
      sets[key.substr(0, key.find('/'))] |= KeySet{1} << number;
    std::vector<KeySet> list;
    for (const auto& [algorithm, keys] : sets) list.push_back(keys);
    return list;
  }
  std::string text(KeySet keys) const {
    std::string text = "{";
    for (const auto& [key, number] : numbers_) {
      if (keys >> number & 1) text += (text.size() > 1 ? " " : "") + key;
    }
    return text + "}";
  }
  void keep_only(KeySet cached) {
    std::erase_if(numbers_,
                  [cached](const auto& entry) { return (cached >> entry.second & 1) == 0; });
  }

 private:
  bool number(const std::string& key) {
    if (numbers_.contains(key)) return true;
    KeySet taken = 0;
    for (const auto& entry : numbers_) taken |= KeySet{1} << entry.second;
    const auto free = static_cast<unsigned>(std::countr_one(taken));
    return free < most_keys && numbers_.emplace(key, free).second;
  }
  std::map<std::string, unsigned> numbers_;
};

KeySet all_in(const Views& views) {
  KeySet keys = 0;
  for (const KeySet ds : views.ds) keys |= ds;
  for (const DnskeyView& dnskey : views.dnskey) keys |= dnskey.keys | dnskey.signers;
  for (const KeySet data : views.data) keys |= data;
  return keys;
}

// Seconds since the beginning of the history, for people.
std::string clock(Nanoseconds since_begin) {
  const auto tenths =
      (std::chrono::duration_cast<std::chrono::milliseconds>(since_begin).count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "s";
}

// One zone, with the times of one kind: those that are possible, or those that are certain.
class Trial {
 public:
  Trial(Spans spans, Time begin) : spans_(std::move(spans)), begin_(begin) {
    std::ranges::stable_sort(spans_, {}, [](const auto& entry) { return entry.first.from; });
  }

  // Caches only lose content between two changes, so what would be bogus shows right after one.
  Result<> run() {
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      const Time now = spans_[i].first.from;
      if (!serve(spans_[i].first, spans_[i].second->answer)) {
        return tl::unexpected(
            Error{Errc::malformed,
                  "more than 64 keys of " + spans_[i].second->zone + " in caches at once"});
      }
      if (i + 1 < spans_.size() && spans_[i + 1].first.from == now) continue;
      check(now);
    }
    return {};
  }

  const std::map<Insists, std::pair<Time, std::string>>& found() const { return found_; }

 private:
  bool serve(const Span& span, const Answer& answer) {
    constexpr std::size_t anybody =
        0;  // each publication is closed at once, so servers need no number
    if (const Ds* ds = std::get_if<Ds>(&answer)) {
      if (!numbered({&ds->keys}, span.from)) return false;
      ledger_.serve_ds(anybody, numbers_.set(ds->keys), ds->ttl, span.from);
    } else if (const Dnskey* dnskey = std::get_if<Dnskey>(&answer)) {
      if (!numbered({&dnskey->keys, &dnskey->signers}, span.from)) return false;
      ledger_.serve_dnskey(anybody, {numbers_.set(dnskey->keys), numbers_.set(dnskey->signers)},
                           dnskey->ttl, span.from);
    } else {
      const Data& data = std::get<Data>(answer);
      if (!numbered({&data.signers}, span.from)) return false;
      ledger_.serve_data(anybody, numbers_.set(data.signers), data.ttl, span.from);
    }
    ledger_.stop(anybody, span.until);
    return true;
  }

  bool numbered(std::initializer_list<const KeyNames*> sets, Time now) {
    const auto fit = [&] {
      return std::ranges::all_of(sets,
                                 [this](const KeyNames* keys) { return numbers_.fits(*keys); });
    };
    if (fit()) return true;
    ledger_.trim(now);
    numbers_.keep_only(all_in(ledger_.views(now)));
    return fit();
  }

  void check(Time now) {
    ledger_.trim(now);
    const Views views = ledger_.views(now);
    const std::vector<KeySet> algorithms = numbers_.algorithms();
    for (const Insists mode : all_modes) {
      if (found_.contains(mode)) continue;
      if (const auto bogus = find_bogus(views, mode, algorithms))
        found_[mode] = {now, explain(*bogus, now)};
    }
  }

  std::string explain(const Bogus& bogus, Time now) const {
    const std::string dnskey =
        "DNSKEY " + numbers_.text(bogus.dnskey.keys) + " signed by " +
        numbers_.text(bogus.dnskey.signers) + sources(now, [&](const Answer& answer) {
          const Dnskey* one = std::get_if<Dnskey>(&answer);
          return one && is(one->keys, bogus.dnskey.keys) && is(one->signers, bogus.dnskey.signers);
        });
    if (bogus.pair == Bogus::Pair::ds_dnskey) {
      return "DS " + numbers_.text(bogus.ds) +
             sources(now,
                     [&](const Answer& answer) {
                       const Ds* one = std::get_if<Ds>(&answer);
                       return one && is(one->keys, bogus.ds);
                     }) +
             " does not fit " + dnskey;
    }
    return dnskey + " does not fit data signed by " + numbers_.text(bogus.data) +
           sources(now, [&](const Answer& answer) {
             const Data* one = std::get_if<Data>(&answer);
             return one && is(one->signers, bogus.data);
           });
  }

  bool is(const KeyNames& keys, KeySet set) const { return numbers_.text(set) == listed(keys); }
  static std::string listed(const KeyNames& keys) {
    std::string text = "{";
    for (const std::string& key : keys) text += (text.size() > 1 ? " " : "") + key;
    return text + "}";
  }

  // Who served it, so that a cache may have it now.
  template <class Matches>
  std::string sources(Time now, Matches matches) const {
    std::string text;
    for (const auto& [span, publication] : spans_) {
      const Seconds ttl =
          std::visit([](const auto& answer) { return answer.ttl; }, publication->answer);
      if (span.from > now || span.until + ttl <= now || !matches(publication->answer)) continue;
      const Data* data = std::get_if<Data>(&publication->answer);
      text += (text.empty() ? " [" : ", ") + publication->server + (data ? " " + data->rrset : "") +
              " " + clock(span.from - begin_) + " to " + clock(span.until - begin_) + " ttl " +
              std::to_string(ttl.count());
    }
    return text.empty() ? text : text + "]";
  }

  Spans spans_;
  Time begin_;
  Numbers numbers_;
  Ledger ledger_;
  std::map<Insists, std::pair<Time, std::string>> found_;
};

bool is_for_parents(const Answer& answer) {
  const Data* data = std::get_if<Data>(&answer);
  return data != nullptr && (data->rrset.ends_with(" CDS") || data->rrset.ends_with(" CDNSKEY"));
}

using Publications = std::vector<const Publication*>;

Result<> judge_zone(const Publications& publications, Time begin, std::vector<Finding>& findings) {
  Spans possible, certain;
  for (const Publication* one : publications) {
    possible.emplace_back(one->possible, one);
    if (one->certain) certain.emplace_back(*one->certain, one);
  }
  Trial worst{possible, begin}, surely{certain, begin};
  if (auto done = worst.run(); !done) return done;
  if (auto done = surely.run(); !done) return done;
  for (const auto& [mode, found] : worst.found()) {
    const auto sure = surely.found().find(mode);
    const bool is_sure = sure != surely.found().end();
    const auto& [since, what] = is_sure ? sure->second : found;
    findings.push_back({publications.front()->zone, mode, since, is_sure, false, what});
  }
  return {};
}

}  // namespace

Result<std::vector<Finding>> judge(const History& history) {
  std::map<std::string, Publications> zones;
  for (const Publication& one : history.publications) zones[one.zone].push_back(&one);
  std::vector<Finding> findings;
  for (const auto& [zone, all] : zones) {
    Publications for_everybody = all;
    std::erase_if(for_everybody, [](const auto* one) { return is_for_parents(one->answer); });
    std::vector<Finding> without, with;
    auto done = judge_zone(for_everybody, history.begin, without);
    if (done) done = judge_zone(all, history.begin, with);
    if (!done) return tl::unexpected(done.error());
    for (Finding& finding : with) {
      const auto same = std::ranges::find(without, finding.mode, &Finding::mode);
      finding.only_for_parents = same == without.end();
      findings.push_back(finding.only_for_parents ? finding : *same);
    }
  }
  return findings;
}

std::string_view short_name(Insists mode) {
  switch (mode) {
    case Insists::any:
      return "any";
    case Insists::every_in_ds:
      return "strict-ds";
    case Insists::every_in_dnskey:
      return "strict-dnskey";
  }
  MUST(false);
}

}  // namespace rollcall::history
