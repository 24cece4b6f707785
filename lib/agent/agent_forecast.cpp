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
  foresee(*zone, std::move(question), std::move(reply));
}

void Agent::foresee(const ZoneName& zone, ForecastQuestion question, Reply reply) {
  auto start = shell_->member().snapshot(zone, now());
  if (!start) return reply(tl::unexpected(not_managed(zone)));
  const std::string policy = question.policy.value_or(start->zone.policy);
  if (!start->policies.contains(policy)) {
    return reply(control::refuse(Errc::not_found, "policy " + policy + " is not there",
                                 "rollcall policy list"));
  }
  boost::asio::post(
      pool_, [&loop = loop_, start = std::move(*start), question = std::move(question), zone,
              reply = std::move(reply)]() mutable {
        const Forecast told = rollcall::forecast(start, question);
        control::Answer answer =
            told.refused.empty()
                ? control::Answer{control::forecast_json(told, start)}
                : control::refuse(Errc::conflict, told.refused, "rollcall status " + zone);
        boost::asio::post(
            loop, [answer = std::move(answer), reply = std::move(reply)] { reply(answer); });
      });
}

}  // namespace rollcall::agent
