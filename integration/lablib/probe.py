# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the resolvers of a lab for names of its zones, all the time, and keeps the score.

A bogus answer is SERVFAIL to an ordinary question and an answer to the same question with checking disabled: the data
are there, and they do not validate. A resolver that finds no server alive says SERVFAIL to both; that is not bogus.
"""
import enum
import random
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Iterator

import dns.edns
import dns.flags
import dns.message
import dns.rcode

from lablib import tools
from lablib.layout import PARENT
from lablib.named import NAMES
from lablib.questions import ask
from lablib.watchers import Watchers

FLUSH_SECONDS = (0.3, 4.0)  # between two flushes: sooner and later than the TTLs


class Verdict(enum.Enum):
    VALIDATED = "validated"
    INSECURE = "insecure"
    BOGUS = "bogus"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Question:
    zone: str
    name: str
    rdtype: str


@dataclass(frozen=True)
class Answer:
    time: float  # when it came, Unix time
    resolver: str
    question: Question
    verdict: Verdict
    detail: str  # what the resolver says about a failure; empty if nothing


def _explanation(message: dns.message.Message) -> str:
    """The extended error of RFC 8914, if there is one."""
    return "; ".join(option.to_text() for option in message.options if isinstance(option, dns.edns.EDEOption))


def judge(port: int, question: Question, timeout: float = 3.0) -> tuple[Verdict, str]:
    """Asks a resolver, and once more without validation if that fails."""
    answer = ask(port, question.name, question.rdtype, timeout, recursive=True)
    if answer is None:
        return Verdict.UNREACHABLE, "no answer in time"
    if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return (Verdict.VALIDATED if answer.flags & dns.flags.AD else Verdict.INSECURE), ""
    detail = _explanation(answer) or dns.rcode.to_text(answer.rcode())
    unchecked = ask(port, question.name, question.rdtype, timeout, recursive=True, checking_disabled=True)
    if answer.rcode() == dns.rcode.SERVFAIL and unchecked is not None and unchecked.rcode() != dns.rcode.SERVFAIL:
        return Verdict.BOGUS, detail
    return Verdict.UNREACHABLE, detail


def questions(zones: list[str], seed: int) -> Iterator[Question]:
    """Without end: names that caches have, names that no cache can have (a wildcard matches), and types that are not there."""
    dice = random.Random(seed)
    while True:
        zone = dice.choice(zones).rstrip(".") + "."
        yield dice.choice([
            Question(zone, f"{dice.choice(NAMES)}.{zone}", "A"),
            Question(zone, f"{dice.choice(NAMES)}.{zone}", "A"),
            Question(zone, f"x{dice.getrandbits(48):012x}.{zone}", "A"),
            Question(zone, f"{dice.choice(NAMES)}.{zone}", "MX"),
            Question(zone, zone, "DNSKEY"),
            Question(zone, zone, "SOA")])


class Score:
    """What the resolvers said: counts, every bogus answer, and when the verdict about a zone changed."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, Verdict]] = Counter()  # by resolver and verdict
        self.bogus: list[Answer] = []
        self.changes: list[Answer] = []
        self.flushes = 0
        self._last: dict[tuple[str, str], Verdict] = {}
        self._lock = threading.Lock()

    def add(self, answer: Answer) -> None:
        with self._lock:
            self.counts[answer.resolver, answer.verdict] += 1
            if answer.verdict is Verdict.BOGUS:
                self.bogus.append(answer)
            place = answer.resolver, answer.question.zone
            if self._last.get(place) is not answer.verdict:
                self._last[place] = answer.verdict
                self.changes.append(answer)

    def count(self, verdict: Verdict) -> int:
        with self._lock:
            return sum(number for (_, one), number in self.counts.items() if one is verdict)

    def verdicts(self) -> dict[tuple[str, str], Verdict]:
        """The newest one of every resolver for every zone."""
        with self._lock:
            return dict(self._last)


class Probe(Watchers):
    """Use as a context: inside, a thread a resolver asks `rate` times a second, and one flushes where the lab says so."""

    def __init__(self, lab: dict[str, Any], seed: int, rate: float = 4.0) -> None:
        super().__init__()
        self.score = Score()
        for number, resolver in enumerate(lab["resolvers"]):
            asked = questions(lab["zones"], seed + number)
            self.watch(self._ask, resolver, asked, 1.0 / rate)
            if resolver["flushed"]:
                dice = random.Random(seed + 1000 + number)
                self.watch(self._flush, resolver, dice)

    def _ask(self, resolver: dict[str, Any], asked: Iterator[Question], pause: float) -> None:
        for question in asked:
            verdict, detail = judge(resolver["port"], question)
            self.score.add(Answer(time.time(), resolver["name"], question, verdict, detail))
            if self.ended(pause):
                return

    def _flush(self, resolver: dict[str, Any], dice: random.Random) -> None:
        argv = [tools.find("unbound-control"), "-c", resolver["config"], "flush_zone", PARENT]
        while not self.ended(dice.uniform(*FLUSH_SECONDS)):
            if subprocess.run(argv, capture_output=True, check=False).returncode == 0:
                self.score.flushes += 1
