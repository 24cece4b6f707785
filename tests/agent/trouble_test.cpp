// SPDX-License-Identifier: GPL-3.0-or-later
// What an agent says and does while something is in its way, and when it is not any more.
#include <sys/mount.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include "lib/agent/clock.h"
#include "lib/directory/codec.h"
#include "lib/directory/codec_dn.h"
#include "tests/agent/running_agent.h"

namespace rollcall::agent {
namespace {

using control::Json;
using test::EmbeddedDirectory;
using test::RunningAgent;

// No file of this process may grow above 100 bytes, as if the disk were full.
class FullDisk {
 public:
  FullDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    rlimit small = before_;
    small.rlim_cur = 100;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

// A file system of its own for one directory, which can be filled to the last block.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    is_there_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=1m,mode=700") == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (is_there_) ::umount2(path_.c_str(), MNT_DETACH);
  }

  bool is_there() const { return is_there_; }
  void fill() const {
    std::ofstream ballast(path_ / "ballast");
    while (ballast << std::string(4096, 'x') << std::flush) continue;
  }
  void empty() const { std::filesystem::remove(path_ / "ballast"); }

 private:
  std::filesystem::path path_;
  bool is_there_ = false;
};

bool has_alarm(const Json& status, const std::string& about, const std::string& says) {
  for (const std::string alarm : status.at("alarms")) {
    const bool found = alarm.find(about) != std::string::npos;
    if (found && alarm.find(says) != std::string::npos) return true;
  }
  return false;
}

std::size_t count_keys(const Json& status) {
  std::size_t keys = 0;
  for (const Json& zone : status.at("zones")) keys += zone.at("keys").size();
  return keys;
}

void found_cluster(RunningAgent& agent) {
  agent.must("init", {{"policy", {{"window_first", "1"}, {"propagation", 1}}}});
  agent.until_status([](const Json& status) { return status.at("may_write").get<bool>(); });
}

// As an administrator of this machine would do it, with OpenLDAP's own tools.
class Tools {
 public:
  explicit Tools(const EmbeddedDirectory& directory)
      : file_(directory.path() / "entry.ldif"),
        server_(" -Q -Y EXTERNAL -H '" + directory.settings().ldapi_uri + "'") {}

  void add(const directory::Entry& entry) const {
    std::ofstream ldif(file_);
    ldif << "dn: " << entry.dn << '\n';
    for (const auto& [name, values] : entry.attributes) {
      for (const Bytes& value : values) ldif << name << ":: " << to_base64(value) << '\n';
    }
    ldif.close();
    run("ldapadd" + server_ + " -o ldif-wrap=no -f '" + file_.native() + "'");
  }
  void remove(const std::string& dn) const { run("ldapdelete" + server_ + " '" + dn + "'"); }

 private:
  static void run(const std::string& command) {
    INFO(command);
    REQUIRE(std::system((command + " > /dev/null").c_str()) == 0);
  }

  std::filesystem::path file_;
  std::string server_;
};

// Looks like a fact of this member, and is not signed by it.
directory::Entry forged(const FactId& id) {
  const Reject reject{{"example.test.", 1},
                      {Role::zsk, Algorithm::ecdsap256sha256, 1},
                      {id.author, 1},
                      "not what its author said"};
  const auto attributes = directory::attributes_of(id, now().wall, reject);
  return {directory::fact_dn(directory::embedded_base, id),
          directory::signed_attributes(attributes, Signature{})};
}

}  // namespace

TEST_CASE("while the disk of the store is full nothing is done, and nothing is lost by it",
          "[trouble]") {
  const EmbeddedDirectory directory;
  RunningAgent agent(directory);
  found_cluster(agent);
  const std::string store = (directory.path() / "state" / "store.db").native();
  {
    const FullDisk full;
    agent.must("zone-add", {{"zone", "example.test"}});
    agent.until_status(
        [&](const Json& status) { return has_alarm(status, store, "free space there"); });
    CHECK(count_keys(agent.must("status")) == 0);
  }
  agent.until_status([](const Json& status) { return count_keys(status) == 2; });
  CHECK_FALSE(has_alarm(agent.must("status"), store, ""));
}

TEST_CASE("the store goes on where it was when its file system has room again", "[trouble]") {
  const EmbeddedDirectory directory;
  const SmallDisk disk(directory.path() / "state");
  if (!disk.is_there()) {
    WARN("not root: no file system can be mounted to fill it");
    return;
  }
  const std::string store = (directory.path() / "state" / "store.db").native();
  {
    RunningAgent agent(directory);
    found_cluster(agent);
    disk.fill();
    agent.must("zone-add", {{"zone", "example.test"}});
    agent.until_status([&](const Json& status) {
      return has_alarm(status, store, "the disk is full; free space there");
    });
    CHECK(count_keys(agent.must("status")) == 0);
    disk.empty();
    agent.until_status([](const Json& status) { return count_keys(status) == 2; });
    CHECK_FALSE(has_alarm(agent.must("status"), store, ""));
  }
  RunningAgent again(directory);
  again.until_status([](const Json& status) { return count_keys(status) == 2; });
}

TEST_CASE("a fact that cannot be written is named, and is written when it can be", "[trouble]") {
  const EmbeddedDirectory directory;
  const Tools tools(directory);
  RunningAgent agent(directory);
  found_cluster(agent);
  const MemberId self = directory.settings().member;
  const auto facts = agent.must("status").at("members").at(0).at("facts").get<std::uint64_t>();
  const directory::Entry rival = forged({{self, 1}, facts + 1});
  tools.add(rival);
  agent.until_status([&](const Json& status) {
    return has_alarm(status, rival.dn, "its signature does not verify");
  });

  agent.must("zone-add", {{"zone", "example.test"}});
  agent.until_status([&](const Json& status) {
    return has_alarm(status, rival.dn, "a second agent uses this identity");
  });

  tools.remove(rival.dn);
  agent.until_status([](const Json& status) { return count_keys(status) == 2; });
  agent.until_status([&](const Json& status) { return !has_alarm(status, rival.dn, ""); });
}

}  // namespace rollcall::agent
