// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/health_servers.h"

#include <algorithm>
#include <set>

namespace rollcall::control {
namespace {

/// One answer of one server about one zone, with the words to speak of it.
struct Answer {
  const ServerLook& look;
  const ZoneStatus& zone;
  std::string host;
  Findings& findings;

  void say(Level level, const std::string& what, const std::string& more) const {
    findings.say({"served", host, level, look.zone + " at " + look.address + ": " + what,
                  "rollcall check " + look.zone + ", on " + host, look.zone + ':' + more});
  }
};

// --- keys

bool serves(const ServedApex& apex, const Fingerprint& key) {
  return std::ranges::find(apex.keys, key, &ServedApex::Key::fingerprint) != apex.keys.end();
}

// What all have acked is there; what comes or goes may be or not.
void judge_missing(const Answer& answer) {
  for (const KeyStatus& key : answer.zone.keys) {
    if (state_of(key, Record::dnskey) != State::omnipresent) continue;
    if (serves(*answer.look.apex, key.fingerprint)) continue;
    answer.say(Level::critical, "the DNSKEY of " + name_of(key) + " is missing", name_of(key));
  }
}

const KeyStatus* known(const ZoneStatus& zone, const Fingerprint& fingerprint) {
  const auto found = std::ranges::find(zone.keys, fingerprint, &KeyStatus::fingerprint);
  return found == zone.keys.end() ? nullptr : &*found;
}

void judge_foreign(const Answer& answer) {
  for (const ServedApex::Key& served : answer.look.apex->keys) {
    const KeyStatus* key = known(answer.zone, served.fingerprint);
    const std::string tag = std::to_string(served.key_tag);
    if (key == nullptr) {
      answer.say(Level::warning, "it gives DNSKEY " + tag + ", which is none of ours",
                 "DNSKEY " + tag);
      continue;
    }
    const Record record = served.revoked ? Record::revoked : Record::dnskey;
    if (state_of(*key, record) != State::hidden) continue;
    answer.say(Level::warning,
               "it gives the DNSKEY of " + name_of(*key) + ", which is to be nowhere now",
               "DNSKEY " + tag);
  }
}

// --- signatures

bool should_sign(const ZoneStatus& zone, Record record) {
  return std::ranges::any_of(zone.keys, [record](const KeyStatus& key) {
    return state_of(key, record) == State::omnipresent;
  });
}

bool signs(const Answer& answer, const ApexSignature& signature) {
  return std::ranges::any_of(answer.zone.keys, [&](const KeyStatus& key) {
    return key.key_tag == signature.key_tag || revoked_tag(key.key_tag) == signature.key_tag;
  });
}

void judge_signatures(const Answer& answer, bool over_keys, Time now) {
  const std::string set = over_keys ? "DNSKEY RRset" : "SOA";
  if (!should_sign(answer.zone, over_keys ? Record::krrsig : Record::zrrsig)) return;
  std::optional<Time> end;
  for (const ApexSignature& signature : answer.look.apex->signatures) {
    if (signature.over_keys != over_keys || !signs(answer, signature)) continue;
    end = std::min(end.value_or(signature.expires), signature.expires);
  }
  if (!end)
    return answer.say(Level::critical, "no key of ours signs the " + set, "unsigned " + set);
  const Expiry expiry = expiry_of(*end, now);
  if (expiry.level == Level::ok) return;
  answer.say(expiry.level, "the signature over the " + set + ' ' + expiry.when, "expiry of " + set);
}

void judge(const Answer& answer, Time now) {
  if (!answer.look.apex) {
    return answer.say(Level::warning,
                      "its DNS server does not give it: " + answer.look.apex.error().what,
                      "no answer");
  }
  judge_missing(answer);
  judge_foreign(answer);
  judge_signatures(answer, true, now);
  judge_signatures(answer, false, now);
}

void judge_unasked(const MemberStatus& status, Findings& findings) {
  for (const MemberLine& line : status.members) {
    if (line.self || !line.in_roster || !line.serving || !line.addresses.empty()) continue;
    findings.say({"not-asked", line.host, Level::ok,
                  "what its DNS server gives was not looked at, since it tells no address",
                  "set addresses in [signer] of rollcalld.toml, on " + line.host});
  }
}

}  // namespace

void judge_servers(const MemberStatus& status, const std::vector<ServerLook>& looks, Time now,
                   Findings& findings) {
  for (const ServerLook& look : looks) {
    const auto zone = std::ranges::find_if(
        status.zones, [&](const ZoneStatus& one) { return one.zone.name == look.zone; });
    if (zone == status.zones.end() || !zone->managed) continue;
    judge({look, *zone, host_of(status, look.member), findings}, now);
  }
  if (!status.zones.empty()) judge_unasked(status, findings);
}

}  // namespace rollcall::control
