// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/store.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "lib/agent/core_crypto.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/crypto/zone_key.h"

namespace rollcall::agent {
namespace {

namespace fs = std::filesystem;

/// A private directory that goes with the test.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "rollcall-store-XXXXXX").native();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// A member with real keys, so that facts are signed as they are in life.
struct Author {
  Keyring keyring{crypto::Identity::make()};
  Membership self;
  CoreCrypto crypto;

  Author() : self(membership(keyring)), crypto(self.cluster, keyring) {}

  static Membership membership(const Keyring& keyring) {
    Membership out;
    out.cluster = crypto::random_uuid();
    out.self = {crypto::random_uuid(), 1, "a.example.test", keyring.identity().signing_key(),
                keyring.identity().sealing_key()};
    out.anchor = {{out.self.member, 1}, out.self.signing};
    out.founder = true;
    return out;
  }

  Fact fact(std::uint64_t seq, FactContent content) const {
    Fact out{{{self.self.member, 1}, seq}, Time{Seconds{1'000'000}}, {}, std::move(content)};
    out.signature = crypto.sign(out.id, out.created, out.content);
    return out;
  }
};

const ZoneRef zone{"example.test.", 1};
const Generation zsk_1{Role::zsk, Algorithm::ecdsap256sha256, 1};

Candidate candidate_with(ByteView wrapped) {
  const auto key = crypto::generate(Role::zsk, Algorithm::ecdsap256sha256);
  REQUIRE(key);
  Candidate c;
  c.zone = zone;
  c.generation = zsk_1;
  c.created = c.due = Time{Seconds{1'000'000}};
  c.why = "first";
  c.dnskey = key->dnskey;
  c.fingerprint = crypto::fingerprint(c.dnskey);
  c.key_tag = *crypto::key_tag(c.dnskey);
  c.epoch = 1;
  c.wrapped_digest = crypto::sha256(wrapped);
  return c;
}

std::unique_ptr<Store> open(const fs::path& directory) {
  auto store = Store::open(directory);
  INFO((store ? "" : store.error().what));
  REQUIRE(store);
  return std::move(*store);
}

void save(Store& store, const std::vector<Save>& saves, Staging& staging,
          const std::string& boot = "boot-1") {
  const auto saved = store.save(saves, boot, staging);
  INFO((saved ? "" : saved.error().what));
  REQUIRE(saved);
}

Restored restore(Store& store, const Author& author, const std::string& boot = "boot-1") {
  auto restored = store.restore(author.self, boot);
  INFO((restored ? "" : restored.error().what));
  REQUIRE(restored);
  return std::move(*restored);
}

}  // namespace

TEST_CASE("who we are survives", "[store]") {
  const Scratch scratch;
  const Author author;
  CHECK_FALSE(open(scratch.path())->membership()->has_value());
  REQUIRE(open(scratch.path())->set_membership(author.self));
  const auto read = open(scratch.path())->membership();
  REQUIRE(read);
  REQUIRE(read->has_value());
  CHECK((*read)->cluster == author.self.cluster);
  CHECK((*read)->self == author.self.self);
  CHECK((*read)->anchor.member == author.self.anchor.member);
  CHECK((*read)->anchor.signing == author.self.anchor.signing);
  CHECK((*read)->founder);
}

TEST_CASE("every save comes back after a restart", "[store]") {
  const Scratch scratch;
  const Author author;
  const Bytes wrapped = to_bytes("a wrapped key");
  const Candidate candidate = candidate_with(wrapped);
  const Fact own = author.fact(1, candidate);
  const WaitKey wait{zone, candidate.fingerprint, Record::ds, Change::withdrawn};
  const Intent intent{zone, {Role::ksk, Algorithm::ed25519, 7}};
  const Incarnation other{crypto::random_uuid(), 2};
  const VectorEntry progress{other, 41, crypto::sha256(wrapped)};
  const Behind some{zone, {{other, 3}, {other, 5}}};
  const Behind whole{{"whole.test.", 2}, {}};
  const ServedSet set{ServedSet::Kind::dnskey, {candidate.fingerprint, crypto::sha256(wrapped)}, {candidate.fingerprint}};
  const std::vector<ServedEntry> served{{author.self.self.member, set, Seconds{3600}, BootTime{Seconds{9}}, false},
                                        {MemberId{}, {ServedSet::Kind::ds, {}, {}}, Seconds{60}, {}}};

  Staging staging;
  staging.made[candidate.fingerprint] = wrapped;
  {
    const auto store = open(scratch.path());
    save(*store,
         {SaveFact{own}, SaveIntent{intent}, SaveWait{wait, BootTime{Seconds{5}}},
          SaveCounter{other, 99}, SaveProgress{{progress}, {some, whole}, true}, SaveServed{zone, served}},
         staging);
  }
  CHECK(staging.made.empty());

  auto store = open(scratch.path());
  const Restored back = restore(*store, author);
  REQUIRE(back.facts.size() == 1);
  CHECK(back.facts[0].id == own.id);
  CHECK(back.facts[0].signature == own.signature);
  CHECK(std::get<Candidate>(back.facts[0].content).dnskey == candidate.dnskey);
  CHECK(std::get<Candidate>(back.facts[0].content).created == candidate.created);  // decides elections
  CHECK(back.intents == std::vector{intent});
  CHECK(back.waits == std::map<WaitKey, BootTime>{{wait, BootTime{Seconds{5}}}});
  CHECK(back.counters == std::map<Incarnation, std::uint64_t>{{other, 99}});
  CHECK(back.vector == std::vector{progress});
  CHECK(back.behind.size() == 2);
  CHECK(std::ranges::find(back.behind, some) != back.behind.end());
  CHECK(std::ranges::find(back.behind, whole) != back.behind.end());
  CHECK(back.serving);
  CHECK(back.served == std::map<ZoneRef, std::vector<ServedEntry>>{{zone, served}});
  CHECK(store->fact(author.self, own.id)->wrapped_key == wrapped);

  SECTION("what is dropped is gone, and progress is replaced") {
    save(*store, {DropIntent{intent}, DropWait{wait}, SaveProgress{{}, {}, false}}, staging);
    const Restored after = restore(*store, author);
    CHECK(after.intents.empty());
    CHECK(after.waits.empty());
    CHECK(after.vector.empty());
    CHECK(after.behind.empty());
    CHECK_FALSE(after.serving);
  }
  SECTION("a new life has carried out nothing, promises nothing and does not serve; facts and ledger stay") {
    REQUIRE(store->begin_life(author.self));
    const Restored after = restore(*store, author);
    CHECK(after.vector.empty());
    CHECK(after.behind.empty());
    CHECK(after.intents.empty());
    CHECK_FALSE(after.serving);
    CHECK(after.facts.size() == 1);
    CHECK(after.waits.empty());
    CHECK(after.counters == back.counters);
    CHECK(after.served == back.served);
  }
  SECTION("waits are worth nothing after a reboot; everything else is") {
    const Restored after = restore(*store, author, "boot-2");
    CHECK(after.waits.empty());
    CHECK(after.intents.size() == 1);
    CHECK(after.served.at(zone) == std::vector{served[1]});  // nobody knows how long ago the other one ended
  }
  SECTION("a store from before there was a ledger gets one") {
    store.reset();
    {
      auto db = Database::open(scratch.path() / "store.db");
      REQUIRE(db);
      REQUIRE(db->execute("DROP TABLE served"));
    }
    const auto old = open(scratch.path());
    CHECK(restore(*old, author).served.empty());
    save(*old, {SaveServed{zone, served}}, staging);
    CHECK(restore(*old, author).served.at(zone) == served);
  }
  SECTION("what was served of a zone is replaced as a whole") {
    save(*store, {SaveServed{zone, {served[1]}}, SaveServed{{"whole.test.", 2}, {}}}, staging);
    CHECK(restore(*store, author).served.at(zone) == std::vector{served[1]});
  }
  SECTION("a wiped key is gone from the file too") {
    REQUIRE(store->wipe_wrapped_key(own.id));
    CHECK_FALSE(store->fact(author.self, own.id)->wrapped_key);
    for (const auto& file : fs::directory_iterator(scratch.path())) {
      std::ifstream in(file.path(), std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(in), {}};
      CHECK(content.find("a wrapped key") == std::string::npos);
    }
  }
}

TEST_CASE("a rewrap is stored with its wrapped key, made here or received", "[store]") {
  const Scratch scratch;
  const Author author;
  const Bytes made = to_bytes("made here"), received = to_bytes("received");
  const Fact own = author.fact(1, Rewrap{zone, {{author.self.self.member, 1}, 9}, 2, crypto::sha256(made)});
  const Fact others = author.fact(2, Rewrap{zone, {{author.self.self.member, 1}, 8}, 2, crypto::sha256(received)});
  Staging staging;
  staging.rewrapped[crypto::sha256(made)] = made;
  staging.received[others.id] = received;
  const auto store = open(scratch.path());
  save(*store, {SaveFact{own}, SaveFact{others}}, staging);
  CHECK(staging.rewrapped.empty());
  CHECK(staging.received.empty());
  CHECK(store->fact(author.self, own.id)->wrapped_key == made);
  CHECK(store->fact(author.self, others.id)->wrapped_key == received);
  CHECK(std::get<Rewrap>(restore(*store, author).facts[0].content).candidate.seq == 9);
}

TEST_CASE("a pass that was not finished left nothing, one that was is whole", "[store]") {
  const Scratch scratch;
  const Author author;
  // Each child dies without a word right after a pass; the next one goes on from there.
  for (std::uint64_t seq = 1; seq <= 5; ++seq) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto store = Store::open(scratch.path());
      Staging staging;
      const std::vector<Save> saves = {SaveFact{author.fact(seq, Tombstone{{{author.self.self.member, 1}, seq}, "t"})},
                                       SaveCounter{{author.self.self.member, 1}, seq}};
      const bool saved = store && (*store)->save(saves, "boot-1", staging);
      ::kill(::getpid(), saved ? SIGKILL : SIGABRT);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WTERMSIG(status) == SIGKILL);
    const auto store = open(scratch.path());
    const Restored back = restore(*store, author);
    CHECK(back.facts.size() == seq);
    CHECK(back.counters.at({author.self.self.member, 1}) == seq);
  }
}

TEST_CASE("a full disk stops a pass as a whole, and the next one works", "[store]") {
  const Scratch scratch;
  const Author author;
  const auto store = open(scratch.path());
  Staging staging;
  const Bytes wrapped(100'000, std::byte{1});
  const Candidate candidate = candidate_with(wrapped);
  staging.made[candidate.fingerprint] = wrapped;
  const std::vector<Save> saves = {SaveCounter{{author.self.self.member, 1}, 1},
                                   SaveFact{author.fact(1, candidate)}};

  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{50'000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto refused = store->save(saves, "boot-1", staging);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, old_handler);

  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find("store.db") != std::string::npos);
  CHECK(restore(*store, author).counters.empty());
  CHECK(staging.made.size() == 1);
  save(*store, saves, staging);
  CHECK(restore(*store, author).facts.size() == 1);
}

TEST_CASE("a store that was deleted or replaced under the agent takes nothing any more", "[store]") {
  const Scratch scratch;
  const Author author;
  const auto file = scratch.path() / "store.db";
  const auto store = open(scratch.path());
  Staging staging;
  const auto counted = [&] { return store->save({{SaveCounter{{author.self.self.member, 1}, 1}}}, "boot-1", staging); };
  REQUIRE(counted());
  SECTION("deleted") { fs::remove(file); }
  SECTION("replaced by a copy") {
    fs::copy_file(file, scratch.path() / "copy");
    fs::rename(scratch.path() / "copy", file);
  }
  const auto refused = counted();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find(file.native()) != std::string::npos);
  CHECK(refused.error().what.find("deleted or replaced") != std::string::npos);
}

TEST_CASE("a store that cannot be used says what and why", "[store]") {
  const Scratch scratch;
  const auto why = [&] {
    const auto store = Store::open(scratch.path());
    REQUIRE_FALSE(store);
    CHECK(store.error().what.find(scratch.path().native()) != std::string::npos);
    return store.error();
  };
  const auto file = scratch.path() / "store.db";

  SECTION("two agents") {
    const auto first = open(scratch.path());
    CHECK(why().code == Errc::conflict);
  }
  SECTION("a newer version") {
    { REQUIRE(open(scratch.path())); }
    auto db = Database::open(file);
    REQUIRE(db);
    REQUIRE(db->execute("PRAGMA user_version = 999"));
    CHECK(why().what.find("version 999") != std::string::npos);
  }
  SECTION("another program's file") {
    auto db = Database::open(file);
    REQUIRE(db);
    REQUIRE(db->execute("CREATE TABLE t (x)"));
    CHECK(why().code == Errc::malformed);
  }
  SECTION("no database at all") {
    std::ofstream(file) << std::string(5000, 'x');
    CHECK(why().code == Errc::malformed);
  }
  SECTION("no directory") {
    fs::remove_all(scratch.path());
    CHECK(why().code == Errc::denied);
  }
}

TEST_CASE("nobody else can read the store", "[store]") {
  const Scratch scratch;
  const auto old_mask = ::umask(0);
  const auto store = open(scratch.path());
  Staging staging;
  save(*store, {SaveCounter{{crypto::random_uuid(), 1}, 1}}, staging);
  ::umask(old_mask);
  for (const auto& entry : fs::directory_iterator(scratch.path())) {
    INFO(entry.path().native());
    CHECK((fs::status(entry.path()).permissions() & (fs::perms::group_all | fs::perms::others_all)) ==
          fs::perms::none);
  }
}

TEST_CASE("an invitation is used once, and can be taken back before", "[store]") {
  const Scratch scratch;
  const Time now{Seconds{1000}};
  const Uuid id = crypto::random_uuid();
  const auto store = open(scratch.path());
  REQUIRE(store->add_invite({id, crypto::random_secret(16), now + Seconds{1}, std::nullopt}));
  REQUIRE(store->invites()->size() == 1);

  SECTION("taken back") {
    CHECK(store->revoke_invite(id, now));
    CHECK(store->invites()->empty());
  }
  SECTION("the second it expires it is over") {
    CHECK(store->revoke_invite(id, now + Seconds{1}).error().code == Errc::not_found);
  }
  SECTION("used") {
    const Uuid joiner = crypto::random_uuid();
    REQUIRE(store->use_invite(id, joiner));
    CHECK(store->invites()->front().used_by == joiner);
    CHECK(store->revoke_invite(id, now).error().code == Errc::not_found);
  }
}

}  // namespace rollcall::agent
