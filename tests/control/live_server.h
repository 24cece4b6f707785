// SPDX-License-Identifier: GPL-3.0-or-later
// A control server that really listens, for tests of both its ends.
#pragma once

#include <sys/stat.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "lib/control/server.h"

namespace rollcall::sample {

class Folder {
 public:
  Folder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "rollcall-control-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    ::chmod(path_.c_str(), 0755);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

// A server in its own thread; what happens to it is posted there.
class Daemon {
 public:
  Daemon(control::ServerOptions options, control::Handler handler) {
    server_ =
        std::make_unique<control::ControlServer>(loop_, std::move(options), std::move(handler));
    listening = server_->listen();
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~Daemon() {
    boost::asio::post(loop_, [this] { server_.reset(); });
    work_.reset();
    thread_.join();
  }
  boost::asio::io_context& loop() { return loop_; }

  Result<> listening;

 private:
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  std::unique_ptr<control::ControlServer> server_;
  std::thread thread_;
};

}  // namespace rollcall::sample
