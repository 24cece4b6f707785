// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/agent/store_schema.h"

namespace rollcall::agent {

/// Kept until the process ends, however it ends.
struct Store::Lock {
  explicit Lock(int descriptor) : fd(descriptor) {}
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() { ::close(fd); }
  int fd;
};

namespace {

Error directory_error(const std::filesystem::path& directory) {
  return {Errc::denied, fmt::format("state directory {}: {}", directory.native(),
                                    std::strerror(errno))};
}

Result<int> lock_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return tl::unexpected(directory_error(directory));
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  const int reason = errno;
  ::close(fd);
  if (reason == EWOULDBLOCK) {
    return fail(Errc::conflict, fmt::format("state directory {}: another agent is using it; two "
                                            "agents must never share an identity",
                                            directory.native()));
  }
  errno = reason;
  return tl::unexpected(directory_error(directory));
}

Result<std::int64_t> pragma(Database& db, std::string_view name) {
  auto query = db.prepare(fmt::format("PRAGMA {}", name));
  if (!query) return tl::unexpected(query.error());
  if (auto row = query->step(); !row) return tl::unexpected(row.error());
  return query->number();
}

Result<> create_tables(Database& db) {
  return db.transaction([&]() -> Result<> {
    if (auto made = db.execute(store_tables); !made) return made;
    if (auto made = db.execute(store_tables_added); !made) return made;
    return db.execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={};",
                                  store_application, store_version)
                          .c_str());
  });
}

Result<> prepare_tables(Database& db, const std::filesystem::path& file) {
  const auto application = pragma(db, "application_id");
  if (!application) return tl::unexpected(application.error());
  const auto version = pragma(db, "user_version");
  if (!version) return tl::unexpected(version.error());
  const auto tables = pragma(db, "schema_version");
  if (!tables) return tl::unexpected(tables.error());

  if (*tables == 0 && *application == 0) return create_tables(db);
  if (*application != store_application) {
    return fail(Errc::malformed, fmt::format("local store {}: not a store of rollcall", file.native()));
  }
  if (*version == store_version) return db.execute(store_tables_added);
  return fail(Errc::malformed,
              fmt::format("local store {}: has version {}, this software knows {}; use the software "
                          "that wrote it",
                          file.native(), *version, store_version));
}

}  // namespace

Store::Store(std::unique_ptr<Lock> lock, Database db) : lock_(std::move(lock)), db_(std::move(db)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& directory) {
  const auto locked = lock_directory(directory);
  if (!locked) return tl::unexpected(locked.error());
  auto lock = std::make_unique<Lock>(*locked);

  const auto file = directory / "store.db";
  auto db = Database::open(file);
  if (!db) return tl::unexpected(db.error());
  if (auto set = db->execute(store_pragmas); !set) return tl::unexpected(set.error());
  if (auto ready = prepare_tables(*db, file); !ready) return tl::unexpected(ready.error());
  return std::unique_ptr<Store>(new Store(std::move(lock), std::move(*db)));
}

Result<std::optional<Membership>> Store::membership() {
  auto query = db_.prepare(
      "SELECT cluster, member, incarnation, host, signing, sealing,"
      " anchor, anchor_incarnation, anchor_signing, founder FROM membership");
  if (!query) return tl::unexpected(query.error());
  const auto row = query->step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::nullopt;
  Membership out;
  out.cluster.bytes = query->array<16>();
  out.self.member.bytes = query->array<16>();
  out.self.incarnation = static_cast<std::uint32_t>(query->number());
  out.self.host = query->text();
  out.self.signing = query->array<32>();
  out.self.sealing = query->array<32>();
  out.anchor.member.member.bytes = query->array<16>();
  out.anchor.member.number = static_cast<std::uint32_t>(query->number());
  out.anchor.signing = query->array<32>();
  out.founder = query->number() != 0;
  return out;
}

// Who was out let pass what the others decided: a new life has carried out nothing yet. What it holds is as good as
// before; facts that do not count for those who remain go when the word that takes it in tells which.
Result<> Store::begin_life(const Membership& membership) {
  return db_.transaction([&]() -> Result<> {
    for (const char* sql : {"DELETE FROM serving", "DELETE FROM vector", "DELETE FROM behind", "DELETE FROM waits",
                            "DELETE FROM intents",
                            "UPDATE life SET took_itself_in = 0, heir = NULL, asked_by = NULL"}) {
      if (auto done = db_.execute(sql); !done) return done;
    }
    return set_membership(membership);
  });
}

Result<> Store::set_membership(const Membership& membership) {
  auto query = db_.prepare(
      "INSERT OR REPLACE INTO membership VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!query) return tl::unexpected(query.error());
  query->bind(ByteView{membership.cluster.bytes})
      .bind(ByteView{membership.self.member.bytes})
      .bind(membership.self.incarnation)
      .bind(std::string_view{membership.self.host})
      .bind(ByteView{membership.self.signing})
      .bind(ByteView{membership.self.sealing})
      .bind(ByteView{membership.anchor.member.member.bytes})
      .bind(membership.anchor.member.number)
      .bind(ByteView{membership.anchor.signing})
      .bind(membership.founder ? 1 : 0);
  return query->run();
}

Result<> Store::forget_membership() { return db_.execute("DELETE FROM membership"); }

Result<bool> Store::has_no_facts() {
  auto query = db_.prepare("SELECT NOT EXISTS (SELECT 1 FROM facts)");
  if (!query) return tl::unexpected(query.error());
  if (const auto row = query->step(); !row) return tl::unexpected(row.error());
  return query->number() != 0;
}

Result<> Store::set_wrapped_key(const FactId& id, const Bytes& wrapped_key) {
  auto query = db_.prepare(
      "UPDATE facts SET wrapped_key = ? WHERE member = ? AND incarnation = ? AND seq = ?");
  if (!query) return tl::unexpected(query.error());
  query->bind(ByteView{wrapped_key})
      .bind(ByteView{id.author.member.bytes})
      .bind(id.author.number)
      .bind(id.seq);
  return query->run();
}

Result<> Store::wipe_wrapped_key(const FactId& id) {
  auto query = db_.prepare(
      "UPDATE facts SET wrapped_key = NULL WHERE member = ? AND incarnation = ? AND seq = ?");
  if (!query) return tl::unexpected(query.error());
  query->bind(ByteView{id.author.member.bytes}).bind(id.author.number).bind(id.seq);
  if (auto done = query->run(); !done) return done;
  return db_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace rollcall::agent
