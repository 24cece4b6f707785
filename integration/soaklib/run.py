# SPDX-License-Identifier: GPL-3.0-or-later
"""One run: brings a lab up, does what the plan says, heals, and has the history judged. Prints one JSON object."""
import json
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable

from lablib import cluster
from lablib.client import Lab
from lablib.control import ask
from lablib.errors import LabError
from lablib.layout import Spec
from lablib.probe import Probe, Verdict
from lablib.processes import die_with_parent
from lablib.recorder import Recorder

from soaklib import rest
from soaklib.acts import ZONE, Hand
from soaklib.plan import MASTERS, Plan, plan

SIGN_SECONDS = 60.0
REST_SECONDS = 90.0
HURRIED_RATE = 20
ECHO_SECONDS = 10.0  # a resolver that found no server for the DNSKEY takes the zone for broken for so long
JUDGE_SECONDS = 120.0


class NotDone(Exception):
    """The run did not come to its end; the text says why."""


def _until(what: str, holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise NotDone(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.2)


def _is_trusted(socket: str) -> bool:
    keys = ask(socket, "status", zone=ZONE)["zone"]["keys"]
    return any(key["role"] == "KSK" and key["records"]["DS"]["state"] == "omnipresent" for key in keys)


def _sign(lab: Lab, made: Plan) -> None:
    socket = lab.info()["members"][0]["agent"]["socket"]
    ask(socket, "policy-set", policy="default", values=made.policy)
    ask(socket, "zone-add", zone=ZONE)
    _until("the zone is signed and has a DS", lambda: _is_trusted(socket), SIGN_SECONDS)


def _judge(binaries: str, history: Path, result: dict[str, Any]) -> None:
    """The checker's word; what it found stands in `findings`."""
    done = subprocess.run([f"{binaries}/rollcall-judge", str(history)], capture_output=True, text=True, check=False,
                          timeout=JUDGE_SECONDS)
    if done.returncode > 1:
        raise NotDone(done.stderr.strip())
    summary, *findings = done.stdout.splitlines()
    result["judge"] = summary.removeprefix(f"{history}: ")
    result["findings"] = [finding for finding in findings if finding.startswith("bogus")]
    result["only_to_parents"] = [finding for finding in findings if not finding.startswith("bogus")]
    result["bogus"] = sum(finding.startswith("bogus (certain") for finding in findings)
    result["possible"] = len(result["findings"]) - result["bogus"]


def _live(lab: Lab, made: Plan, result: dict[str, Any]) -> None:
    info = lab.info()
    with ExitStack() as stack:
        recorder = stack.enter_context(Recorder(info, lab.root / "history.jsonl"))
        probe = stack.enter_context(Probe(info, made.seed))
        hand = Hand(lab, recorder, lab.root / "acts.jsonl")
        stack.callback(hand.close)
        cluster.form(lab)
        _sign(lab, made)
        hand.follow(made.acts)
        rest.heal(lab, recorder)
        hand.note("healed")
        healed = time.monotonic()
        result["missing"] = rest.await_rest(lab, REST_SECONDS)
        result["rest_seconds"] = round(time.monotonic() - healed, 1)
        result["rollovers"] = rest.generations(lab)
        result["refused"] = hand.refused
    result["looks"] = recorder.looks
    bogus = [answer for answer in probe.score.bogus if not _is_dark(recorder, answer.time)]
    result["resolvers"] = {verdict.value: probe.score.count(verdict) for verdict in Verdict}
    result["resolver_findings"] = [f"{answer.time:.3f} {answer.resolver} {answer.question.name} {answer.question.rdtype}:"
                                   f" {answer.detail}" for answer in bogus]


def _is_dark(recorder: Recorder, moment: float) -> bool:
    """Whether no master could answer then, or shortly before: unbound calls a zone bogus whose DNSKEY it cannot get."""
    return any(begin <= moment <= end + ECHO_SECONDS for begin, end in recorder.blackouts)


def _is_well(result: dict[str, Any]) -> bool:
    return not (result.get("failure") or result["missing"] or result["findings"] or result["resolver_findings"])


def run(seed: int, seconds: float, binaries: str, keep: bool, hurried: bool) -> int:
    die_with_parent(signal.SIGTERM)  # then the lab is ended below
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    made = plan(seed, seconds)
    if hurried:
        made.clocks = "machine"
    memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="soak-", dir=memory if memory.is_dir() else None))
    result: dict[str, Any] = {"seed": seed, "dir": str(root), "faults": made.faults, "missing": "", "findings": [],
                              "resolver_findings": [], "bogus": 0, "possible": 0}
    began = time.monotonic()
    try:
        lab = Lab.up(Spec(str(root), binaries, len(MASTERS), [ZONE.rstrip(".")], zone_ttl=made.ttl, negative_ttl=1,
                          parent_ttl=made.ttl, clocks=made.clocks, boot_rate=HURRIED_RATE if hurried else 1, leashed=True))
        try:
            _live(lab, made, result)
        finally:
            lab.down()
        _judge(binaries, root / "history.jsonl", result)
    except (LabError, NotDone, OSError, subprocess.TimeoutExpired) as error:
        result["failure"] = str(error)
    except KeyboardInterrupt:
        result["failure"] = "interrupted"
    result["seconds"] = round(time.monotonic() - began, 1)
    result["well"] = _is_well(result)
    if result["well"] and not keep:
        shutil.rmtree(root, ignore_errors=True)
        result["dir"] = None
    print(json.dumps(result), flush=True)
    return 0 if result["well"] else 1
