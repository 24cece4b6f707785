// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_heartbeat.h"

#include "lib/directory/codec_fields.h"
#include "lib/directory/codec_frame.h"

namespace rollcall::directory {
namespace {

constexpr const char* label = "rollcall-heartbeat-1";

template <class Io>
void fields(Io& io, Subject<Io, Heartbeat>& heartbeat) {
  io.one("member", heartbeat.member, form::incarnation);
  io.one("counter", heartbeat.counter, form::number64);
  io.one("instance", heartbeat.instance, form::uuid);
  io.one("time", heartbeat.time, form::created);
  io.one("lastseq", heartbeat.last_seq, form::number64);
  io.one("lastchain", heartbeat.last_chain, form::digest);
  io.many("roster", heartbeat.roster, form::incarnation);
  io.many("vector", heartbeat.vector, form::vector_entry);
  io.many("lacks", heartbeat.lacks, form::fact_id);
  io.many("saidmore", heartbeat.said_more, form::fact_id);
  io.one("serving", heartbeat.serving, form::truth);
  io.one("swap", heartbeat.signer.swap, form::swap_ability);
  io.one("resign", heartbeat.signer.resign, form::seconds);
  io.one("dnskeyttl", heartbeat.dnskey_ttl, form::seconds);
  io.one("maxzonettl", heartbeat.max_zone_ttl, form::seconds);
  io.optional("nextkeys", heartbeat.next_keys, form::created);
  io.many("alarm", heartbeat.alarms, form::text);
  io.many("address", heartbeat.addresses, form::text);
  io.text("version", heartbeat.version);
}

std::vector<BehindItem> items_of(const std::vector<Behind>& behind) {
  std::vector<BehindItem> items;
  for (const Behind& zone : behind) {
    if (zone.facts.empty()) items.push_back({zone.zone, std::nullopt});
    for (const FactId& fact : zone.facts) items.push_back({zone.zone, fact});
  }
  return items;
}

// The items in order of zone and fact; nothing if one zone is there both as a whole and in part.
std::optional<std::vector<Behind>> behind_of(const std::vector<BehindItem>& items) {
  std::map<ZoneRef, std::vector<std::optional<FactId>>> zones;
  for (const BehindItem& item : items) zones[item.zone].push_back(item.fact);

  std::vector<Behind> behind;
  for (auto& [zone, facts] : zones) {
    std::ranges::sort(facts);
    const bool whole = !facts.front().has_value();  // an absent one sorts first
    if (whole && facts.size() > 1) return std::nullopt;
    Behind& last = behind.emplace_back(Behind{zone, {}});
    for (const auto& fact : facts) {
      if (fact) last.facts.push_back(*fact);
    }
  }
  return behind;
}

bool says_an_author_twice(const std::vector<VectorEntry>& vector) {
  std::set<Incarnation> authors;
  for (const VectorEntry& entry : vector) authors.insert(entry.author);
  return authors.size() != vector.size();
}

Result<Heartbeat> read_pairs(const Attributes& pairs, std::vector<std::string>& unknown) {
  Reader reader{pairs};
  Heartbeat heartbeat;
  std::vector<BehindItem> items;
  fields(reader, heartbeat);
  reader.many("behind", items, form::behind_item);
  if (auto behind = behind_of(items)) {
    heartbeat.behind = *std::move(behind);
  } else {
    reader.complain("behind", "names a zone as a whole and in part");
  }
  if (says_an_author_twice(heartbeat.vector)) reader.complain("vector", "names an author twice");
  if (!reader.complaint().empty()) return fail(Errc::malformed, "heartbeat: " + reader.complaint());
  unknown = reader.all_unasked();
  return heartbeat;
}

}  // namespace

Bytes signed_part(const Uuid& cluster, const Heartbeat& heartbeat) {
  Attributes pairs;
  Writer writer{pairs};
  fields(writer, heartbeat);
  writer.many("behind", items_of(heartbeat.behind), form::behind_item);
  return frame(label, cluster, pairs);
}

Bytes encode(const Uuid& cluster, const Heartbeat& heartbeat, const Signature& signature) {
  Bytes value = signed_part(cluster, heartbeat);
  append_string(value, signature);
  return value;
}

Result<ReadHeartbeat> decode(const Uuid& cluster, ByteView value) {
  if (value.size() > max_heartbeat_bytes) {
    return fail(Errc::malformed, "heartbeat: it is larger than 1048576 bytes");
  }
  const auto unframed = unframe(label, cluster, value);
  if (!unframed) return fail(Errc::malformed, "heartbeat: " + unframed.error().what);

  ReadHeartbeat read;
  ByteView rest = value.subspan(unframed->size);
  const auto signature = take_string(rest);
  if (!signature || signature->size() != read.signature.size() || !rest.empty()) {
    return fail(Errc::malformed, "heartbeat: it does not end with a signature");
  }
  auto heartbeat = read_pairs(unframed->pairs, read.unknown);
  if (!heartbeat) return tl::unexpected(heartbeat.error());
  read.heartbeat = *std::move(heartbeat);
  std::ranges::copy(*signature, read.signature.begin());
  read.signed_bytes = to_bytes(value.first(unframed->size));
  return read;
}

}  // namespace rollcall::directory
