# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory server of a master: a slapd that replicates with those of all the other masters.

Each names its peers by the ports of the lab's links, so that a cut link is a cut replication.
"""
import os
import secrets
import time

import ldap

import ldap.sasl

from lablib.errors import LabError
from lablib.layout import BASE, Layout, Master, write_atomically
from lablib.ports import LOOPBACK

REPLICATION_SECONDS = 20.0
_ADMIN = f"cn=admin,{BASE}"


def _syncrepl(number: int, port: int, secret: str) -> str:
    return (f"syncrepl rid={number:03d} provider=ldap://{LOOPBACK}:{port} searchbase=\"{BASE}\" "
            f"type=refreshAndPersist bindmethod=simple binddn=\"{_ADMIN}\" credentials={secret} "
            "retry=\"1 +\" keepalive=5:2:2 network-timeout=2 timeout=5\n")


def prepare(layout: Layout) -> None:
    secret = secrets.token_hex(16)
    for master in layout.masters:
        _prepare(master, layout, secret)


def _prepare(master: Master, layout: Layout, secret: str) -> None:
    (master.root / "directory").mkdir(parents=True)
    peers = [link for link in layout.links if link.source == master.name]
    syncrepl = "".join(_syncrepl(number, link.listen, secret) for number, link in enumerate(peers, start=1))
    write_atomically(master.root / "slapd.conf", f"""include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
serverID {master.number}
authz-regexp "gidNumber=[0-9]+[+]uidNumber={os.getuid()},cn=peercred,cn=external,cn=auth" "{_ADMIN}"
database mdb
suffix "{BASE}"
rootdn "{_ADMIN}"
rootpw {secret}
directory {master.root}/directory
maxsize 268435456
index entryUUID,entryCSN eq
{syncrepl}{"multiprovider on" if peers else ""}
overlay syncprov
""", mode=0o600)


def command(binary: str, master: Master) -> list[str]:
    return [binary, "-d", "none", "-h", f"{master.ldap} {master.ldapi}", "-f", str(master.root / "slapd.conf")]


def connect(ldapi: str) -> ldap.ldapobject.SimpleLDAPObject:
    """As the administrator of the machine."""
    connection = ldap.initialize(ldapi)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 2)
    connection.set_option(ldap.OPT_TIMEOUT, 5)
    connection.sasl_non_interactive_bind_s("EXTERNAL")
    return connection


def found(layout: Layout) -> None:
    """Adds the base entry at the first master, and returns when all have it: they replicate."""
    connections = [connect(master.ldapi) for master in layout.masters]
    name = BASE.partition("=")[2].encode()
    connections[0].add_s(BASE, [("objectClass", [b"applicationProcess"]), ("cn", [name])])
    deadline = time.monotonic() + REPLICATION_SECONDS
    for master, connection in zip(layout.masters, connections):
        while not has(connection, BASE):
            if time.monotonic() > deadline:
                raise LabError(f"the directory of master {master.name} does not replicate"
                               f" after {REPLICATION_SECONDS:.0f} seconds")
            time.sleep(0.02)


def has(connection: ldap.ldapobject.SimpleLDAPObject, dn: str) -> bool:
    try:
        return bool(connection.search_s(dn, ldap.SCOPE_BASE, attrlist=["1.1"]))
    except ldap.NO_SUCH_OBJECT:
        return False
