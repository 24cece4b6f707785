// SPDX-License-Identifier: GPL-3.0-or-later
// What all held facts together say about one zone: a pure function of their union, whatever the
// order in which they came.
#pragma once

#include <array>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/core/acks.h"
#include "lib/core/fact.h"
#include "lib/core/wait.h"

namespace rollcall {

/// A fact's identity with its content, both owned by the log.
template <class Content>
struct Stated {
  FactId id;
  Time created;
  const Content* content;
  const Content* operator->() const { return content; }
};

/// Everything that was decided about one record of one key. Withdrawal beats introduction, in
/// whatever order they arrive.
struct RecordHistory {
  std::vector<FactId> introduced_by;  ///< Equal decisions of several members.
  std::vector<FactId> withdrawn_by;
  std::optional<Time> first_introduced;
  Intervals waits;  ///< The largest that a decision about it was made with.

  bool introduced() const { return !introduced_by.empty() || !withdrawn_by.empty(); }
  bool withdrawn() const { return !withdrawn_by.empty(); }
  bool served() const { return introduced() && !withdrawn(); }
  const std::vector<FactId>& last_change() const {
    return withdrawn() ? withdrawn_by : introduced_by;
  }
};

/// The records of one key.
struct KeyHistory {
  std::array<RecordHistory, all_records.size()> records;  ///< Indexed by Record.

  RecordHistory& operator[](Record record) { return records[static_cast<std::size_t>(record)]; }
  const RecordHistory& operator[](Record record) const {
    return records[static_cast<std::size_t>(record)];
  }
  bool introduced() const;  ///< Any of them, ever.
};

class ZoneBook {
 public:
  /// Takes note of a fact about this zone. The fact must outlive the book.
  void add(const Fact& fact);

  const std::vector<Stated<Candidate>>& candidates() const { return candidates_; }
  const std::vector<Stated<Reject>>& rejects() const { return rejects_; }
  const std::vector<Stated<Decision>>& decisions() const { return decisions_; }
  const std::vector<Stated<Observation>>& observations() const { return observations_; }
  const std::vector<Stated<Request>>& requests() const { return requests_; }
  const std::vector<Stated<Abandon>>& abandons() const { return abandons_; }
  /// The facts that give up this key.
  std::vector<FactId> abandoned_by(const Fingerprint& key) const;
  /// When the last record that the use of this key takes was introduced; empty: not all are.
  std::optional<Time> first_use(const Candidate& key) const;
  /// Whether any of it was withdrawn.
  bool withdrawn(const Candidate& key) const;

  const Stated<Candidate>* candidate(const Fingerprint& key) const;
  /// In the order of the election: the earliest first.
  const std::vector<Stated<Candidate>>& candidates_of(Role role, std::uint32_t number) const;
  std::uint32_t newest_generation(Role role) const;  ///< 0 if there is none.
  const KeyHistory& history(const Fingerprint& key) const;
  const RecordHistory& history(const KeyRecord& record) const { return history(record.key)[record.record]; }
  bool ever_introduced(const Fingerprint& key) const { return history(key).introduced(); }
  /// The administrator's wish for a generation; null if there is none.
  const Stated<Request>* request_for(Role role, std::uint32_t number) const;
  /// Whether the key of this generation, or its successor, was asked for in an emergency.
  bool in_emergency(const Generation& generation) const;
  bool rejected(const MemberId& by, const FactId& candidate) const;
  /// The newest observation of an author about this DS step; null if there is none.
  const Stated<Observation>* latest_observation(const MemberId& author,
                                                const std::vector<FactId>& after) const;
  std::size_t size() const { return size_; }                  ///< Facts taken note of.

 private:
  void add(const Stated<Candidate>& candidate);
  void add(const Stated<Decision>& decision);

  std::size_t size_ = 0;
  std::vector<Stated<Candidate>> candidates_;
  std::map<std::pair<Role, std::uint32_t>, std::vector<Stated<Candidate>>> generations_;
  std::vector<Stated<Reject>> rejects_;
  std::vector<Stated<Decision>> decisions_;
  std::vector<Stated<Observation>> observations_;
  std::map<MemberId, std::vector<std::size_t>> observed_by_;  // places in observations_
  std::vector<Stated<Request>> requests_;
  std::unordered_map<Fingerprint, KeyHistory, FingerprintHash> histories_;
  std::vector<Stated<Abandon>> abandons_;
};

}  // namespace rollcall
