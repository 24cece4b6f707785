// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/status_json.h"

#include <algorithm>

namespace rollcall::control {
namespace {

Json time_json(const std::optional<Time>& time) { return time ? Json(to_iso(*time)) : Json{}; }

template <class Times>
Json times_json(const Times& times) {
  Json json = Json::object();
  for (const auto& [role, time] : times) json[std::string{to_string(role)}] = to_iso(time);
  return json;
}

template <class T, class Print>
Json list_json(const std::vector<T>& items, Print print) {
  Json json = Json::array();
  for (const T& item : items) json.push_back(print(item));
  return json;
}

// Prints with the names of the members at hand: facts and holds know only UUIDs.
class Printer {
 public:
  explicit Printer(const MemberStatus& status) : status_(status) {}

  Json member(const MemberId& id) const {
    const MemberLine* line = find(id);
    return {{"member", to_string(id)}, {"host", line == nullptr ? "" : line->host}};
  }

  Json line(const MemberLine& m) const {
    Json json{{"member", to_string(m.member)},
              {"host", m.host},
              {"self", m.self},
              {"in_roster", m.in_roster},
              {"serving", m.serving},
              {"fresh", m.fresh},
              {"facts", m.facts},
              {"version", m.version},
              {"alarms", m.alarms},
              {"incarnation", m.incarnation},
              {"out", m.out},
              {"last_heartbeat", time_json(m.last_heartbeat)}};
    json["age_seconds"] = m.age ? Json(std::chrono::floor<Seconds>(*m.age).count()) : Json{};
    return json;
  }

  Json line(const MemberId& id) const {
    if (const MemberLine* known = find(id)) return line(*known);
    MemberLine unknown;
    unknown.member = id;
    return line(unknown);
  }

  // Many holds may wait for one member, which may have as many alarms: they stand with it alone.
  Json awaited(const MemberId& id) const {
    Json json = line(id);
    json.erase("alarms");
    return json;
  }

  Json key(const KeyStatus& k) const {
    const Generation& g = k.generation;
    return {{"key", short_name(k.fingerprint)},
            {"fingerprint", to_hex(k.fingerprint)},
            {"key_tag", k.key_tag},
            {"role", to_string(g.role)},
            {"algorithm", static_cast<int>(g.algorithm)},
            {"algorithm_name", mnemonic(g.algorithm)},
            {"generation", g.number},
            {"made_by", member(k.made_by)},
            {"created", to_iso(k.created)},
            {"goal", k.leaving ? "out" : "in"},
            {"stage", k.stage},
            {"leaving", k.leaving},
            {"wiped", k.wiped},
            {"first_use", time_json(k.first_use)},
            {"expires", time_json(k.expires)},
            {"records", records(k)}};
  }

  Json generation(const GenerationStatus& g) const {
    Json json{{"role", to_string(g.generation.role)},
              {"number", g.generation.number},
              {"algorithm", static_cast<int>(g.generation.algorithm)},
              {"why", g.why},
              {"voided", g.voided}};
    json["winner"] = g.winner ? Json(to_string(*g.winner)) : Json{};
    json["candidates"] = list_json(g.candidates, [](const FactId& id) { return to_string(id); });
    json["waits_for"] = list_json(g.waits_for, [this](const MemberId& id) { return member(id); });
    return json;
  }

  Json hold(const Hold& h) const {
    Json json{{"reason", to_string(h.reason)},
              {"step", h.step},
              {"text", h.text},
              {"until", time_json(h.until)}};
    json["waits_for"] = list_json(h.waits_for, [this](const MemberId& id) { return awaited(id); });
    return json;
  }

  Json zone(const ZoneStatus& z) const {
    Json json{{"zone", z.zone.name},
              {"incarnation", z.zone.incarnation},
              {"policy", z.policy},
              {"state", zone_state(z)},
              {"insecure", z.insecure},
              {"suspended", z.suspended},
              {"managed", z.managed},
              {"roster", z.roster},
              {"fresh", z.fresh},
              {"signed_until", time_json(z.signed_until)},
              {"last_keys_made", time_json(z.last_keys_made)},
              {"next_keys", times_json(z.next_keys)},
              {"next_roll", times_json(z.next_roll)},
              {"alarms", z.alarms}};
    json["keys"] = list_json(z.keys, [this](const KeyStatus& k) { return key(k); });
    json["generations"] = list_json(z.generations, [this](const auto& g) { return generation(g); });
    json["holds"] = list_json(z.holds, [this](const Hold& h) { return hold(h); });
    return json;
  }

  // Everything but the zones.
  Json cluster(Time now) const {
    Json json{{"now", to_iso(now)},
              {"self", member(status_.self)},
              {"cluster", to_string(status_.config.cluster)},
              {"in_cluster", status_.member},
              {"serving", status_.serving},
              {"may_write", status_.may_write},
              {"doubt", status_.doubt},
              {"out", status_.out},
              {"mode", status_.config.mode == Mode::random ? "random" : "appointed"},
              {"alarms", status_.alarms}};
    json["appointed"] =
        list_json(status_.config.appointed, [this](const MemberId& id) { return member(id); });
    json["members"] = list_json(status_.members, [this](const MemberLine& m) { return line(m); });
    json["master_key"] = master_key();
    json["holds"] = list_json(status_.holds, [this](const Hold& h) { return hold(h); });
    return json;
  }

  Json master_key() const {
    const MasterKeyStatus& key = status_.master_key;
    return {{"epoch", key.epoch},
            {"rotating", key.rotating},
            {"keys_left", key.keys_left},
            {"text", key.text},
            {"waits_for", list_json(key.waits_for, [this](const MemberId& id) { return member(id); })}};
  }

 private:
  const MemberLine* find(const MemberId& id) const {
    const auto found = std::ranges::find(status_.members, id, &MemberLine::member);
    return found == status_.members.end() ? nullptr : &*found;
  }

  static Json records(const KeyStatus& k) {
    Json json = Json::object();
    for (const auto& [record, r] : k.records) {
      json[std::string{to_string(record)}] = {
          {"state", to_string(r.state)}, {"acked", r.acked}, {"until", time_json(r.until)}};
    }
    return json;
  }

  const MemberStatus& status_;
};

bool is_in(const KeyStatus& key, Record record) {
  const auto found = key.records.find(record);
  return found != key.records.end() && found->second.state != State::hidden &&
         found->second.state != State::unretentive;
}

// Whether some record of the key is on its way in or out. A record that is hidden is not, although
// it may be wanted later.
bool moves(const KeyStatus& key) {
  return std::ranges::any_of(key.records, [](const auto& entry) {
    return entry.second.state == State::rumoured || entry.second.state == State::unretentive;
  });
}

// Time passes by itself, and what the policy does not want yet is no trouble.
bool holds_up(const Hold& hold) {
  return hold.reason != Reason::time && hold.reason != Reason::policy;
}

std::optional<Time> first_of(const std::map<Role, Time>& times) {
  std::optional<Time> first;
  for (const auto& entry : times) first = first ? std::min(*first, entry.second) : entry.second;
  return first;
}

std::optional<Time> last_keys_made(const MemberStatus& status) {
  std::optional<Time> last;
  for (const ZoneStatus& zone : status.zones) last = std::max(last, zone.last_keys_made);
  return last;
}

Json zones_by_state(const MemberStatus& status) {
  Json json{{"signed", Json::array()},
            {"rolling", Json::array()},
            {"unsigned", Json::array()},
            {"held", Json::array()}};
  for (const ZoneStatus& zone : status.zones) {
    const std::string state{zone_state(zone)};
    if (state != "held") {
      json[state].push_back(zone.zone.name);
      continue;
    }
    const auto hold = std::ranges::find_if(zone.holds, holds_up);
    json[state].push_back({{"zone", zone.zone.name}, {"why", hold->step + ": " + hold->text}});
  }
  return json;
}

Json all_alarms(const MemberStatus& status) {
  Json json = Json::array();
  const auto add = [&](const std::string& zone, const std::string& host, const auto& alarms) {
    for (const std::string& text : alarms)
      json.push_back({{"zone", zone}, {"host", host}, {"text", text}});
  };
  add("", "", status.alarms);
  for (const ZoneStatus& zone : status.zones) add(zone.zone.name, "", zone.alarms);
  for (const MemberLine& member : status.members) {
    if (!member.self) add("", member.host, member.alarms);
  }
  return json;
}

}  // namespace

std::string_view zone_state(const ZoneStatus& zone) {
  if (std::ranges::any_of(zone.holds, holds_up)) return "held";
  if (std::ranges::none_of(zone.keys,
                           [](const KeyStatus& key) { return is_in(key, Record::zrrsig); })) {
    return "unsigned";
  }
  return std::ranges::any_of(zone.keys, moves) ? "rolling" : "signed";
}

const ZoneStatus* next_due_zone(const MemberStatus& status) {
  const ZoneStatus* next = nullptr;
  for (const ZoneStatus& zone : status.zones) {
    const auto due = first_of(zone.next_keys);
    if (due && (next == nullptr || *due < *first_of(next->next_keys))) next = &zone;
  }
  return next;
}

Json status_json(const MemberStatus& status, Time now) {
  const Printer printer{status};
  Json json = printer.cluster(now);
  json["zones"] =
      list_json(status.zones, [&](const ZoneStatus& zone) { return printer.zone(zone); });
  return json;
}

const ZoneStatus* find_zone(const MemberStatus& status, const ZoneName& name) {
  const ZoneStatus* found = nullptr;
  for (const ZoneStatus& zone : status.zones) {
    if (zone.zone.name == name && (found == nullptr || !found->managed)) found = &zone;
  }
  return found;
}

Result<Json> zone_status_json(const MemberStatus& status, const ZoneName& zone, Time now) {
  const ZoneStatus* found = find_zone(status, zone);
  if (found == nullptr)
    return fail(Errc::not_found, "zone " + zone + " is not managed here");
  const Printer printer{status};
  Json json = printer.cluster(now);
  json["zone"] = printer.zone(*found);
  return json;
}

Json zone_report_json(const MemberStatus& status, const ZoneStatus& zone, Time now) {
  const Printer printer{status};
  return {{"now", to_iso(now)}, {"self", printer.member(status.self)}, {"zone", printer.zone(zone)}};
}

Json members_json(const MemberStatus& status, Time now) {
  const Printer printer{status};
  return {
      {"now", to_iso(now)},
      {"members", list_json(status.members, [&](const MemberLine& m) { return printer.line(m); })}};
}

Json master_key_json(const MemberStatus& status) { return Printer{status}.master_key(); }
Json forget_json(const MemberStatus& status, const ForgetPreview& preview) {
  const Printer printer{status};
  const auto member = [&](const MemberId& id) { return printer.member(id); };
  return {{"dead", list_json(preview.dead, member)},
          {"remain", list_json(preview.remain, member)},
          {"refused", preview.refused},
          {"impossible", preview.impossible},
          {"ends", list_json(preview.ends, [&](const Hold& hold) { return printer.hold(hold); })},
          {"risks", preview.risks},
          {"wait", std::chrono::ceil<Seconds>(preview.wait).count()}};
}

Json zone_list_json(const MemberStatus& status, Time now) {
  const auto brief = [](const ZoneStatus& z) {
    return Json{{"zone", z.zone.name},
                {"policy", z.policy},
                {"state", zone_state(z)},
                {"insecure", z.insecure},
                {"suspended", z.suspended},
                {"managed", z.managed},
                {"keys", z.keys.size()},
                {"alarms", z.alarms.size()}};
  };
  return {{"now", to_iso(now)}, {"zones", list_json(status.zones, brief)}};
}

Json info_json(const MemberStatus& status, const InfoExtras& extras, Time now) {
  const Printer printer{status};
  Json json = printer.cluster(now);
  const auto& appointed = status.config.appointed;
  const bool has_manager = status.config.mode == Mode::appointed && !appointed.empty();
  const ZoneStatus* next = next_due_zone(status);
  json["appointed_server"] = has_manager ? printer.member(appointed.front()) : Json{};
  json["next_server"] = extras.next_server ? printer.member(*extras.next_server) : Json{};
  json["keys_store"] = extras.keys_store;
  json["last_keys_made"] = time_json(last_keys_made(status));
  json["next_keys"] = next == nullptr ? Json{} : time_json(first_of(next->next_keys));
  json["next_zone"] = next == nullptr ? "" : next->zone.name;
  json["zones"] = zones_by_state(status);
  json["alarms"] = all_alarms(status);
  return json;
}

}  // namespace rollcall::control
