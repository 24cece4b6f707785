// SPDX-License-Identifier: GPL-3.0-or-later
// From the local store back to what a Member goes on with.
#include <fmt/format.h>

#include "lib/agent/attributes_blob.h"
#include "lib/agent/store.h"
#include "lib/directory/codec.h"

namespace rollcall::agent {
namespace {

/// Facts are kept without their place; this one is as good as any to read them at.
constexpr const char* any_base = "cn=rollcall";

template <class Row>
Result<> each_row(Database& db, std::string_view sql, Row row) {
  auto query = db.prepare(sql);
  if (!query) return tl::unexpected(query.error());
  while (true) {
    const auto more = query->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    if (Result<> read = row(*query); !read) return read;
  }
}

Incarnation incarnation(Statement& row) {
  Incarnation out;
  out.member.bytes = row.array<16>();
  out.number = static_cast<std::uint32_t>(row.number());
  return out;
}

FactId fact_id(Statement& row) {
  FactId out;
  out.author = incarnation(row);
  out.seq = static_cast<std::uint64_t>(row.number());
  return out;
}

ZoneRef zone_ref(Statement& row) {
  ZoneRef out;
  out.name = row.text();
  out.incarnation = static_cast<std::uint32_t>(row.number());
  return out;
}

Result<StoredFact> stored_fact(Statement& row, const Membership& self) {
  const FactId id = fact_id(row);
  const auto damaged = [&](std::string_view why) {
    return fail(Errc::malformed, fmt::format("local store: fact {}: {}", to_string(id), why));
  };
  auto attributes = attributes_from(row.blob());
  if (!attributes) return damaged("cannot be read");
  auto read = directory::read_fact(self.cluster, any_base,
                                   {directory::fact_dn(any_base, id), *attributes});
  if (!read) return damaged(read.error().what);
  return StoredFact{std::move(read->fact), std::move(*attributes), row.blob_or_null()};
}

Result<> restore_facts(Database& db, const Membership& self, Restored& out) {
  return each_row(db,
                  "SELECT member, incarnation, seq, attributes, NULL FROM facts"
                  " ORDER BY member, incarnation, seq",
                  [&](Statement& row) -> Result<> {
                    auto stored = stored_fact(row, self);
                    if (!stored) return tl::unexpected(stored.error());
                    out.facts.push_back(std::move(stored->fact));
                    return {};
                  });
}

Result<> restore_vector(Database& db, Restored& out) {
  return each_row(db, "SELECT member, incarnation, seq, digest FROM vector ORDER BY 1, 2",
                  [&](Statement& row) -> Result<> {
                    VectorEntry entry;
                    entry.author = incarnation(row);
                    entry.seq = static_cast<std::uint64_t>(row.number());
                    entry.digest = row.array<32>();
                    out.vector.push_back(entry);
                    return {};
                  });
}

/// Rows of one zone stand together; one without a fact is the whole zone.
Result<> restore_behind(Database& db, Restored& out) {
  return each_row(db,
                  "SELECT zone, zone_incarnation, seq IS NOT NULL, member, incarnation, seq"
                  " FROM behind ORDER BY 1, 2, 4, 5, 6",
                  [&](Statement& row) -> Result<> {
                    const ZoneRef zone = zone_ref(row);
                    if (out.behind.empty() || out.behind.back().zone != zone) {
                      out.behind.push_back({zone, {}});
                    }
                    if (row.number() != 0) out.behind.back().facts.push_back(fact_id(row));
                    return {};
                  });
}

Result<> restore_intents(Database& db, Restored& out) {
  return each_row(db, "SELECT * FROM intents", [&](Statement& row) -> Result<> {
    Intent intent;
    intent.zone = zone_ref(row);
    intent.generation.role = static_cast<Role>(row.number());
    intent.generation.algorithm = static_cast<Algorithm>(row.number());
    intent.generation.number = static_cast<std::uint32_t>(row.number());
    out.intents.push_back(std::move(intent));
    return {};
  });
}

Result<> restore_waits(Database& db, const std::string& boot, Restored& out) {
  return each_row(db, "SELECT boot, zone, zone_incarnation, key, record, change, since FROM waits",
                  [&](Statement& row) -> Result<> {
                    const std::string of_boot = row.text();
                    WaitKey key;
                    key.zone = zone_ref(row);
                    key.key = row.array<32>();
                    key.record = static_cast<Record>(row.number());
                    key.change = static_cast<Change>(row.number());
                    const BootTime since{Nanoseconds{row.number()}};
                    if (of_boot == boot) out.waits.emplace(std::move(key), since);
                    return {};
                  });
}

Result<KeyList> key_list(const Bytes& joined) {
  constexpr std::size_t size = Fingerprint{}.size();
  if (joined.size() % size != 0) return fail(Errc::malformed, "local store: the served ledger is damaged");
  KeyList keys(joined.size() / size);
  for (std::size_t i = 0; i < joined.size(); ++i) keys[i / size][i % size] = joined[i];
  return keys;
}

/// What ended before a reboot is left out: nobody knows how long ago that was.
Result<> restore_served(Database& db, const std::string& boot, Restored& out) {
  return each_row(db,
                  "SELECT zone, zone_incarnation, boot, server, kind, keys, signers, ttl,"
                  " until IS NOT NULL, until FROM served ORDER BY rowid",
                  [&](Statement& row) -> Result<> {
                    const ZoneRef zone = zone_ref(row);
                    const std::string of_boot = row.text();
                    ServedEntry entry;
                    entry.server.bytes = row.array<16>();
                    entry.set.kind = static_cast<ServedSet::Kind>(row.number());
                    auto keys = key_list(row.blob());
                    auto signers = key_list(row.blob());
                    if (!keys) return tl::unexpected(keys.error());
                    if (!signers) return tl::unexpected(signers.error());
                    entry.set.keys = std::move(*keys);
                    entry.set.signers = std::move(*signers);
                    entry.ttl = Seconds{row.number()};
                    const bool ended = row.number() != 0;
                    const BootTime until{Nanoseconds{row.number()}};
                    if (ended && of_boot != boot) return {};
                    if (ended) entry.until = until;
                    entry.current = !ended;
                    out.served[zone].push_back(std::move(entry));
                    return {};
                  });
}

Result<> restore_counters(Database& db, Restored& out) {
  return each_row(db, "SELECT * FROM counters", [&](Statement& row) -> Result<> {
    const Incarnation member = incarnation(row);
    out.counters[member] = static_cast<std::uint64_t>(row.number());
    return {};
  });
}

Result<> restore_serving(Database& db, Restored& out) {
  return each_row(db, "SELECT serving FROM serving", [&](Statement& row) -> Result<> {
    out.serving = row.number() != 0;
    return {};
  });
}

Result<> restore_life(Database& db, Restored& out) {
  return each_row(db, "SELECT took_itself_in, heir IS NOT NULL, heir, asked_by FROM life",
                  [&](Statement& row) -> Result<> {
                    out.took_itself_in = row.number() != 0;
                    if (row.number() == 0) return {};
                    Leaving leaving;
                    leaving.heir.bytes = row.array<16>();
                    leaving.asked_by = row.text();
                    out.leaving = std::move(leaving);
                    return {};
                  });
}

}  // namespace

Result<Restored> Store::restore(const Membership& self, const std::string& boot) {
  Restored out;
  for (const Result<>& done :
       {restore_facts(db_, self, out), restore_vector(db_, out), restore_behind(db_, out),
        restore_intents(db_, out), restore_waits(db_, boot, out), restore_served(db_, boot, out),
        restore_counters(db_, out), restore_serving(db_, out), restore_life(db_, out)}) {
    if (!done) return tl::unexpected(done.error());
  }
  return out;
}

Result<StoredFact> Store::fact(const Membership& self, const FactId& id) {
  auto query = db_.prepare(
      "SELECT member, incarnation, seq, attributes, wrapped_key FROM facts"
      " WHERE member = ? AND incarnation = ? AND seq = ?");
  if (!query) return tl::unexpected(query.error());
  query->bind(ByteView{id.author.member.bytes}).bind(id.author.number).bind(id.seq);
  const auto row = query->step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail(Errc::not_found, "local store: fact " + to_string(id) + ": not there");
  return stored_fact(*query, self);
}

}  // namespace rollcall::agent
