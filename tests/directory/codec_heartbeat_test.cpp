// SPDX-License-Identifier: GPL-3.0-or-later
// The heartbeat as one octet string.
#include "lib/directory/codec_heartbeat.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "lib/directory/codec_frame.h"
#include "tests/directory/codec_samples.h"

using namespace rollcall;
using namespace rollcall::directory;
using namespace rollcall::directory::samples;

namespace {

std::string length(std::size_t size) {
  return {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
          static_cast<char>(size)};
}
std::string s(const std::string& text) { return length(text.size()) + text; }

const std::string alice_text = "a1a1a1a1-a1a1-a1a1-a1a1-a1a1a1a1a1a1";
const std::string bob_text = "b2b2b2b2-b2b2-b2b2-b2b2-b2b2b2b2b2b2";

std::string repeated(const std::string& digits, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += digits;
  return text;
}

// The pairs of the sample, by hand.
std::string sample_pairs() {
  return s("address") + s("192.0.2.1@53") +
         s("address") + s("2001:db8::1@53") +
         s("alarm") + s("ds not at parent") +
         s("alarm") + s("zone example.test. is lost") +
         s("behind") + s("example.test. 1 *") +
         s("behind") + s("example.test. 2 " + bob_text + ".2.10") +  // sorted as bytes, not as numbers
         s("behind") + s("example.test. 2 " + bob_text + ".2.5") +
         s("counter") + s("7") +
         s("dnskeyttl") + s("3600") +
         s("instance") + s("99999999-9999-9999-9999-999999999999") +
         s("lacks") + s(bob_text + ".2.8") +
         s("lastchain") + s(repeated("ca", 32)) +
         s("lastseq") + s("42") +
         s("maxzonettl") + s("86400") +
         s("member") + s(alice_text + ".1") +
         s("nextkeys") + s("20260602080000.000000000Z") +
         s("resign") + s("5") +
         s("roster") + s(alice_text + ".1") +
         s("roster") + s(bob_text + ".2") +
         s("serving") + s("TRUE") +
         s("swap") + s("together") +
         s("time") + s("20260601080000.000000000Z") +
         s("vector") + s(alice_text + ".1 42 " + repeated("ca", 32)) +
         s("vector") + s(bob_text + ".2 7 " + repeated("cb", 32)) +
         s("version") + s("0.1.0");
}

Bytes sample() { return encode(cluster, heartbeat(), signature); }

// The sample's pairs with changes, framed and signed anew.
Bytes with(const std::function<void(Attributes&)>& change) {
  Attributes pairs = unframe("rollcall-heartbeat-1", cluster, sample())->pairs;
  change(pairs);
  Bytes value = frame("rollcall-heartbeat-1", cluster, pairs);
  append_string(value, signature);
  return value;
}

std::string why_not(const Bytes& value) {
  const auto read = decode(cluster, value);
  return read ? "it was read" : read.error().what;
}

}  // namespace

TEST_CASE("a heartbeat is these bytes", "[codec]") {
  const std::string expected = s("rollcall-heartbeat-1") + s(std::string(16, '\xcc')) + length(25) +
                               sample_pairs() + s(std::string(64, '\x55'));
  CHECK(as_text(sample()) == expected);
}

TEST_CASE("a heartbeat comes back as it went in", "[codec]") {
  const auto read = decode(cluster, sample());
  REQUIRE(read);
  CHECK(read->signature == signature);
  CHECK(read->signed_bytes == signed_part(cluster, heartbeat()));
  CHECK(read->unknown.empty());
  CHECK(encode(cluster, read->heartbeat, read->signature) == sample());

  const Heartbeat expected = heartbeat();
  CHECK(read->heartbeat.member == expected.member);
  CHECK(read->heartbeat.vector == expected.vector);
  CHECK(read->heartbeat.behind == expected.behind);
  CHECK(read->heartbeat.roster == expected.roster);
  CHECK(read->heartbeat.lacks == expected.lacks);
  CHECK(read->heartbeat.signer == expected.signer);
  CHECK(read->heartbeat.next_keys == expected.next_keys);
  CHECK(read->heartbeat.alarms == expected.alarms);
  CHECK(read->heartbeat.addresses == expected.addresses);
}

TEST_CASE("the smallest heartbeat has empty lists", "[codec]") {
  Heartbeat small;
  small.member = {alice, 1};
  const auto read = decode(cluster, encode(cluster, small, signature));
  REQUIRE(read);
  CHECK(read->heartbeat.vector.empty());
  CHECK(read->heartbeat.version.empty());
  CHECK_FALSE(read->heartbeat.next_keys);
}

TEST_CASE("the order of lists in memory does not change a heartbeat", "[codec]") {
  Heartbeat other = heartbeat();
  std::ranges::reverse(other.roster);
  std::ranges::reverse(other.vector);
  std::ranges::reverse(other.behind);
  other.alarms.push_back(other.alarms.front());  // said twice is said once
  CHECK(encode(cluster, other, signature) == sample());
}

TEST_CASE("what a newer member says besides is skipped, but signed", "[codec]") {
  const Bytes value = with([](Attributes& pairs) { pairs["mood"] = {to_bytes("fine")}; });
  const auto read = decode(cluster, value);
  REQUIRE(read);
  CHECK(read->unknown == std::vector<std::string>{"mood"});
  CHECK(read->heartbeat.counter == 7);
  CHECK(read->signed_bytes == Bytes(value.begin(), value.end() - 4 - 64));
}

TEST_CASE("a heartbeat that contradicts itself is refused", "[codec]") {
  CHECK_THAT(why_not(with([](Attributes& p) { p.erase("counter"); })),
             Catch::EndsWith("counter is missing"));
  CHECK_THAT(why_not(with([](Attributes& p) { p["counter"].push_back(to_bytes("8")); })),
             Catch::EndsWith("counter has more than one value"));
  CHECK_THAT(why_not(with([](Attributes& p) {
               p["vector"].push_back(to_bytes(bob_text + ".2 8 " + repeated("cb", 32)));
             })),
             Catch::EndsWith("vector names an author twice"));
  CHECK_THAT(why_not(with([](Attributes& p) {
               p["behind"].push_back(to_bytes("example.test. 1 " + bob_text + ".2.5"));
             })),
             Catch::EndsWith("behind names a zone as a whole and in part"));
}

TEST_CASE("another cluster, another format, or something else is told apart", "[codec]") {
  CHECK_THAT(decode(bob, sample()).error().what, Catch::Contains("it is not of cluster " + bob_text));
  CHECK_THAT(why_not(to_bytes("hello")), Catch::Contains("does not begin with"));
  CHECK_THAT(why_not({}), Catch::Contains("does not begin with"));
  Bytes longer = sample();
  longer.push_back(std::byte{0});
  CHECK_THAT(why_not(longer), Catch::EndsWith("it does not end with a signature"));
  CHECK_THAT(why_not(Bytes(max_heartbeat_bytes + 1)), Catch::Contains("larger"));
}

TEST_CASE("pairs that are not sorted, or come twice, are refused", "[codec]") {
  const auto value = [](const std::string& pairs, std::size_t count) {
    return to_bytes(s("rollcall-heartbeat-1") + s(std::string(16, '\xcc')) + length(count) + pairs);
  };
  const auto is_frame = [](const Bytes& bytes) {
    return unframe("rollcall-heartbeat-1", cluster, bytes).has_value();
  };
  const std::string a = s("a") + s("1");
  const std::string b = s("b") + s("1");
  CHECK(is_frame(value(a + b, 2)));
  CHECK_FALSE(is_frame(value(b + a, 2)));
  CHECK_FALSE(is_frame(value(a + a, 2)));
  CHECK_FALSE(is_frame(value(a, 2)));
  CHECK_FALSE(is_frame(value(a, 0xffffffff)));
  CHECK(is_frame(value("", 0)));
}

TEST_CASE("every cut heartbeat is refused", "[codec]") {
  const Bytes whole = sample();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size << " bytes");
    REQUIRE_FALSE(decode(cluster, ByteView{whole}.first(size)));
  }
}

TEST_CASE("every flipped bit of a heartbeat is refused or read as what it then says", "[codec]") {
  const Bytes whole = sample();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    const auto read = decode(cluster, flipped);
    if (!read) continue;
    INFO("bit " << bit);
    const bool in_signature = bit / 8 >= whole.size() - 64;
    REQUIRE((read->signed_bytes == signed_part(cluster, heartbeat())) == in_signature);
    if (read->unknown.empty()) REQUIRE(encode(cluster, read->heartbeat, read->signature) == flipped);
  }
}
