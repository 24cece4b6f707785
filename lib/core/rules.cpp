// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/rules.h"

#include <algorithm>
#include <set>

#include "lib/util/must.h"

namespace rollcall {
namespace {

using enum State;

using Keys = std::span<const KeyStates>;

bool names_as_successor(Keys keys, std::size_t y, std::size_t z) {
  return keys[y].successor == z && !keys[y].completely_hidden();
}

bool anybody_depends_on(Keys keys, std::size_t z) {
  for (std::size_t y = 0; y < keys.size(); ++y) {
    if (names_as_successor(keys, y, z)) return true;
  }
  return false;
}

// `hops` bounds the walk, should the links ever form a ring.
bool succeeds_within(Keys keys, std::size_t x, std::size_t z, std::size_t hops) {
  if (hops == 0 || anybody_depends_on(keys, x)) return false;
  if (names_as_successor(keys, x, z)) return true;
  for (std::size_t y = 0; y < keys.size(); ++y) {
    if (y != z && names_as_successor(keys, y, z) && keys[y].same_states(keys[z]) &&
        succeeds_within(keys, x, y, hops - 1)) {
      return true;
    }
  }
  return false;
}

// Some key of the algorithm that fits `old`, and a successor of it that fits `young`.
template <class Old, class Young>
bool some_swap(Keys keys, Algorithm algorithm, Old old, Young young) {
  for (std::size_t x = 0; x < keys.size(); ++x) {
    if (keys[x].algorithm != algorithm || !old(keys[x])) continue;
    for (std::size_t z = 0; z < keys.size(); ++z) {
      if (keys[z].algorithm == algorithm && young(keys[z]) && succeeds(keys, x, z)) return true;
    }
  }
  return false;
}

template <class Test>
bool some_key(Keys keys, Algorithm algorithm, Test test) {
  return std::ranges::any_of(
      keys, [&](const KeyStates& key) { return key.algorithm == algorithm && test(key); });
}

template <class Test>
bool every_key(Keys keys, Algorithm algorithm, Test test) {
  return !some_key(keys, algorithm, [&](const KeyStates& key) { return !test(key); });
}

template <class Test>
bool for_each_algorithm(Keys keys, Test test) {
  std::set<Algorithm> algorithms;
  for (const KeyStates& key : keys) algorithms.insert(key.algorithm);
  return std::ranges::all_of(algorithms, test);
}

bool full_chain(const KeyStates& key) {
  return key.dnskey == omnipresent && key.krrsig == omnipresent && key.ds == omnipresent;
}

bool coming_or_there(State state) { return state == rumoured || state == omnipresent; }
bool going_or_there(State state) { return state == unretentive || state == omnipresent; }

bool chain_holds_for(Keys keys, Algorithm algorithm) {
  if (some_key(keys, algorithm, full_chain)) return true;

  const auto ds_leaves = [](const KeyStates& k) {
    return k.dnskey == omnipresent && k.krrsig == omnipresent && k.ds == unretentive;
  };
  const auto ds_comes = [](const KeyStates& k) {
    return k.dnskey == omnipresent && k.krrsig == omnipresent && k.ds == rumoured;
  };
  if (some_swap(keys, algorithm, ds_leaves, ds_comes)) return true;

  const auto key_leaves = [](const KeyStates& k) {
    return k.ds == omnipresent && going_or_there(k.dnskey) && going_or_there(k.krrsig);
  };
  const auto key_comes = [](const KeyStates& k) {
    return k.ds == omnipresent && coming_or_there(k.dnskey) && coming_or_there(k.krrsig);
  };
  if (some_swap(keys, algorithm, key_leaves, key_comes)) return true;

  return every_key(keys, algorithm, [](const KeyStates& k) {
    return k.ds == hidden || (k.dnskey == omnipresent && k.krrsig == omnipresent);
  });
}

bool data_holds_for(Keys keys, Algorithm algorithm) {
  if (every_key(keys, algorithm, [](const KeyStates& k) { return k.ds == hidden; })) return true;
  if (some_key(keys, algorithm, [](const KeyStates& k) {
        return k.dnskey == omnipresent && k.zrrsig == omnipresent;
      })) {
    return true;
  }

  const auto is = [](State dnskey, State zrrsig) {
    return [=](const KeyStates& k) { return k.dnskey == dnskey && k.zrrsig == zrrsig; };
  };
  if (some_swap(keys, algorithm, is(unretentive, omnipresent), is(rumoured, omnipresent))) return true;
  if (some_swap(keys, algorithm, is(omnipresent, unretentive), is(omnipresent, rumoured))) return true;

  return every_key(keys, algorithm, [&](const KeyStates& k) {
    return k.dnskey == hidden || some_key(keys, algorithm, is(k.dnskey, omnipresent));
  });
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case hidden: return "hidden";
    case rumoured: return "rumoured";
    case omnipresent: return "omnipresent";
    case unretentive: return "unretentive";
  }
  MUST(false);
}

State& KeyStates::operator[](Record record) {
  switch (record) {
    case Record::dnskey: return dnskey;
    case Record::krrsig: return krrsig;
    case Record::zrrsig: return zrrsig;
    case Record::ds: return ds;
    case Record::revoked: break;  // supports nothing, so the rules do not know it
  }
  MUST(false);
}

State KeyStates::operator[](Record record) const { return const_cast<KeyStates&>(*this)[record]; }

bool KeyStates::same_states(const KeyStates& other) const {
  return dnskey == other.dnskey && krrsig == other.krrsig && zrrsig == other.zrrsig && ds == other.ds;
}

bool KeyStates::completely_hidden() const {
  return dnskey == hidden && krrsig == hidden && zrrsig == hidden && ds == hidden;
}

bool succeeds(Keys keys, std::size_t x, std::size_t z) {
  return succeeds_within(keys, x, z, keys.size());
}

bool delegation_is_secure(Keys keys) {
  return std::ranges::any_of(keys, [](const KeyStates& key) { return coming_or_there(key.ds); });
}

bool chain_holds(Keys keys) {
  return for_each_algorithm(keys, [&](Algorithm a) { return chain_holds_for(keys, a); });
}

bool data_holds(Keys keys) {
  return for_each_algorithm(keys, [&](Algorithm a) { return data_holds_for(keys, a); });
}

std::string_view forbidden(Keys before, Keys after, bool withdraws, bool insecure) {
  struct Rule {
    bool (*holds)(Keys);
    std::string_view name;
  };
  static constexpr Rule rules[] = {
      {chain_holds, "some cache could hold a DS without a matching signed DNSKEY"},
      {data_holds, "some cache could hold signatures without a matching DNSKEY"},
  };
  // A zone that has no DS yet has no secure delegation to lose.
  if (!insecure && delegation_is_secure(before) && !delegation_is_secure(after)) {
    return "the last DS would be withdrawn";
  }
  for (const Rule& rule : rules) {
    const bool held = rule.holds(before);
    if (held && !rule.holds(after)) return rule.name;
    if (!held && withdraws) return rule.name;
  }
  return {};
}

}  // namespace rollcall
