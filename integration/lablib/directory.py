# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of a master: the embedded one, made by `rollcall directory` as on a real machine.

Each is told to look for its peers at the ports of the lab's links, so that a cut link is a cut replication.
"""
import asyncio
import json
import os
import pwd
import time
from typing import Any

import ldap
import ldap.sasl

from lablib import tools
from lablib.errors import LabError
from lablib.layout import BASE, Layout, Master
from lablib.ports import LOOPBACK

REPLICATION_SECONDS = 20.0
_LAST_OF_TREE = f"cn=facts,{BASE}"

Connection = ldap.ldapobject.SimpleLDAPObject


def create(master: Master, layout: Layout) -> None:
    """Makes the directory of a master: of the first one alone, of another with a bundle of the first."""
    user = pwd.getpwuid(os.getuid()).pw_name
    wish = ["--id", str(master.number), "--uri", master.ldap, "--user", user]
    first = layout.masters[0]
    if master is not first:
        bundle = layout.root / f"bundle.{master.name}"
        _rollcall(layout, "invite", str(first.directory), str(bundle))
        wish += ["--bundle", str(bundle)]
    _rollcall(layout, "create", str(master.directory), *wish)
    master.uuid = json.loads(_rollcall(layout, "show", str(master.directory)))["member"]


def command(master: Master, layout: Layout) -> list[str]:
    return [str(layout.spec.rollcall), "directory", "run", str(master.directory)]


def use_links(master: Master, layout: Layout) -> None:
    """Tells the directory of a master, which must run, where its peers are."""
    for link in layout.links:
        if link.source == master.name:
            peer, uri = layout.master(link.target), f"ldap://{LOOPBACK}:{link.listen}"
            _rollcall(layout, "peer", str(master.directory), str(peer.number), uri)


def agent_options(master: Master, _: Layout) -> dict[str, Any]:
    return {"uris": [master.ldapi], "base": BASE, "authentication": "external"}


async def bring_up(layout: Layout, start: Any, stop: Any) -> None:
    """Each is told of its peers while it runs alone: slapd changes its configuration only when no replication
    is waiting for an answer, which with peers takes seconds each time."""
    for master in layout.masters:
        await asyncio.to_thread(create, master, layout)
        await start(master)
        await asyncio.to_thread(use_links, master, layout)
        await stop(master)
    await asyncio.gather(*(start(master) for master in layout.masters))
    await asyncio.to_thread(await_replication, layout)


def await_replication(layout: Layout) -> None:
    """Returns when what the first one has is at all."""
    deadline = time.monotonic() + REPLICATION_SECONDS
    for master in layout.masters:
        while not has(connect({"ldapi": master.ldapi, "account": None}), _LAST_OF_TREE):
            if time.monotonic() > deadline:
                raise LabError(f"the directory of master {master.name} does not replicate"
                               f" after {REPLICATION_SECONDS:.0f} seconds")
            time.sleep(0.02)


def _rollcall(layout: Layout, verb: str, *arguments: str) -> str:
    return tools.run([str(layout.spec.rollcall), "--json", "directory", verb, *arguments])


def connect(member: dict[str, Any]) -> Connection:
    """To the directory of a member in lab.json: as its account, or as the user of this process, whom an embedded
    directory takes for the member of its machine."""
    connection = ldap.initialize(member["ldapi"])
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 2)
    connection.set_option(ldap.OPT_TIMEOUT, 5)
    if account := member["account"]:
        connection.simple_bind_s(account["dn"], account["password"])
    else:
        connection.sasl_non_interactive_bind_s("EXTERNAL")
    return connection


def has(connection: Connection, dn: str) -> bool:
    try:
        return bool(connection.search_s(dn, ldap.SCOPE_BASE, attrlist=["1.1"]))
    except ldap.NO_SUCH_OBJECT:
        return False
