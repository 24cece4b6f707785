// SPDX-License-Identifier: GPL-3.0-or-later
// The signer for named 9.18 with `inline-signing yes; auto-dnssec maintain;`: keys are handed over
// as key files and `rndc`, and what came of it is read from the served zone.
//
// The worker pool does all that blocks; every `done` is posted to the event loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lib/dns/address.h"
#include "lib/signer/key_directory.h"
#include "lib/signer/signer.h"

namespace rollcall::signer {

struct BindConfig {
  dns::Address server{"127.0.0.1", 53};  ///< Where named answers queries and transfers.
  std::filesystem::path keys;            ///< Holds each zone's key directory, by `layout`.
  KeyLayout layout = KeyLayout::zone;
  std::vector<std::string> rndc{
      "rndc"};  ///< The program and its options, e.g. `-c FILE`, `-s`, `-p`, `-k`.
  std::filesystem::path named_conf;  ///< For check(); empty: not inspected.
  std::string named_checkconf = "named-checkconf";
  Seconds query_timeout{10};  ///< For one query or transfer.
  Seconds rndc_timeout{10};   ///< After it rndc is killed; what it did is unknown.
};

class BindSigner final : public Signer {
 public:
  /// workers  Where blocking work runs, e.g. of a boost::asio::thread_pool; must be stopped or
  /// joined
  ///          before this object goes.
  /// loop     Where every `done` is called.
  BindSigner(BindConfig config, boost::asio::any_io_executor workers,
             boost::asio::any_io_executor loop);
  ~BindSigner() override;

  SignerAbility ability() const override;
  void apply(const ZoneName& zone, std::vector<KeyOrder> orders, Seconds patience,
             Done<Seen> done) override;
  void look(const ZoneName& zone, std::vector<KeyOrder> keys, Done<Seen> done) override;
  void stop(Done<> done) override;
  void check(const ZoneName& zone, std::vector<std::uint16_t> foreign, Done<std::vector<Finding>> done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rollcall::signer
