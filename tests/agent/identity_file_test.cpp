// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/identity_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/dns/signed_zone.h"

using namespace rollcall;
using namespace rollcall::agent;

namespace fs = std::filesystem;

namespace {

struct IdentityFile {
  dns::test::TemporaryDirectory directory;
  fs::path file = directory.path() / "identity";

  mode_t mode() const {
    struct stat found {};
    REQUIRE(::stat(file.c_str(), &found) == 0);
    return found.st_mode & 07777;
  }
};

}  // namespace

TEST_CASE_METHOD(IdentityFile, "an identity is made once, for its user only", "[identity_file]") {
  CHECK(load_identity(file).error().code == Errc::not_found);
  const mode_t before = ::umask(0);  // the mode must not rest on it
  const auto made = load_or_make_identity(file);
  ::umask(before);
  REQUIRE(made);
  CHECK(mode() == 0600);
  CHECK(load_or_make_identity(file)->signing_key() == made->signing_key());
  CHECK(load_identity(file)->signing_key() == made->signing_key());
  CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 1);
}

TEST_CASE_METHOD(IdentityFile, "an identity that others could read is refused, and not replaced",
                 "[identity_file]") {
  const auto made = load_or_make_identity(file);
  REQUIRE(made);
  for (const mode_t mode : {0640U, 0604U, 0644U, 0660U, 0602U, 0601U}) {
    CAPTURE(mode);
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    const auto loaded = load_identity(file);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::denied);
    CHECK_THAT(loaded.error().what, Catch::Contains(file.string()));
    CHECK_FALSE(load_or_make_identity(file));
  }
  for (const mode_t mode : {0600U, 0400U}) {
    CAPTURE(mode);
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    REQUIRE(load_identity(file));
    CHECK(load_identity(file)->signing_key() == made->signing_key());
  }
}

TEST_CASE_METHOD(IdentityFile, "a damaged identity is named and not replaced", "[identity_file]") {
  REQUIRE(load_or_make_identity(file));
  fs::resize_file(file, fs::file_size(file) - 1);
  CHECK(load_identity(file).error().code == Errc::malformed);
  CHECK_THAT(load_identity(file).error().what, Catch::Contains(file.string()));
  const auto size = fs::file_size(file);
  CHECK_FALSE(load_or_make_identity(file));
  CHECK(fs::file_size(file) == size);
}
