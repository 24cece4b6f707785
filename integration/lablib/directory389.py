# SPDX-License-Identifier: GPL-3.0-or-later
"""The directories of a lab as 389-ds: suppliers of one tree as FreeIPA has it, Rollcall below cn=dns.

389-ds pushes: a master sends its changes through its links, so that a cut link is a cut replication. Each agent
binds as an account of its own over the local socket.
"""
import asyncio
import time
from typing import Any

import ldap

from lablib import ds389
from lablib.errors import LabError
from lablib.layout import BASE_389, SUFFIX_389, Layout, Master, write_atomically

Starter = Any  # of a master's server; a coroutine that returns when it answers
READY_SECONDS = 60.0
_PROBES = f"ou=probes,{SUFFIX_389}"
_AGENTS = f"cn=agents,ou=groups,{SUFFIX_389}"
_ADMINISTRATORS = f"cn=administrators,ou=groups,{SUFFIX_389}"
ADMINISTRATOR = f"uid=admin,ou=people,{SUFFIX_389}"


def instance(master: Master, layout: Layout) -> ds389.Instance:
    return ds389.Instance(master.directory, master.ldap_port, SUFFIX_389, ds389.schema_of(layout.spec.binaries),
                          number=master.number, synchronises=layout.spec.synchronises, changes_of=f"cn=dns,{SUFFIX_389}")


def command(master: Master, layout: Layout) -> list[str]:
    return ds389.command(instance(master, layout))


def agent_options(master: Master, layout: Layout) -> dict[str, Any]:
    password = master.root / "directory-password"
    write_atomically(password, ds389.PASSWORD + "\n", 0o600)
    return {"uris": [master.ldapi], "base": BASE_389, "authentication": "password", "bind_dn": _account(master),
            "password_file": str(password)}


async def bring_up(layout: Layout, start: Starter, _: Starter) -> None:
    """The first one is given the tree and fills the others; then all send to all."""
    first, *others = layout.masters
    for master in layout.masters:
        await asyncio.to_thread(ds389.create, instance(master, layout))
    await asyncio.gather(*(start(master) for master in layout.masters))
    await asyncio.to_thread(_plant, first, layout)
    await asyncio.to_thread(_replicate, first, layout, True)
    await _until("the first directory fills the others", lambda: all(
        ds389.filled(instance(first, layout), other.name) for other in others))
    for master in others:
        await asyncio.to_thread(_replicate, master, layout, False)
    for master in layout.masters:
        await asyncio.to_thread(_write_probe, master, layout)
    await _until("what any directory writes is at all", lambda: all(
        _has_probe(reader, writer, layout) for reader in layout.masters for writer in layout.masters))


def _account(master: Master) -> str:
    return f"uid=agent-{master.name},ou=services,{SUFFIX_389}"


def _plant(master: Master, layout: Layout) -> None:
    """What FreeIPA would have: people, groups, services, cn=dns; and Rollcall's own, by its installed file."""
    one = instance(master, layout)
    root = ds389.connect(one)
    ds389.add(root, SUFFIX_389, objectClass="domain")
    for name in ("people", "groups", "services", "probes"):
        ds389.add(root, f"ou={name},{SUFFIX_389}", objectClass="organizationalUnit")
    ds389.add(root, f"cn=dns,{SUFFIX_389}", objectClass="nsContainer")
    for dn in [ADMINISTRATOR, *map(_account, layout.masters)]:
        ds389.add(root, dn, objectClass=["account", "simpleSecurityObject"],
                  userPassword=ds389.hashed(ds389.PASSWORD))
    ds389.add(root, _AGENTS, objectClass="groupOfNames", member=[_account(m) for m in layout.masters])
    ds389.add(root, _ADMINISTRATORS, objectClass="groupOfNames", member=[ADMINISTRATOR])
    ds389.apply_access(one, BASE_389, _AGENTS, _ADMINISTRATORS)


def _replicate(master: Master, layout: Layout, fill: bool) -> None:
    for link in layout.links:
        if link.source == master.name:
            ds389.replicate_to(instance(master, layout), link.target, link.listen, fill=fill)


def _write_probe(master: Master, layout: Layout) -> None:
    ds389.add(ds389.connect(instance(master, layout)), f"ou=from-{master.name},{_PROBES}",
              objectClass="organizationalUnit")


def _has_probe(reader: Master, writer: Master, layout: Layout) -> bool:
    try:
        return bool(ds389.connect(instance(reader, layout)).search_s(f"ou=from-{writer.name},{_PROBES}", ldap.SCOPE_BASE))
    except ldap.NO_SUCH_OBJECT:
        return False


async def _until(what: str, is_so: Any) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not await asyncio.to_thread(is_so):
        if time.monotonic() > deadline:
            raise LabError(f"not within {READY_SECONDS:.0f} seconds: {what}")
        await asyncio.sleep(0.1)
