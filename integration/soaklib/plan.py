# SPDX-License-Identifier: GPL-3.0-or-later
"""From a seed to a plan: the policy of a run, and what happens to whom and when. The same seed gives the same plan.

Each plan has some kinds of faults and lacks others, so that the rare ones are not drowned. A fault lasts for a moment, for
some TTLs, or for long. Nothing here looks at a clock or a lab.
"""
import random
from dataclasses import dataclass, field
from typing import Any

MASTERS = ("a", "b", "c")
PROGRAMS = ("slapd", "named", "agent")
KINDS = ("kill", "kill-master", "freeze", "cut", "clock", "ds-delay")
QUIET_SECONDS = 4.0      # nothing before that
SMALL_STEP = 200.0       # seconds; less than what makes a member doubt its clock
LARGE_STEPS = (2900.0, -2900.0, -7000.0)  # named dates its signatures back by an hour, so they stay valid


@dataclass(frozen=True)
class Act:
    at: float  # seconds after the zone was signed
    what: str
    who: str = ""
    only: tuple[str, ...] = ()
    value: Any = None

    def __str__(self) -> str:
        words = [self.what, self.who, "+".join(self.only), "" if self.value is None else str(self.value)]
        return f"{self.at:6.1f}s  {' '.join(word for word in words if word)}"


@dataclass
class Plan:
    seed: int
    seconds: float
    ttl: int
    policy: dict[str, Any]
    clocks: str  # see lablib/clocks.py
    kinds: tuple[str, ...]
    acts: list[Act] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)  # how many of each kind

    def lines(self) -> list[str]:
        policy = " ".join(f"{name}={value}" for name, value in self.policy.items())
        return [f"seed {self.seed}: ttl={self.ttl} {policy}", f"clocks: {self.clocks or 'right'}; faults: {' '.join(self.kinds)}", *map(str, self.acts)]


def _policy(dice: random.Random, ttl: int) -> dict[str, Any]:
    """Rollovers of both roles every half minute or so, besides those that are asked for."""
    return {"dnskey_ttl": ttl, "max_zone_ttl": ttl, "ds_ttl": ttl, "propagation": 1, "parent_propagation": 1,
            "publish_safety": dice.randint(0, 1), "retire_safety": dice.randint(0, 1), "lead": dice.choice([0, 3]),
            "window_first": 2, "window": dice.choice([2, 6]), "interval": 3, "purge": 3, "missing_keys_alarm": 30,
            "zsk_lifetime": dice.randint(20, 35), "ksk_lifetime": dice.randint(30, 50),
            "zsk_rollover": dice.choice(["pre-publication", "pre-publication", "double-signature"]),
            "ksk_rollover": dice.choice(["double-ksk", "double-ksk", "double-ds", "double-rrset"])}


def _lasts(dice: random.Random) -> float:
    return dice.choice([dice.uniform(0.2, 1.5), dice.uniform(0.2, 1.5), dice.uniform(3, 7), dice.uniform(10, 18)])


class _Book:
    """Who is out of order until when, so that nothing is killed that is frozen or dead."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def take(self, at: float, until: float, who: str, only: tuple[str, ...]) -> bool:
        places = [(who, program) for program in only]
        if any(self._until.get(place, 0.0) >= at for place in places):
            return False
        self._until.update((place, until + 1.0) for place in places)
        return True


def _clock(dice: random.Random, clocks: str, at: float, until: float, who: str) -> list[Act]:
    """A step, or a drift of a second each second and more, and right again; also over a restart of the agent."""
    kind = dice.choice(["step", "step", "drift", "large", "restart"])
    if clocks == "faketime":  # the agent alone: named must not find its keys to be of the future
        offset = round(dice.uniform(-SMALL_STEP, 0), 1)
        return [Act(at, "kill", who, ("agent",)), Act(at + 0.1, "clock", who, value=offset),
                Act(at + 0.2, "start", who, ("agent",)), Act(until, "clock", who, value=0.0)]
    end = Act(until, "clock", who, value=0.0)
    if kind == "drift":
        rate = dice.choice([-1, 1]) * dice.uniform(0.5, 10)
        steps = int(until - at)
        return [*(Act(at + n, "clock", who, value=round(rate * n, 1)) for n in range(1, steps)), end]
    offset = round(dice.choice(LARGE_STEPS) if kind == "large" else dice.uniform(-SMALL_STEP, SMALL_STEP), 1)
    begin = Act(at, "clock", who, value=offset)
    if kind == "restart":
        return [Act(at, "kill", who, ("agent",)), Act(at + 0.1, "clock", who, value=offset),
                Act(at + 0.2, "start", who, ("agent",)), end]
    return [begin, end]


def _fault(dice: random.Random, clocks: str, kind: str, at: float, until: float, book: _Book) -> list[Act]:
    """Its beginning and its end; nothing if it would meet another one."""
    who = dice.choice(MASTERS)
    if kind in ("kill", "freeze"):
        only = (dice.choice(PROGRAMS),)
        ways = {"kill": ("kill", "start"), "freeze": ("freeze", "thaw")}[kind]
        return [Act(at, ways[0], who, only), Act(until, ways[1], who, only)] if book.take(at, until, who, only) else []
    if kind == "kill-master":
        if not book.take(at, until, who, PROGRAMS):
            return []
        return [Act(at, "kill", who, PROGRAMS), Act(until, "start", who, PROGRAMS)]
    if kind == "clock":
        return _clock(dice, clocks, at, until, who) if book.take(at, until, who, ("clock", "agent")) else []
    if kind == "ds-delay":
        return [Act(at, "registry-pause"), Act(until, "registry-resume")] if book.take(at, until, "", ("registry",)) else []
    others = [name for name in MASTERS if name != who]
    cut = others if dice.random() < 0.5 else others[:1]  # alone, or one link of the three
    mode = dice.choice(["close", "drop"])
    if not book.take(at, until, "", ("links",)):
        return []
    return [*(Act(at, "cut", who, (other,), mode) for other in cut), Act(until, "heal-links")]


def _rolls(dice: random.Random, seconds: float) -> list[Act]:
    """Some alone, some by two administrators at the same moment; one in an emergency."""
    acts = []
    for _ in range(max(1, int(seconds / 30))):
        at, role = dice.uniform(0.05, 0.85) * seconds, dice.choice(["zsk", "ksk"])
        for who in dice.sample(MASTERS, dice.choice([1, 2])):
            acts.append(Act(at, "roll", who, value=role))
    acts.append(Act(dice.uniform(0.2, 0.8) * seconds, "emergency", dice.choice(MASTERS), value=dice.choice(["zsk", "ksk"])))
    return acts


def plan(seed: int, seconds: float) -> Plan:
    dice = random.Random(seed)
    ttl = dice.choice([2, 3])
    kinds = tuple(kind for kind in KINDS if dice.random() < 0.6) or KINDS
    clocks = dice.choice(["machine", "machine", "faketime"]) if "clock" in kinds else ""
    made = Plan(seed, seconds, ttl, _policy(dice, ttl), clocks, kinds)
    book = _Book()
    at = QUIET_SECONDS
    while (at := at + dice.choice([dice.uniform(0.3, 2), dice.uniform(4, 16)])) < seconds:
        kind = dice.choice(kinds)
        if acts := _fault(dice, clocks, kind, at, min(at + _lasts(dice), seconds), book):
            made.acts += acts
            made.faults[kind] = made.faults.get(kind, 0) + 1
    made.acts += _rolls(dice, seconds)
    made.acts.sort(key=lambda act: act.at)
    return made
