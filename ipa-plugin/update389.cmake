# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the entries and access rules of access-389ds.ldif part of an update file of IPA, which may be applied
# again and again: what is there stays. `$` begins a variable there, so that of a rule is doubled.
#
#   rollcall_update_for_ipa(LDIF_TEXT OUTPUT_VARIABLE)
function(rollcall_update_for_ipa text output)
  string(REGEX REPLACE "^.*\n\ndn: @BASE@\nchangetype: add" "dn: @BASE@\nchangetype: add" text "${text}")
  string(REGEX REPLACE "\n#[^\n]*" "" text "${text}")
  string(REPLACE "\n " " " text "${text}")
  string(REPLACE "changetype: add\n" "" text "${text}")
  string(REPLACE "\nobjectClass: " "\ndefault: objectClass: " text "${text}")
  string(REPLACE "\ncn: " "\ndefault: cn: " text "${text}")
  string(REPLACE "\naci: " "\nadd: aci: " text "${text}")
  string(REPLACE "($attr." "($$attr." text "${text}")
  # An update may say all about an entry at once: the rules go where the base is made.
  string(REGEX MATCH "\ndn: @BASE@\nchangetype: modify\nreplace: aci(\n.*)$" found "${text}")
  set(rules "${CMAKE_MATCH_1}")
  string(REPLACE "${found}" "" text "${text}")
  string(REPLACE "\ndefault: cn: rollcall\n" "\ndefault: cn: rollcall${rules}" text "${text}")
  string(REPLACE "@BASE@" "cn=rollcall,cn=dns,$SUFFIX" text "${text}")
  string(REPLACE "@AGENTS@" "cn=DNS Servers,cn=privileges,cn=pbac,$SUFFIX" text "${text}")
  string(REPLACE "@ADMINISTRATORS@" "cn=DNSSEC Key Manager Administrators,cn=privileges,cn=pbac,$SUFFIX" text "${text}")
  set(${output} "${text}" PARENT_SCOPE)
endfunction()
