// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/zone_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "lib/dns/ds.h"
#include "lib/dns/names.h"
#include "lib/dns/records.h"

namespace rollcall::dns {
namespace {

struct RrsetName {
  std::string owner;  // Wire form, lower case.
  ldns_rr_type type = LDNS_RR_TYPE_ANY;
  auto operator<=>(const RrsetName&) const = default;
};

struct Rrset {
  std::vector<ldns_rr*> records;
  std::vector<ldns_rr*> signatures;
};

struct AskedKey {
  Bytes rdata;
  RrPtr record;
  std::uint16_t tag;
  std::uint8_t algorithm;
};

// The fields of an RRSIG, RFC 4034, 3.1.
std::uint8_t algorithm_of(const ldns_rr* s) {
  return ldns_rdf2native_int8(ldns_rr_rrsig_algorithm(s));
}
std::uint16_t tag_of(const ldns_rr* s) { return ldns_rdf2native_int16(ldns_rr_rrsig_keytag(s)); }
std::uint32_t original_ttl_of(const ldns_rr* s) {
  return ldns_rdf2native_int32(ldns_rr_rrsig_origttl(s));
}
ldns_rr_type covered_by(const ldns_rr* s) { return ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(s)); }

// The name without its first label; empty for the root.
std::string_view parent_of(std::string_view owner) {
  owner.remove_prefix(1U + static_cast<unsigned char>(owner.front()));
  return owner;
}

// Everything that is looked at, indexed once.
class Index {
 public:
  Index(const Zone& zone, Time now) : apex_(as_text(zone_wire(zone.name()))), now_(now) {
    const ldns_rr_list* list = zone.records().list.get();
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) add(ldns_rr_list_rr(list, i));
  }

  const Rrset* at_apex(ldns_rr_type type) const {
    const auto found = rrsets_.find({apex_, type});
    return found == rrsets_.end() || found->second.records.empty() ? nullptr : &found->second;
  }
  std::vector<const Rrset*> zone_data() const {
    std::vector<const Rrset*> data;
    for (const auto& [name, rrset] : rrsets_) {
      if (!rrset.records.empty() && is_zone_data(name)) data.push_back(&rrset);
    }
    return data;
  }
  bool signs_zone_data(const AskedKey& key) const {
    return data_signers_.count({key.tag, key.algorithm}) != 0;
  }
  Seconds max_ttl() const { return max_ttl_; }
  std::optional<Time> first_expiry() const { return first_expiry_; }

 private:
  void add(ldns_rr* record) {
    const std::string owner = wire_of(ldns_rr_owner(record));
    max_ttl_ = std::max(max_ttl_, Seconds{ldns_rr_ttl(record)});
    const ldns_rr_type type = ldns_rr_get_type(record);
    if (type == LDNS_RR_TYPE_RRSIG) return add_signature(owner, record);
    if (type == LDNS_RR_TYPE_DNAME || (type == LDNS_RR_TYPE_NS && owner != apex_)) {
      (type == LDNS_RR_TYPE_NS ? delegations_ : dnames_).insert(owner);
    }
    rrsets_[{owner, type}].records.push_back(record);
  }

  void add_signature(const std::string& owner, ldns_rr* record) {
    const Time expiry = expiration_of(record, now_);
    first_expiry_ = std::min(first_expiry_.value_or(expiry), expiry);
    const RrsetName covered{owner, covered_by(record)};
    rrsets_[covered].signatures.push_back(record);
    if (!belongs_to_key_set(covered)) data_signers_.insert({tag_of(record), algorithm_of(record)});
  }

  bool belongs_to_key_set(const RrsetName& name) const {
    return name.owner == apex_ &&
           (name.type == LDNS_RR_TYPE_DNSKEY || name.type == LDNS_RR_TYPE_CDS ||
            name.type == LDNS_RR_TYPE_CDNSKEY);
  }

  bool is_below_a_cut(std::string_view owner) const {
    while (owner.size() > apex_.size()) {
      owner = parent_of(owner);
      if (delegations_.count(owner) != 0 || dnames_.count(owner) != 0) return true;
    }
    return false;
  }

  bool is_zone_data(const RrsetName& name) const {
    if (belongs_to_key_set(name) || is_below_a_cut(name.owner)) return false;
    if (delegations_.count(name.owner) == 0) return true;
    return name.type == LDNS_RR_TYPE_DS || name.type == LDNS_RR_TYPE_NSEC;
  }

  std::string apex_;
  Time now_;
  std::map<RrsetName, Rrset> rrsets_;
  std::set<std::string, std::less<>> delegations_, dnames_;
  std::set<std::pair<std::uint16_t, std::uint8_t>> data_signers_;
  Seconds max_ttl_{0};
  std::optional<Time> first_expiry_;
};

// Decides about single signatures.
class Judge {
 public:
  explicit Judge(Time now)
      : now_(std::chrono::system_clock::to_time_t(
            std::chrono::floor<std::chrono::system_clock::duration>(now))) {}

  bool any_valid(const Rrset& rrset, const AskedKey& key, bool verify) const {
    return std::any_of(rrset.signatures.begin(), rrset.signatures.end(), [&](ldns_rr* s) {
      return is_plausible(rrset, s, key) && (!verify || verifies(rrset, s, key));
    });
  }

 private:
  // RFC 4035, 5.3.1, but for the labels, which are part of the signed bytes.
  bool is_plausible(const Rrset& rrset, const ldns_rr* s, const AskedKey& key) const {
    const auto now = static_cast<std::uint32_t>(now_);
    const auto after = [](std::uint32_t a, std::uint32_t b) {
      return static_cast<std::int32_t>(a - b);
    };
    return tag_of(s) == key.tag && algorithm_of(s) == key.algorithm &&
           after(ldns_rdf2native_int32(ldns_rr_rrsig_expiration(s)), now) >= 0 &&
           after(now, ldns_rdf2native_int32(ldns_rr_rrsig_inception(s))) >= 0 &&
           ldns_rr_ttl(rrset.records.front()) <= original_ttl_of(s) &&
           wire_of(ldns_rr_rrsig_signame(s)) == wire_of(ldns_rr_owner(key.record.get()));
  }

  bool verifies(const Rrset& rrset, ldns_rr* signature, const AskedKey& key) const {
    const RrRefsPtr list(ldns_rr_list_new());
    for (ldns_rr* record : rrset.records) ldns_rr_list_push_rr(list.get(), record);
    return ldns_verify_rrsig_time(list.get(), signature, key.record.get(), now_) == LDNS_STATUS_OK;
  }

  std::time_t now_;
};

std::optional<AskedKey> asked_key(const ZoneName& zone, const Bytes& rdata) {
  RrPtr record = dnskey_rr(zone, rdata);
  if (!record) return std::nullopt;
  const std::uint16_t tag = ldns_calc_keytag(record.get());
  return AskedKey{rdata, std::move(record), tag, std::to_integer<std::uint8_t>(rdata[3])};
}

std::vector<Bytes> rdata_of_all(const Rrset* rrset) {
  std::vector<Bytes> all;
  if (rrset == nullptr) return all;
  std::transform(rrset->records.begin(), rrset->records.end(), std::back_inserter(all), rdata_of);
  return all;
}

Ds cds_from(const ldns_rr* r) {
  const auto number = [r](std::size_t at) {
    return std::to_integer<std::uint8_t>(bytes_of(ldns_rr_rdf(r, at))[0]);
  };
  return {ldns_rdf2native_int16(ldns_rr_rdf(r, 0)), number(1), number(2),
          to_bytes(bytes_of(ldns_rr_rdf(r, 3)))};
}

bool is_announced(const Index& index, const ZoneName& zone, const Bytes& dnskey) {
  const Rrset* cds = index.at_apex(LDNS_RR_TYPE_CDS);
  return cds != nullptr &&
         std::any_of(cds->records.begin(), cds->records.end(),
                     [&](const ldns_rr* r) { return matches(cds_from(r), zone, dnskey); });
}

bool contains(std::span<const Bytes> all, const Bytes& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// Over every RRset, verified in every `stride`-th; `start` differs from serial to serial.
bool signs_all(const std::vector<const Rrset*>& data, const AskedKey& key, const Judge& judge,
               std::size_t start, std::size_t stride) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (!judge.any_valid(*data[i], key, (i + start) % stride == 0)) return false;
  }
  return true;
}

std::uint32_t soa_number(const ldns_rr* soa, std::size_t field) {
  return ldns_rdf2native_int32(ldns_rr_rdf(soa, field));
}
constexpr std::size_t soa_serial = 2, soa_minimum = 6;  // RFC 1035, 3.3.13

// What is asked of the zone for each key.
struct Questions {
  const Index& index;
  const ZoneName& zone;
  const Judge& judge;
  std::vector<Bytes> published;
  std::vector<const Rrset*> data;
  std::size_t start, stride;
};

KeyView view_key(const Questions& ask, const AskedKey& key) {
  const Rrset* key_set = ask.index.at_apex(LDNS_RR_TYPE_DNSKEY);
  KeyView seen;
  seen.published = contains(ask.published, key.rdata);
  seen.signs_keys = key_set != nullptr && ask.judge.any_valid(*key_set, key, true);
  seen.signs_anything = ask.index.signs_zone_data(key);
  seen.signs_whole_zone =
      seen.signs_anything && signs_all(ask.data, key, ask.judge, ask.start, ask.stride);
  seen.announced = is_announced(ask.index, ask.zone, key.rdata);
  return seen;
}

ZoneView view_without_keys(const Index& index, const ldns_rr* soa) {
  ZoneView view;
  view.serial = soa_number(soa, soa_serial);
  view.max_zone_ttl = std::max(index.max_ttl(), Seconds{soa_number(soa, soa_minimum)});
  view.first_expiry = index.first_expiry();
  if (const Rrset* key_set = index.at_apex(LDNS_RR_TYPE_DNSKEY)) {
    view.dnskey_ttl = Seconds{ldns_rr_ttl(key_set->records.front())};
  }
  return view;
}

}  // namespace

Result<ZoneView> view_zone(const Zone& zone, std::span<const Bytes> dnskeys, Time now) {
  const Index index(zone, now);
  const Rrset* soa = index.at_apex(LDNS_RR_TYPE_SOA);
  if (soa == nullptr) return fail(Errc::malformed, fmt::format("{} has no SOA", zone.name()));

  ZoneView view = view_without_keys(index, soa->records.front());
  const Judge judge(now);
  Questions ask{index,
                zone.name(),
                judge,
                rdata_of_all(index.at_apex(LDNS_RR_TYPE_DNSKEY)),
                index.zone_data(),
                0,
                1};
  ask.stride = 1 + ask.data.size() * dnskeys.size() / verified_signatures;
  ask.start = view.serial % ask.stride;
  for (const Bytes& rdata : dnskeys) {
    const auto key = asked_key(zone.name(), rdata);
    if (!key) return fail(Errc::malformed, fmt::format("{}: the bytes are no DNSKEY", zone.name()));
    view.keys.push_back(view_key(ask, *key));
  }
  std::copy_if(ask.published.begin(), ask.published.end(), std::back_inserter(view.foreign_keys),
               [dnskeys](const Bytes& rdata) { return !contains(dnskeys, rdata); });
  return view;
}

}  // namespace rollcall::dns
