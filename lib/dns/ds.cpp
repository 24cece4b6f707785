// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/ds.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "lib/dns/names.h"
#include "lib/dns/records.h"

namespace rollcall::dns {
namespace {

tl::unexpected<Error> no_dnskey(std::string_view of) {
  return fail(Errc::malformed, fmt::format("{}: the bytes are no DNSKEY", of));
}

std::optional<DigestType> digest_type_from(std::uint8_t number) {
  if (number == 2) return DigestType::sha256;
  if (number == 4) return DigestType::sha384;
  return std::nullopt;
}

ldns_hash hash_of(DigestType type) {
  return type == DigestType::sha256 ? LDNS_SHA256 : LDNS_SHA384;
}

std::string upper_hex(ByteView bytes) {
  std::string digits = to_hex(bytes);
  std::transform(digits.begin(), digits.end(), digits.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  return digits;
}

Result<std::string> ds_line(const ZoneName& zone, ByteView dnskey, DigestType type,
                            std::string_view mnemonic) {
  return ds_of(zone, dnskey, type).map([&](const Ds& ds) {
    return fmt::format("{} IN {} {} {} {} {}", zone, mnemonic, ds.key_tag, ds.algorithm,
                       ds.digest_type, upper_hex(ds.digest));
  });
}

Result<std::string> key_line(const ZoneName& zone, ByteView dnskey, std::string_view mnemonic) {
  if (!dnskey_rr(zone, dnskey)) return no_dnskey(zone);
  const auto number = [dnskey](std::size_t at) { return std::to_integer<unsigned>(dnskey[at]); };
  return fmt::format("{} IN {} {} {} {} {}", zone, mnemonic, number(0) << 8 | number(1), number(2),
                     number(3), to_base64(dnskey.subspan(4)));
}

}  // namespace

Result<std::uint16_t> key_tag(ByteView rdata) {
  if (!dnskey_rr("a.", rdata)) return no_dnskey("key tag");
  return ldns_calc_keytag_raw(reinterpret_cast<const std::uint8_t*>(rdata.data()), rdata.size());
}

Fingerprint fingerprint(ByteView dnskey) {
  Bytes copy = to_bytes(dnskey);  // ldns asks for a mutable pointer
  Fingerprint digest{};
  ldns_sha256(reinterpret_cast<unsigned char*>(copy.data()), static_cast<unsigned>(copy.size()),
              reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

Result<Ds> ds_of(const ZoneName& zone, ByteView dnskey, DigestType type) {
  const RrPtr key = dnskey_rr(zone, dnskey);
  if (!key) return no_dnskey(zone);
  const RrPtr ds(ldns_key_rr2ds(key.get(), hash_of(type)));
  if (!ds) return no_dnskey(zone);
  return Ds{ldns_calc_keytag(key.get()), std::to_integer<std::uint8_t>(dnskey[3]),
            static_cast<std::uint8_t>(type), to_bytes(bytes_of(ldns_rr_rdf(ds.get(), 3)))};
}

bool matches(const Ds& ds, const ZoneName& zone, ByteView dnskey) {
  const auto type = digest_type_from(ds.digest_type);
  return type && ds_of(zone, dnskey, *type) == ds;
}

Result<std::string> ds_record(const ZoneName& zone, ByteView dnskey, DigestType type) {
  return ds_line(zone, dnskey, type, "DS");
}

Result<std::string> cds_record(const ZoneName& zone, ByteView dnskey, DigestType type) {
  return ds_line(zone, dnskey, type, "CDS");
}

Result<std::string> dnskey_record(const ZoneName& zone, ByteView dnskey) {
  return key_line(zone, dnskey, "DNSKEY");
}

Result<std::string> cdnskey_record(const ZoneName& zone, ByteView dnskey) {
  return key_line(zone, dnskey, "CDNSKEY");
}

Result<DnskeyRecord> dnskey_from(std::string_view line) {
  ldns_rr* parsed = nullptr;
  const auto status = ldns_rr_new_frm_str(&parsed, std::string(line).c_str(), 0, nullptr, nullptr);
  const RrPtr record(parsed);
  if (status != LDNS_STATUS_OK || !record) {
    return fail(Errc::malformed, fmt::format("not a record: {}", ldns_get_errorstr_by_id(status)));
  }
  if (ldns_rr_get_type(record.get()) != LDNS_RR_TYPE_DNSKEY) {
    return fail(Errc::malformed, "not a DNSKEY record");
  }
  const std::unique_ptr<char, Release<std::free>> owner(ldns_rdf2str(ldns_rr_owner(record.get())));
  auto zone = canonical_zone(owner.get());
  if (!zone) return tl::unexpected(zone.error());
  Bytes rdata = rdata_of(record.get());
  if (!dnskey_rr(*zone, rdata)) return no_dnskey(*zone);
  return DnskeyRecord{*zone, Seconds{ldns_rr_ttl(record.get())}, std::move(rdata)};
}

}  // namespace rollcall::dns
