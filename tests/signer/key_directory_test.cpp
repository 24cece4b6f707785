// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/key_directory.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "lib/signer/durable_file.h"
#include "tests/signer/order.h"

using namespace rollcall;
using namespace rollcall::signer;
using rollcall::dns::test::read;

namespace fs = std::filesystem;

namespace {

const Time now = from_iso("2026-06-01T09:00:00Z").value();

struct OneKey {
  dns::test::TemporaryDirectory root;
  dns::test::ZoneMaker maker;
  dns::test::ZoneMaker::MadeKey made = maker.key("-a 13");
  KeyOrder order = test::order_for(maker, made, Role::zsk);
  KeyDirectory directory{root.path(), "example.test."};
  fs::path private_file = directory.path() / (made.base + ".private");
  fs::path public_file = directory.path() / (made.base + ".key");

  OneKey() { order.publish = true; }
  KeyChange write() {
    REQUIRE(directory.prepare());
    return directory.write({&order, 1}, now).value();
  }
  bool is_whole() const {
    return dns::prove_private_key(read(private_file), "example.test.", made.rdata) &&
           dns::dnskey_from(read(public_file).substr(read(public_file).find("\nexample.test.") + 1))
                   ->rdata == made.rdata;
  }
};

mode_t mode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

void put(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

// No file may grow above 100 bytes, as if the disk were full.
class FullDisk {
 public:
  FullDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before_) == 0);
    rlimit small = before_;
    small.rlim_cur = 100;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE_METHOD(OneKey, "key files are for the group of named, and directories pass the group on",
                 "[key_directory]") {
  CHECK(write() == KeyChange::files);
  CHECK(is_whole());
  CHECK(mode_of(directory.path()) == 02750);
  CHECK(mode_of(private_file) == 0640);
  CHECK(mode_of(public_file) == 0644);
}

TEST_CASE_METHOD(OneKey, "an equal order changes nothing and needs no private key",
                 "[key_directory]") {
  write();
  order.private_key = nullptr;
  const auto before = fs::last_write_time(private_file);
  CHECK(write() == KeyChange::none);
  CHECK(fs::last_write_time(private_file) == before);
}

TEST_CASE_METHOD(OneKey, "what only changes times leaves the public half alone",
                 "[key_directory]") {
  write();
  const std::string before = read(public_file);
  CHECK(before.find("; Created: ") != std::string::npos);
  CHECK(before.find("Publish") == std::string::npos);
  const auto written_at = fs::last_write_time(public_file);
  order.sign_zone = true;
  CHECK(write() == KeyChange::activation);
  CHECK(read(private_file).find("\nActivate: ") != std::string::npos);
  order.publish = order.sign_zone = false;
  CHECK(write() == KeyChange::files);
  CHECK(read(private_file).find("\nDelete: ") != std::string::npos);
  CHECK(read(public_file) == before);
  CHECK(fs::last_write_time(public_file) == written_at);
  order.publish = true;
  order.dnskey_ttl = Seconds{61};
  CHECK(write() == KeyChange::files);
  CHECK(read(public_file) != before);
}

TEST_CASE_METHOD(OneKey, "of several keys all files are replaced, or none", "[key_directory]") {
  std::vector<KeyOrder> orders{order, test::order_for(maker, maker.key("-a 13"), Role::zsk),
                               test::order_for(maker, maker.key("-a 13"), Role::zsk)};
  REQUIRE(directory.prepare());
  const auto taken = std::exchange(orders.back().private_key, nullptr);
  CHECK(directory.write(orders, now).error().code == Errc::not_found);
  CHECK(fs::is_empty(directory.path()));
  orders.back().private_key = taken;
  CHECK(directory.write(orders, now) == KeyChange::files);
  for (const KeyOrder& one : orders) CHECK(directory.has(one));
  CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 6);
  CHECK(directory.write(orders, now) == KeyChange::none);
}

TEST_CASE_METHOD(OneKey, "to sign the zone is more than a change of files", "[key_directory]") {
  write();
  order.sign_zone = true;
  CHECK(write() == KeyChange::activation);
  CHECK(write() == KeyChange::none);
}

TEST_CASE_METHOD(OneKey, "the state that a crash left is repaired", "[key_directory]") {
  SECTION("the directory had neither group nor mode yet") {
    fs::create_directory(directory.path());
    fs::permissions(directory.path(), fs::perms::owner_all);
  }
  SECTION("a file was not finished") {
    write();
    put(directory.path() / (std::string(unfinished_prefix) + "77"), "Private-key-form");
    fs::remove(public_file);
  }
  SECTION("only the private half was there") {
    write();
    fs::remove(public_file);
  }
  SECTION("only the public half was there") {
    write();
    fs::remove(private_file);
  }
  SECTION("the machine lost what was written last") {
    write();
    put(private_file, "");
    put(public_file, read(public_file).substr(0, 30));
  }
  SECTION("half of the private key is there") {
    write();
    put(private_file, read(private_file).substr(0, 80));
  }
  SECTION("another key stands where this one should") {
    write();
    put(private_file, maker.file(maker.key("-a 13").base + ".private"));
  }
  CHECK(write() == KeyChange::files);
  CHECK(is_whole());
  CHECK(mode_of(directory.path()) == 02750);
  CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 2);
  CHECK(write() == KeyChange::none);
}

TEST_CASE_METHOD(OneKey, "a key of which removing was interrupted is removed", "[key_directory]") {
  write();
  fs::remove(public_file);
  CHECK(directory.has(order));
  CHECK(directory.remove(order));
  CHECK_FALSE(directory.has(order));
  CHECK(directory.remove(order));
}

TEST_CASE_METHOD(OneKey, "a private key that is not this key's is not written", "[key_directory]") {
  REQUIRE(directory.prepare());
  const std::string other = maker.file(maker.key("-a 13").base + ".private");
  SECTION("of another key") {
    order.private_key = [&other] { return dns::private_key_file(other, {}); };
  }
  SECTION("of no key") {
    order.private_key = [] { return Result<Secret>(Secret::copy_of(as_bytes("?"))); };
  }
  SECTION("that could not be unwrapped") {
    order.private_key = [] { return Result<Secret>(fail(Errc::malformed, "x")); };
  }
  CHECK(directory.write({&order, 1}, now).error().code == Errc::malformed);
  CHECK_FALSE(directory.has(order));
}

TEST_CASE_METHOD(OneKey, "a private key that nobody has is named", "[key_directory]") {
  REQUIRE(directory.prepare());
  order.private_key = nullptr;
  CHECK(directory.write({&order, 1}, now).error().code == Errc::not_found);
  CHECK_THAT(directory.write({&order, 1}, now).error().what, Catch::Contains(made.base));
}

TEST_CASE_METHOD(OneKey, "a full disk leaves the files as they were, and says so",
                 "[key_directory]") {
  write();
  const std::string before = read(private_file);
  order.sign_zone = true;
  {
    const FullDisk full;
    const auto change = directory.write({&order, 1}, now);
    REQUIRE_FALSE(change);
    CHECK(change.error().code == Errc::unavailable);
    CHECK(change.error().what ==
          "cannot write " + private_file.string() + ": File too large; free space there");
  }
  CHECK(read(private_file) == before);
  CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 2);
  CHECK(write() == KeyChange::activation);
}

TEST_CASE_METHOD(OneKey, "a directory that is not ours to write says whose it should be",
                 "[key_directory]") {
  fs::permissions(root.path(),
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_exec);
  const bool is_root = geteuid() == 0;
  if (is_root) REQUIRE(seteuid(65534) == 0);  // nobody
  const auto prepared = directory.prepare();
  if (is_root) REQUIRE(seteuid(0) == 0);
  fs::permissions(root.path(), fs::perms::owner_all);
  REQUIRE_FALSE(prepared);
  CHECK(prepared.error().code == Errc::denied);
  CHECK(prepared.error().what ==
        "cannot create " + directory.path().string() +
            ": Permission denied; let it belong to the user of rollcalld and the group of "
            "named, mode 2750");
}

TEST_CASE_METHOD(OneKey, "beside files of bind-dyndb-ldap keys have a directory of their own",
                 "[key_directory]") {
  KeyDirectory beside(root.path(), "example.test.", KeyLayout::dyndb_ldap);
  CHECK(beside.path() == root.path() / "example.test" / "keys");
  REQUIRE(beside.prepare());
  REQUIRE(beside.write({&order, 1}, now));
  CHECK(fs::exists(beside.path() / (made.base + ".private")));
  CHECK(mode_of(root.path() / "example.test") == 02770);  // named writes there
  CHECK(mode_of(beside.path()) == 02750);
}

TEST_CASE_METHOD(OneKey, "what named made there stays as it is, and half of a directory is made anew",
                 "[key_directory]") {
  KeyDirectory beside(root.path(), "example.test.", KeyLayout::dyndb_ldap);
  const fs::path own = root.path() / "example.test";
  fs::create_directory(own);
  fs::permissions(own, fs::perms::owner_all | fs::perms::group_all);
  put(own / "raw", "of named");
  fs::create_directory(beside.path());
  fs::permissions(beside.path(), fs::perms::owner_all);
  REQUIRE(beside.prepare());
  CHECK(mode_of(own) == 0770);
  CHECK(read(own / "raw") == "of named");
  CHECK(mode_of(beside.path()) == 02750);
}

TEST_CASE_METHOD(OneKey, "without the root of key directories nothing is made", "[key_directory]") {
  KeyDirectory lost(root.path() / "none", "example.test.");
  const auto prepared = lost.prepare();
  REQUIRE_FALSE(prepared);
  CHECK(prepared.error().code == Errc::denied);
  CHECK_THAT(prepared.error().what, Catch::Contains((root.path() / "none").string()) &&
                                        Catch::Contains("create its directory"));
}

TEST_CASE("a name that leaves no room for those of key files is refused", "[key_directory]") {
  const dns::test::TemporaryDirectory root;
  const std::string label(58, 'a');
  const std::string three = label + "." + label + "." + label + ".";               // 177
  CHECK(KeyDirectory(root.path(), three + std::string(58, 'b') + ".").prepare());  // 236
  CHECK(KeyDirectory(root.path(), three + std::string(59, 'b') + ".").prepare().error().code ==
        Errc::malformed);
}

TEST_CASE_METHOD(OneKey, "keys of others are left alone and listed", "[key_directory]") {
  write();
  CHECK(directory.foreign_files().value().empty());
  const auto other = maker.key("-a 13");
  put(directory.path() / (other.base + ".key"), maker.file(other.base + ".key"));
  write();
  CHECK(directory.foreign_files() == std::vector<std::string>{other.base + ".key"});
}
