// SPDX-License-Identifier: GPL-3.0-or-later
// The saves of one pass as one transaction.
#include "lib/agent/attributes_blob.h"
#include "lib/agent/store.h"
#include "lib/directory/codec.h"

namespace rollcall::agent {
namespace {

/// The statements for each kind of Save.
class Saver {
 public:
  Saver(Database& db, const std::string& boot, const Staging& staging)
      : db_(db), boot_(boot), staging_(staging) {}

  Result<> operator()(const SaveFact& save) {
    const FactId& id = save.fact.id;
    const bool unknown = std::holds_alternative<UnknownKind>(save.fact.content);
    if (unknown && !staging_.unknown.contains(id)) return {};  // stored before, by its bytes
    // A fact is never changed: what is there already stays.
    return run("INSERT OR IGNORE INTO facts VALUES (?, ?, ?, ?, ?)", [&](Statement& query) {
      bind(query, id.author).bind(id.seq).bind(ByteView{to_blob(attributes_of(save.fact))});
      if (const Bytes* key = wrapped_key_of(save.fact)) {
        query.bind(ByteView{*key});
      } else {
        query.bind(std::nullopt);
      }
    });
  }

  Result<> operator()(const SaveIntent& save) {
    return run("INSERT OR IGNORE INTO intents VALUES (?, ?, ?, ?, ?)",
               [&](Statement& query) { bind(query, save.intent); });
  }

  Result<> operator()(const DropIntent& save) {
    return run(
        "DELETE FROM intents WHERE zone = ? AND zone_incarnation = ? AND role = ? AND algorithm = ?"
        " AND number = ?",
        [&](Statement& query) { bind(query, save.intent); });
  }

  Result<> operator()(const SaveLeaving& save) {
    if (!save.leaving) return db_.execute("UPDATE life SET heir = NULL, asked_by = NULL");
    return run("UPDATE life SET heir = ?, asked_by = ?", [&](Statement& query) {
      query.bind(ByteView{save.leaving->heir.bytes}).bind(std::string_view{save.leaving->asked_by});
    });
  }

  Result<> operator()(const SaveNextLife& save) {
    for (const char* sql :
         {"UPDATE life SET took_itself_in = 1", "DELETE FROM serving", "DELETE FROM intents"}) {
      if (auto done = db_.execute(sql); !done) return done;
    }
    return run("UPDATE membership SET incarnation = ?",
               [&](Statement& query) { query.bind(save.incarnation); });
  }

  Result<> operator()(const DropFacts& save) {
    return run("DELETE FROM facts WHERE member = ? AND incarnation = ? AND seq > ?",
               [&](Statement& query) { bind(query, save.author).bind(save.above); });
  }

  Result<> operator()(const SaveWait& save) {
    return run("INSERT OR REPLACE INTO waits VALUES (?, ?, ?, ?, ?, ?, ?)", [&](Statement& query) {
      query.bind(std::string_view{boot_});
      bind(query, save.key).bind(save.since.time_since_epoch().count());
    });
  }

  Result<> operator()(const DropWait& save) {
    return run(
        "DELETE FROM waits WHERE zone = ? AND zone_incarnation = ? AND key = ? AND record = ?"
        " AND change = ?",
        [&](Statement& query) { bind(query, save.key); });
  }

  Result<> operator()(const SaveCounter& save) {
    return run("INSERT OR REPLACE INTO counters VALUES (?, ?, ?)",
               [&](Statement& query) { bind(query, save.member).bind(save.counter); });
  }

  Result<> operator()(const SaveServed& save) {
    auto cleared = run("DELETE FROM served WHERE zone = ? AND zone_incarnation = ?",
                       [&](Statement& query) { bind(query, save.zone); });
    if (!cleared) return cleared;
    for (const ServedEntry& entry : save.entries) {
      if (auto done = insert(save.zone, entry); !done) return done;
    }
    return {};
  }

  Result<> operator()(const SaveProgress& save) {
    if (auto done = db_.execute("DELETE FROM vector; DELETE FROM behind"); !done) return done;
    for (const VectorEntry& entry : save.vector) {
      if (auto done = insert(entry); !done) return done;
    }
    for (const Behind& behind : save.behind) {
      if (auto done = insert(behind); !done) return done;
    }
    return run("INSERT OR REPLACE INTO serving VALUES (1, ?)",
               [&](Statement& query) { query.bind(save.serving ? 1 : 0); });
  }

 private:
  template <class Bind>
  Result<> run(std::string_view sql, Bind bind_all) {
    auto query = db_.prepare(sql);
    if (!query) return tl::unexpected(query.error());
    bind_all(*query);
    return query->run();
  }

  static Statement& bind(Statement& query, const Incarnation& who) {
    return query.bind(ByteView{who.member.bytes}).bind(who.number);
  }

  static Statement& bind(Statement& query, const ZoneRef& zone) {
    return query.bind(std::string_view{zone.name}).bind(zone.incarnation);
  }

  static Statement& bind(Statement& query, const Intent& intent) {
    return bind(query, intent.zone)
        .bind(static_cast<int>(intent.generation.role))
        .bind(static_cast<int>(intent.generation.algorithm))
        .bind(intent.generation.number);
  }

  static Statement& bind(Statement& query, const WaitKey& key) {
    return bind(query, key.zone)
        .bind(ByteView{key.key})
        .bind(static_cast<int>(key.record))
        .bind(static_cast<int>(key.change));
  }

  static Bytes joined(const KeyList& keys) {
    Bytes bytes;
    for (const Fingerprint& key : keys) bytes.insert(bytes.end(), key.begin(), key.end());
    return bytes;
  }

  Result<> insert(const ZoneRef& zone, const ServedEntry& entry) {
    return run("INSERT INTO served VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [&](Statement& query) {
      bind(query, zone).bind(std::string_view{boot_}).bind(ByteView{entry.server.bytes});
      query.bind(static_cast<int>(entry.set.kind));
      query.bind(ByteView{joined(entry.set.keys)}).bind(ByteView{joined(entry.set.signers)});
      query.bind(entry.ttl.count());
      if (entry.until) {
        query.bind(entry.until->time_since_epoch().count());
      } else {
        query.bind(std::nullopt);
      }
    });
  }

  Result<> insert(const VectorEntry& entry) {
    return run("INSERT INTO vector VALUES (?, ?, ?, ?)", [&](Statement& query) {
      bind(query, entry.author).bind(entry.seq).bind(ByteView{entry.digest});
    });
  }

  Result<> insert(const Behind& behind) {
    constexpr std::string_view sql = "INSERT INTO behind VALUES (?, ?, ?, ?, ?)";
    if (behind.facts.empty()) {
      return run(sql, [&](Statement& query) {
        bind(query, behind.zone).bind(std::nullopt).bind(std::nullopt).bind(std::nullopt);
      });
    }
    for (const FactId& id : behind.facts) {
      auto done = run(sql, [&](Statement& query) {
        bind(query, behind.zone);
        bind(query, id.author).bind(id.seq);
      });
      if (!done) return done;
    }
    return {};
  }

  directory::Attributes attributes_of(const Fact& fact) const {
    if (std::holds_alternative<UnknownKind>(fact.content)) {
      return staging_.unknown.at(fact.id);
    }
    return directory::signed_attributes(
        directory::attributes_of(fact.id, fact.created, fact.content), fact.signature);
  }

  const Bytes* wrapped_key_of(const Fact& fact) const {
    const auto* candidate = std::get_if<Candidate>(&fact.content);
    const auto* rewrap = std::get_if<Rewrap>(&fact.content);
    if (candidate == nullptr && rewrap == nullptr) return nullptr;
    if (candidate != nullptr) {
      const auto made = staging_.made.find(candidate->fingerprint);
      if (made != staging_.made.end()) return &made->second;
    } else if (const auto made = staging_.rewrapped.find(rewrap->wrapped_digest);
               made != staging_.rewrapped.end()) {
      return &made->second;
    }
    const auto received = staging_.received.find(fact.id);
    return received == staging_.received.end() ? nullptr : &received->second;
  }

  Database& db_;
  const std::string& boot_;
  const Staging& staging_;
};

void take(Staging& staging, const Save& save) {
  const auto* fact = std::get_if<SaveFact>(&save);
  if (fact == nullptr) return;
  staging.unknown.erase(fact->fact.id);
  staging.received.erase(fact->fact.id);
  if (const auto* candidate = std::get_if<Candidate>(&fact->fact.content)) {
    staging.made.erase(candidate->fingerprint);
  }
  if (const auto* rewrap = std::get_if<Rewrap>(&fact->fact.content)) {
    staging.rewrapped.erase(rewrap->wrapped_digest);
  }
}

}  // namespace

Result<> Store::save(std::span<const Save> saves, const std::string& boot, Staging& staging) {
  if (saves.empty()) return {};
  auto done = db_.transaction([&]() -> Result<> {
    Saver saver(db_, boot, staging);
    for (const Save& save : saves) {
      if (auto saved = std::visit(saver, save); !saved) return saved;
    }
    return {};
  });
  if (!done) return done;
  for (const Save& save : saves) take(staging, save);
  return {};
}

}  // namespace rollcall::agent
