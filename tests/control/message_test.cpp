// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/message.h"

#include <catch2/catch.hpp>

#include "lib/control/args.h"
#include "lib/control/verbs.h"

using namespace rollcall;
using namespace rollcall::control;

TEST_CASE("a question arrives as it was asked", "[message]") {
  const auto request =
      decode_question(encode_question("roll", {{"zone", "example.org"}, {"role", "zsk"}}));
  REQUIRE(request);
  CHECK(request->verb == "roll");
  CHECK(request->args == Json{{"zone", "example.org"}, {"role", "zsk"}});
  CHECK(request->who.empty());
  CHECK_FALSE(request->may_change);
}

TEST_CASE("an answer arrives as it was given", "[message]") {
  const auto good = decode_answer(encode(Json{{"zones", Json::array()}}));
  REQUIRE(good);
  CHECK(**good == Json{{"zones", Json::array()}});

  for (const Errc code :
       {Errc::unavailable, Errc::denied, Errc::malformed, Errc::not_found, Errc::conflict}) {
    const auto bad = decode_answer(encode(refuse(code, "no zone a.", "rollcall zone add a.")));
    REQUIRE(bad);
    REQUIRE_FALSE(*bad);
    CHECK(bad->error().code == code);
    CHECK(bad->error().what == "no zone a.");
    CHECK(bad->error().hint == "rollcall zone add a.");
  }
}

TEST_CASE("a question that is none says why", "[message]") {
  const auto why = [](const char* line) { return decode_question(line).error().what; };
  CHECK(why("") == "the question is no JSON object");
  CHECK(why("[]") == "the question is no JSON object");
  CHECK(why(R"({"v":1,"verb":"status")") == "the question is no JSON object");
  CHECK(why(R"({"v":2,"verb":"status","args":{}})") ==
        "the question has another protocol version than 1");
  CHECK(why(R"({"verb":"status","args":{}})") ==
        "the question has another protocol version than 1");
  CHECK(why(R"({"v":1,"verb":"explode","args":{}})") == "unknown verb 'explode'");
  CHECK(why(R"({"v":1,"verb":7,"args":{}})") == "unknown verb ''");
  CHECK(why(R"({"v":1,"verb":"status","args":[]})") == "args of verb status are no JSON object");
  CHECK(why(R"({"v":1,"verb":"status","args":{"zone":"a","zones":1}})") ==
        "verb status has no argument 'zones'");
  CHECK(why(R"({"v":1,"verb":"status","args":{"":1}})") == "verb status has no argument ''");
  CHECK(decode_question(R"({"v":1,"verb":"status"})"));  // args may lack
}

TEST_CASE("an answer that is none is refused", "[message]") {
  CHECK_FALSE(decode_answer("nonsense"));
  CHECK_FALSE(decode_answer("{}"));
  CHECK_FALSE(decode_answer(R"({"error":"text"})"));
  CHECK_FALSE(decode_answer(R"({"error":{"code":"surprise","what":"","hint":""}})"));
}

TEST_CASE("bytes that are not UTF-8 do not break an answer", "[message]") {
  const auto answer = decode_answer(encode(Json{{"path", "/tmp/\xff"}}));
  REQUIRE(answer);
  CHECK((**answer)["path"] == "/tmp/\xef\xbf\xbd");
}

TEST_CASE("verbs that change something are told from those that only read", "[verbs]") {
  CHECK(find_verb("status")->right == Right::read);
  CHECK(find_verb("check")->right == Right::read);
  CHECK(find_verb("roll")->right == Right::change);
  CHECK(find_verb("ds-published")->right == Right::change);
  for (const char* change : {"abandon", "step", "suspend", "resume", "zone-remove", "zone-insecure", "zone-secure", "policy-set", "master-key-rotate"}) {
    CHECK(find_verb(change)->right == Right::change);
  }
  CHECK(find_verb("policy-list")->right == Right::read);
  CHECK(find_verb("policy-show")->right == Right::read);
  CHECK(find_verb("master-key-show")->right == Right::read);
  CHECK(find_verb("") == nullptr);
}

TEST_CASE("arguments have the right type or say what was expected", "[args]") {
  const Json args{{"zone", "a."},           {"on", true},         {"hours", 24},
                  {"failover", {"b", "c"}}, {"nothing", nullptr}, {"empty", ""}};
  CHECK(text_arg(args, "zone") == "a.");
  CHECK(text_arg(args, "nothing").error().what == "argument nothing is missing");
  CHECK(text_arg(args, "empty").error().what == "argument empty is empty");
  CHECK(text_arg(args, "on").error().what == "argument on must be a text");
  CHECK(*optional_text_arg(args, "absent") == std::nullopt);
  CHECK(flag_arg(args, "on") == true);
  CHECK(flag_arg(args, "zone").error().what == "argument zone must be true or false");
  CHECK(optional_flag_arg(args, "on") == true);
  CHECK(optional_flag_arg(args, "absent") == false);
  CHECK(optional_flag_arg(args, "zone").error().what == "argument zone must be true or false");
  CHECK(*optional_texts_arg(args, "failover") == std::vector<std::string>{"b", "c"});
}

TEST_CASE("numbers keep within their range", "[args]") {
  const auto hours = [](Json value) {
    return optional_number_arg({{"hours", std::move(value)}}, "hours", {.least = 1, .most = 720});
  };
  CHECK(**hours(1) == 1);
  CHECK(**hours(720) == 720);
  CHECK(hours(0).error().what == "argument hours must be a whole number from 1 to 720");
  CHECK_FALSE(hours(721));
  CHECK_FALSE(hours(1.5));
  CHECK_FALSE(hours("1"));
  CHECK(*hours(nullptr) == std::nullopt);
  CHECK(optional_number_arg({{"since", -1}}, "since", {}).error().what ==
        "argument since must be a whole number, at least 0");
}
