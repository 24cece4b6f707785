// SPDX-License-Identifier: GPL-3.0-or-later
// Follows a directory and prints what it is told, one line each, until its standard input ends: for
// tests on real servers, integration/watching.py.
//
//   rollcall-watch-tool URI BASE password DN FILE
//   rollcall-watch-tool URI BASE gssapi KEYTAB
//   rollcall-watch-tool URI BASE external
//
// Prints `state WORD WHY`, `entry DN DESCRIPTION`, `vanished DN`, `conflicts COUNT FIRST`, `who
// DN`.
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "lib/directory/ldap_directory.h"

using namespace rollcall;
using namespace rollcall::directory;

namespace {

std::string_view word_of(State state) {
  switch (state) {
    case State::down:
      return "down";
    case State::refreshing:
      return "refreshing";
    case State::current:
      return "current";
  }
  return "";
}

struct Printer : Listener {
  void entry(Entry entry) override {
    const auto found = entry.attributes.find("description");
    const bool has = found != entry.attributes.end() && !found->second.empty();
    std::cout << "entry " << entry.dn << ' ' << (has ? as_text(found->second.front()) : "-")
              << std::endl;
  }
  void vanished(const std::string& dn) override { std::cout << "vanished " << dn << std::endl; }
  void state(State state, const std::string& why) override {
    std::cout << "state " << word_of(state) << ' ' << why << std::endl;
  }
  void conflicts(const std::vector<std::string>& lost) override {
    std::cout << "conflicts " << lost.size() << ' ' << (lost.empty() ? "" : lost.front())
              << std::endl;
  }
};

// As short as tests can wait for.
LdapOptions options_of(const std::vector<std::string>& words) {
  LdapOptions options;
  options.uris = {words.at(1)};
  options.base = words.at(2);
  const std::string& way = words.at(3);
  if (way == "password") options.auth = PasswordAuth{words.at(4), words.at(5)};
  if (way == "gssapi") options.auth = GssapiAuth{words.at(4)};
  options.recheck = std::chrono::milliseconds{200};
  options.backoff_max = std::chrono::milliseconds{400};
  options.poll = std::chrono::milliseconds{200};
  options.conflict_look = std::chrono::milliseconds{200};
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const LdapOptions options = options_of(words);
  prepare_environment(options);
  boost::asio::io_context loop;
  boost::asio::thread_pool pool{1};
  Printer printer;
  auto made = LdapDirectory::create(loop, pool, options);
  if (!made) {
    std::cerr << made.error().what << '\n';
    return 1;
  }
  (*made)->watch(printer);
  (*made)->who_am_i([](const Result<std::string>& who) {
    std::cout << "who " << (who ? *who : who.error().what) << std::endl;
  });
  boost::asio::posix::stream_descriptor leash{loop, 0};
  char byte = 0;
  leash.async_read_some(boost::asio::buffer(&byte, 1),
                        [&](const boost::system::error_code&, std::size_t) { loop.stop(); });
  loop.run();
  made->reset();
  pool.join();
  return 0;
}
