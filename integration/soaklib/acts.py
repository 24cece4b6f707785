# SPDX-License-Identifier: GPL-3.0-or-later
"""Does to a lab what a plan says, and tells the recorder what is known to answer nothing meanwhile."""
import json
import time
from pathlib import Path
from typing import Any

from lablib.client import Lab
from lablib.clocks import set_clock
from lablib.control import Refused, ask
from lablib.errors import LabError
from lablib.recorder import Recorder

from soaklib.plan import Act

ZONE = "example.test."


class Hand:
    def __init__(self, lab: Lab, recorder: Recorder, journal: Path) -> None:
        self.refused = 0  # rolls that an agent did not want, or could not hear of
        self._lab = lab
        self._recorder = recorder
        self._sockets = {member["name"]: member["agent"]["socket"] for member in lab.info()["members"]}
        self._cuts: set[str] = set()
        self._journal = open(journal, "a", encoding="utf-8", buffering=1)
        self._began = time.monotonic()

    def follow(self, acts: list[Act]) -> None:
        """One after the other; what takes long makes the next ones late."""
        self._began = time.monotonic()
        for act in acts:
            time.sleep(max(0.0, self._began + act.at - time.monotonic()))
            self.do(act)

    def do(self, act: Act) -> None:
        began = time.monotonic()
        ways = {"kill": self._kill, "start": self._start, "freeze": self._freeze, "thaw": self._thaw, "cut": self._cut,
                "heal-links": self._heal_links, "clock": self._clock, "registry-pause": self._registry,
                "registry-resume": self._registry, "roll": self._roll, "emergency": self._roll}
        outcome = ways[act.what](act)
        self.note(str(act).split("  ", 1)[1], planned=act.at, took=round(time.monotonic() - began, 2), outcome=outcome)

    def note(self, what: str, **details: Any) -> None:
        self._journal.write(json.dumps({"time": time.time(), "at": round(time.monotonic() - self._began, 2), "what": what,
                                        **{name: value for name, value in details.items() if value is not None}}) + "\n")

    def close(self) -> None:
        self._journal.close()

    def _kill(self, act: Act) -> None:
        self._lab.kill(act.who, act.only)
        if "named" in act.only:
            self._recorder.down(act.who, killed=True)

    def _start(self, act: Act) -> None:
        if "named" in act.only:
            self._recorder.up(act.who)
        self._lab.start(act.who, act.only)

    def _freeze(self, act: Act) -> None:
        self._lab.freeze(act.who, act.only)
        if "named" in act.only:
            self._recorder.down(act.who)

    def _thaw(self, act: Act) -> None:
        if "named" in act.only:
            self._recorder.up(act.who)
        self._lab.thaw(act.who, act.only)

    def _cut(self, act: Act) -> None:
        self._lab.cut(act.who, act.only[0], act.value)

    def _heal_links(self, _: Act) -> None:
        self._lab.heal()

    def _clock(self, act: Act) -> None:
        set_clock(self._lab.root, act.who, act.value)

    def _registry(self, act: Act) -> None:
        self._lab.pause_registry(act.what == "registry-pause")

    def _roll(self, act: Act) -> str | None:
        """An administrator who is told no, or cannot reach his agent, shrugs."""
        wish = {"emergency": True} if act.what == "emergency" else {}
        try:
            ask(self._sockets[act.who], "roll", timeout=1.0, zone=ZONE, role=act.value, **wish)
        except (Refused, LabError) as error:
            self.refused += 1
            return str(error)
        return None
