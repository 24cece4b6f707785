// SPDX-License-Identifier: GPL-3.0-or-later
// Words by which alarms are known. An alarm is a text, since heartbeats carry it to the other members; who
// wants to say more about it, such as the cure, looks for these in it.
#pragma once

#include <string>

namespace rollcall::alarm_words {

inline const std::string nothing_is_written = "nothing new is written: ";
inline const std::string nothing_is_decided = "nothing is decided: ";
inline const std::string older_than_server = "its store is older than what its server serves: ";
inline const std::string not_serving = "this member does not serve yet: ";
inline const std::string unreadable = "unreadable entry ";
inline const std::string no_entry = "its entry below cn=zones is gone: ";
inline const std::string no_policy = "its policy is not in the directory: ";
inline const std::string two_of_one_number = "two facts with one number of ";
inline const std::string not_arriving = " do not arrive here";
inline const std::string lacking = " still lacks facts that were written again here";
inline const std::string sealed_key = "the master key that ";
inline const std::string unusable_key = ": cannot use ";
inline const std::string missing_key = "no key for ";
inline const std::string lost = "the own server lost what it was seen to serve before";
inline const std::string not_caught_up =
    "its server is told nothing new: facts that others speak of have not arrived since the agent started";
inline const std::string foreign_keys = "its server serves what no member knows: DNSKEY ";
inline const std::string last_gate = "the last gate holds a change of the own server: ";
inline const std::string not_counted = "this member is not counted by ";
inline const std::string expiring = "signatures expire from ";

}  // namespace rollcall::alarm_words
