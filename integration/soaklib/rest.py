# SPDX-License-Identifier: GPL-3.0-or-later
"""Heals a lab, and says when it has come to rest: every master is well, all serve the same keys, nothing is under way."""
import time
from typing import Any, Callable

from lablib.client import Lab
from lablib.clocks import set_clock
from lablib.control import ask
from lablib.errors import LabError
from lablib.recorder import Recorder

from soaklib.acts import ZONE
from soaklib.plan import PROGRAMS

POLL_SECONDS = 0.25
NO_MORE_ROLLS = {"zsk_lifetime": 0, "ksk_lifetime": 0}


def heal(lab: Lab, recorder: Recorder) -> None:
    """Everything runs, is connected, and has the right time."""
    lab.heal()
    lab.pause_registry(False)
    for name in [member["name"] for member in lab.info()["members"]]:
        set_clock(lab.root, name, 0.0)
        recorder.up(name)
        lab.thaw(name)
        lab.start(name, PROGRAMS)


def await_rest(lab: Lab, patience: float) -> str:
    """Empty when the lab has come to rest; else what was missing in the end."""
    members = lab.info()["members"]
    deadline = time.monotonic() + patience
    told = False
    missing = "nobody takes the policy without lifetimes"
    while time.monotonic() < deadline:
        told = told or _is_told(members)
        if told and not (missing := _missing(members)):
            return ""
        time.sleep(POLL_SECONDS)
    return missing


def _is_told(members: list[dict[str, Any]]) -> bool:
    """Keys do not expire from now on, so that rollovers come to an end."""
    for member in members:
        try:
            ask(member["agent"]["socket"], "policy-set", timeout=5.0, policy="default", values=NO_MORE_ROLLS)
            return True
        except LabError:
            pass
    return False


def _missing(members: list[dict[str, Any]]) -> str:
    """The first thing that keeps the lab from being at rest."""
    seen: set[tuple[Any, ...]] = set()
    for member in members:
        try:
            status = ask(member["agent"]["socket"], "status", timeout=5.0)
        except LabError as error:
            return str(error)
        zone = next((one for one in status["zones"] if one["zone"] == ZONE), None)
        if trouble := _trouble(status, zone):
            return f"{member['name']}: {trouble}"
        assert zone is not None
        seen.add(tuple((key["role"], key["generation"], key["key_tag"]) for key in _in_use(zone)))
    return "" if len(seen) == 1 else f"they use different keys: {sorted(seen)}"


def _in_use(zone: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted((key for key in zone["keys"] if key["first_use"] and not key["leaving"]),
                  key=lambda key: (str(key["role"]), int(key["generation"])))


def _trouble(status: dict[str, Any], zone: dict[str, Any] | None) -> str:
    checks: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
        ("alarm: " + "; ".join((zone or {}).get("alarms", [])), lambda z: bool(z["alarms"])),
        ("held: " + "; ".join(hold["text"] for hold in (zone or {}).get("holds", [])), lambda z: bool(z["holds"])),
        ("not one KSK and one ZSK in use", lambda z: [key["role"] for key in _in_use(z)] != ["KSK", "ZSK"]),
        ("a rollover is under way", lambda z: any(_moves(key) for key in z["keys"]))]
    if status["alarms"] or not status["may_write"]:
        return "; ".join(status["alarms"]) or f"may not write: {status['doubt']}"
    if zone is None:
        return "does not know the zone"
    return next((text for text, is_so in checks if is_so(zone)), "")


def _moves(key: dict[str, Any]) -> bool:
    return any(record["state"] in ("rumoured", "unretentive") for record in key["records"].values())


def generations(lab: Lab) -> dict[str, int]:
    """By role, how many keys were put into use after the first one."""
    for member in lab.info()["members"]:
        try:
            zones = ask(member["agent"]["socket"], "status", timeout=5.0)["zones"]
        except LabError:
            continue
        return {str(key["role"]): int(key["generation"]) - 1 for zone in zones for key in _in_use(zone)}
    return {}
