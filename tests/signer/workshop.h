// SPDX-License-Identifier: GPL-3.0-or-later
// Rollcall's signer with a real named behind it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "lib/signer/bind_signer.h"
#include "tests/dns/named.h"
#include "tests/signer/order.h"

namespace rollcall::signer::test {

namespace fs = std::filesystem;
using dns::test::Named;

inline const ZoneName zone = "example.test.";
constexpr Seconds patience{20};  // Reached only when a test fails.

// The signer between an event loop and workers, as the agent has it.
class Workshop {
 public:
  explicit Workshop(BindConfig config)
      : signer_(std::move(config), workers_.get_executor(), loop_.get_executor()) {}
  ~Workshop() { workers_.join(); }

  Result<Seen> apply(const std::vector<KeyOrder>& orders, const ZoneName& name = zone,
                     Seconds wait = patience) {
    return outcome<Seen>([&](Done<Seen> done) { signer_.apply(name, orders, wait, done); });
  }
  Result<Seen> look(const std::vector<KeyOrder>& keys) {
    return outcome<Seen>([&](Done<Seen> done) { signer_.look(zone, keys, done); });
  }
  std::vector<Finding> check(const ZoneName& name, const std::vector<std::uint16_t>& foreign = {}) {
    using Findings = std::vector<Finding>;
    return outcome<Findings>([&](Done<Findings> done) { signer_.check(name, foreign, done); }).value();
  }
  const Signer& signer() const { return signer_; }

 private:
  template <class T, class Verb>
  Result<T> outcome(Verb verb) {
    std::optional<Result<T>> result;
    verb([&result](Result<T> r) { result = std::move(r); });
    while (!result) loop_.run_one();
    return *result;
  }

  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  boost::asio::thread_pool workers_{2};
  BindSigner signer_;
};

struct Lab {
  dns::test::ZoneMaker maker;
  Named named{
      {Named::signing("example.test"), Named::signing("missing.test"), Named::plain("plain.test")}};

  Lab() {
    named.write_zone("example.test",
                     Named::small_zone("* TXT w\nsub NS ns.sub\nns.sub A 192.0.2.2\n"));
    named.write_zone("plain.test", Named::small_zone());
    // Counts what asks named to change something.
    std::ofstream(named.path("rndc"))
        << "#!/bin/sh\ncase \"$*\" in *' sign '*|*' loadkeys '*) echo \"$*\" >> '"
        << named.path("calls").string() << "';; esac\nexec rndc \"$@\"\n";
    fs::permissions(named.path("rndc"), fs::perms::owner_all);
    named.start();
  }
  BindConfig config() const {
    BindConfig result;
    result.server = named.address();
    result.keys = named.keys();
    result.rndc = named.rndc();
    result.rndc.front() = named.path("rndc").string();
    result.named_conf = named.configuration();
    return result;
  }
  std::size_t rndc_calls() const {
    const std::string calls = dns::test::read(named.path("calls"));
    return static_cast<std::size_t>(std::count(calls.begin(), calls.end(), '\n'));
  }
  KeyOrder key(Role role, Algorithm algorithm = Algorithm::ecdsap256sha256) {
    const std::string number = std::to_string(static_cast<int>(algorithm));
    return order_for(maker, maker.key("-a " + number + (role == Role::zsk ? "" : " -f KSK")), role);
  }
  /// A key in full use, but for its CDS.
  KeyOrder used(Role role, Algorithm algorithm = Algorithm::ecdsap256sha256) {
    KeyOrder order = key(role, algorithm);
    order.publish = true;
    order.sign_keys = signs_keys(role);
    order.sign_zone = signs_zone(role);
    return order;
  }
  KeyOrder ksk() { return used(Role::ksk); }
  KeyOrder zsk() { return used(Role::zsk); }
  fs::path file(const KeyOrder& order, const std::string& ending) const {
    const dns::KeyFileName name{zone, static_cast<std::uint8_t>(order.algorithm), order.key_tag};
    return named.keys() / "example.test" / (to_string(name) + ending);
  }
};

inline void leave(KeyOrder& order) {
  order.publish = order.sign_keys = order.sign_zone = order.announce = false;
}

inline bool are_as_ordered(const Result<Seen>& seen, const std::vector<KeyOrder>& orders) {
  if (!seen || seen->keys.size() != orders.size()) return false;
  return std::equal(orders.begin(), orders.end(), seen->keys.begin(),
                    [](const KeyOrder& order, const SeenKey& key) {
                      const bool signs_right = key.signs_whole_zone == order.sign_zone &&
                                               key.signs_anything == order.sign_zone;
                      return key.fingerprint == order.fingerprint &&
                             key.published == order.publish && key.signs_keys == order.sign_keys &&
                             key.announced == order.announce &&
                             (signs_right || (order.role == Role::ksk && order.publish));
                    });
}

}  // namespace rollcall::signer::test
