// SPDX-License-Identifier: GPL-3.0-or-later
// Whom the intake believes, and what it does with the rest.
#include "lib/agent/intake.h"

#include <catch2/catch.hpp>

#include "lib/agent/clock.h"
#include "lib/agent/core_crypto.h"
#include "lib/core/delay.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/directory/codec.h"

using namespace rollcall;
using namespace rollcall::agent;

namespace {

const std::string base = "cn=rollcall";
const ZoneRef zone{"example.test.", 1};

// Somebody who writes facts, with a true signature or a broken one.
struct Author {
  explicit Author(const std::string& host) {
    keys.member = crypto::random_uuid();
    keys.host = host;
    keys.signing = identity.signing_key();
    keys.sealing = identity.sealing_key();
  }

  directory::Entry fact(const Uuid& cluster, std::uint64_t seq, const FactContent& content,
                        const std::optional<Bytes>& wrapped = {}) const {
    const FactId id{{keys.member, keys.incarnation}, seq};
    auto attributes = directory::attributes_of(id, now().wall, content);
    const Signature signature = identity.sign(directory::signed_bytes(cluster, attributes));
    attributes = directory::signed_attributes(std::move(attributes), signature);
    if (wrapped) attributes = directory::with_wrapped_key(std::move(attributes), *wrapped);
    return {directory::fact_dn(base, id), std::move(attributes)};
  }

  crypto::Identity identity = crypto::Identity::make();
  MemberKeys keys;
};

Reject a_reject(const Author& author) {
  return {
      zone, {Role::zsk, Algorithm::ecdsap256sha256, 1}, {{author.keys.member, 1}, 7}, "a reason"};
}

Membership founder(const Author& self) {
  Membership out;
  out.cluster = crypto::random_uuid();
  out.self = self.keys;
  out.anchor = {{self.keys.member, 1}, self.keys.signing};
  out.founder = true;
  return out;
}

// A member that knows nobody but itself.
struct Reader {
  Author us{"us.test"}, joiner{"joiner.test"}, third{"third.test"};
  Membership self = founder(us);
  Keyring keyring{crypto::Identity::make()};
  CoreCrypto crypto{self.cluster, keyring};
  RandomDelay delay;
  Member member{{us.keys.member, 1}, crypto::random_uuid(), {}, crypto, delay, {}};
  Trust trust{self.anchor};
  Staging staging;
  std::vector<FactId> heard;
  std::vector<directory::DirectoryRequest> asked;
  std::vector<Uuid> answered;
  Intake intake{
      {self, base, member, trust, staging},
      {[] {}, [this](const Fact& fact) { heard.push_back(fact.id); },
       [](const directory::MemberEntry&) {}, [](directory::State, const std::string&) {},
       [](const std::vector<std::string>&) {},
       [this](const directory::DirectoryRequest& request) { asked.push_back(request); },
       [this](const Uuid& request) { answered.push_back(request); }}};

  std::string alarm_about(const std::string& dn) const {
    for (const std::string& alarm : member.status(now()).alarms) {
      if (alarm.find(dn) != std::string::npos) return alarm;
    }
    return {};
  }
  directory::Entry admission(const Author& by, std::uint64_t seq, const Author& of) const {
    return by.fact(self.cluster, seq, Admit{of.keys, {by.keys}});
  }
};

}  // namespace

TEST_CASE_METHOD(Reader, "who is not vouched for is heard as soon as he is", "[intake]") {
  const auto early = joiner.fact(self.cluster, 1, a_reject(joiner));
  intake.entry(early);
  CHECK(heard.empty());
  CHECK(alarm_about(early.dn).empty());  // nothing is wrong with it

  intake.entry(admission(us, 1, joiner));
  CHECK(heard == std::vector<FactId>{{{us.keys.member, 1}, 1}, {{joiner.keys.member, 1}, 1}});
}

TEST_CASE_METHOD(Reader, "vouching goes on from one to the next, in whatever order it is read",
                 "[intake]") {
  intake.entry(third.fact(self.cluster, 1, a_reject(third)));
  intake.entry(admission(joiner, 1, third));
  CHECK(heard.empty());
  intake.entry(admission(us, 1, joiner));
  CHECK(heard.size() == 3);
}

TEST_CASE_METHOD(Reader, "what waited and was forged is not heard then either", "[intake]") {
  Author impostor{"impostor.test"};
  impostor.keys.member = joiner.keys.member;
  const auto forged = impostor.fact(self.cluster, 1, a_reject(joiner));
  intake.entry(forged);
  intake.entry(admission(us, 1, joiner));
  CHECK(heard.size() == 1);
  CHECK_THAT(alarm_about(forged.dn), Catch::Contains("its signature does not verify"));
}

TEST_CASE_METHOD(Reader, "what waited and went away is forgotten", "[intake]") {
  const auto early = joiner.fact(self.cluster, 1, a_reject(joiner));
  intake.entry(early);
  intake.vanished(early.dn);
  intake.entry(admission(us, 1, joiner));
  CHECK(heard.size() == 1);
}

TEST_CASE_METHOD(Reader, "an unreadable entry is an alarm until it is readable, or gone",
                 "[intake]") {
  const auto whole = us.fact(self.cluster, 1, a_reject(us));
  directory::Entry broken = whole;
  if (GENERATE(true, false)) {
    broken.attributes = us.fact(crypto::random_uuid(), 1, a_reject(us)).attributes;
  } else {
    broken.attributes.erase(broken.attributes.begin());
  }
  intake.entry(broken);
  CHECK(heard.empty());
  CHECK_FALSE(alarm_about(whole.dn).empty());
  SECTION("readable") {
    intake.entry(whole);
    CHECK(heard.size() == 1);
  }
  SECTION("gone") { intake.vanished(whole.dn); }
  CHECK(alarm_about(whole.dn).empty());
}

TEST_CASE_METHOD(Reader, "a candidate with a key that its author did not sign for is refused",
                 "[intake]") {
  const Bytes wrapped = to_bytes(std::string_view("the wrapped key")),
              other = to_bytes(std::string_view("another one"));
  Candidate candidate;
  candidate.zone = zone;
  candidate.generation = {Role::zsk, Algorithm::ecdsap256sha256, 1};
  candidate.created = candidate.due = now().wall;
  candidate.why = "first";
  candidate.dnskey = Bytes(68, std::byte{3});
  candidate.fingerprint = crypto::sha256(candidate.dnskey);
  candidate.epoch = 1;
  candidate.wrapped_digest = crypto::sha256(wrapped);
  const FactId id{{us.keys.member, 1}, 1};

  const auto exchanged = us.fact(self.cluster, 1, candidate, other);
  intake.entry(exchanged);
  CHECK(heard.empty());
  CHECK_THAT(alarm_about(exchanged.dn), Catch::Contains("not the one that its author signed for"));
  CHECK(staging.received.empty());

  directory::Entry whole = exchanged;
  whole.attributes[directory::wrapped_key_attribute] = {wrapped};
  intake.entry(whole);
  CHECK(heard == std::vector<FactId>{id});
  CHECK(staging.received.at(id) == wrapped);
  CHECK(alarm_about(whole.dn).empty());
}

TEST_CASE_METHOD(Reader, "a rewrap with a key that its author did not sign for is refused", "[intake]") {
  const Bytes wrapped = to_bytes(std::string_view("the wrapped key")),
              other = to_bytes(std::string_view("another one"));
  const Rewrap rewrap{zone, {{us.keys.member, 1}, 9}, 2, crypto::sha256(wrapped)};
  const FactId id{{us.keys.member, 1}, 1};

  const auto exchanged = us.fact(self.cluster, 1, rewrap, other);
  intake.entry(exchanged);
  CHECK(heard.empty());
  CHECK_THAT(alarm_about(exchanged.dn), Catch::Contains("not the one that its author signed for"));

  directory::Entry whole = exchanged;
  whole.attributes[directory::wrapped_key_attribute] = {wrapped};
  intake.entry(whole);
  CHECK(heard == std::vector<FactId>{id});
  CHECK(staging.received.at(id) == wrapped);
}

TEST_CASE("a request and its answer are told, and one that cannot be read is an alarm", "[intake]") {
  Reader reader;
  const Uuid id = crypto::random_uuid();
  directory::Entry entry{directory::request_dn(base, id),
                         {{"cn", {to_bytes(to_string(id))}},
                          {"rollcallwish", {to_bytes("roll")}},
                          {"rollcallzone", {to_bytes("example.test.")}},
                          {"rollcallrole", {to_bytes("ZSK")}}}};
  reader.intake.entry(entry);
  CHECK(reader.asked.empty());
  CHECK_THAT(reader.alarm_about(entry.dn), Catch::Contains("rollcallgeneration is missing"));

  entry.attributes["rollcallgeneration"] = {to_bytes("3")};
  for (const char* name : {".", "-a.test.", "$(id)."}) {
    entry.attributes["rollcallzone"] = {to_bytes(name)};
    reader.intake.entry(entry);
    CHECK(reader.asked.empty());
    CHECK_THAT(reader.alarm_about(entry.dn), Catch::Contains("not a zone name"));
  }
  entry.attributes["rollcallzone"] = {to_bytes("example.test.")};
  reader.intake.entry(entry);
  CHECK(reader.alarm_about(entry.dn).empty());
  REQUIRE(reader.asked.size() == 1);
  CHECK(reader.asked.front().id == id);

  reader.intake.entry(directory::answer_entry(base, reader.us.keys.member, {id, true, ""}, now().wall));
  CHECK(reader.answered == std::vector{id});
}
