// SPDX-License-Identifier: GPL-3.0-or-later
// What is going to happen. A copy of the core lives on in an ideal world, on the pool, so that the
// loop only has to make the snapshot.
#include <boost/asio/post.hpp>

#include "lib/agent/agent.h"
#include "lib/agent/arguments.h"
#include "lib/agent/clock.h"
#include "lib/control/args.h"
#include "lib/control/forecast_json.h"

namespace rollcall::agent {

using control::Json;
using control::Problem;

void Agent::forecast(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  const auto policy = control::optional_text_arg(request.args, "policy");
  const auto until = control::optional_text_arg(request.args, "until");
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  if (!policy) return reply(tl::unexpected(Problem(policy.error())));
  if (!until) return reply(tl::unexpected(Problem(until.error())));
  ForecastQuestion question;
  question.policy = *policy;
  if (*until) {
    const auto time = control::until_arg(**until, now().wall);
    if (!time) return reply(tl::unexpected(Problem(time.error())));
    question.until = *time;
  }
  auto start = snapshot_for(*zone, question);
  if (!start) return reply(tl::unexpected(start.error()));
  foresee(std::move(*start), std::move(question), [zone = *zone, reply](const Foreseen& told) {
    reply(told ? control::Answer{*told} : control::refuse(Errc::conflict, told.error(), "rollcall status " + zone));
  });
}

tl::expected<Snapshot, Problem> Agent::snapshot_for(const ZoneName& zone, const ForecastQuestion& question) {
  auto start = shell_->member().snapshot(zone, now());
  if (!start) return tl::unexpected(not_managed(zone));
  const std::string policy = question.policy.value_or(start->zone.policy);
  if (!start->policies.contains(policy)) {
    return control::refuse(Errc::not_found, "policy " + policy + " is not there", "rollcall policy list");
  }
  return std::move(*start);
}

void Agent::foresee(Snapshot start, ForecastQuestion question, std::function<void(const Foreseen&)> done) {
  boost::asio::post(pool_, [&loop = loop_, start = std::move(start), question = std::move(question),
                            done = std::move(done)]() mutable {
    const Forecast told = rollcall::forecast(start, question);
    Foreseen answer = control::forecast_json(told, start);
    if (!told.refused.empty()) answer = tl::unexpected(told.refused);
    boost::asio::post(loop, [answer = std::move(answer), done = std::move(done)] { done(answer); });
  });
}

}  // namespace rollcall::agent
