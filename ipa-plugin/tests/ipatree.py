# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes of the tree of a lab what an IPA server would: servers, privileges, and what our files say.

IPA's own updater and its managed permissions live in ipaserver, which Debian has not: here is as much of both as
our files use.
"""
import re
from pathlib import Path
from typing import Any

import ldap
import ldap.modlist

from ipalib.aci import ACI
from ipapython.ipautil import template_str

from lablib import ds389

SUFFIX = "dc=lab,dc=test"
PBAC = f"cn=pbac,{SUFFIX}"
MASTERS = f"cn=masters,cn=ipa,cn=etc,{SUFFIX}"
DNS_ADMIN = "dnsadmin"   # of the privilege DNS Administrators, which IPA has
KEY_ADMIN = "keyadmin"   # of our own privilege
ORDINARY = "plain"
WITHOUT_AGENT = "d.lab.test"
READ_AGREEMENTS = f"cn=System: Read Replication Agreements,cn=permissions,{PBAC}"

# Of IPA's schema what our entries use; numbers of ours, since it is for a test.
_SCHEMA = {
    "attributeTypes": ["( 2.25.7.1 NAME 'ipaConfigString' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
                       "( 2.25.7.4 NAME 'idnsName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
                       "( 2.25.7.8 NAME 'ipaNTFlatName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
                       "( 2.25.7.5 NAME 'idnsSecInlineSigning' EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )"],
    "objectClasses": ["( 2.25.7.2 NAME 'ipaConfigObject' AUXILIARY MAY ( ipaConfigString $ cn ) )",
                      "( 2.25.7.3 NAME 'nestedGroup' SUP groupOfNames STRUCTURAL )",
                      "( 2.25.7.6 NAME 'idnsZone' STRUCTURAL MUST ( idnsName ) MAY ( idnsSecInlineSigning ) )",
                      "( 2.25.7.9 NAME 'ipaNTTrustedDomain' SUP nsContainer STRUCTURAL MAY ( ipaNTFlatName ) )",
                      "( 2.25.7.7 NAME 'idnsSecKey' STRUCTURAL MUST ( cn ) )"]}


def user_dn(name: str) -> str:
    return f"uid={name},ou=people,{SUFFIX}"


def service_dn(host: str) -> str:
    return f"cn=DNSKeyManager,cn={host},{MASTERS}"


def zone_dn(zone: str) -> str:
    return f"idnsname={zone},cn=dns,{SUFFIX}"


def plant(connection: Any, hosts: list[str], agents: list[str]) -> None:
    """What IPA brings.

    hosts   Of servers with an agent; there is one more server without.
    agents  DNs as which the agents bind.
    """
    for kind, values in _SCHEMA.items():
        connection.modify_s("cn=schema", [(ldap.MOD_ADD, kind, [value.encode() for value in values])])
    for dn in (f"cn=etc,{SUFFIX}", f"cn=ipa,cn=etc,{SUFFIX}", MASTERS, PBAC, f"cn=privileges,{PBAC}",
               f"cn=permissions,{PBAC}", *(f"cn={host},{MASTERS}" for host in [*hosts, WITHOUT_AGENT])):
        ds389.add(connection, dn, objectClass="nsContainer")
    for name in (DNS_ADMIN, KEY_ADMIN, ORDINARY):
        ds389.add(connection, user_dn(name), objectClass=["account", "simpleSecurityObject"],
                  userPassword=ds389.hashed(ds389.PASSWORD))
    ds389.add(connection, READ_AGREEMENTS, objectClass="groupOfNames", member=user_dn(KEY_ADMIN))
    for name, members in (("DNS Servers", agents), ("DNS Administrators", [user_dn(DNS_ADMIN)])):
        ds389.add(connection, f"cn={name},cn=privileges,{PBAC}", objectClass=["groupOfNames", "nestedGroup"], member=members)


def update_of(binaries: str) -> str:
    """The update file that was built together with the programs."""
    return (Path(binaries).parent / "ipa-plugin" / "updates" / "75-rollcall.update").read_text(encoding="utf-8")


def apply_update(connection: Any, text: str, host: str) -> int:
    """Does what ipa-ldap-updater does with `dn`, `default`, `add`; gives how many entries it changed."""
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    text = template_str(text, {"SUFFIX": SUFFIX, "FQDN": host})
    return sum(_update_entry(connection, block) for block in re.split(r"\n(?=dn: )", text) if block.startswith("dn: "))


def _update_entry(connection: Any, block: str) -> bool:
    dn, *rest = [line for line in block.splitlines() if line.strip() and not line.startswith("plugin:")]
    dn = dn.removeprefix("dn: ")
    lines = [tuple(part.strip() for part in line.split(":", 2)) for line in rest]
    assert all(len(line) == 3 and line[0] in ("default", "add") for line in lines), lines
    made = not _exists(connection, dn)
    if made:
        entry: dict[str, list[bytes]] = {}
        for verb, name, value in lines:
            if verb == "default":
                entry.setdefault(name, []).append(value.encode())
        connection.add_s(dn, ldap.modlist.addModlist(entry))
    (_, there), = connection.search_s(dn, ldap.SCOPE_BASE, attrlist=["*", "aci"])
    news = [(name, value) for verb, name, value in lines if verb == "add" and value.encode() not in there.get(name, [])]
    for name, value in news:
        connection.modify_s(dn, [(ldap.MOD_ADD, name, [value.encode()])])
    return made or bool(news)


def _exists(connection: Any, dn: str) -> bool:
    try:
        return bool(connection.search_s(dn, ldap.SCOPE_BASE, attrlist=["1.1"]))
    except ldap.NO_SUCH_OBJECT:
        return False


def let_read_agreements(connection: Any) -> None:
    """The access rule that IPA makes for that permission, at each server: cn=config is not replicated."""
    aci = ('(targetattr = "cn || objectclass || nsds50ruv || nsds5replicahost || nsds5replicaenabled || '
           'nsds5replicalastupdatestatus")(targetfilter = "(|(objectclass=nsds5Replica)(objectclass=nsds5replicationagreement)'
           '(objectclass=nsDSWindowsReplicationAgreement)(objectClass=nsMappingTree))")(version 3.0;'
           'acl "permission:System: Read Replication Agreements";allow (compare,read,search) groupdn = "ldap:///'
           f'{READ_AGREEMENTS}";)')
    connection.modify_s("cn=config", [(ldap.MOD_ADD, "aci", [aci.encode()])])


def grant(connection: Any, permissions: dict[str, dict[str, Any]]) -> None:
    """Does what update_managed_permissions does with those of an Object: an entry and an access rule each."""
    for name, permission in permissions.items():
        dn = f"cn={name},cn=permissions,{PBAC}"
        privileges = [f"cn={one},cn=privileges,{PBAC}" for one in sorted(permission["default_privileges"])]
        assert all(_exists(connection, privilege) for privilege in privileges)
        ds389.add(connection, dn, objectClass="groupOfNames", member=privileges)
        connection.modify_s(str(permission["ipapermlocation"]), [(ldap.MOD_ADD, "aci", [_aci(name, dn, permission).encode()])])


def _aci(name: str, dn: str, permission: dict[str, Any]) -> str:
    """As ipaserver.plugins.permission makes it."""
    aci = ACI()
    aci.name = f"permission:{name}"
    aci.permissions = sorted(permission["ipapermright"])
    aci.set_bindrule(f'groupdn = "ldap:///{dn}"')
    if permission["ipapermdefaultattr"]:
        aci.set_target_attr(sorted(permission["ipapermdefaultattr"]))
    if "ipapermtarget" in permission:
        aci.set_target(f"ldap:///{permission['ipapermtarget']}")
    if "ipapermtargetfilter" in permission:
        aci.set_target_filter("".join(permission["ipapermtargetfilter"]))
    return aci.export_to_string()
