# SPDX-License-Identifier: GPL-3.0-or-later
"""The six steps. Each says what it does and why, and fails unless everything that it promises was seen."""
from lablib.cluster import set_policy

from demolib.stage import ZONE, Stage, StepFailed

POLICY = {"dnskey_ttl": 4, "max_zone_ttl": 4, "ds_ttl": 4, "propagation": 1, "parent_propagation": 1,
          "publish_safety": 1, "retire_safety": 1, "window_first": 4, "window": 8, "interval": 5,
          "ksk_lifetime": 0, "zsk_lifetime": 0, "lead": 0, "purge": 5, "missing_keys_alarm": 20}


def _record(stage: Stage, who: str, role: str, generation: int, record: str) -> str:
    key = stage.key(who, role, generation)
    return key["records"][record]["state"] if key else "hidden"


def _await_rolled(stage: Stage, role: str, generation: int, seconds: float = 75.0) -> None:
    """The new key is used everywhere, and the old one has left every server and every cache."""
    use = "DS" if role == "KSK" else "ZRRSIG"
    observer = stage.names[0]
    stage.until(f"{role} {generation} is used everywhere",
                lambda: _record(stage, observer, role, generation, use) == "omnipresent", seconds)
    tags = {stage.in_use(observer, "KSK")["key_tag"], stage.in_use(observer, "ZSK")["key_tag"]}
    stage.until("every master serves the new keys only", lambda: stage.all_serve_only(tags), seconds)
    stage.until(f"the old {role} is out of every cache", lambda: all(
        _record(stage, observer, role, generation - 1, record) == "hidden"
        for record in ("DNSKEY", "KRRSIG", "ZRRSIG", "DS")), seconds)
    stage.tell.say(f"{role} {generation} is in use everywhere; nothing of its predecessor is left in any cache")


def _roll(stage: Stage, who: str, role: str) -> int:
    """Asks a member for a rollover; the generation that it will bring."""
    generation = stage.newest(who, role) + 1
    stage.ask(who, "roll", zone=ZONE, role=role.lower())
    stage.tell.say(f"$ rollcall roll {role.lower()} {ZONE}          (asked of {who})")
    return generation


def sign(stage: Stage) -> None:
    """From unsigned to signed, with the DS at the parent."""
    a = stage.names[0]
    for name in stage.names:
        content = stage.until(f"{name} answers", lambda name=name: stage.served(name))
        if content.dnskeys or content.soa_signers:
            raise StepFailed(f"the zone is signed at {name} before anybody asked for it")
    set_policy(stage.lab, a, **POLICY)
    stage.ask(a, "zone-add", zone=ZONE)
    stage.tell.say(f"$ rollcall zone add {ZONE}")
    stage.until("a DS at the parent", stage.parent_ds)
    stage.until("KSK 1 is trusted through its DS", lambda: _record(stage, a, "KSK", 1, "DS") == "omnipresent")
    if stage.parent_ds() != {stage.in_use(a, "KSK")["key_tag"]}:
        raise StepFailed("the parent's DS is not that of the KSK in use")
    stage.until("both resolvers say AD", stage.validated)
    stage.tell.say("both resolvers validate the zone (AD)")


def roll_zsk(stage: Stage) -> None:
    """A ZSK rollover by pre-publication."""
    _await_rolled(stage, "ZSK", _roll(stage, stage.names[1], "ZSK"))


def roll_ksk(stage: Stage) -> None:
    """A KSK rollover with two KSKs, and the DS changed by the parent's registry."""
    old = stage.parent_ds()
    _await_rolled(stage, "KSK", _roll(stage, stage.names[2], "KSK"))
    if stage.parent_ds() == old or stage.parent_ds() != {stage.in_use(stage.names[0], "KSK")["key_tag"]}:
        raise StepFailed("the DS at the parent did not change to the new KSK")


def kill_in_the_middle(stage: Stage) -> None:
    """One master is killed in the middle of a ZSK rollover: the rollover holds, names it, and goes on with it."""
    a, b, c = stage.names[:3]
    old = stage.in_use(a, "ZSK")["key_tag"]
    generation = _roll(stage, a, "ZSK")
    stage.until("the new ZSK is on its way", lambda: _record(stage, a, "ZSK", generation, "DNSKEY") != "hidden")
    stage.lab.kill(c)
    stage.tell.say(f"$ kill -9: slapd, named and rollcalld of {c}")
    hold = stage.until(f"the rollover is held, naming {c}", lambda: stage.holds_on(a, c))[0]
    stage.tell.say(f"held: {hold['step']}: {hold['text']}: {c}")
    ttls = POLICY["dnskey_ttl"] + POLICY["max_zone_ttl"]
    stage.stays("the others sign with the key in use, and nothing is withdrawn", lambda: stage.holds_on(a, c) and all(
        (content := stage.served(name)) is None or (old in content.dnskeys and old in content.soa_signers)
        for name in (a, b)), ttls)
    stage.tell.say(f"{ttls} s later {a} and {b} still serve and sign with ZSK {old}: a dead member may be alive for some cache")
    stage.lab.start(c)
    stage.tell.say(f"{c} is started again")
    _await_rolled(stage, "ZSK", generation)


def _candidates(stage: Stage, who: str, role: str, number: int) -> list[str]:
    for generation in stage.zone(who)["generations"]:
        if generation["role"] == role and generation["number"] == number:
            return list(generation["candidates"])
    return []


def cut_in_two(stage: Stage) -> None:
    """The cluster is cut; both sides make a candidate; after healing the earliest wins, its rival is pruned."""
    a, b, c = stage.names[:3]
    for other in (b, c):
        stage.lab.cut(a, other)
    stage.tell.say(f"$ lab cut {a} {b}; lab cut {a} {c}          ({a} is alone)")
    generation = _roll(stage, a, "ZSK")
    _roll(stage, b, "ZSK")
    here = stage.until(f"{a} makes a candidate", lambda: _candidates(stage, a, "ZSK", generation))
    there = stage.until(f"{b} or {c} makes one too", lambda: _candidates(stage, b, "ZSK", generation))
    if set(here) & set(there):
        raise StepFailed("the cut did not separate the candidates")
    stage.tell.say("each side has its own candidate; neither is final, since the other side has not answered")
    stage.lab.heal()
    stage.tell.say("$ lab heal")
    both = stage.until("both candidates are known everywhere", lambda: all(
        len(_candidates(stage, name, "ZSK", generation)) == 2 for name in stage.names)
        and _candidates(stage, a, "ZSK", generation))
    _await_rolled(stage, "ZSK", generation)
    winners = {g["winner"] for name in stage.names for g in stage.zone(name)["generations"]
               if g["role"] == "ZSK" and g["number"] == generation}
    if winners != {both[0]} or not _made_first(stage, both[0], generation):
        raise StepFailed(f"the earliest candidate was not elected everywhere: {winners}")
    loser = stage.names[[_uuid(stage, name) for name in stage.names].index(both[1].split(".")[0])]
    stage.until("the loser's owner prunes it", lambda: any(
        event["who"] == loser for event in stage.tell.events("loser pruned", f"ZSK {generation}:")))


def _uuid(stage: Stage, name: str) -> str:
    return str(stage.lab.member(name)["uuid"])


def _made_first(stage: Stage, candidate: str, generation: int) -> bool:
    """Whether the owner of a candidate said that it made it before anybody else did."""
    made = stage.tell.events("candidate made", f"ZSK {generation},")
    first = min(made, key=lambda event: event["text"].split("created ")[1])
    return len(made) == 2 and _uuid(stage, first["who"]) == candidate.split(".")[0]


def manager_dead(stage: Stage) -> None:
    """The appointed manager is dead when its turn comes: its fail-over makes the key."""
    a, b, c = stage.names[:3]
    stage.ask(b, "set", replica=_uuid(stage, a), failover=[_uuid(stage, b)])
    stage.tell.say(f"$ rollcall set {a} --failover {b}")
    stage.until("all know the appointment", lambda: all(
        stage.ask(name, "info")["mode"] == "appointed" for name in stage.names))
    stage.lab.kill(a)
    stage.tell.say(f"$ kill -9: slapd, named and rollcalld of {a}, the appointed manager")
    generation = _roll(stage, c, "ZSK")
    made = stage.until(f"the fail-over {b} makes the key", lambda: _candidates(stage, c, "ZSK", generation))
    if made[0].split(".")[0] != _uuid(stage, b):
        raise StepFailed("somebody else than the fail-over made the key")
    stage.until(f"its election waits for {a}", lambda: stage.holds_on(b, a))
    stage.tell.say(f"{b} made the key; it is not used while {a} has not answered")
    stage.lab.start(a)
    stage.tell.say(f"{a} is started again")
    _await_rolled(stage, "ZSK", generation)
    if stage.in_use(c, "ZSK")["made_by"]["member"] != _uuid(stage, b):
        raise StepFailed("the key in use is not that of the fail-over")


STEPS = [("from unsigned to signed, and the DS at the parent", sign),
         ("a ZSK rollover", roll_zsk),
         ("a KSK rollover, the DS changed", roll_ksk),
         ("one master killed in the middle of a ZSK rollover", kill_in_the_middle),
         ("the cluster cut in two, and healed", cut_in_two),
         ("the appointed manager dead when its turn comes", manager_dead)]
