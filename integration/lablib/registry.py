# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent's registry, a program of its own: it polls the CDS of every zone on all masters and changes the DS.

It is as careful as a real one. All masters must say the same, the change must be signed by a key that the present DS
names (dnssec-cds sees to that, RFC 7344), and the first DS is taken only when every server of the unsigned delegation
has the same CDS and it proves itself (compare RFC 8078, 3.3). While a master is silent, nothing changes.
"""
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from lablib import tools
from lablib.errors import LabError
from lablib.ports import LOOPBACK
from lablib.processes import die_with_parent
from lablib.questions import SignedRrset, ask_signed


@dataclass(frozen=True)
class ChildAnswer:
    """What one master publishes for its parent."""

    parts: tuple[SignedRrset, ...]  # of DNSKEY, CDNSKEY, CDS

    @property
    def cds(self) -> frozenset[str]:
        return frozenset(record.to_text() for record in self.parts[2].records or ())

    def to_text(self) -> str:
        """In the format that dnssec-cds reads."""
        return "".join(f"{records.to_text()}\n" for part in self.parts
                       for records in (part.records, part.signatures) if records)


def child_answer(port: int, zone: str) -> ChildAnswer | None:
    parts = []
    for rdtype in ("DNSKEY", "CDNSKEY", "CDS"):
        part = ask_signed(port, zone, rdtype)
        if part is None:
            return None
        parts.append(part)
    return ChildAnswer(tuple(parts))


class Registry:
    """Looks after the DS of every zone of a lab."""

    def __init__(self, lab: dict[str, Any], tell: Callable[..., None]) -> None:
        self._masters = {m["name"]: m["named"]["port"] for m in lab["members"]}
        self._zones = [zone.rstrip(".") + "." for zone in lab["zones"]]
        self._parent = lab["parent"]
        self._ds_ttl = lab["ttl"]["parent_ttl"]
        self._tell = tell
        self._last_hold: dict[str, str] = {}

    def look(self) -> None:
        for zone in self._zones:
            try:
                self._look_at(zone)
            except LabError as error:
                self._hold(zone, str(error))

    def _look_at(self, zone: str) -> None:
        answers = {name: child_answer(port, zone) for name, port in self._masters.items()}
        silent = [name for name, answer in answers.items() if answer is None]
        if silent:
            return self._hold(zone, f"no answer from {', '.join(silent)}")
        wishes = {answer.cds for answer in answers.values() if answer}
        if len(wishes) > 1:
            return self._hold(zone, "the masters do not agree on the CDS")
        wanted = wishes.pop()
        present = self._present_ds(zone)
        if not wanted or wanted == present:
            self._last_hold.pop(zone, None)
            return None
        child = next(answer for answer in answers.values() if answer)
        return self._change(zone, child, present or wanted, bootstrap=not present)

    def _present_ds(self, zone: str) -> frozenset[str]:
        answer = ask_signed(self._parent["port"], zone, "DS")
        if answer is None:
            raise LabError("the parent does not answer")
        return frozenset(record.to_text() for record in answer.records or ())

    def _change(self, zone: str, child: ChildAnswer, trusted: frozenset[str], bootstrap: bool) -> None:
        script = self._update_script(zone, child, trusted, bootstrap)
        server = f"server {LOOPBACK} {self._parent['port']}\nzone {self._parent['zone']}\n"
        tools.run([tools.find("nsupdate"), "-k", self._parent["update_key"]], stdin=server + script)
        self._last_hold.pop(zone, None)
        self._tell("ds changed", zone=zone, first=bootstrap, ds=sorted(self._present_ds(zone)))

    def _update_script(self, zone: str, child: ChildAnswer, trusted: frozenset[str], bootstrap: bool) -> str:
        """What to do with the DS, as dnssec-cds sees it. For a first DS, the CDS itself stands in for the present one."""
        with tempfile.TemporaryDirectory() as directory:
            child_file, ds_file = Path(directory, "child"), Path(directory, "dsset")
            child_file.write_text(child.to_text(), encoding="ascii")
            ds = "".join(f"{zone} {self._ds_ttl} IN DS {text}\n" for text in sorted(trusted))
            ds_file.write_text(ds, encoding="ascii")
            if bootstrap:
                ds_lines = self._dnssec_cds(child_file, ds_file, zone).splitlines()
                return "".join(f"update add {line}\n" for line in ds_lines) + "send\n"
            return self._dnssec_cds(child_file, ds_file, zone, "-u")

    def _dnssec_cds(self, child: Path, ds: Path, zone: str, *options: str) -> str:
        # named dates its signatures back by an hour, so that resolvers with a slow clock take them.
        return tools.run([tools.find("dnssec-cds"), *options, "-s", "now-7200", "-T", str(self._ds_ttl),
                          "-f", str(child), "-d", str(ds), zone])

    def _hold(self, zone: str, why: str) -> None:
        """Says why a zone waits, once."""
        if self._last_hold.get(zone) != why:
            self._last_hold[zone] = why
            self._tell("waits", zone=zone, why=why)


def main() -> None:
    die_with_parent()
    directory, interval = Path(sys.argv[1]), float(sys.argv[2])
    lab = json.loads((directory / "lab.json").read_text(encoding="utf-8"))
    paused = lab["parent"]["registry_paused"]
    with open(lab["parent"]["registry_journal"], "a", encoding="utf-8", buffering=1) as journal:
        def tell(event: str, **details: Any) -> None:
            journal.write(json.dumps({"time": time.time(), "event": event, **details}) + "\n")

        registry = Registry(lab, tell)
        while True:
            if not os.path.exists(paused):
                registry.look()
            time.sleep(interval)


if __name__ == "__main__":
    main()
