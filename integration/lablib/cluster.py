# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one Rollcall cluster of the agents of a lab, as an administrator would: init, then invite and join one by one."""
import time
from typing import Any, Callable

import ldap
import ldap.modlist

from lablib import directory
from lablib.client import Lab
from lablib.control import ask
from lablib.errors import LabError

PATIENCE = 60.0
Told = Callable[[str], None]


def form(lab: Lab, tell: Told = lambda _: None) -> None:
    """Returns when all members serve and all know it."""
    first, *others = lab.info()["members"]
    _note(lab, first, ask(first["agent"]["socket"], "init"))
    tell(f"{first['name']} founded the cluster")
    for other in others:
        token = ask(first["agent"]["socket"], "invite")["token"]
        _note(lab, other, ask(other["agent"]["socket"], "join", token=token))
        tell(f"{other['name']} joined, invited by {first['name']}")
    _await_all_serving(lab)


def _note(lab: Lab, member: dict[str, Any], answer: dict[str, Any]) -> None:
    if member["uuid"] != answer["member"]:
        lab.name_member(member["name"], answer["member"])


def _await_all_serving(lab: Lab) -> None:
    members = lab.info()["members"]
    deadline = time.monotonic() + PATIENCE
    while waiting := [m["name"] for m in members if not _sees_all_serving(m, len(members))]:
        if time.monotonic() > deadline:
            raise LabError(f"not all members serve after {PATIENCE:.0f} seconds, as seen by {', '.join(waiting)}")
        time.sleep(0.05)


def _sees_all_serving(member: dict[str, Any], count: int) -> bool:
    lines = ask(member["agent"]["socket"], "members")["members"]
    return len([line for line in lines if line["in_roster"] and line["serving"]]) == count


def set_policy(lab: Lab, master: str, name: str = "default", **seconds: int) -> None:
    """Writes a policy as an administrator does, through the directory of a master: `dnskey_ttl=4` and so on."""
    values = {"rollcall" + word.title().replace("_", ""): [str(number).encode()] for word, number in seconds.items()}
    connection = directory.connect(lab.member(master))
    dn = f"cn={name},cn=policies,{lab.info()['base']}"
    if directory.has(connection, dn):
        connection.modify_s(dn, [(ldap.MOD_REPLACE, attribute, value) for attribute, value in values.items()])
        return
    entry = {"objectClass": [b"rollcallKeyPolicy"], "cn": [name.encode()], **values}
    connection.add_s(dn, ldap.modlist.addModlist(entry))
