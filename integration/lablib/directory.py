# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory server of a master: a slapd that replicates with those of all the other masters.

Each names its peers by the ports of the lab's links, so that a cut link is a cut replication.
"""
import os
import secrets
import time
from pathlib import Path

import ldap
import ldap.dn
import ldap.sasl

from lablib import tools
from lablib.errors import LabError
from lablib.layout import BASE, Layout, Link, Master, write_atomically
from lablib.ports import LOOPBACK

REPLICATION_SECONDS = 20.0
_ADMIN = f"cn=admin,{BASE}"
_SCHEMA = Path(__file__).resolve().parents[2] / "ldapschema"
_TREE = ("policies", "zones", "members", "facts")

Connection = ldap.ldapobject.SimpleLDAPObject


def prepare(layout: Layout) -> None:
    secret = secrets.token_hex(16)
    write_atomically(layout.root / "replication-secret", secret, mode=0o600)
    for master in layout.masters:
        peers = [link for link in layout.links if link.source == master.name]
        for directory in ("directory", "slapd.d"):
            (master.root / directory).mkdir(parents=True)
        settings = master.root / "slapd.ldif"
        write_atomically(settings, _settings(master, peers, secret), mode=0o600)
        tools.run([tools.find("slapadd"), "-n", "0", "-F", str(master.root / "slapd.d"), "-l", str(settings)])


def _syncrepl(number: int, link: Link, secret: str) -> str:
    return (f'olcSyncrepl: rid={number:03d} provider=ldap://{LOOPBACK}:{link.listen} searchbase="{BASE}"'
            f' type=refreshAndPersist bindmethod=simple binddn="{_ADMIN}" credentials={secret}'
            ' retry="1 +" keepalive=5:2:2 network-timeout=2 timeout=5\n')


def _access() -> str:
    """The project's own rules: a member writes what is its own, and what administrators want."""
    template = (_SCHEMA / "access.ldif").read_text(encoding="ascii")
    return template.replace("@BASE@", BASE).replace("@ADMINISTRATORS@", f'dn.exact="{_ADMIN}"')


def _settings(master: Master, peers: list[Link], secret: str) -> str:
    local_user = f"gidNumber=[0-9]+[+]uidNumber={os.getuid()},cn=peercred,cn=external,cn=auth"
    syncrepl = "".join(_syncrepl(number, link, secret) for number, link in enumerate(peers, start=1))
    return f"""dn: cn=config
objectClass: olcGlobal
cn: config
olcServerID: {master.number}
olcAuthzRegexp: "{local_user}" "cn={master.uuid},cn=members,{BASE}"

dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: /usr/lib/ldap
olcModuleLoad: back_mdb
olcModuleLoad: syncprov

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif

include: file://{_SCHEMA}/rollcall.ldif

dn: olcDatabase={{1}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{1}}mdb
olcSuffix: {BASE}
olcRootDN: {_ADMIN}
olcRootPW: {secret}
olcDbDirectory: {master.root}/directory
olcDbMaxSize: 268435456
olcDbIndex: entryUUID,entryCSN eq
{_access()}{syncrepl}{"olcMultiProvider: TRUE" if peers else ""}

dn: olcOverlay={{0}}syncprov,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcSyncProvConfig
olcOverlay: {{0}}syncprov
"""


def command(binary: str, master: Master) -> list[str]:
    return [binary, "-d", "none", "-h", f"{master.ldap} {master.ldapi}", "-F", str(master.root / "slapd.d")]


def connect(ldapi: str) -> Connection:
    """As the user of this process, whom the server takes for the member of its machine."""
    connection = ldap.initialize(ldapi)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 2)
    connection.set_option(ldap.OPT_TIMEOUT, 5)
    connection.sasl_non_interactive_bind_s("EXTERNAL")
    return connection


def has(connection: Connection, dn: str) -> bool:
    try:
        return bool(connection.search_s(dn, ldap.SCOPE_BASE, attrlist=["1.1"]))
    except ldap.NO_SUCH_OBJECT:
        return False


def found(layout: Layout) -> None:
    """Adds the bare tree at the first master, and returns when all have it: they replicate."""
    connections = [connect(master.ldapi) for master in layout.masters]
    founder = ldap.initialize(layout.masters[0].ldapi)
    founder.simple_bind_s(_ADMIN, (layout.root / "replication-secret").read_text(encoding="ascii"))
    for dn in (BASE, *(f"cn={name},{BASE}" for name in _TREE)):
        name = ldap.dn.str2dn(dn)[0][0][1]
        founder.add_s(dn, [("objectClass", [b"rollcallContainer"]), ("cn", [name.encode()])])
    deadline = time.monotonic() + REPLICATION_SECONDS
    for master, connection in zip(layout.masters, connections):
        while not has(connection, f"cn={_TREE[-1]},{BASE}"):
            if time.monotonic() > deadline:
                raise LabError(f"the directory of master {master.name} does not replicate"
                               f" after {REPLICATION_SECONDS:.0f} seconds")
            time.sleep(0.02)
