// SPDX-License-Identifier: GPL-3.0-or-later
// rollcalld: the agent of one member. Runs in the foreground, tells systemd how it is, and ends
// cleanly by SIGTERM or SIGINT. Exit codes: 0 ended as asked, 1 could not start, 78 (EX_CONFIG of
// sysexits.h) wrong configuration.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <iostream>

#include "daemon/config.h"
#include "lib/agent/agent.h"
#include "lib/control/server.h"

namespace rollcall::daemon {
namespace {

constexpr std::size_t workers = 2;  // one for the directory's handshakes, one for keys and servers

// Keys must not get into a core dump, nor be read by a debugger of the same user.
void protect_memory() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

agent::AgentOptions agent_options(const Config& config) {
  agent::AgentOptions options;
  options.state = config.state;
  options.host = config.host;
  options.settings = config.settings;
  options.settings.version = ROLLCALL_VERSION;
  options.directory = config.directory;
  options.signer = config.signer;
  options.parents = config.parents;
  options.replicas = config.replicas;
  options.web_servers = config.web_servers;
  options.report_interval = config.report_interval;
  options.ipa_interval = config.ipa_interval;
  options.start_limit = config.start_limit;
  options.log_level = notify::level_from(config.log_level).value_or(notify::Level::notice);
  return options;
}

/// What has not begun is not needed any more; what runs is waited for.
struct JoinedAtEnd {
  boost::asio::thread_pool& pool;
  ~JoinedAtEnd() {
    pool.stop();
    pool.join();
  }
};

int refuse(const Error& error) {
  std::cerr << "error: rollcalld cannot start: " << error.what << '\n';
  return EXIT_FAILURE;
}

// systemd must not lose patience before we do.
void announce_start(Seconds limit) {
  const auto patience = std::chrono::microseconds(limit + Seconds{60});
  sd_notifyf(0, "STATUS=looking at the directory\nEXTEND_TIMEOUT_USEC=%lld",
             static_cast<long long>(patience.count()));
}

int serve(const Config& config) {
  boost::asio::io_context loop;
  boost::asio::thread_pool pool(workers);
  auto agent = agent::Agent::create(loop, pool, agent_options(config));
  if (!agent) return refuse(agent.error());
  const JoinedAtEnd joined{pool};

  control::ServerOptions socket;
  socket.path = config.socket.native();
  control::ControlServer server(loop, socket, [&](const control::Request& request, auto reply) {
    (*agent)->answer(request, std::move(reply));
  });
  if (auto listening = server.listen(); !listening) return refuse(listening.error());
  announce_start(config.start_limit);
  const auto ready = [] { sd_notify(0, "READY=1\nSTATUS=running"); };
  if (auto started = (*agent)->start(ready); !started) return refuse(started.error());

  boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) {
    sd_notify(0, "STOPPING=1");
    loop.stop();
  });
  loop.run();
  return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
  CLI::App app{"rollcalld: manages the DNSSEC keys of zones that several equal servers publish"};
  std::string file = default_config;
  bool check = false;
  bool print = false;
  app.add_option("--config", file, "The configuration file")->capture_default_str();
  app.add_flag("--check-config", check,
               "Read the configuration, say what is wrong with it, and end");
  app.add_flag("--print-config", print,
               "Print the effective configuration with explanations, and end");
  app.set_version_flag("--version", ROLLCALL_VERSION);
  CLI11_PARSE(app, argc, argv);

  const Config config = load_config(file);
  if (print) std::cout << print_config(config);
  if (check || print) return EXIT_SUCCESS;
  directory::prepare_environment(config.directory);
  return serve(config);
}

}  // namespace
}  // namespace rollcall::daemon

int main(int argc, char** argv) {
  ::umask(077);
  rollcall::daemon::protect_memory();
  try {
    return rollcall::daemon::run(argc, argv);
  } catch (const rollcall::daemon::ConfigError& error) {
    std::cerr << "error: " << error.what() << '\n';
    return EX_CONFIG;
  } catch (const std::exception& error) {
    std::cerr << "error: rollcalld ended unexpectedly: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
