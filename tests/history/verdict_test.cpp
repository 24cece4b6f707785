// SPDX-License-Identifier: GPL-3.0-or-later
// Histories of one zone on two servers, and what the checker of the core says of them: both sides
// of every boundary. All TTLs are 4 seconds; looks take no time.
#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/history/verdict.h"

namespace rollcall::history {
namespace {

std::string list(const KeyNames& keys) {
  std::string text;
  for (const std::string& key : keys) text += (text.empty() ? "\"" : ",\"") + key + "\"";
  return "[" + text + "]";
}

// A history as it is written: each line a look.
struct Story {
  std::string text;

  Story& served(const std::string& server, double at, const KeyNames& keys, const KeyNames& signers,
                const KeyNames& data) {
    text += R"({"what":"served")" + place(server, at) + R"(,"dnskey":{"keys":)" + list(keys) +
            R"(,"signers":)" + list(signers) +
            R"(,"ttl":4},"data":[{"rrset":"www.z. A","signers":)" + list(data) +
            R"(,"ttl":4}]})"
            "\n";
    return *this;
  }
  Story& ds(double at, const KeyNames& keys) {
    text += R"({"what":"ds")" + place("parent", at) + R"(,"ds":)" + list(keys) +
            R"(,"ttl":4})"
            "\n";
    return *this;
  }
  Story& same(const std::string& server, double at) {
    text += R"({"what":"same")" + place(server, at) + "}\n";
    return *this;
  }
  Story& turn(const std::string& server, const std::string& what, double at) {
    text += R"({"what":")" + what + R"(","server":")" + server + R"(","time":)" +
            std::to_string(at) + "}\n";
    return *this;
  }
  std::vector<Finding> verdict() const {
    std::istringstream lines{text};
    const auto history = read(lines);
    REQUIRE(history);
    const auto findings = judge(*history);
    REQUIRE(findings);
    return *findings;
  }

 private:
  static std::string place(const std::string& server, double at) {
    return R"(,"server":")" + server + R"(","zone":"z.","asked":)" + std::to_string(at) +
           R"(,"answered":)" + std::to_string(at);
  }
};

const std::string ksk = "13/100/aa", next_ksk = "13/101/ab", zsk = "13/1/ba", next_zsk = "13/2/bb",
                  other = "15/3/cc";

// The parent and two servers agree.
Story signed_zone() {
  Story story;
  story.ds(0, {ksk})
      .served("a", 0, {ksk, zsk}, {ksk}, {zsk})
      .served("b", 0, {ksk, zsk}, {ksk}, {zsk});
  return story;
}

// The time from the last moment at which `b` may have served the old keys until `a` uses a new one.
std::vector<Finding> swap_after(double wait) {
  Story story = signed_zone();
  story.served("a", 1, {ksk, zsk, next_zsk}, {ksk}, {zsk}).same("b", 1);
  story.served("b", 2, {ksk, zsk, next_zsk}, {ksk}, {zsk})
      .same("a", 2 + wait)
      .same("parent", 2 + wait);
  return story.served("a", 2 + wait + 0.1, {ksk, zsk, next_zsk}, {ksk}, {next_zsk}).verdict();
}

TEST_CASE("a zone that does not change is never bogus", "[verdict]") {
  CHECK(signed_zone().same("a", 9).verdict().empty());
}

TEST_CASE("a key that signs when every cache has it is not bogus, and one that signs earlier is",
          "[verdict]") {
  CHECK(swap_after(4.0).empty());

  const auto early = swap_after(3.9);
  REQUIRE(early.size() == 3);
  CHECK(early[0].mode == Insists::any);
  CHECK(early[0].zone == "z.");
  CHECK(early[0].what ==
        "DNSKEY {13/1/ba 13/100/aa} signed by {13/100/aa} [b 0.0s to 2.0s ttl 4] does not fit data "
        "signed by {13/2/bb}"
        " [a www.z. A 5.9s to 6.0s ttl 4]");
}

TEST_CASE("bogus is certain if no moment of the changes could have avoided it", "[verdict]") {
  CHECK_FALSE(swap_after(3.9)[0].certain);  // b may have changed a second before it was seen
  CHECK(swap_after(2.8)[0].certain);
  CHECK_FALSE(swap_after(3.0)[0].certain);
}

TEST_CASE("a key that leaves while its signatures are cached is bogus", "[verdict]") {
  Story story = signed_zone();
  story.served("a", 1, {ksk, zsk, next_zsk}, {ksk}, {zsk})
      .served("b", 1, {ksk, zsk, next_zsk}, {ksk}, {zsk});
  story.same("a", 9).same("b", 9);
  story.served("a", 10, {ksk, zsk, next_zsk}, {ksk}, {next_zsk})
      .served("b", 10, {ksk, zsk, next_zsk}, {ksk}, {next_zsk});
  SECTION("a moment before they are gone") {
    story.same("a", 13.9).served("a", 14.1, {ksk, next_zsk}, {ksk}, {next_zsk});
    CHECK(story.verdict().size() == 3);
  }
  SECTION("when they are gone") {
    story.same("a", 14).served("a", 14.1, {ksk, next_zsk}, {ksk}, {next_zsk});
    CHECK(story.verdict().empty());
  }
}

TEST_CASE("a DS must fit every DNSKEY RRset that caches have", "[verdict]") {
  SECTION("a DS for a key that is not there") {
    CHECK(signed_zone().ds(1, {next_ksk}).verdict().size() == 3);
  }
  SECTION("for a key that is there, and does not sign the keys") {
    CHECK(signed_zone().ds(1, {zsk}).verdict().size() == 3);
  }
  SECTION("no DS at all: nobody validates") {
    CHECK(Story{}
              .ds(0, {})
              .served("a", 0, {}, {}, {})
              .served("b", 0, {zsk}, {}, {})
              .verdict()
              .empty());
  }
  SECTION("a DS before the keys are in every cache") {
    Story story;
    story.ds(0, {})
        .served("a", 0, {}, {}, {})
        .served("a", 1, {ksk, zsk}, {ksk}, {zsk})
        .same("parent", 4.9);
    CHECK(story.ds(5, {ksk}).verdict().size() == 3);
  }
}

TEST_CASE("what a server had before it was killed may come back with it", "[verdict]") {
  Story story = signed_zone();
  story.turn("b", "down", 1)
      .served("a", 2, {ksk, zsk, next_zsk}, {ksk}, {zsk, next_zsk})
      .same("a", 9);
  SECTION("while it is down its answers leave the caches") {
    CHECK(story.served("a", 9.1, {ksk, next_zsk}, {ksk}, {next_zsk}).verdict().empty());
  }
  SECTION("when it is back, it is as it was, until it is seen to be otherwise") {
    story.served("a", 9.1, {ksk, next_zsk}, {ksk}, {next_zsk}).turn("b", "up", 20);
    const auto findings = story.served("b", 20.1, {ksk, next_zsk}, {ksk}, {next_zsk}).verdict();
    REQUIRE(findings.size() == 3);
    CHECK_FALSE(findings[0].certain);
  }
}

TEST_CASE("who insists on every algorithm sees more", "[verdict]") {
  SECTION("of the DNSKEY RRset") {
    const auto findings = signed_zone().served("a", 1, {ksk, zsk, other}, {ksk}, {zsk}).verdict();
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].mode == Insists::every_in_dnskey);
  }
  SECTION("of the DS RRset") {
    const auto findings = signed_zone().ds(1, {ksk, other}).verdict();
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].mode == Insists::every_in_ds);
  }
}

TEST_CASE("what only parents ask for is told apart", "[verdict]") {
  // b has the new KSK already when a still has the old one: the swap of a double-DS rollover.
  const auto cds = [](const KeyNames& signers) {
    return R"({"rrset":"z. CDS","signers":)" + list(signers) + R"(,"ttl":4})";
  };
  Story story;
  story.ds(0, {ksk, next_ksk}).served("a", 0, {ksk, zsk}, {ksk}, {zsk});
  story.served("b", 1, {next_ksk, zsk}, {next_ksk}, {zsk});
  story.text.insert(story.text.rfind("]}"), "," + cds({next_ksk}));
  SECTION("the CDS does not fit the old keys, and everything else does") {
    const auto findings = story.verdict();
    REQUIRE(findings.size() == 3);
    CHECK(std::ranges::all_of(findings, &Finding::only_for_parents));
  }
  SECTION("it hides nothing that concerns everybody") {
    story.served("a", 2, {ksk, zsk, next_zsk}, {ksk}, {next_zsk});
    const auto findings = story.verdict();
    REQUIRE(findings.size() == 3);
    CHECK(std::ranges::none_of(findings, &Finding::only_for_parents));
  }
}

TEST_CASE("zones are judged by themselves", "[verdict]") {
  Story story = signed_zone();
  story.text +=
      R"({"what":"ds","server":"parent","zone":"y.","asked":1,"answered":1,"ds":["13/9/ff"],"ttl":4})"
      "\n";
  CHECK(story.verdict().empty());
}

TEST_CASE("keys that left the caches make room for others", "[verdict]") {
  Story story = signed_zone();
  for (int i = 0; i < 200; ++i) {
    const std::string key = "13/" + std::to_string(1000 + i) + "/dd";
    story.served("a", 10 + i, {ksk, zsk, key}, {ksk}, {zsk});
  }
  CHECK(story.verdict().empty());
}

TEST_CASE("more keys than the checker can count are refused", "[verdict]") {
  Story story = signed_zone();
  KeyNames many{ksk, zsk};
  for (int i = 0; i < 64; ++i) many.push_back("13/" + std::to_string(1000 + i) + "/dd");
  story.served("a", 1, many, {ksk}, {zsk});
  std::istringstream lines{story.text};
  CHECK(judge(*read(lines)).error().what == "more than 64 keys of z. in caches at once");
}

}  // namespace
}  // namespace rollcall::history
