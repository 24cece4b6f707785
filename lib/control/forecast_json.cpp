// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/forecast_json.h"

#include <charconv>

namespace rollcall::control {
namespace {

constexpr Seconds most = 20 * 365_days;

Json time_json(const std::optional<Time>& time) { return time ? Json(to_iso(*time)) : Json{}; }

class Printer {
 public:
  explicit Printer(const Snapshot& start) : start_(start) {}

  Json members(const std::vector<MemberId>& list) const {
    Json json = Json::array();
    for (const MemberId& member : list) {
      const auto name = start_.names.find(member);
      json.push_back({{"member", to_string(member)},
                      {"host", name == start_.names.end() ? "" : name->second}});
    }
    return json;
  }

  Json event(const ForecastEvent& event) const {
    Json changes = Json::array(), depends = Json::array();
    for (const ForecastChange& change : event.changes) {
      changes.push_back({{"role", to_string(change.key.role)},
                         {"generation", change.key.number},
                         {"algorithm", static_cast<int>(change.key.algorithm)},
                         {"record", to_string(change.record)},
                         {"introduced", change.introduced}});
    }
    for (const Dependency& one : event.depends) {
      depends.push_back({{"reason", to_string(one.reason)},
                         {"text", one.text},
                         {"members", members(one.members)},
                         {"until", time_json(one.until)}});
    }
    return {{"at", to_iso(event.at)},
            {"in_seconds", std::chrono::floor<Seconds>(event.at - start_.now.wall).count()},
            {"kind", to_string(event.kind)},
            {"what", event.what},
            {"changes", std::move(changes)},
            {"depends", std::move(depends)}};
  }

  Json stuck(const Hold& hold) const {
    return {{"reason", to_string(hold.reason)},
            {"step", hold.step},
            {"text", hold.text},
            {"waits_for", members(hold.waits_for)}};
  }

 private:
  const Snapshot& start_;
};

std::optional<Seconds> duration(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0 || end + 1 != text.data() + text.size())
    return std::nullopt;
  if (number > most.count()) return std::nullopt;
  switch (*end) {
    case 's':
      return Seconds{number};
    case 'm':
      return Seconds{number * 60};
    case 'h':
      return Seconds{number * 3600};
    case 'd':
      return Seconds{number * 86400};
    case 'w':
      return Seconds{number * 7 * 86400};
    case 'y':
      return Seconds{number * 365 * 86400};
    default:
      return std::nullopt;
  }
}

}  // namespace

Json forecast_json(const Forecast& forecast, const Snapshot& start) {
  const Printer print{start};
  Json json{{"now", to_iso(forecast.from)},    {"zone", start.zone.zone.name},
            {"policy", forecast.policy},       {"until", to_iso(forecast.until)},
            {"complete", !forecast.cut_short}, {"events", Json::array()},
            {"stuck", Json::array()},          {"assumptions", forecast.assumptions}};
  for (const ForecastEvent& event : forecast.events) json["events"].push_back(print.event(event));
  json["replaced"] = forecast.replaced;
  json["faster"] = Json::array();
  for (const Breakage& one : forecast.faster) json["faster"].push_back({{"text", one.text}, {"until", time_json(one.until)}});
  for (const Hold& hold : forecast.stuck) json["stuck"].push_back(print.stuck(hold));
  return json;
}

Result<Time> until_arg(const std::string& text, Time now) {
  const auto no = [&text](const char* why) { return fail(Errc::malformed, "until " + text + ": " + why); };
  std::optional<Time> time = from_iso(text);
  if (!time) time = from_iso(text + "T00:00:00Z");
  const auto from_now = time ? std::nullopt : duration(text);
  if (!time && !from_now) {
    return no("no time; give 2027-01-01T08:00:00Z, 2027-01-01, or a time from now like 90d, 26w or 12h");
  }
  if (from_now.value_or(Seconds{0}) > most) return no("more than 20 years from now");
  if (!time) time = now + *from_now;
  if (*time <= now) return no("that is over");
  if (*time > now + most) return no("more than 20 years from now");
  return *time;
}

}  // namespace rollcall::control
