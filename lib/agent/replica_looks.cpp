// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/replica_looks.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <map>

#include "lib/agent/clock.h"
#include "lib/directory/codec_dn.h"
#include "lib/directory/codec_replication.h"
#include "lib/directory/ldap_directory.h"

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 8s;

// All but the two attributes that its author changes.
std::size_t digest_of(const directory::Entry& entry) {
  std::string all;
  for (const auto& [name, values] : entry.attributes) {
    if (name == "rollcallwrappedkey" || name == "rollcalltouched") continue;
    for (const Bytes& value : values)
      all.append(name).append(1, '\0').append(as_text(value)).append(1, '\0');
  }
  return std::hash<std::string>{}(all);
}

std::string probe_in(const directory::Entry& entry) {
  const auto found = entry.attributes.find("rollcallprobe");
  return found == entry.attributes.end() || found->second.empty()
             ? ""
             : std::string{as_text(found->second.front())};
}

}  // namespace

class ReplicaLooks::Replica : public directory::Listener {
 public:
  Replica(ReplicaLooks& owner, const directory::LdapOptions& options, const ReplicaPlace& place)
      : owner_(owner), base_(options.base) {
    look.host = place.host;
    look.uri = place.uris.front();
  }

  void open(boost::asio::thread_pool& pool, const directory::LdapOptions& options) {
    auto opened = directory::LdapDirectory::create(owner_.loop_, pool, options);
    if (!opened) {
      look.problem = opened.error().what;
      return owner_.changed();
    }
    directory_ = std::move(*opened);
    directory_->watch(*this);
  }

  void entry(directory::Entry entry) override {
    if (directory::classify(base_, entry.dn).place == directory::Place::fact)
      facts[entry.dn] = digest_of(entry);
    if (!look.probe_after && entry.dn == owner_.probe_.dn && probe_in(entry) == owner_.probe_.value)
      look.probe_after = now().boot - owner_.began_;
    owner_.changed();
  }

  void vanished(const std::string& dn) override {
    facts.erase(dn);
    owner_.changed();
  }

  void state(directory::State state, const std::string& why) override {
    look.answers = state == directory::State::current;
    look.problem =
        state == directory::State::refreshing ? "it did not tell all that it has in time" : why;
    is_down = state == directory::State::down;
    if (look.answers) {
      look.denied = false;
      ask_of_replication();
    }
    owner_.changed();
  }

  void denied() override { look.denied = true; }

  void conflicts(const std::vector<std::string>& found) override { look.conflicts = found; }

  bool failed() const { return is_down || !directory_; }
  bool settled() const { return look.answers && look.probe_after && questions_left_ == 0; }

  control::ReplicaLook look;
  std::map<std::string, std::size_t> facts;  ///< Digests by DN.
  bool is_down = false;

 private:
  // What a server does not tell, or is of the other kind, is no error: these are hints.
  void ask_of_replication() {
    if (std::exchange(asked_, true)) return;
    const auto searches = directory::replication_searches(base_);
    questions_left_ = searches.size();
    for (const directory::Search& one : searches) {
      directory_->search(one.dn, one.filter, one.names,
                         [this](const Result<std::vector<directory::Entry>>& found) {
                           if (found) told_.insert(told_.end(), found->begin(), found->end());
                           if (--questions_left_ == 0)
                             look.replication = directory::read_replication(told_);
                           owner_.changed();
                         });
    }
  }

  ReplicaLooks& owner_;
  std::string base_;
  bool asked_ = false;
  std::size_t questions_left_ = 0;
  std::vector<directory::Entry> told_;
  std::unique_ptr<directory::LdapDirectory> directory_;
};

ReplicaLooks::ReplicaLooks(boost::asio::io_context& loop, Probe probe, Done done)
    : loop_(loop),
      deadline_(loop),
      probe_(std::move(probe)),
      began_(now().boot),
      done_(std::move(done)) {}

ReplicaLooks::~ReplicaLooks() = default;

std::shared_ptr<ReplicaLooks> ReplicaLooks::start(boost::asio::io_context& loop,
                                                  boost::asio::thread_pool& pool,
                                                  const directory::LdapOptions& options,
                                                  const std::vector<ReplicaPlace>& places,
                                                  Probe probe, Done done) {
  std::shared_ptr<ReplicaLooks> looks(new ReplicaLooks(loop, std::move(probe), std::move(done)));
  for (const ReplicaPlace& place : places)
    looks->replicas_.push_back(std::make_unique<Replica>(*looks, options, place));
  for (std::size_t i = 0; i < places.size(); ++i) {
    directory::LdapOptions there = options;
    there.uris = places[i].uris;
    there.operation_timeout = 4s;
    there.poll = 500ms;
    there.conflict_look = 1s;
    looks->replicas_[i]->open(pool, there);
  }
  looks->deadline_.expires_after(patience);
  looks->deadline_.async_wait(
      [weak = std::weak_ptr(looks)](const boost::system::error_code& cancelled) {
        const auto self = weak.lock();
        if (!cancelled && self) self->finish();
      });
  looks->changed();
  return looks;
}

// Not at once: a replica that tells a thousand entries is looked at once behind them, and none is
// closed out of its own call.
void ReplicaLooks::changed() {
  if (std::exchange(looks_again_, true)) return;
  boost::asio::post(loop_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->looks_again_ = false;
    if (self->settled()) self->finish();
  });
}

bool ReplicaLooks::settled() const {
  const std::map<std::string, std::size_t>* facts = nullptr;
  for (const auto& replica : replicas_) {
    if (replica->failed()) continue;
    if (!replica->settled()) return false;
    if (facts != nullptr && *facts != replica->facts) return false;
    facts = &replica->facts;
  }
  return true;
}

void ReplicaLooks::finish() {
  if (!done_) return;
  deadline_.cancel();
  std::map<std::string, std::size_t> all;
  for (const auto& replica : replicas_) {
    if (replica->look.answers) all.insert(replica->facts.begin(), replica->facts.end());
  }
  std::vector<control::ReplicaLook> looks;
  for (const auto& replica : replicas_) {
    control::ReplicaLook look = replica->look;
    look.facts = replica->facts.size();
    if (look.answers) look.lacks = all.size() - replica->facts.size();
    if (!look.answers && look.problem.empty()) look.problem = "no answer in time";
    for (const auto& [dn, digest] : replica->facts)
      look.differs += look.answers && all.at(dn) != digest ? 1 : 0;
    looks.push_back(std::move(look));
  }
  replicas_.clear();
  std::exchange(done_, nullptr)(std::move(looks));
}

}  // namespace rollcall::agent
