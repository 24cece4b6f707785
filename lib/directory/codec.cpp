// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec.h"

#include <array>

#include "lib/directory/codec_fields.h"
#include "lib/directory/codec_frame.h"
#include "lib/util/must.h"

namespace rollcall::directory {
namespace {

constexpr const char* label = "rollcall-fact-1";
constexpr std::uint32_t format_version = 1;
constexpr const char* object_class = "rollcallFact";
constexpr const char* signature_attribute = "rollcallsignature";
constexpr const char* sealed_key_attribute = "rollcallsealedkey";

// -- which fields a fact has --

struct Header {
  FactId id;
  Time created;
  std::string kind;
  std::uint32_t format = format_version;
};

template <class Io>
void fields(Io& io, Subject<Io, Header>& header) {
  io.one("rollcallfactid", header.id, form::fact_id);
  io.one("rollcallcreated", header.created, form::created);
  io.one("rollcallkind", header.kind, form::text);
  io.one("rollcallformat", header.format, form::number32);
}

template <class Io>
void fields(Io& io, Subject<Io, ZoneRef>& zone) {
  io.one("rollcallzone", zone.name, form::zone_name);
  io.one("rollcallzoneincarnation", zone.incarnation, form::number32);
}

template <class Io>
void fields(Io& io, Subject<Io, Generation>& generation) {
  io.one("rollcallrole", generation.role, form::role);
  io.one("rollcallalgorithm", generation.algorithm, form::algorithm);
  io.one("rollcallgeneration", generation.number, form::number32);
}

template <class Io>
void fields(Io& io, Subject<Io, Intervals>& intervals) {
  io.one("rollcalldnskeyttl", intervals.dnskey_ttl, form::seconds);
  io.one("rollcallmaxzonettl", intervals.max_zone_ttl, form::seconds);
  io.one("rollcalldsttl", intervals.ds_ttl, form::seconds);
  io.one("rollcallpropagation", intervals.propagation, form::seconds);
  io.one("rollcallparentpropagation", intervals.parent_propagation, form::seconds);
  io.one("rollcallpublishsafety", intervals.publish_safety, form::seconds);
  io.one("rollcallretiresafety", intervals.retire_safety, form::seconds);
  io.one("rollcallresign", intervals.resign, form::seconds);
  io.one("rollcallholddown", intervals.hold_down, form::seconds);
  io.one("rollcallrevocation", intervals.revocation, form::seconds);
}

template <class Io>
void fields(Io& io, Subject<Io, Candidate>& candidate) {
  fields(io, candidate.zone);
  fields(io, candidate.generation);
  io.one("rollcalldue", candidate.due, form::created);
  io.text("rollcallwhy", candidate.why);
  io.optional("rollcallexpires", candidate.expires, form::whole_seconds);
  io.one("rollcallfingerprint", candidate.fingerprint, form::digest);
  io.one("rollcallkeytag", candidate.key_tag, form::number16);
  io.octets("rollcalldnskey", candidate.dnskey);
  io.one("rollcallepoch", candidate.epoch, form::number32);
  io.one("rollcallwrappeddigest", candidate.wrapped_digest, form::digest);
}

template <class Io>
void fields(Io& io, Subject<Io, Reject>& reject) {
  fields(io, reject.zone);
  fields(io, reject.generation);
  io.one("rollcalltarget", reject.candidate, form::fact_id);
  io.text("rollcallwhy", reject.reason);
}

template <class Io>
void fields(Io& io, Subject<Io, Decision>& decision) {
  fields(io, decision.zone);
  io.many("rollcallintroduces", decision.introduces, form::key_record);
  io.many("rollcallwithdraws", decision.withdraws, form::key_record);
  io.many("rollcallrestson", decision.rests_on, form::fact_id);
  fields(io, decision.waits);
}

template <class Io>
void fields(Io& io, Subject<Io, Observation>& observation) {
  fields(io, observation.zone);
  io.one("rollcalltarget", observation.after, form::fact_id);
  io.many("rollcalldsseen", observation.ds, form::digest);
  io.many("rollcalldspartly", observation.ds_somewhere, form::digest);
  io.one("rollcalldsunknown", observation.unknown, form::number32);
  io.one("rollcalldsttl", observation.ttl, form::seconds);
  io.text("rollcallbyhand", observation.by_hand);
}

template <class Io>
void fields(Io& io, Subject<Io, Request>& request) {
  io.one("rollcallrequestid", request.id, form::uuid);
  fields(io, request.zone);
  fields(io, request.generation);
  io.text("rollcallaskedby", request.asked_by);
  io.one("rollcallemergency", request.emergency, form::truth);
}

template <class Io>
void fields(Io& io, Subject<Io, Abandon>& abandon) {
  fields(io, abandon.zone);
  io.many("rollcallabandons", abandon.keys, form::digest);
  io.text("rollcallwhy", abandon.why);
}

template <class Io>
void fields(Io& io, Subject<Io, Admit>& admit) {
  io.one("rollcalljoiner", admit.joiner, form::member_keys);
  io.many("rollcallknown", admit.known, form::member_keys);
  io.many("rollcallforgotten", admit.forgotten, form::incarnation);
  io.many("rollcallhad", admit.had, form::fact_id);
}

template <class Io>
void fields(Io& io, Subject<Io, Leave>& leave) {
  io.one("rollcallheir", leave.heir, form::uuid);
  io.text("rollcallaskedby", leave.asked_by);
}

template <class Io>
void fields(Io& io, Subject<Io, Forget>& forget) {
  io.one("rollcalldecree", forget.decree, form::uuid);
  io.one("rollcalldecreed", forget.decreed, form::created);
  io.one("rollcalldecreedby", forget.decreed_by, form::uuid);
  io.many("rollcallforgotten", forget.forgotten, form::incarnation);
  io.many("rollcallremains", forget.remain, form::uuid);
  io.one("rollcallheir", forget.heir, form::uuid);
  io.text("rollcallaskedby", forget.asked_by);
  io.many("rollcallhad", forget.had, form::fact_id);
}

template <class Io>
void fields(Io& io, Subject<Io, Epoch>& epoch) {
  io.one("rollcallepoch", epoch.number, form::number32);
  io.one("rollcallrecipient", epoch.recipient, form::uuid);
  io.one("rollcallcheck", epoch.check, form::digest);
  io.octets(sealed_key_attribute, epoch.sealed);
}

template <class Io>
void fields(Io& io, Subject<Io, Rewrap>& rewrap) {
  fields(io, rewrap.zone);
  io.one("rollcalltarget", rewrap.candidate, form::fact_id);
  io.one("rollcallepoch", rewrap.epoch, form::number32);
  io.one("rollcallwrappeddigest", rewrap.wrapped_digest, form::digest);
}

template <class Io>
void fields(Io& io, Subject<Io, Tombstone>& tombstone) {
  io.one("rollcalltarget", tombstone.ended, form::fact_id);
  io.text("rollcallwhy", tombstone.why);
}

// -- kinds --

const char* kind_of(const Candidate&) { return "candidate"; }
const char* kind_of(const Reject&) { return "reject"; }
const char* kind_of(const Decision&) { return "decision"; }
const char* kind_of(const Observation&) { return "observation"; }
const char* kind_of(const Request&) { return "request"; }
const char* kind_of(const Abandon&) { return "abandon"; }
const char* kind_of(const Admit&) { return "admit"; }
const char* kind_of(const Epoch&) { return "epoch"; }
const char* kind_of(const Rewrap&) { return "rewrap"; }
const char* kind_of(const Tombstone&) { return "tombstone"; }
const char* kind_of(const Leave&) { return "leave"; }
const char* kind_of(const Forget&) { return "forget"; }

struct Kind {
  std::string_view name;
  FactContent (*read)(Reader&);
};

template <class Content>
Kind kind() {
  return {kind_of(Content{}), [](Reader& reader) {
            Content content;
            fields(reader, content);
            return FactContent{std::move(content)};
          }};
}

const Kind* find_kind(const Header& header) {
  static const std::array kinds{kind<Candidate>(),   kind<Reject>(),  kind<Decision>(),
                                kind<Observation>(), kind<Request>(), kind<Abandon>(), kind<Admit>(),
                                kind<Epoch>(),       kind<Rewrap>(),  kind<Tombstone>(),
                                kind<Leave>(),       kind<Forget>()};
  const auto found = std::ranges::find(kinds, header.kind, &Kind::name);
  return header.format == format_version && found != kinds.end() ? &*found : nullptr;
}

// -- reading --

bool may_change(const std::string& name) {
  return name == wrapped_key_attribute || name == touched_attribute;
}

bool is_signed(const std::string& name) {
  return !may_change(name) && name != signature_attribute && name != "objectclass" && name != "cn";
}

Attributes signed_part(const Attributes& attributes) {
  Attributes part;
  for (const auto& [name, values] : attributes) {
    if (is_signed(name)) part.emplace(name, values);
  }
  return part;
}

void check_sizes(Reader& reader, const Attributes& attributes) {
  std::size_t total = 0;
  for (const auto& [name, values] : attributes) {
    const bool limited = name != wrapped_key_attribute && name != sealed_key_attribute;
    for (const Bytes& value : values) {
      total += name.size() + value.size();
      if (limited && value.size() > max_value_bytes) reader.complain(name, "is longer than 4096 bytes");
    }
  }
  if (total > max_fact_bytes) reader.complain("the fact", "is larger than 65536 bytes");
}

// `objectClass` is not signed, so it may say nothing of its own. 389-ds adds `top`.
void check_object_class(Reader& reader) {
  std::vector<std::string> classes;
  reader.many("objectclass", classes, form::text);
  std::erase(classes, "top");
  if (classes != std::vector<std::string>{object_class}) {
    reader.complain("objectclass", std::string{"is not "} + object_class);
  }
}

// Nor may the name: the number of the fact and the container decide it.
void check_name(Reader& reader, const std::string& base, const std::string& dn, const Located& at,
                const FactId& id) {
  const bool own = at.owner == id.author.member;
  std::string cn;
  reader.one("cn", cn, form::text);
  const bool named = cn == (own ? fact_name(id) : to_string(id));
  const bool placed = dn == (own ? fact_dn(base, id) : copy_dn(base, at.owner, id));
  if (!named || !placed) reader.complain("rollcallfactid", "does not belong to the name of the entry");
}

FactContent read_content(Reader& reader, const Header& header) {
  const Kind* known = find_kind(header);
  if (!known) return UnknownKind{header.kind};
  FactContent content = known->read(reader);
  const std::string unasked = reader.unasked();
  if (!unasked.empty()) reader.complain(unasked, "does not belong to a fact of kind " + header.kind);
  return content;
}

std::optional<Bytes> wrapped_key_in(const Attributes& attributes) {
  const auto found = attributes.find(wrapped_key_attribute);
  if (found == attributes.end() || found->second.size() != 1) return std::nullopt;
  return found->second.front();
}

}  // namespace

Attributes attributes_of(const FactId& id, Time created, const FactContent& content) {
  Attributes attributes{{"objectclass", {to_bytes(object_class)}}, {"cn", {to_bytes(fact_name(id))}}};
  Writer writer{attributes};
  std::visit(
      [&](const auto& known) {
        if constexpr (std::is_same_v<decltype(known), const UnknownKind&>) {
          MUST(false);
        } else {
          fields(writer, Header{id, created, kind_of(known)});
          fields(writer, known);
        }
      },
      content);
  return attributes;
}

Bytes signed_bytes(const Uuid& cluster, const Attributes& attributes) {
  return frame(label, cluster, signed_part(attributes));
}

Attributes signed_attributes(Attributes attributes, const Signature& signature) {
  Writer{attributes}.octets(signature_attribute, signature);
  return attributes;
}

Attributes with_wrapped_key(Attributes attributes, Bytes wrapped_key) {
  attributes[wrapped_key_attribute] = {std::move(wrapped_key)};
  return attributes;
}

Attributes touch(std::uint64_t counter) {
  return {{touched_attribute, {to_bytes(std::to_string(counter))}}};
}

Attributes wipe_wrapped_key() { return {{wrapped_key_attribute, {}}}; }

Result<ReadFact> read_fact(const Uuid& cluster, const std::string& base, const Entry& entry) {
  Reader reader{entry.attributes};
  const Located at = classify(base, entry.dn);
  Header header;
  ReadFact read;
  check_sizes(reader, entry.attributes);
  fields(reader, header);
  reader.octets(signature_attribute, read.fact.signature);
  check_object_class(reader);
  check_name(reader, base, entry.dn, at, header.id);
  reader.ignore(touched_attribute);
  if (header.kind == "candidate" || header.kind == "rewrap") reader.ignore(wrapped_key_attribute);
  read.fact.content = read_content(reader, header);
  if (!reader.complaint().empty()) return fail(Errc::malformed, entry.dn + ": " + reader.complaint());

  read.fact.id = header.id;
  read.fact.created = header.created;
  // It stands in the entry once: the time of the key is the time of the fact.
  if (auto* made = std::get_if<Candidate>(&read.fact.content)) made->created = header.created;
  read.signed_bytes = signed_bytes(cluster, entry.attributes);
  read.wrapped_key = wrapped_key_in(entry.attributes);
  if (at.owner != header.id.author.member) read.copied_by = at.owner;
  return read;
}

}  // namespace rollcall::directory
