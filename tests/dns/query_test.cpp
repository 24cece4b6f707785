// SPDX-License-Identifier: GPL-3.0-or-later
// Against a real named: each way in which a server can answer, or not.
#include "lib/dns/query.h"

#include <thread>

#include "lib/dns/zone_view.h"
#include "tests/dns/named.h"

using namespace rollcall;
using namespace rollcall::dns;
using rollcall::dns::test::Named;

namespace {

constexpr Timeout enough{10'000};
const std::string digest(64, 'A');

struct Servers : Named {
  Servers()
      : Named({plain("parent.test"),
               plain("child.parent.test"),
               plain("broken.test"),
               {"closed.test",
                plain("closed.test").text + " allow-query { none; }; allow-transfer { none; };"}}) {
    write_zone("parent.test", small_zone("signed NS ns.signed\nsigned 77 DS 12345 13 2 " + digest +
                                         "\nsigned 77 DS 1 13 4 " + digest + std::string(32, 'B') +
                                         "\nunsigned NS ns.unsigned\n"));
    write_zone("child.parent.test", small_zone());
    write_zone("closed.test", small_zone());
    start();
  }
  Result<DsAnswer> ds(const ZoneName& zone) const { return query_ds(address(), zone, enough); }
};

// Accepts and then does as told.
class Peer {
 public:
  template <class Act>
  explicit Peer(Act act) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(socket_, 1) == 0);
    REQUIRE(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    address_.port = ntohs(address.sin_port);
    thread_ = std::thread([this, act] {
      const int client = accept(socket_, nullptr, nullptr);
      act(client);
      // Until the other side has gone.
      for (std::array<char, 512> buffer; read(client, buffer.data(), buffer.size()) > 0;) continue;
      close(client);
    });
  }
  ~Peer() {
    thread_.join();
    close(socket_);
  }
  const Address& address() const { return address_; }

 private:
  int socket_;
  Address address_{"127.0.0.1", 0};
  std::thread thread_;
};

}  // namespace

TEST_CASE_METHOD(Servers, "a server of the parent says which DS it has", "[query]") {
  SECTION("some, with their TTL, sorted") {
    const DsAnswer answer = ds("signed.parent.test.").value();
    REQUIRE(answer.ds.size() == 2);
    CHECK(answer.ds[0].key_tag == 1);
    CHECK(answer.ds[1] == Ds{12345, 13, 2, from_hex(digest).value()});
    CHECK(answer.ttl == Seconds{77});
    CHECK(answer.delegated);
  }
  SECTION("none is an answer, with the TTL of that answer") {
    const DsAnswer answer = ds("unsigned.parent.test.").value();
    CHECK(answer.ds.empty());
    CHECK(answer.ttl == Seconds{120});
    CHECK(answer.delegated);
  }
  SECTION("so is that it does not know the zone") {
    CHECK_FALSE(ds("nobody.parent.test.").value().delegated);
  }
}

TEST_CASE_METHOD(Servers, "no answer about a DS is told apart from none", "[query]") {
  SECTION("it refuses") { CHECK(ds("x.closed.test.").error().code == Errc::denied); }
  SECTION("it has not loaded the parent") {
    CHECK(ds("x.broken.test.").error().code == Errc::unavailable);
    CHECK_THAT(ds("x.broken.test.").error().what,
               Catch::Contains("x.broken.test. DS at 127.0.0.1@") && Catch::Contains("SERVFAIL"));
  }
  SECTION("it has a parent of another zone only") {
    CHECK(ds("example.org.").error().code == Errc::denied);
  }
}

TEST_CASE("a server of the child is no server of the parent", "[query]") {
  Named server({Named::plain("child.parent.test")});
  server.write_zone("child.parent.test", Named::small_zone());
  server.start();
  const auto answer = query_ds(server.address(), "child.parent.test.", enough);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::not_found);
  CHECK_THAT(answer.error().what, Catch::Contains("it serves the zone itself and not its parent"));
}

TEST_CASE("a server below the delegation is lame for the parent", "[query]") {
  Named server({Named::plain("test")});
  server.write_zone("test", Named::small_zone("parent NS ns.parent\nns.parent A 192.0.2.3\n"));
  server.start();
  CHECK(query_ds(server.address(), "child.parent.test.", enough).error().code == Errc::not_found);
}

TEST_CASE_METHOD(Servers, "DNSKEY records come with their TTL, and none is an answer", "[query]") {
  CHECK(query_dnskey(address(), "parent.test.", enough).value().dnskeys.empty());
  CHECK(query_dnskey(address(), "unsigned.parent.test.", enough).error().code == Errc::not_found);
  CHECK(query_dnskey(address(), "nobody.parent.test.", enough).error().code == Errc::not_found);

  test::ZoneMaker maker;
  const auto key = maker.key("-a 13 -L 60");
  Named server({Named::plain("example.test")});
  server.write_zone("example.test",
                    Named::small_zone(dnskey_record("example.test.", key.rdata).value() + "\n"));
  server.start();
  const DnskeyAnswer answer = query_dnskey(server.address(), "example.test.", enough).value();
  CHECK(answer.dnskeys == std::vector<Bytes>{key.rdata});
  CHECK(answer.ttl == Seconds{300});
}

TEST_CASE_METHOD(Servers, "the apex comes with the signatures over its SOA and its keys", "[query]") {
  const Time now = *from_iso("2026-06-15T00:00:00Z");
  CHECK(query_apex(address(), "parent.test.", enough, now).value().signatures.empty());
  CHECK(query_apex(address(), "nobody.parent.test.", enough, now).error().code == Errc::not_found);
  CHECK(query_apex(address(), "closed.test.", enough, now).error().code == Errc::denied);

  test::ZoneMaker maker;
  const auto key = maker.key("-a 13 -f KSK");
  Named server({Named::plain("example.test")});
  server.write_zone("example.test", maker.signed_by({key}, "-z"));
  server.start();
  const ApexAnswer apex = query_apex(server.address(), "example.test.", enough, now).value();
  CHECK(apex.dnskeys == std::vector<Bytes>{key.rdata});
  REQUIRE(apex.signatures.size() == 2);
  CHECK_FALSE(apex.signatures.front().over_keys);
  CHECK(apex.signatures.back().over_keys);
  for (const auto& signature : apex.signatures) {
    CHECK(signature.key_tag == key_tag(key.rdata).value());
    CHECK(signature.expires == from_iso("2026-07-01T00:00:00Z"));
  }
}

TEST_CASE_METHOD(Servers, "a transfer brings every record, the SOA once", "[query]") {
  const Zone zone = transfer(address(), "child.parent.test.", enough).value();
  CHECK(zone.size() == 3);
  CHECK(view_zone(zone, {}, Time{}).value().serial == 1);
}

TEST_CASE("a transfer of many messages is one zone", "[query]") {
  Named server({Named::plain("big.test")});
  std::string names;
  for (int i = 0; i < 5000; ++i)
    names += "name" + std::to_string(i) + " TXT " + std::string(100, 'x') + "\n";
  server.write_zone("big.test", Named::small_zone(names));
  server.start();
  CHECK(transfer(server.address(), "big.test.", enough).value().size() == 5003);
}

TEST_CASE_METHOD(Servers, "a transfer that does not come says why", "[query]") {
  CHECK(transfer(address(), "closed.test.", enough).error().code == Errc::denied);
  CHECK(transfer(address(), "broken.test.", enough).error().code == Errc::unavailable);
  CHECK(transfer(address(), "other.test.", enough).error().code == Errc::not_found);
}

TEST_CASE("a server that is not there, or silent, or gone in the middle, is unavailable",
          "[query]") {
  SECTION("nobody listens") {
    const auto answer = query_ds({"127.0.0.1", test::free_port()}, "a.test.", enough);
    CHECK(answer.error().code == Errc::unavailable);
    CHECK_THAT(answer.error().what, Catch::Contains("Connection refused"));
  }
  SECTION("it says nothing") {
    const Peer peer([](int) {});
    CHECK_THAT(query_ds(peer.address(), "a.test.", Timeout{50}).error().what,
               Catch::Contains("not in time"));
  }
  SECTION("it says half of something") {
    const Peer peer([](int client) { CHECK(write(client, "\0\x20half", 6) == 6); });
    CHECK_THAT(query_ds(peer.address(), "a.test.", Timeout{50}).error().what,
               Catch::Contains("not in time"));
  }
  SECTION("it closes the connection") {
    const Peer peer([](int client) { shutdown(client, SHUT_WR); });
    CHECK_THAT(query_ds(peer.address(), "a.test.", enough).error().what,
               Catch::Contains("closed the connection"));
  }
}

TEST_CASE("what is not DNS is malformed", "[query]") {
  const Peer peer([](int client) {
    CHECK(write(client,
                "\0\x04"
                "HTTP",
                6) == 6);
  });
  CHECK(query_ds(peer.address(), "a.test.", enough).error().code == Errc::malformed);
}
