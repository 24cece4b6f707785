// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_requests.h"

#include <algorithm>
#include <utility>

#include "lib/directory/codec_fields.h"

namespace rollcall::directory {
namespace {

constexpr const char* report_class = "rollcallMemberReport";

constexpr std::pair<Wish, std::string_view> wishes[] = {
    {Wish::roll, "roll"}, {Wish::ds_published, "ds-published"}, {Wish::forget, "forget"}};

std::string print_wish(const Wish& wish) {
  return std::string{std::ranges::find(wishes, wish, &std::pair<Wish, std::string_view>::first)->second};
}

std::optional<Wish> wish_from(std::string_view text) {
  const auto* found = std::ranges::find(wishes, text, &std::pair<Wish, std::string_view>::second);
  return found == std::end(wishes) ? std::nullopt : std::optional{found->first};
}

const Form<Wish> wish_form{"a wish that this software knows: roll, ds-published or forget", print_wish, wish_from};

/// What a wish cannot do without; null if it has it.
const char* missing_in(const DirectoryRequest& request) {
  const bool about_members = request.wish == Wish::forget;
  if (about_members) return request.members.empty() ? "rollcallabout" : nullptr;
  if (request.zone.empty()) return "rollcallzone";
  if (request.wish == Wish::ds_published) return request.key ? nullptr : "rollcallfingerprint";
  if (!request.role) return "rollcallrole";
  return request.generation ? nullptr : "rollcallgeneration";
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
  reader.or_default("rollcallzone", request.zone, form::zone_name);
  reader.optional("rollcallrole", request.role, form::role);
  reader.optional("rollcallgeneration", request.generation, form::number32);
  reader.optional("rollcallfingerprint", request.key, form::digest);
  reader.many("rollcallabout", request.members, form::uuid);
  reader.or_default("rollcallforce", request.force, form::truth);
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
