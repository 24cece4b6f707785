// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/time_line.h"

namespace rollcall::sim {

void TimeLine::serves(const ZoneName& zone, const std::string& server, std::string text) {
  if (!on()) return;
  std::vector<Span>& spans = spans_[{zone, server}];
  const Time now = context_.schedule.now();
  if (!spans.empty() && spans.back().text == text) return;
  if (!spans.empty() && spans.back().since == now) spans.pop_back();  // nobody can have asked
  spans.push_back({now, std::move(text)});
}

void TimeLine::tell() const {
  for (const auto& [of, spans] : spans_) {
    context_.trace.plain(of.first + " at " + of.second + ":");
    for (std::size_t i = 0; i < spans.size(); ++i) {
      const std::string until = i + 1 < spans.size() ? context_.trace.stamp(spans[i + 1].since) : "the end";
      context_.trace.plain("  " + context_.trace.stamp(spans[i].since) + " to " + until + "  " +
                           (spans[i].text.empty() ? "no answer" : spans[i].text));
    }
  }
}

}  // namespace rollcall::sim
