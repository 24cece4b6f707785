// SPDX-License-Identifier: GPL-3.0-or-later
// rollcall-judge: reads what real servers were seen to serve and says whether a cache could have
// been bogus.
//
// What concerns nobody but a parent that asks for CDS is told, and is no violation.
//
// Exit status: 0 nothing could, 1 something could, 2 the history cannot be read or an option makes
// no sense.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "tests/history/verdict.h"

namespace {

using namespace rollcall;

double seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

void print_summary(const std::string& file, const history::History& history, bool bogus) {
  std::printf("%s: %zu looks in %.1f s, %zu answers; widest gap %.2f s (%s); ", file.c_str(),
              history.looks, seconds(history.end - history.begin), history.publications.size(),
              seconds(history.widest_gap), history.widest_at.c_str());
  std::puts(bogus ? "a cache could have been BOGUS" : "no cache was bogus");
}

void print(const history::Finding& finding, Time begin) {
  const auto mode = history::short_name(finding.mode);
  std::printf("%s (%s, %s) %s since %.1f s: %s\n",
              finding.only_for_parents ? "only to parents" : "bogus",
              finding.certain ? "certain" : "possible", std::string{mode}.c_str(),
              finding.zone.c_str(), seconds(finding.since - begin), finding.what.c_str());
}

int judge(const std::string& file) {
  std::ifstream lines{file};
  if (!lines) {
    std::cerr << "rollcall-judge: " << file << ": cannot be read\n";
    return 2;
  }
  const auto history = history::read(lines);
  const auto findings = history ? history::judge(*history) : tl::unexpected(history.error());
  if (!findings) {
    std::cerr << "rollcall-judge: " << file << ": " << findings.error().what << '\n';
    return 2;
  }
  const auto bogus = std::ranges::count(*findings, false, &history::Finding::only_for_parents);
  print_summary(file, *history, bogus > 0);
  for (const history::Finding& finding : *findings) print(finding, history->begin);
  return bogus > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files;
  CLI::App app{
      "Says whether any cache could have been bogus, given what servers were seen to serve."};
  app.add_option("HISTORY", files, "One JSON object a line; see tests/history/history.h")
      ->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::Error& error) {
    std::cerr << "rollcall-judge: " << error.what() << '\n';
    return 2;
  }
  int worst = 0;
  for (const std::string& file : files) worst = std::max(worst, judge(file));
  return worst;
}
