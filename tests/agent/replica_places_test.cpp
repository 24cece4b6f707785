// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/replica_places.h"

#include <catch2/catch.hpp>

#include "tests/control/sample.h"

using namespace rollcall;
using namespace rollcall::agent;

namespace {

const std::string own = "a.example.com", ldapi = "ldapi://%2Frun%2Fldapi";

directory::LdapOptions options(const std::string& ca_file = "/etc/ca.pem") {
  directory::LdapOptions made;
  made.uris = {ldapi};
  made.auth = directory::PasswordAuth{"uid=agent", "/etc/password"};
  made.ca_file = ca_file;
  return made;
}

std::vector<std::string> uris(const ReplicaPlaces& found) {
  std::vector<std::string> all;
  for (const ReplicaPlace& place : found.places) all.push_back(place.uris.front());
  return all;
}

ReplicaPlaces places(const directory::LdapOptions& how,
                     const std::vector<std::pair<std::string, std::string>>& named = {}) {
  return replica_places(sample::cluster(), own, how, named);
}

}  // namespace

TEST_CASE("the other members' directories are at their hosts", "[health]") {
  const ReplicaPlaces found = places(options());
  CHECK(uris(found) ==
        std::vector<std::string>{ldapi, "ldap://b.example.com", "ldap://c.example.com"});
  CHECK(found.not_compared.empty());
}

TEST_CASE("or where the configuration says, and whom it leaves out is told", "[health]") {
  const ReplicaPlaces found =
      places(options(), {{"b.example.com", "ldaps://b:1"}, {own, "ldaps://a:1"}});
  CHECK(uris(found) == std::vector<std::string>{ldapi, "ldaps://b:1"});
  REQUIRE(found.not_compared.size() == 1);
  CHECK(found.not_compared[0].host == "c.example.com");
  CHECK(found.not_compared[0].why == "replicas does not name it");
}

TEST_CASE("who cannot prove elsewhere who it is says of each replica why", "[health]") {
  const auto check = [](const directory::LdapOptions& how, const std::string& why) {
    const ReplicaPlaces found = places(how);
    CHECK(uris(found) == std::vector<std::string>{ldapi});
    REQUIRE(found.not_compared.size() == 2);
    CHECK(found.not_compared[1].why.find(why) != std::string::npos);
    CHECK(found.not_compared[1].cure.find("rollcall health on c.example.com") != std::string::npos);
  };
  check(options(""), "no CA");
  directory::LdapOptions by_user = options();
  by_user.auth = directory::ExternalAuth{};
  check(by_user, "Unix user");
  by_user.auth = directory::ExternalAuth{"/etc/agent.pem", "/etc/agent.key"};
  CHECK(places(by_user).not_compared.empty());
}

TEST_CASE("a member that is out is asked for nothing", "[health]") {
  MemberStatus status = sample::cluster();
  status.members[2].in_roster = false;
  CHECK(replica_places(status, own, options(""), {}).not_compared.size() == 1);
}
