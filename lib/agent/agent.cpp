// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/agent.h"

#include <algorithm>

#include "lib/agent/clock.h"
#include "lib/agent/identity_file.h"
#include "lib/control/verbs.h"
#include "lib/directory/ldap_directory.h"

namespace rollcall::agent {

struct Agent::Verbs {
  struct Entry {
    std::string_view name;
    Verb verb;
    bool without_cluster = false;
  };
  static const Entry* find(std::string_view name);
};

const Agent::Verbs::Entry* Agent::Verbs::find(std::string_view name) {
  static constexpr Entry all[] = {
      {"init", &Agent::init, true},
      {"join", &Agent::join, true},
      {"status", &Agent::status, true},
      {"info", &Agent::info, true},
      {"check", &Agent::check, true},
      {"health", &Agent::health, true},
      {"log", &Agent::log, true},
      {"events", &Agent::events, true},
      {"invite", &Agent::invite},
      {"invite-revoke", &Agent::invite_revoke},
      {"members", &Agent::members},
      {"leave", &Agent::leave},
      {"forget", &Agent::forget},
      {"zone-add", &Agent::zone_add},
      {"zone-list", &Agent::zone_list},
      {"zone-show", &Agent::zone_show},
      {"zone-remove", &Agent::zone_remove},
      {"zone-insecure", &Agent::zone_insecure},
      {"zone-secure", &Agent::zone_secure},
      {"suspend", &Agent::suspend},
      {"resume", &Agent::resume},
      {"policy-list", &Agent::policy_list},
      {"policy-show", &Agent::policy_show},
      {"policy-set", &Agent::policy_set},
      {"set", &Agent::set},
      {"forecast", &Agent::forecast},
      {"roll", &Agent::roll},
      {"abandon", &Agent::abandon},
      {"step", &Agent::step},
      {"ds-show", &Agent::ds_show},
      {"ds-published", &Agent::ds_published},
      {"ds-withdrawn", &Agent::ds_withdrawn},
      {"master-key-show", &Agent::master_key_show},
      {"master-key-rotate", &Agent::master_key_rotate},
      {"serve", &Agent::serve},
      {"gate", &Agent::gate},
      {"gate-override", &Agent::gate_override},
  };
  const auto* found = std::ranges::find(all, name, &Entry::name);
  return found == std::end(all) ? nullptr : found;
}

Result<std::unique_ptr<Agent>> Agent::create(boost::asio::io_context& loop,
                                             boost::asio::thread_pool& pool, AgentOptions options) {
  auto store = Store::open(options.state);
  if (!store) return tl::unexpected(store.error());
  auto boot = boot_id();
  if (!boot) return tl::unexpected(boot.error());
  std::unique_ptr<Agent> agent(new Agent(loop, pool, std::move(options), std::move(*store)));
  agent->boot_ = std::move(*boot);
  if (auto opened = agent->open_directory(); !opened) return tl::unexpected(opened.error());
  return agent;
}

Agent::Agent(boost::asio::io_context& loop, boost::asio::thread_pool& pool, AgentOptions options,
             std::unique_ptr<Store> store)
    : loop_(loop),
      pool_(pool),
      options_(std::move(options)),
      journal_(options_.log_level),
      store_(std::move(store)) {
  options_.settings.serves_dns = options_.signer.has_value();
  if (options_.signer) {
    signer_ = std::make_unique<signer::BindSigner>(*options_.signer, pool_.get_executor(),
                                                   loop_.get_executor());
    options_.settings.signer = signer_->ability();
  }
  journal_.on_event([this] { wake_waiters(); });
}

Agent::~Agent() = default;

Result<> Agent::open_directory() {
  auto opened = directory::LdapDirectory::create(loop_, pool_, options_.directory);
  if (!opened) return tl::unexpected(opened.error());
  directory_ = std::move(*opened);
  return {};
}

Result<> Agent::start(std::function<void()> ready) {
  start_gate_ = std::make_unique<StartGate>(
      loop_, options_.start_limit, [this, ready = std::move(ready)](bool looked) {
        if (!looked) {
          tell(notify::Level::warning, "started without a complete look at the directory",
               "waited=" + to_words(options_.start_limit) +
                   " hint=\"what was served last is served on; see rollcall status\"");
        }
        ready();
      });
  const auto membership = store_->membership();
  if (!membership) return tl::unexpected(membership.error());
  const auto empty = store_->has_no_facts();
  if (!empty) return tl::unexpected(empty.error());
  const bool unfinished = *membership && (*membership)->founder && *empty;
  if (*membership && !unfinished) return run_shell(**membership);
  tell(notify::Level::notice, "in no cluster yet", "hint=\"rollcall init, or rollcall join TOKEN\"");
  start_gate_->open();
  return {};
}

Result<> Agent::run_shell(const Membership& self) {
  auto identity = load_identity(options_.state / "identity");
  if (!identity) return tl::unexpected(identity.error());
  if (identity->signing_key() != self.self.signing) {
    return fail(Errc::conflict, "identity " + (options_.state / "identity").native() +
                                    ": belongs to another member than the local store; restore both from one copy");
  }
  keyring_ = std::make_unique<Keyring>(std::move(*identity));
  auto shell = Shell::create({loop_, pool_, *directory_, signer_.get(), *store_, *keyring_,
                              journal_, self, options_.directory.base, boot_, options_.settings,
                              options_.parents, *start_gate_,
                              [this] {
                                if (reporter_) reporter_->changed();
                              },
                              [this] { start_over(); },
                              [this](const directory::DirectoryRequest& asked,
                                     const Verdict& verdict) { forget_as_asked(asked, verdict); }});
  if (!shell) return tl::unexpected(shell.error());
  shell_ = std::move(*shell);
  shell_->start();
  start_reporting();
  start_following_ipa();
  return {};
}

std::optional<control::Problem> Agent::no_member() const {
  if (shell_) return std::nullopt;
  return control::Problem{Errc::conflict, "this machine is in no cluster",
                          "rollcall init founds one; rollcall join TOKEN joins one"};
}

void Agent::answer(const control::Request& request, Reply reply) {
  const auto* entry = Verbs::find(request.verb);
  if (entry == nullptr) {
    return reply(control::refuse(Errc::malformed, "verb " + request.verb + ": not known"));
  }
  if (!entry->without_cluster) {
    if (auto problem = no_member()) return reply(tl::unexpected(*problem));
  }
  (this->*entry->verb)(request, std::move(reply));
}

void Agent::tell(notify::Level level, std::string event, std::string text) {
  journal_.write({0, now().wall, level, std::move(event), "", std::move(text)});
}

}  // namespace rollcall::agent
