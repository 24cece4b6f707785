// SPDX-License-Identifier: GPL-3.0-or-later
// Facts as entries: byte-exact, one form each, and nothing else is taken.
#include "lib/directory/codec.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/directory/codec_samples.h"

using namespace rollcall;
using namespace rollcall::directory;
using namespace rollcall::directory::samples;

namespace {

std::string length(std::size_t size) {
  return {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
          static_cast<char>(size)};
}

// A string as it stands in signed bytes, made here independently of the codec.
std::string s(const std::string& text) { return length(text.size()) + text; }

Result<ReadFact> read(const Entry& entry) { return read_fact(cluster, base, entry); }

std::string why_not(const Entry& entry) {
  const auto fact = read(entry);
  return fact ? "it was read" : fact.error().what;
}

Entry changed(const std::string& attribute, std::vector<std::string> values) {
  Entry entry = entry_of(candidate());
  entry.attributes[attribute].clear();
  for (const std::string& value : values) entry.attributes[attribute].push_back(to_bytes(value));
  if (values.empty()) entry.attributes.erase(attribute);
  return entry;
}

// Prints what was read; the same fact must give the same attributes, and so the same signed bytes.
Entry printed(const ReadFact& read) {
  const Fact& fact = read.fact;
  return {fact_dn(base, fact.id),
          signed_attributes(attributes_of(fact.id, fact.created, fact.content), fact.signature)};
}

const std::set<std::string> may_be_absent{
    "rollcallwhy",     "rollcallintroduces", "rollcallwithdraws", "rollcallrestson", "rollcalldsseen",
    "rollcalldspartly", "rollcallbyhand",    "rollcallaskedby",   "rollcallknown",   "rollcallexpires",
    "rollcallforgotten", "rollcallremains", "rollcallhad", "rollcallabandons"};

// Directories keep no order among values.
Attributes sorted(Attributes attributes) {
  for (auto& [name, values] : attributes) std::ranges::sort(values);
  return attributes;
}

}  // namespace

TEST_CASE("the signed bytes of a tombstone are these", "[codec]") {
  const Entry entry = entry_of(Tombstone{{{alice, 1}, 41}, "unused"});
  const std::string author = "a1a1a1a1-a1a1-a1a1-a1a1-a1a1a1a1a1a1.1.";
  const std::string expected = s("rollcall-fact-1") +          // what this is, and its version
                               s(std::string(16, '\xcc')) +    // UUID of the cluster, in binary
                               length(6) +                     // six pairs, sorted by name
                               s("rollcallcreated") + s("20260601080000.123456789Z") +
                               s("rollcallfactid") + s(author + "42") +
                               s("rollcallformat") + s("1") +
                               s("rollcallkind") + s("tombstone") +
                               s("rollcalltarget") + s(author + "41") +
                               s("rollcallwhy") + s("unused");
  CHECK(as_text(signed_bytes(cluster, entry.attributes)) == expected);
  CHECK(as_text(read(entry)->signed_bytes) == expected);
}

TEST_CASE("a candidate stands in the directory like this", "[codec]") {
  const Entry entry = entry_of(candidate());
  CHECK(entry.dn == "cn=1.42,cn=a1a1a1a1-a1a1-a1a1-a1a1-a1a1a1a1a1a1,cn=facts,cn=rollcall");
  const auto value = [&](const char* name) {
    return std::string{as_text(entry.attributes.at(name).front())};
  };
  CHECK(value("objectclass") == "rollcallFact");
  CHECK(value("cn") == "1.42");
  CHECK(value("rollcallzone") == "example.test.");
  CHECK(value("rollcallzoneincarnation") == "2");
  CHECK(value("rollcallrole") == "ZSK");
  CHECK(value("rollcallalgorithm") == "13");
  CHECK(value("rollcallgeneration") == "3");
  CHECK(value("rollcalldue") == "20260601080000.000000000Z");
  CHECK(value("rollcallexpires") == "20260830080000Z");  // 90 days later
  CHECK(value("rollcallfingerprint").substr(0, 4) == "fefe");
  CHECK(value("rollcallkeytag") == "34505");
  CHECK(value("rollcalldnskey") == "rdata");
  CHECK(entry.attributes.size() == 2 + 4 + 1 + 13);  // name, header, signature, candidate
}

TEST_CASE("a fact of every kind comes back as it went in", "[codec]") {
  for (const FactContent& content : contents()) {
    const Entry entry = entry_of(content);
    INFO("kind " << as_text(entry.attributes.at("rollcallkind").front()));
    const auto read_back = read(entry);
    REQUIRE(read_back);
    CHECK(read_back->fact.id == id);
    CHECK(read_back->fact.created == t0 + 123456789ns);
    CHECK(read_back->fact.signature == signature);
    CHECK(read_back->fact.content.index() == content.index());
    CHECK(printed(*read_back).attributes == entry.attributes);
    CHECK(read_back->signed_bytes == signed_bytes(cluster, entry.attributes));
  }
}

TEST_CASE("lists are sets: their order in the directory means nothing", "[codec]") {
  Entry entry = entry_of(decision());
  auto& rests_on = entry.attributes["rollcallrestson"];
  const Bytes before = read(entry)->signed_bytes;
  std::ranges::reverse(rests_on);
  const auto reversed = read(entry);
  REQUIRE(reversed);
  CHECK(reversed->signed_bytes == before);
  CHECK(std::get<Decision>(reversed->fact.content).rests_on == decision().rests_on);

  rests_on.push_back(rests_on.front());
  CHECK_THAT(why_not(entry), Catch::EndsWith("rollcallrestson has a value twice"));
}

TEST_CASE("what may change is not signed, everything else is", "[codec]") {
  const Entry entry = entry_of(candidate());
  const Bytes before = signed_bytes(cluster, entry.attributes);

  Entry wrapped = entry;
  wrapped.attributes = with_wrapped_key(wrapped.attributes, to_bytes("blob"));
  wrapped.attributes["rollcalltouched"] = {to_bytes("3")};
  const auto read_back = read(wrapped);
  REQUIRE(read_back);
  CHECK(read_back->signed_bytes == before);
  CHECK(read_back->wrapped_key == to_bytes("blob"));
  CHECK_FALSE(read(entry)->wrapped_key);

  CHECK(signed_bytes(bob, entry.attributes) != before);  // another cluster
  for (const auto& [name, values] : entry.attributes) {
    if (name == "objectclass" || name == "cn" || name == "rollcallsignature") continue;
    INFO(name);
    Attributes other = entry.attributes;
    other[name].front().push_back(std::byte{0});
    CHECK(signed_bytes(cluster, other) != before);
    other.erase(name);
    CHECK(signed_bytes(cluster, other) != before);
  }
}

TEST_CASE("a rewrap carries a wrapped key as a candidate does, and it is not signed", "[codec]") {
  Entry entry = entry_of(Rewrap{zone, {{bob, 2}, 7}, 2, filled<32>(0xde)});
  const auto bare = read(entry);
  entry.attributes = with_wrapped_key(entry.attributes, to_bytes("blob"));
  const auto whole = read(entry);
  REQUIRE(whole);
  CHECK(whole->wrapped_key == to_bytes("blob"));
  CHECK(whole->signed_bytes == bare->signed_bytes);
}

TEST_CASE("a wrapped key belongs to a candidate or a rewrap only", "[codec]") {
  Entry entry = entry_of(decision());
  entry.attributes = with_wrapped_key(entry.attributes, to_bytes("blob"));
  CHECK_THAT(why_not(entry),
             Catch::EndsWith("rollcallwrappedkey does not belong to a fact of kind decision"));
}

TEST_CASE("a fact stands where its number says, or as a copy below another member", "[codec]") {
  Entry entry = entry_of(candidate());
  const auto is_misplaced = [&] {
    return !read(entry) && why_not(entry).find("does not belong to the name") != std::string::npos;
  };
  SECTION("another number") {
    entry.dn = fact_dn(base, {{alice, 1}, 43});
    CHECK(is_misplaced());
  }
  SECTION("another container") {
    entry.dn = fact_dn(base, {{bob, 1}, 42});
    CHECK(is_misplaced());
  }
  SECTION("another base") {
    entry.dn = fact_dn("cn=rollcall,dc=test", id);
    CHECK(is_misplaced());
  }
  SECTION("another spelling of the same DN") {
    entry.dn.replace(3, 1, "\\31");
    CHECK(is_misplaced());
  }
  SECTION("a copy verifies like the original and says who made it") {
    const Bytes original = read(entry)->signed_bytes;
    entry.dn = copy_dn(base, bob, id);
    CHECK(is_misplaced());  // the attribute cn still has the name of the original
    entry.attributes["cn"] = {to_bytes(to_string(id))};
    const auto copy = read(entry);
    REQUIRE(copy);
    CHECK(copy->copied_by == bob);
    CHECK(copy->signed_bytes == original);
  }
  SECTION("a copy in the author's own container is none") {
    entry.dn = copy_dn(base, alice, id);
    entry.attributes["cn"] = {to_bytes(to_string(id))};
    CHECK(is_misplaced());
  }
}

TEST_CASE("only the canonical text of a value is taken", "[codec]") {
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {"rollcallgeneration", "03"},        {"rollcallgeneration", "+3"},
      {"rollcallgeneration", "3 "},        {"rollcallgeneration", ""},
      {"rollcallgeneration", "4294967296"}, {"rollcallkeytag", "65536"},
      {"rollcallkeytag", "-1"},            {"rollcallalgorithm", "5"},
      {"rollcallalgorithm", "269"},        {"rollcallrole", "zsk"},
      {"rollcalldue", "20260601080000Z"},  {"rollcalldue", "20260231080000.000000000Z"},
      {"rollcallexpires", "20260830080000.0Z"}, {"rollcallfingerprint", "fe"},
      {"rollcallzone", "Example.test."},   {"rollcallzone", "example.test"},
      {"rollcallzone", "example..test."},  {"rollcallzone", "a b."},
      {"rollcallzone", "\\256."},          {"rollcallzone", "a\\."},
      {"rollcallwhy", ""},                 {"rollcallwhy", "two\nlines"},
      {"rollcallwhy", "\xc3"},             {"rollcallwhy", "\xed\xa0\x80"},
      {"rollcallformat", "01"},            {"rollcallfactid", "x"}};
  for (const auto& [attribute, value] : wrong) {
    INFO(attribute << " = " << value);
    const std::string message = why_not(changed(attribute, {value}));
    CHECK_THAT(message, Catch::Contains(attribute));
  }
  CHECK(read(changed("rollcallkeytag", {"65535"})));
  CHECK(read(changed("rollcallzone", {"."})));
  CHECK(read(changed("rollcallzone", {"\\255\\..test."})));
  CHECK(read(changed("rollcallwhy", {"Schlüssel für später"})));
  CHECK(read(changed("rollcallexpires", {})));  // unlimited
}

TEST_CASE("names of zones end where DNS names end", "[codec]") {
  const std::string label(63, 'a');
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'a') + '.';
  CHECK(read(changed("rollcallzone", {longest})));  // 4 + 63 + 63 + 63 + 61 + 1 = 255 in wire form
  CHECK_FALSE(read(changed("rollcallzone", {"a" + longest})));
  CHECK_FALSE(read(changed("rollcallzone", {"a." + longest})));
}

TEST_CASE("what is a list, a text for people or a time without end may be absent; that is another fact then", "[codec]") {
  for (const FactContent& content : contents()) {
    const Entry entry = entry_of(content);
    for (const auto& each : entry.attributes) {
      if (!may_be_absent.contains(each.first)) continue;
      INFO(each.first);
      Entry without = entry;
      without.attributes.erase(each.first);
      const auto fact = read(without);
      REQUIRE(fact);
      CHECK(printed(*fact).attributes == without.attributes);
      CHECK(fact->signed_bytes != signed_bytes(cluster, entry.attributes));
    }
  }
}

TEST_CASE("an attribute too few, too many, or twice is refused", "[codec]") {
  for (const FactContent& content : contents()) {
    const Entry entry = entry_of(content);
    for (const auto& each : entry.attributes) {
      if (may_be_absent.contains(each.first)) continue;
      INFO(each.first);
      Entry without = entry;
      without.attributes.erase(each.first);
      CHECK_THAT(why_not(without), Catch::Contains(each.first));
      Entry twice = entry;
      twice.attributes[each.first].push_back(to_bytes("2"));
      CHECK_THAT(why_not(twice), Catch::Contains(each.first));
    }
  }
  CHECK_THAT(why_not(changed("rollcallgeneration", {})), Catch::EndsWith("rollcallgeneration is missing"));
  CHECK_THAT(why_not(changed("rollcallgeneration", {"3", "4"})), Catch::EndsWith("has more than one value"));
  CHECK_THAT(why_not(changed("rollcallsignature", {})), Catch::EndsWith("rollcallsignature is missing"));
  CHECK_THAT(why_not(changed("rollcalltarget", {to_string(id)})),
             Catch::EndsWith("rollcalltarget does not belong to a fact of kind candidate"));
  CHECK_THAT(why_not(changed("description", {"x"})), Catch::Contains("description does not belong"));
  CHECK_THAT(why_not(changed("objectclass", {"rollcallFact", "extensibleObject"})),
             Catch::EndsWith("objectclass is not rollcallFact"));
  CHECK(read(changed("objectclass", {"top", "rollcallFact"})));  // 389-ds says so
}

TEST_CASE("a fact of unknown kind or format can still be checked and told from a bad one", "[codec]") {
  for (const auto& [attribute, value] : {std::pair{"rollcallkind", "miracle"}, {"rollcallformat", "2"}}) {
    Entry entry = changed(attribute, {value});
    entry.attributes["rollcallnews"] = {to_bytes("anything")};
    const auto fact = read(entry);
    REQUIRE(fact);
    CHECK(std::holds_alternative<UnknownKind>(fact->fact.content));
    CHECK(fact->fact.id == id);
    CHECK(fact->signed_bytes == signed_bytes(cluster, entry.attributes));

    entry.attributes.erase("rollcallsignature");
    CHECK_FALSE(read(entry));
  }
  CHECK(std::get<UnknownKind>(read(changed("rollcallkind", {"miracle"}))->fact.content).kind == "miracle");
}

TEST_CASE("no fact is larger than 64 KiB, no value but a key's larger than 4 KiB", "[codec]") {
  CHECK(read(changed("rollcalldnskey", {std::string(4096, 'x')})));
  CHECK_THAT(why_not(changed("rollcalldnskey", {std::string(4097, 'x')})),
             Catch::EndsWith("rollcalldnskey is longer than 4096 bytes"));

  Entry entry = entry_of(candidate());
  std::size_t others = std::string{wrapped_key_attribute}.size();
  for (const auto& [name, values] : entry.attributes) others += name.size() + values.front().size();
  entry.attributes = with_wrapped_key(entry.attributes, Bytes(65536 - others));
  CHECK(read(entry));
  entry.attributes = with_wrapped_key(entry.attributes, Bytes(65536 - others + 1));
  CHECK_THAT(why_not(entry), Catch::EndsWith("the fact is larger than 65536 bytes"));
}

TEST_CASE("texts are made fit for the directory when they are written", "[codec]") {
  const auto why = [](const std::string& text) {
    const auto fact = read(entry_of(Tombstone{{{alice, 1}, 41}, text}));
    return fact ? std::get<Tombstone>(fact->fact.content).why : fact.error().what;
  };
  CHECK(why("") == "");
  CHECK(why("two\nlines\x7f") == "two?lines?");
  CHECK(why("\xff" "a\xc3") == "?a?");
  CHECK(why(std::string(2000, 'a')) == std::string(1024, 'a'));
  CHECK(why(std::string(1023, 'a') + "ü") == std::string(1023, 'a'));
}

TEST_CASE("every flipped bit of every value is refused or read as what it then says", "[codec]") {
  for (const FactContent& content : contents()) {
    const Entry entry = entry_of(content);
    const Bytes before = signed_bytes(cluster, entry.attributes);
    for (const auto& [name, values] : entry.attributes) {
      for (std::size_t at = 0; at < values.front().size() * 8; ++at) {
        Entry flipped = entry;
        flipped.attributes[name].front()[at / 8] ^= static_cast<std::byte>(1 << at % 8);
        const auto fact = read(flipped);
        if (!fact) continue;
        INFO(name << " bit " << at);
        if (name != "rollcallsignature") REQUIRE(fact->signed_bytes != before);
        if (std::holds_alternative<UnknownKind>(fact->fact.content)) continue;
        REQUIRE(printed(*fact).attributes == sorted(flipped.attributes));
      }
    }
  }
}

TEST_CASE("every cut value is refused or read as what it then says", "[codec]") {
  for (const FactContent& content : contents()) {
    const Entry entry = entry_of(content);
    for (const auto& [name, values] : entry.attributes) {
      for (std::size_t size = 0; size < values.front().size(); ++size) {
        Entry cut = entry;
        cut.attributes[name].front().resize(size);
        const auto fact = read(cut);
        if (!fact || std::holds_alternative<UnknownKind>(fact->fact.content)) continue;
        INFO(name << " cut to " << size);
        REQUIRE(printed(*fact).attributes == sorted(cut.attributes));
      }
    }
  }
}
