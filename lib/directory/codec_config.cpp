// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_config.h"

#include "lib/directory/codec_fields.h"

namespace rollcall::directory {
namespace {

constexpr std::uint32_t format_version = 1;
constexpr const char* join_proof_attribute = "rollcalljoinproof";
constexpr const char* agent_dn_attribute = "rollcallagentdn";

template <class Io>
void fields(Io& io, Subject<Io, ClusterConfig>& config) {
  io.one("rollcallcluster", config.cluster, form::uuid);
  io.one("rollcallmode", config.mode, form::mode);
}

template <class Io>
void fields(Io& io, Subject<Io, Policy>& policy) {
  io.or_default("rollcallalgorithm", policy.algorithm, form::algorithm);
  io.or_default("rollcallksklifetime", policy.ksk_lifetime, form::seconds);
  io.or_default("rollcallzsklifetime", policy.zsk_lifetime, form::seconds);
  io.or_default("rollcalldnskeyttl", policy.dnskey_ttl, form::seconds);
  io.or_default("rollcallmaxzonettl", policy.max_zone_ttl, form::seconds);
  io.or_default("rollcalldsttl", policy.ds_ttl, form::seconds);
  io.or_default("rollcallsignaturevalidity", policy.signature_validity, form::seconds);
  io.or_default("rollcallsignaturerefresh", policy.signature_refresh, form::seconds);
  io.or_default("rollcallpropagation", policy.propagation, form::seconds);
  io.or_default("rollcallparentpropagation", policy.parent_propagation, form::seconds);
  io.or_default("rollcallpublishsafety", policy.publish_safety, form::seconds);
  io.or_default("rollcallretiresafety", policy.retire_safety, form::seconds);
  io.or_default("rollcalllead", policy.lead, form::seconds);
  io.or_default("rollcallwindow", policy.window, form::seconds);
  io.or_default("rollcallwindowfirst", policy.window_first, form::seconds);
  io.or_default("rollcallinterval", policy.interval, form::seconds);
  io.or_default("rollcallmissingkeysalarm", policy.missing_keys_alarm, form::seconds);
  io.or_default("rollcallpurge", policy.purge, form::seconds);
  io.or_default("rollcallscheme", policy.scheme, form::scheme);
  io.or_default("rollcallzskrollover", policy.zsk_rollover, form::zsk_rollover);
  io.or_default("rollcallkskrollover", policy.ksk_rollover, form::ksk_rollover);
  io.or_default("rollcallalgorithmrollover", policy.algorithm_rollover, form::algorithm_rollover);
  io.or_default("rollcallstandbyksk", policy.standby_ksk, form::truth);
  io.or_default("rollcallstandbyzsk", policy.standby_zsk, form::truth);
  io.or_default("rollcalltrustanchor", policy.trust_anchor, form::truth);
  io.or_default("rollcallholddown", policy.hold_down, form::seconds);
  io.or_default("rollcallmanual", policy.manual, form::truth);
}

template <class Io>
void fields(Io& io, Subject<Io, ZoneConfig>& zone) {
  io.one("rollcallzone", zone.zone.name, form::zone_name);
  io.one("rollcallzoneincarnation", zone.zone.incarnation, form::number32);
  io.one("rollcallpolicyname", zone.policy, form::text);
  io.or_default("rollcallinsecure", zone.insecure, form::truth);
  io.or_default("rollcallsuspended", zone.suspended, form::truth);
  io.or_default("rollcallremoved", zone.removed, form::truth);
}

template <class Io>
void fields(Io& io, Subject<Io, MemberKeys>& keys) {
  io.one("cn", keys.member, form::uuid);
  io.one("rollcallincarnation", keys.incarnation, form::number32);
  io.one("rollcallhost", keys.host, form::text);
  io.octets("rollcallsigningkey", keys.signing);
  io.octets("rollcallsealingkey", keys.sealing);
}

Attributes named(const char* object_class, std::string_view name) {
  return {{"objectclass", {to_bytes(object_class)}}, {"cn", {to_bytes(name)}}};
}

Entry container(std::string dn, std::string_view name) {
  return {std::move(dn), named("rollcallContainer", name)};
}

// The value of the base's own RDN, which the embedded directory and IPA both call `rollcall`.
std::string base_name(const std::string& base) {
  const auto equals = base.find('=') + 1;
  return base.substr(equals, base.find(',') - equals);
}

template <class T>
Result<T> finish(const Reader& reader, const Entry& entry, T value) {
  if (reader.complaint().empty()) return value;
  return fail(Errc::malformed, entry.dn + ": " + reader.complaint());
}

}  // namespace

Attributes attributes_of(const ClusterConfig& config) {
  Attributes attributes = named("rollcallSettings", "config");
  Writer writer{attributes};
  fields(writer, config);
  writer.one("rollcallformat", format_version, form::number32);
  // One ordered value: a directory keeps no order among several.
  if (!config.appointed.empty()) writer.one("rollcallappointed", config.appointed, form::member_list);
  return attributes;
}

Attributes attributes_of(const std::string& name, const Policy& policy) {
  Attributes attributes = named("rollcallKeyPolicy", name);
  Writer writer{attributes};
  fields(writer, policy);
  return attributes;
}

Attributes attributes_of(const ZoneConfig& zone) {
  Attributes attributes = named("rollcallManagedZone", zone.zone.name);
  Writer writer{attributes};
  fields(writer, zone);
  return attributes;
}

Attributes attributes_of(const MemberEntry& member) {
  Attributes attributes = named("rollcallMember", "");
  Writer writer{attributes};
  fields(writer, member.keys);
  if (member.join_proof) writer.octets(join_proof_attribute, *member.join_proof);
  writer.text(agent_dn_attribute, member.agent_dn);
  if (!member.heartbeat.empty()) writer.octets(heartbeat_attribute, member.heartbeat);
  return attributes;
}

Entry container_entry(const std::string& base, const MemberId& member, const std::string& agent_dn) {
  Entry entry = container(container_dn(base, member), to_string(member));
  Writer{entry.attributes}.text(agent_dn_attribute, agent_dn);
  return entry;
}

Result<ClusterConfig> read_config(const Entry& entry) {
  Reader reader{entry.attributes};
  ClusterConfig config;
  std::uint32_t format = 0;
  fields(reader, config);
  reader.or_default("rollcallappointed", config.appointed, form::member_list);
  reader.one("rollcallformat", format, form::number32);
  if (format > format_version) reader.complain("rollcallformat", "is newer than this software: upgrade it");
  return finish(reader, entry, config);
}

Result<Policy> read_policy(const Entry& entry) {
  Reader reader{entry.attributes};
  Policy policy;
  fields(reader, policy);
  return finish(reader, entry, policy);
}

Result<ZoneConfig> read_zone(const Entry& entry) {
  Reader reader{entry.attributes};
  ZoneConfig zone;
  std::string name;
  fields(reader, zone);
  reader.one("cn", name, form::text);
  if (name != zone.zone.name) reader.complain("rollcallzone", "is not the name of the entry");
  return finish(reader, entry, zone);
}

Result<MemberEntry> read_member(const Entry& entry) {
  Reader reader{entry.attributes};
  MemberEntry member;
  fields(reader, member.keys);
  if (entry.attributes.contains(join_proof_attribute)) {
    reader.octets(join_proof_attribute, member.join_proof.emplace());
  }
  reader.text(agent_dn_attribute, member.agent_dn);
  if (entry.attributes.contains(heartbeat_attribute)) {
    reader.octets(heartbeat_attribute, member.heartbeat);
  }
  return finish(reader, entry, std::move(member));
}

std::vector<Entry> container_entries(const std::string& base) {
  return {container(base, base_name(base)), container(policies_dn(base), "policies"),
          container(zones_dn(base), "zones"), container(members_dn(base), "members"),
          container(facts_dn(base), "facts"), container(requests_dn(base), "requests"),
          container(reports_dn(base), "reports")};
}

std::vector<Entry> base_entries(const std::string& base, const ClusterConfig& config,
                                const Policy& policy) {
  std::vector<Entry> entries = container_entries(base);
  entries.push_back({config_dn(base), attributes_of(config)});
  entries.push_back({policy_dn(base, "default"), attributes_of("default", policy)});
  return entries;
}

}  // namespace rollcall::directory
