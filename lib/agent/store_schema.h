// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of the local store. UUIDs, digests and signatures are blobs; times are nanoseconds.
#pragma once

namespace rollcall::agent {

/// Told to every connection. Freed pages are overwritten: they may have held wrapped keys.
inline constexpr const char* store_pragmas =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA secure_delete=ON;"
    "PRAGMA foreign_keys=ON;";

/// "rlcl": tells our files from those of others.
inline constexpr int store_application = 0x726c636c;

inline constexpr const char* store_tables = R"sql(
CREATE TABLE membership (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  cluster BLOB NOT NULL,
  member BLOB NOT NULL, incarnation INTEGER NOT NULL, host TEXT NOT NULL,
  signing BLOB NOT NULL, sealing BLOB NOT NULL,
  anchor BLOB NOT NULL, anchor_incarnation INTEGER NOT NULL, anchor_signing BLOB NOT NULL,
  founder INTEGER NOT NULL
);
CREATE TABLE facts (
  member BLOB NOT NULL, incarnation INTEGER NOT NULL, seq INTEGER NOT NULL,
  attributes BLOB NOT NULL,
  wrapped_key BLOB,
  PRIMARY KEY (member, incarnation, seq)
);
CREATE TABLE intents (
  zone TEXT NOT NULL, zone_incarnation INTEGER NOT NULL,
  role INTEGER NOT NULL, algorithm INTEGER NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (zone, zone_incarnation, role, algorithm, number)
);
CREATE TABLE waits (
  boot TEXT NOT NULL,
  zone TEXT NOT NULL, zone_incarnation INTEGER NOT NULL,
  key BLOB NOT NULL, record INTEGER NOT NULL, change INTEGER NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (zone, zone_incarnation, key, record, change)
);
CREATE TABLE counters (
  member BLOB NOT NULL, incarnation INTEGER NOT NULL,
  counter INTEGER NOT NULL,
  PRIMARY KEY (member, incarnation)
);
CREATE TABLE vector (
  member BLOB NOT NULL, incarnation INTEGER NOT NULL,
  seq INTEGER NOT NULL, digest BLOB NOT NULL,
  PRIMARY KEY (member, incarnation)
);
CREATE TABLE behind (
  zone TEXT NOT NULL, zone_incarnation INTEGER NOT NULL,
  member BLOB, incarnation INTEGER, seq INTEGER  -- all NULL: the whole zone
);
CREATE TABLE serving (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), serving INTEGER NOT NULL);
CREATE TABLE invites (
  id BLOB PRIMARY KEY, secret BLOB NOT NULL, expires INTEGER NOT NULL, used_by BLOB
);
)sql";

/// Came later: made where it is missing. Older software does not miss it.
inline constexpr const char* store_tables_added = R"sql(
CREATE TABLE IF NOT EXISTS life (  -- how this life of the member began, and that it is to end
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  took_itself_in INTEGER NOT NULL,
  heir BLOB, asked_by TEXT  -- NULL: nobody asked it to leave
);
INSERT OR IGNORE INTO life VALUES (1, 0, NULL, NULL);
CREATE TABLE IF NOT EXISTS served (
  zone TEXT NOT NULL, zone_incarnation INTEGER NOT NULL,
  boot TEXT NOT NULL,
  server BLOB NOT NULL,  -- all zero: the parent
  kind INTEGER NOT NULL, keys BLOB NOT NULL, signers BLOB NOT NULL,  -- fingerprints, one after the other
  ttl INTEGER NOT NULL,
  until INTEGER  -- NULL: still served
);
CREATE INDEX IF NOT EXISTS served_zone ON served (zone, zone_incarnation);
)sql";

}  // namespace rollcall::agent
