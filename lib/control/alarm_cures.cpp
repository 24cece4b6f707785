// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/alarm_cures.h"

#include "lib/core/alarm_words.h"

namespace rollcall::control {
namespace {

struct Cure {
  const std::string& words;
  const char* text;  ///< `@` stands for the host.
};

// What people write is theirs to correct: a policy that is deleted is one that its zones lack.
const std::string of_people[] = {",cn=policies,", ",cn=zones,", "cn=config,"};

const Cure cures[] = {
    {alarm_words::older_than_server,
     "bring back a member that knows more; if those keys are an outsider's, rollcall check, on @, with the zone: how to take them out"},
    {alarm_words::nothing_is_decided, "bring the other members back; rollcall forget, on @, those that are gone for good"},
    {alarm_words::not_serving,
     "bring back what it waits for; if that is lost, rollcall forget, on another member, then rollcall join, on @"},
    {alarm_words::not_caught_up,
     "the directory's own log, on @: replication to it; rollcall forget who wrote them, if it is gone for good"},
    {alarm_words::no_entry, "rollcall zone add, with the zone, on any member"},
    {alarm_words::no_policy, "rollcall policy set, with its name, on any member; --dry-run says what that changes"},
    {alarm_words::unreadable, "see in the directory's log, on @, who wrote that entry; delete it"},
    {alarm_words::two_of_one_number,
     "stop the copy of that member, and rollcall forget the one that is not to be"},
    {alarm_words::not_arriving, "the directory's own log, on @: replication to it has stopped"},
    {alarm_words::lacking, "the directory's own log, there: replication to it has stopped"},
    {alarm_words::sealed_key,
     "rollcall master-key rotate, on another member: it makes a new one for all"},
    {alarm_words::unusable_key,
     "rollcall master-key show, on @; rollcall master-key rotate wraps all keys anew"},
    {alarm_words::missing_key, "rollcall set HOST, with a member that is heard of"},
    {alarm_words::lost, "rollcall log, on @: somebody else changes that server's keys or zone"},
    {alarm_words::foreign_keys, "rollcall check, on @, with the zone: how to take it out"},
    {alarm_words::last_gate, "rollcall gate, on @, with the zone: what is known of caches"},
    {alarm_words::not_counted,
     "rollcall invite, on a member that counts, then rollcall join, on @; or rollcall forget, on @, those that it names, if they are gone"},
    {alarm_words::expiring, "rollcall check, on @, with the zone: its named does not sign"},
};

std::string with_host(std::string text, const std::string& host) {
  const auto at = text.find('@');
  return at == std::string::npos ? text : text.replace(at, 1, host);
}

}  // namespace

std::string cure_of(const std::string& alarm, const std::string& where) {
  const auto unreadable = alarm.find(alarm_words::unreadable);
  const auto dn_ends = alarm.find(": ", unreadable == std::string::npos ? 0 : unreadable);
  for (const std::string& place : of_people) {
    if (unreadable != std::string::npos && alarm.find(place) < dn_ends) {
      return "see in the directory's log, on " + where +
             ", who wrote that; correct it, and delete the entry only if nothing needs it";
    }
  }
  for (const Cure& cure : cures) {
    if (alarm.find(cure.words) != std::string::npos) return with_host(cure.text, where);
  }
  return "rollcall check, on " + where;
}

}  // namespace rollcall::control
