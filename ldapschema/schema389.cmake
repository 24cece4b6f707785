# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the schema for 389-ds out of rollcall.ldif, the one source of truth: the same definitions, written
# as a file of 389-ds' schema directory. There names of OIDs are not known, so they are written out.
#
#   rollcall_schema_for_389ds(TEXT OUTPUT_FILE)
function(rollcall_schema_for_389ds text output)
  string(REGEX MATCH "RollcallRoot ([0-9.]+)" found "${text}")
  set(root "${CMAKE_MATCH_1}")
  string(REGEX MATCH "\nolcAttributeTypes: .*" definitions "#\n${text}")
  string(REPLACE "( RollcallAttribute:" "( ${root}.1." definitions "${definitions}")
  string(REPLACE "( RollcallClass:" "( ${root}.2." definitions "${definitions}")
  string(REPLACE "\nolcAttributeTypes:" "\nattributeTypes:" definitions "${definitions}")
  string(REPLACE "\nolcObjectClasses:" "\nobjectClasses:" definitions "${definitions}")
  string(REPLACE " )\n#" "\n  X-ORIGIN 'Rollcall' )\n#" definitions "${definitions}#")
  string(REGEX REPLACE "#$" "" definitions "${definitions}")
  file(WRITE "${output}"
"# SPDX-License-Identifier: GPL-3.0-or-later
# The schema of Rollcall for 389-ds, made from rollcall.ldif, where each definition is explained.
# Put it into the schema directory of every instance (/etc/dirsrv/slapd-INSTANCE/schema), then restart
# the instance, or: dsconf INSTANCE schema reload
#
dn: cn=schema
objectClass: top
objectClass: ldapSubentry
objectClass: subschema
cn: schema${definitions}")
endfunction()
