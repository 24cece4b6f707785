// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/intake.h"

#include "lib/agent/clock.h"
#include "lib/crypto/digest.h"
#include "lib/directory/codec.h"
#include "lib/directory/codec_heartbeat.h"
#include "lib/dns/names.h"

namespace rollcall::agent {
namespace {

/// Enough for a joiner that reads everything before the first `admit`; a bound against floods.
constexpr std::size_t most_deferred = 100'000;

Digest identity_of(ByteView signed_bytes, const Signature& signature) {
  Bytes both = to_bytes(signed_bytes);
  both.insert(both.end(), signature.begin(), signature.end());
  return crypto::sha256(both);
}

/// The wrapped key is not signed itself, but its digest is.
bool has_foreign_key(const directory::ReadFact& read) {
  const auto* candidate = std::get_if<Candidate>(&read.fact.content);
  const auto* rewrap = std::get_if<Rewrap>(&read.fact.content);
  if ((candidate == nullptr && rewrap == nullptr) || !read.wrapped_key) return false;
  const Digest& digest = candidate != nullptr ? candidate->wrapped_digest : rewrap->wrapped_digest;
  return crypto::sha256(*read.wrapped_key) != digest;
}

/// The attributes as the author added them, read from wherever this copy stands.
directory::Attributes as_added(const directory::Entry& entry, const FactId& id) {
  directory::Attributes attributes = entry.attributes;
  attributes.erase(directory::wrapped_key_attribute);
  attributes.erase(directory::touched_attribute);
  attributes["cn"] = {to_bytes(std::to_string(id.author.number) + "." + std::to_string(id.seq))};
  return attributes;
}

}  // namespace

Intake::Intake(IntakeParts parts, IntakeEvents events)
    : parts_(std::move(parts)), events_(std::move(events)) {}

void Intake::restored(const Fact& fact) {
  parts_.trust.learn(fact);
  if (std::holds_alternative<UnknownKind>(fact.content)) return;  // verified again when it comes
  const auto attributes = directory::attributes_of(fact.id, fact.created, fact.content);
  known_[fact.id] =
      identity_of(directory::signed_bytes(parts_.self.cluster, attributes), fact.signature);
}

void Intake::entry(directory::Entry entry) {
  const auto where = directory::classify(parts_.base, entry.dn);
  if (where.place == directory::Place::other) return;  // reports of members, many and often
  quarantine(entry.dn, take(where, entry));
  events_.news();
}

Result<> Intake::take(const directory::Located& where, directory::Entry& entry) {
  switch (where.place) {
    case directory::Place::config:
      return take_config(entry);
    case directory::Place::policy:
      return take_policy(where.name, entry);
    case directory::Place::zone:
      return take_zone(where.name, entry);
    case directory::Place::member:
      return take_member(where.owner, entry);
    case directory::Place::fact:
      return take_fact(entry);
    case directory::Place::request:
      return take_request(entry);
    case directory::Place::answer:
      return take_answer(where.owner);
    case directory::Place::container:
    case directory::Place::other:
      return {};
  }
  return {};
}

Result<> Intake::take_config(const directory::Entry& entry) {
  auto config = directory::read_config(entry);
  if (!config) return tl::unexpected(config.error());
  if (config->cluster != parts_.self.cluster) {
    return fail(Errc::malformed, "the directory is that of another cluster, " +
                                     to_string(config->cluster) + "; this member belongs to " +
                                     to_string(parts_.self.cluster));
  }
  parts_.member.config(std::move(*config));
  return {};
}

Result<> Intake::take_policy(const std::string& name, const directory::Entry& entry) {
  auto policy = directory::read_policy(entry);
  if (!policy) return tl::unexpected(policy.error());
  parts_.member.policy(name, *policy);
  return {};
}

// Names come from anybody who may write the directory; behind here they become paths and arguments.
Result<> Intake::take_zone(const std::string& name, const directory::Entry& entry) {
  auto zone = directory::read_zone(entry);
  if (!zone) return tl::unexpected(zone.error());
  const auto canonical = dns::canonical_zone(zone->zone.name);
  if (!canonical) return tl::unexpected(canonical.error());
  if (*canonical != zone->zone.name || name != zone->zone.name) {
    return fail(Errc::malformed, "must be named " + *canonical + ", in its entry and in its DN");
  }
  parts_.member.zone(std::move(*zone));
  return {};
}

Result<> Intake::take_member(const MemberId& owner, const directory::Entry& entry) {
  auto read = directory::read_member(entry);
  if (!read) return tl::unexpected(read.error());
  if (read->keys.member != owner) return fail(Errc::malformed, "its keys are of another member");
  if (read->join_proof && owner != parts_.self.self.member) events_.joiner(*read);
  if (read->heartbeat.empty()) return {};
  return take_heartbeat(owner, read->heartbeat, entry);
}

Result<> Intake::take_heartbeat(const MemberId& owner, ByteView value,
                                const directory::Entry& entry) {
  auto read = directory::decode(parts_.self.cluster, value);
  if (!read) return tl::unexpected(read.error());
  Heartbeat& heartbeat = read->heartbeat;
  if (heartbeat.member.member != owner) {
    return fail(Errc::malformed, "its heartbeat is of another member");
  }
  if (!parts_.trust.signed_by(heartbeat.member, read->signed_bytes, read->signature)) {
    if (!parts_.trust.knows(heartbeat.member)) return defer(heartbeat.member, entry);
    return fail(Errc::malformed, "the signature of its heartbeat does not verify");
  }
  if (owner == parts_.self.self.member) {
    parts_.member.own_heartbeat_seen(heartbeat);
  } else {
    parts_.member.heartbeat(std::move(heartbeat), now());
  }
  return {};
}

Result<> Intake::take_fact(directory::Entry& entry) {
  auto read = directory::read_fact(parts_.self.cluster, parts_.base, entry);
  if (!read) return tl::unexpected(read.error());
  const FactId id = read->fact.id;
  const Digest identity = identity_of(read->signed_bytes, read->fact.signature);
  const auto before = known_.find(id);
  if (before == known_.end() || before->second != identity) {
    if (!parts_.trust.signed_by(id.author, read->signed_bytes, read->fact.signature)) {
      if (!parts_.trust.knows(id.author)) return defer(id.author, entry);
      return fail(Errc::malformed, "its signature does not verify");
    }
  }
  if (has_foreign_key(*read)) {
    return fail(Errc::malformed, "its wrapped key is not the one that its author signed for");
  }
  if (before == known_.end()) {
    known_.emplace(id, identity);
    if (read->wrapped_key) parts_.staging.received[id] = std::move(*read->wrapped_key);
    if (std::holds_alternative<UnknownKind>(read->fact.content)) {
      parts_.staging.unknown[id] = as_added(entry, id);
    }
    events_.fact(read->fact);
  }
  const bool more_are_known = parts_.trust.learn(read->fact);
  parts_.member.fact(std::move(read->fact));
  if (more_are_known) retry_deferred();
  return {};
}

Result<> Intake::take_request(const directory::Entry& entry) {
  auto request = directory::read_request(entry);
  if (!request) return tl::unexpected(request.error());
  if (request->wish != directory::Wish::forget) {
    const auto canonical = dns::canonical_zone(request->zone);
    if (!canonical) return tl::unexpected(canonical.error());
    if (*canonical != request->zone) return fail(Errc::malformed, "must name the zone " + *canonical);
  }
  if (events_.request) events_.request(std::move(*request));
  return {};
}

Result<> Intake::take_answer(const Uuid& request) {
  if (events_.request_answered) events_.request_answered(request);
  return {};
}

Result<> Intake::defer(const Incarnation& author, const directory::Entry& entry) {
  if (deferred_.size() >= most_deferred) {
    return fail(Errc::malformed, "nobody vouches for its author " + to_string(author.member));
  }
  deferred_[entry.dn] = entry;
  return {};
}

void Intake::retry_deferred() {
  auto again = std::move(deferred_);
  deferred_.clear();
  for (auto& [dn, entry] : again) {
    quarantine(dn, take(directory::classify(parts_.base, dn), entry));
  }
}

void Intake::quarantine(const std::string& dn, const Result<>& taken) {
  if (!taken) {
    quarantined_.insert(dn);
    parts_.member.quarantined(dn, taken.error().what);
  } else if (quarantined_.erase(dn) > 0) {
    parts_.member.quarantined(dn, "");
  }
}

void Intake::vanished(const std::string& dn) {
  deferred_.erase(dn);
  quarantine(dn, {});
  const auto where = directory::classify(parts_.base, dn);
  if (where.place == directory::Place::policy) parts_.member.policy_gone(where.name);
  if (where.place == directory::Place::zone) parts_.member.zone_gone(where.name);
  if (where.place == directory::Place::fact) {
    auto id = fact_id_from(to_string(where.owner) + "." + where.name);
    if (!id && where.owner == parts_.self.self.member) id = fact_id_from(where.name);  // our copy of another's
    if (id) parts_.member.fact_vanished(*id);
  }
  events_.news();
}

void Intake::state(directory::State state, const std::string& why) {
  parts_.member.directory_current(state == directory::State::current, why);
  events_.state(state, why);
  events_.news();
}

void Intake::conflicts(const std::vector<std::string>& lost) {
  if (events_.conflicts) events_.conflicts(lost);
}

}  // namespace rollcall::agent
