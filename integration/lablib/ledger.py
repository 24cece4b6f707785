# SPDX-License-Identifier: GPL-3.0-or-later
"""What every master served from when to when, and which DS the parent had: seen by asking them directly.

One entry lasts as long as the same is seen. Its times lie within the true ones, since they are those of the first and
the last look; so whoever reasons about them may miss something short, but never invents anything.
"""
import time
from dataclasses import dataclass
from typing import Any, Callable

import dns.dnssec

from lablib.questions import SignedRrset, ask_signed
from lablib.watchers import Watchers

LOOK_SECONDS = 0.2
PARENT_NAME = "parent"


@dataclass(frozen=True)
class Content:
    """What a master serves for a zone, in key tags."""

    dnskeys: frozenset[int]
    dnskey_signers: frozenset[int]
    soa_signers: frozenset[int]
    dnskey_ttl: int
    soa_ttl: int


@dataclass(frozen=True)
class DsContent:
    """The DS of a zone at the parent, in key tags."""

    ds: frozenset[int]
    ttl: int


@dataclass
class Entry:
    master: str  # or PARENT_NAME
    zone: str
    content: Content | DsContent | None  # None: it did not answer
    first: float
    last: float


def _ttl(part: SignedRrset) -> int:
    return part.records.ttl if part.records else 0


def look_at_master(port: int, zone: str) -> Content | None:
    dnskey, soa = ask_signed(port, zone, "DNSKEY", 0.5), ask_signed(port, zone, "SOA", 0.5)
    if dnskey is None or soa is None:
        return None
    tags = frozenset(dns.dnssec.key_id(key) for key in dnskey.records or ())
    return Content(tags, dnskey.signer_tags(), soa.signer_tags(), _ttl(dnskey), _ttl(soa))


def look_at_parent(port: int, zone: str) -> DsContent | None:
    ds = ask_signed(port, zone, "DS", 0.5)
    if ds is None:
        return None
    return DsContent(frozenset(record.key_tag for record in ds.records or ()), _ttl(ds))


class Ledger(Watchers):
    """Use as a context: inside, a thread a server looks several times a second."""

    def __init__(self, lab: dict[str, Any]) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._newest: dict[tuple[str, str], Entry] = {}
        zones = [zone.rstrip(".") + "." for zone in lab["zones"]]
        for member in lab["members"]:
            self.watch(self._watch, member["name"], member["named"]["port"], zones, look_at_master)
        self.watch(self._watch, PARENT_NAME, lab["parent"]["port"], zones, look_at_parent)

    def entries(self, zone: str | None = None) -> list[Entry]:
        """Oldest first."""
        with self._lock:
            return [Entry(**vars(entry)) for entry in self._entries if zone in (None, entry.zone)]

    def newest(self, master: str, zone: str) -> Content | DsContent | None:
        return self.newest_since(master, zone)[0]

    def newest_since(self, master: str, zone: str) -> tuple[Content | DsContent | None, float]:
        """What is served now, and for how many seconds it has been seen."""
        with self._lock:
            entry = self._newest.get((master, zone))
            return (entry.content, entry.last - entry.first) if entry else (None, 0.0)

    def _watch(self, name: str, port: int, zones: list[str],
               look: Callable[[int, str], Content | DsContent | None]) -> None:
        while not self.ended(LOOK_SECONDS):
            for zone in zones:
                self._note(name, zone, look(port, zone))

    def _note(self, name: str, zone: str, content: Content | DsContent | None) -> None:
        now = time.time()
        with self._lock:
            entry = self._newest.get((name, zone))
            if entry is not None and entry.content == content:
                entry.last = now
                return
            self._newest[name, zone] = Entry(name, zone, content, now, now)
            self._entries.append(self._newest[name, zone])
