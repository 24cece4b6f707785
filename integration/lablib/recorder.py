# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the history of a lab: what every master and the parent really serve, several times a second, one JSON object a
line. The format, and how a change between two looks is to be understood, is at the head of tests/history/history.h;
`rollcall-judge` reads it.

A look asks for the SOA. `named` gives every version of a zone another serial, so only when that is new, or the server
was away, or a second is over, the whole zone is transferred: one version, all its keys and signatures. A look that is not
answered is not written: what was served before may still be served. Who kills or stops a server says so by `down` and
`up`, since then it is known that nothing is served.
"""
import json
import threading
import time
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.rrset

from lablib.named import journalled_serial
from lablib.ports import LOOPBACK
from lablib.questions import ask_signed
from lablib.watchers import Watchers
from lablib.zonecontent import Rrsets, Verifier, content_of, ds_name

LOOK_SECONDS = 0.1
WHOLE_SECONDS = 1.0   # after so long the zone is transferred even if its serial is the same
ANSWER_SECONDS = 0.5
PARENT_NAME = "parent"


def transfer(port: int, zone: str) -> Rrsets | None:
    """The zone as one server has it; None if it does not give it."""
    query = dns.message.make_query(zone, "AXFR")
    rrsets: Rrsets = {}
    try:
        for message in _messages(port, query):
            for rrset in message.answer:
                place = rrset.name, int(rrset.rdtype), int(rrset.covers)
                rrsets.setdefault(place, dns.rrset.RRset(rrset.name, rrset.rdclass, rrset.rdtype, rrset.covers))
                rrsets[place].update(rrset)
                rrsets[place].ttl = rrset.ttl
    except (dns.exception.DNSException, OSError, EOFError):
        return None
    return rrsets or None


def _messages(port: int, query: dns.message.Message) -> Any:
    return dns.query.xfr(LOOPBACK, query.question[0].name, "AXFR", port=port, timeout=ANSWER_SECONDS,
                         lifetime=2 * ANSWER_SECONDS, relativize=False)


class Recorder(Watchers):
    """Use as a context: inside, a thread a server looks at its zones."""

    def __init__(self, lab: dict[str, Any], file: Path) -> None:
        super().__init__()
        self.looks = 0
        self.blackouts: list[tuple[float, float]] = []  # from when to when no master could answer
        self._zones = [zone.rstrip(".") + "." for zone in lab["zones"]]
        self._file = open(file, "w", encoding="utf-8")
        self._verifiers = {zone: Verifier(zone) for zone in self._zones}
        self._at_work = {name: threading.Lock() for name in [*(m["name"] for m in lab["members"]), PARENT_NAME]}
        self._root = Path(lab["dir"])
        self._left_with: dict[tuple[str, str], int | None] = {}  # serials of those that were killed
        self._is_down: set[str] = set()
        self._masters = {member["name"] for member in lab["members"]}
        self._dark_since = 0.0
        self._last: dict[tuple[str, str], Any] = {}     # what was written last
        self._serial: dict[tuple[str, str], int] = {}
        self._whole: dict[tuple[str, str], float] = {}  # when the zone was transferred last
        for member in lab["members"]:
            self.watch(self._watch, member["name"], member["named"]["port"], self._look_at_master)
        self.watch(self._watch, PARENT_NAME, lab["parent"]["port"], self._look_at_parent)

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self._file.close()

    def down(self, server: str, killed: bool = False) -> None:
        """The server has just stopped answering. Call when that is certain."""
        with self._at_work[server]:
            if killed:
                for zone in self._zones:
                    self._left_with[server, zone] = journalled_serial(self._root / server, zone)
            if server not in self._is_down:
                self._is_down.add(server)
                self._dark_since = time.time()
                self._write({"what": "down", "server": server, "time": self._dark_since})

    def up(self, server: str) -> None:
        """The server may answer again. Call before that can be."""
        with self._at_work[server]:
            if server in self._is_down:
                self._write({"what": "up", "server": server, "time": time.time()})
                if self._masters <= self._is_down:
                    self.blackouts.append((self._dark_since, time.time()))
                self._is_down.discard(server)
                for zone in self._zones:
                    self._serial.pop((server, zone), None)

    def _watch(self, server: str, port: int, look: Any) -> None:
        while not self.ended(LOOK_SECONDS):
            for zone in self._zones:
                with self._at_work[server]:
                    if server not in self._is_down:
                        look(server, port, zone)

    def _look_at_parent(self, server: str, port: int, zone: str) -> None:
        asked = time.time()
        answer = ask_signed(port, zone, "DS", ANSWER_SECONDS)
        if answer is None:
            return
        keys = tuple(sorted(ds_name(ds) for ds in answer.records or ()))
        self._note("ds", server, zone, asked, {"ds": keys, "ttl": answer.records.ttl if answer.records else 0})

    def _look_at_master(self, server: str, port: int, zone: str) -> None:
        asked = time.time()
        serial = self._ask_serial(port, zone)
        if serial is None:
            return
        place = server, zone
        if serial == self._serial.get(place) and asked < self._whole[place] + WHOLE_SECONDS:
            return self._same(server, zone, asked)
        rrsets = transfer(port, zone)
        if rrsets is None:
            return
        answered = time.time()
        with self._lock:  # the verifier is that of all servers
            dnskey, data = content_of(zone, rrsets, self._verifiers[zone])
        soa = rrsets[dns.name.from_text(zone), int(dns.rdatatype.SOA), 0]
        self._serial[place], self._whole[place] = soa[0].serial, asked
        kept = self._left_with.pop(place, None) == soa[0].serial
        self._note("served", server, zone, asked, {"dnskey": dnskey, "data": data}, answered, kept)

    def _ask_serial(self, port: int, zone: str) -> int | None:
        soa = ask_signed(port, zone, "SOA", ANSWER_SECONDS)
        return int(soa.records[0].serial) if soa and soa.records else None

    def _note(self, what: str, server: str, zone: str, asked: float, content: dict[str, Any],
              answered: float | None = None, kept: bool = False) -> None:
        if self._last.get((server, zone)) == content:
            return self._same(server, zone, asked, answered, kept)
        self._last[server, zone] = content
        self._write({"what": what, "server": server, "zone": zone, "asked": asked,
                     "answered": answered or time.time(), **({"kept": True} if kept else {}), **content})

    def _same(self, server: str, zone: str, asked: float, answered: float | None = None, kept: bool = False) -> None:
        self._write({"what": "same", "server": server, "zone": zone, "asked": asked, "answered": answered or time.time(),
                     **({"kept": True} if kept else {})})

    def _write(self, line: dict[str, Any]) -> None:
        with self._lock:
            self.looks += "zone" in line
            self._file.write(json.dumps(line) + "\n")
