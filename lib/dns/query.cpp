// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/dns/names.h"
#include "lib/dns/records.h"
#include "lib/dns/tcp.h"

namespace rollcall::dns {
namespace {

// A question to one server, and the words to speak of it.
struct Question {
  const Address& server;
  const ZoneName& zone;
  ldns_rr_type type;
  std::string_view mnemonic;  // DS, DNSKEY, AXFR
  bool with_signatures = false;

  tl::unexpected<Error> fault(Errc code, std::string_view why) const {
    return fail(code, fmt::format("{} {} at {}: {}", zone, mnemonic, to_string(server), why));
  }
};

PacketPtr packet_for(const Question& question) {
  const Bytes wire = zone_wire(question.zone);
  ldns_rdf* name = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, wire.size(), wire.data());
  PacketPtr packet(ldns_pkt_query_new(name, question.type, LDNS_RR_CLASS_IN, 0));
  ldns_pkt_set_random_id(packet.get());
  return packet;
}

Result<TcpStream> ask(const Question& question, const ldns_pkt* packet, Deadline deadline) {
  auto stream = TcpStream::connect(question.server, deadline);
  if (!stream) return stream;
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&data, packet, &size) != LDNS_STATUS_OK) {
    return question.fault(Errc::malformed, "the question has no wire form");
  }
  const std::unique_ptr<std::uint8_t, Release<std::free>> owner(data);
  const auto sent = stream->send(std::as_bytes(std::span{data, size}));
  if (!sent) return tl::unexpected(sent.error());
  return stream;
}

Result<> check_rcode(const Question& question, const ldns_pkt* answer) {
  const int rcode = ldns_pkt_get_rcode(answer);
  if (rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN) return {};
  if (rcode == LDNS_RCODE_REFUSED) return question.fault(Errc::denied, "REFUSED");
  if (rcode == LDNS_RCODE_SERVFAIL) return question.fault(Errc::unavailable, "SERVFAIL");
  if (rcode == LDNS_RCODE_NOTAUTH) return question.fault(Errc::not_found, "NOTAUTH");
  return question.fault(Errc::malformed, fmt::format("RCODE {}", rcode));
}

// ldns takes RDATA that ends after any of its fields; all that we read has all of them.
bool is_complete(const ldns_rr_list* section) {
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(section); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(section, i);
    const auto* shape = ldns_rr_descript(static_cast<std::uint16_t>(ldns_rr_get_type(record)));
    if (ldns_rr_rd_count(record) < ldns_rr_descriptor_minimum(shape)) return false;
  }
  return true;
}

Result<PacketPtr> next_answer(const Question& question, TcpStream& stream, std::uint16_t id) {
  const auto message = stream.receive();
  if (!message) return tl::unexpected(message.error());
  ldns_pkt* parsed = nullptr;
  const auto* data = reinterpret_cast<const std::uint8_t*>(message->data());
  const auto status = ldns_wire2pkt(&parsed, data, message->size());
  PacketPtr packet(parsed);
  if (status != LDNS_STATUS_OK)
    return question.fault(Errc::malformed, ldns_get_errorstr_by_id(status));
  if (!ldns_pkt_qr(packet.get()) || ldns_pkt_id(packet.get()) != id) {
    return question.fault(Errc::malformed, "this is no answer to the question");
  }
  if (!is_complete(ldns_pkt_answer(parsed)) || !is_complete(ldns_pkt_authority(parsed))) {
    return question.fault(Errc::malformed, "a record in the answer is cut short");
  }
  if (auto fine = check_rcode(question, packet.get()); !fine) return tl::unexpected(fine.error());
  return packet;
}

constexpr std::uint16_t edns_size = 1232;  // of no meaning over TCP

Result<PacketPtr> exchange(const Question& question, Timeout timeout) {
  const PacketPtr packet = packet_for(question);
  if (question.with_signatures) {
    ldns_pkt_set_edns_udp_size(packet.get(), edns_size);
    ldns_pkt_set_edns_do(packet.get(), true);
  }
  auto stream = ask(question, packet.get(), std::chrono::steady_clock::now() + timeout);
  if (!stream) return tl::unexpected(stream.error());
  return next_answer(question, *stream, ldns_pkt_id(packet.get()));
}

bool is_of(const ldns_rr* record, const std::string& owner, ldns_rr_type type) {
  return ldns_rr_get_type(record) == type && wire_of(ldns_rr_owner(record)) == owner;
}

// The records of the answer section that were asked for, or others of that name.
std::vector<const ldns_rr*> answers_in(const ldns_pkt* answer, const Question& question,
                                       ldns_rr_type type) {
  const std::string owner(as_text(zone_wire(question.zone)));
  const ldns_rr_list* section = ldns_pkt_answer(answer);
  std::vector<const ldns_rr*> found;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(section); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(section, i);
    if (is_of(record, owner, type)) found.push_back(record);
  }
  return found;
}

const ldns_rr* soa_of_negative(const ldns_pkt* answer) {
  const ldns_rr_list* section = ldns_pkt_authority(answer);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(section); ++i) {
    if (ldns_rr_get_type(ldns_rr_list_rr(section, i)) == LDNS_RR_TYPE_SOA)
      return ldns_rr_list_rr(section, i);
  }
  return nullptr;
}

bool is_soa_of(const ldns_rr* soa, const ZoneName& zone) {
  return soa != nullptr && wire_of(ldns_rr_owner(soa)) == as_text(zone_wire(zone));
}

// RFC 2308, 5: the smaller of the SOA's TTL and its MINIMUM.
Seconds negative_ttl(const ldns_rr* soa) {
  return Seconds{std::min(ldns_rr_ttl(soa), ldns_rdf2native_int32(ldns_rr_rdf(soa, 6)))};
}

Ds ds_from(const ldns_rr* record) {
  const Bytes rdata = rdata_of(record);
  const auto byte = [&rdata](std::size_t at) { return std::to_integer<std::uint8_t>(rdata[at]); };
  return {static_cast<std::uint16_t>(byte(0) << 8 | byte(1)), byte(2), byte(3),
          Bytes(rdata.begin() + 4, rdata.end())};
}

Result<DsAnswer> negative(const Question& question, const ldns_pkt* answer) {
  const ldns_rr* soa = soa_of_negative(answer);
  if (soa == nullptr)
    return question.fault(Errc::malformed, "neither a DS nor the SOA of a negative answer");
  if (is_soa_of(soa, question.zone)) {
    return question.fault(Errc::not_found, "it serves the zone itself and not its parent");
  }
  return DsAnswer{{}, negative_ttl(soa), ldns_pkt_get_rcode(answer) != LDNS_RCODE_NXDOMAIN};
}

// Of a server that has the zone itself.
Result<PacketPtr> ask_owner(const Question& question, Timeout timeout) {
  auto answer = exchange(question, timeout);
  if (!answer) return answer;
  const bool has_zone = !answers_in(answer->get(), question, question.type).empty() ||
                        is_soa_of(soa_of_negative(answer->get()), question.zone);
  if (ldns_pkt_aa(answer->get()) && has_zone) return answer;
  return question.fault(Errc::not_found, "not authoritative for the zone");
}

void take_signatures(const ldns_pkt* answer, const Question& question, Time now,
                     std::vector<ApexAnswer::Signature>& signatures) {
  for (const ldns_rr* record : answers_in(answer, question, LDNS_RR_TYPE_RRSIG)) {
    if (ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(record)) != question.type) continue;
    signatures.push_back({question.type == LDNS_RR_TYPE_DNSKEY,
                          ldns_rdf2native_int16(ldns_rr_rrsig_keytag(record)),
                          expiration_of(record, now)});
  }
}

// Takes the records of one message of a transfer; true when the second SOA has come.
Result<bool> take(const Question& question, ldns_pkt* message, ldns_rr_list* records) {
  const std::string apex(as_text(zone_wire(question.zone)));
  ldns_rr_list* section = ldns_pkt_answer(message);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(section); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(section, i);
    const bool is_soa = is_of(record, apex, LDNS_RR_TYPE_SOA);
    const bool is_first = ldns_rr_list_rr_count(records) == 0;
    if (is_first && !is_soa)
      return question.fault(Errc::malformed, "it does not begin with the SOA");
    if (is_soa && !is_first) return true;
    ldns_rr_list_push_rr(records, ldns_rr_clone(record));
  }
  return false;
}

}  // namespace

Result<DsAnswer> query_ds(const Address& server, const ZoneName& zone, Timeout timeout) {
  const Question question{server, zone, LDNS_RR_TYPE_DS, "DS"};
  const auto answer = exchange(question, timeout);
  if (!answer) return tl::unexpected(answer.error());
  if (!ldns_pkt_aa(answer->get())) {
    return question.fault(Errc::not_found, "not authoritative for the parent zone");
  }
  const auto records = answers_in(answer->get(), question, question.type);
  if (records.empty()) return negative(question, answer->get());

  DsAnswer result;
  for (const ldns_rr* record : records) {
    result.ds.push_back(ds_from(record));
    result.ttl = std::max(result.ttl, Seconds{ldns_rr_ttl(record)});
  }
  std::sort(result.ds.begin(), result.ds.end());
  return result;
}

Result<DnskeyAnswer> query_dnskey(const Address& server, const ZoneName& zone, Timeout timeout) {
  const Question question{server, zone, LDNS_RR_TYPE_DNSKEY, "DNSKEY"};
  const auto answer = ask_owner(question, timeout);
  if (!answer) return tl::unexpected(answer.error());
  const auto records = answers_in(answer->get(), question, question.type);
  DnskeyAnswer result;
  for (const ldns_rr* record : records) {
    result.dnskeys.push_back(rdata_of(record));
    result.ttl = std::max(result.ttl, Seconds{ldns_rr_ttl(record)});
  }
  std::sort(result.dnskeys.begin(), result.dnskeys.end());
  return result;
}

Result<ApexAnswer> query_apex(const Address& server, const ZoneName& zone, Timeout timeout, Time now) {
  ApexAnswer result;
  for (const Question& question : {Question{server, zone, LDNS_RR_TYPE_SOA, "SOA", true},
                                   Question{server, zone, LDNS_RR_TYPE_DNSKEY, "DNSKEY", true}}) {
    const auto answer = ask_owner(question, timeout);
    if (!answer) return tl::unexpected(answer.error());
    take_signatures(answer->get(), question, now, result.signatures);
    for (const ldns_rr* record : answers_in(answer->get(), question, LDNS_RR_TYPE_DNSKEY))
      result.dnskeys.push_back(rdata_of(record));
  }
  std::sort(result.dnskeys.begin(), result.dnskeys.end());
  return result;
}

Result<Zone> transfer(const Address& server, const ZoneName& zone, Timeout timeout) {
  const Question question{server, zone, LDNS_RR_TYPE_AXFR, "AXFR"};
  const PacketPtr packet = packet_for(question);
  auto stream = ask(question, packet.get(), std::chrono::steady_clock::now() + timeout);
  if (!stream) return tl::unexpected(stream.error());
  auto records = std::make_unique<Zone::Records>(Zone::Records{RrListPtr(ldns_rr_list_new())});
  for (;;) {
    const auto message = next_answer(question, *stream, ldns_pkt_id(packet.get()));
    if (!message) return tl::unexpected(message.error());
    const auto complete = take(question, message->get(), records->list.get());
    if (!complete) return tl::unexpected(complete.error());
    if (*complete) return Zone(zone, std::move(records));
  }
}

}  // namespace rollcall::dns
