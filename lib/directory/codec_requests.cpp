// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_requests.h"

#include "lib/directory/codec_fields.h"

namespace rollcall::directory {
namespace {

constexpr const char* report_class = "rollcallMemberReport";

std::optional<Wish> wish_from(std::string_view text) {
  if (text == "roll") return Wish::roll;
  if (text == "ds-published") return Wish::ds_published;
  return std::nullopt;
}

const Form<Wish> wish_form{
    "a wish that this software knows: roll or ds-published",
    [](const Wish& wish) -> std::string { return wish == Wish::roll ? "roll" : "ds-published"; },
    wish_from};

const char* missing_in(const DirectoryRequest& request) {
  const bool rolls = request.wish == Wish::roll;
  if (rolls && !request.role) return "rollcallrole";
  if (rolls && !request.generation) return "rollcallgeneration";
  if (!rolls && !request.key) return "rollcallfingerprint";
  return nullptr;
}

Attributes named(const char* object_class, const std::string& name) {
  return {{"objectclass", {to_bytes(object_class)}}, {"cn", {to_bytes(name)}}};
}

}  // namespace

Result<DirectoryRequest> read_request(const Entry& entry) {
  Reader reader{entry.attributes};
  DirectoryRequest request;
  reader.one("cn", request.id, form::uuid);
  reader.one("rollcallwish", request.wish, wish_form);
  reader.one("rollcallzone", request.zone, form::zone_name);
  reader.optional("rollcallrole", request.role, form::role);
  reader.optional("rollcallgeneration", request.generation, form::number32);
  reader.optional("rollcallfingerprint", request.key, form::digest);
  reader.or_default("rollcallemergency", request.emergency, form::truth);
  reader.or_default("rollcallaskedby", request.asked_by, form::text);
  if (const char* missing = missing_in(request)) reader.complain(missing, "is missing");
  if (reader.complaint().empty()) return request;
  return fail(Errc::malformed, entry.dn + ": " + reader.complaint());
}

Entry answer_entry(const std::string& base, const MemberId& member, const DirectoryAnswer& answer,
                   Time now) {
  Entry entry{answer_dn(base, member, answer.request),
              named("rollcallAnswer", to_string(answer.request))};
  Writer writer{entry.attributes};
  writer.one("rollcalloutcome", std::string{answer.done ? "done" : "refused"}, form::text);
  writer.one("rollcallreported", now, form::whole_seconds);
  writer.text("rollcallwhy", answer.why);
  return entry;
}

Attributes report_attributes(const std::string& json, Time now) {
  Attributes attributes{{"rollcallreport", {to_bytes(json)}}};
  Writer{attributes}.one("rollcallreported", now, form::whole_seconds);
  return attributes;
}

Entry report_entry(const std::string& base, const MemberId& member, const std::string& agent_dn) {
  Entry entry{report_dn(base, member), named(report_class, to_string(member))};
  Writer{entry.attributes}.text("rollcallagentdn", agent_dn);
  return entry;
}

Entry zone_report_entry(const std::string& base, const MemberId& member, const ZoneName& zone) {
  Entry entry{report_dn(base, member, zone), named(report_class, zone)};
  Writer{entry.attributes}.one("rollcallzone", zone, form::zone_name);
  return entry;
}

}  // namespace rollcall::directory
