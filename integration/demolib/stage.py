# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab with its members, as the story speaks of them: who sees what, and waiting until something is seen."""
import time
from typing import Any, Callable

from lablib.client import Lab
from lablib.control import ask
from lablib.errors import LabError
from lablib.ledger import Content, DsContent, Ledger
from lablib.probe import Probe, Verdict

from demolib.narrator import Narrator

ZONE = "example.test."
POLL_SECONDS = 0.1


class StepFailed(Exception):
    """A step did not take place."""


class Stage:
    def __init__(self, lab: Lab, narrator: Narrator, probe: Probe, ledger: Ledger) -> None:
        self.lab = lab
        self.tell = narrator
        self.probe = probe
        self.ledger = ledger
        self.names = [member["name"] for member in lab.info()["members"]]
        self._sockets = {member["name"]: member["agent"]["socket"] for member in lab.info()["members"]}

    def ask(self, who: str, verb: str, **args: Any) -> dict[str, Any]:
        return ask(self._sockets[who], verb, **args)

    def zone(self, who: str) -> dict[str, Any]:
        """What one member says of the zone; nothing while it does not answer."""
        try:
            return dict(self.ask(who, "status", zone=ZONE)["zone"])
        except LabError:
            return {"keys": [], "holds": [], "generations": []}

    def keys(self, who: str, role: str) -> list[dict[str, Any]]:
        return [key for key in self.zone(who)["keys"] if key["role"] == role]

    def key(self, who: str, role: str, generation: int) -> dict[str, Any] | None:
        return next((key for key in self.keys(who, role) if key["generation"] == generation), None)

    def newest(self, who: str, role: str) -> int:
        return max((key["generation"] for key in self.keys(who, role)), default=0)

    def in_use(self, who: str, role: str) -> dict[str, Any]:
        """The key that is used now and not about to leave."""
        return next(key for key in self.keys(who, role) if key["first_use"] and not key["leaving"])

    def holds_on(self, who: str, whom: str) -> list[dict[str, Any]]:
        """The steps that wait for a member, as another one sees it."""
        return [hold for hold in self.zone(who)["holds"]
                if any(line["host"].split(".")[0] == whom for line in hold["waits_for"])]

    def served(self, who: str) -> Content | None:
        content = self.ledger.newest(who, ZONE)
        return content if isinstance(content, Content) else None

    def parent_ds(self) -> frozenset[int]:
        content = self.ledger.newest("parent", ZONE)
        return content.ds if isinstance(content, DsContent) else frozenset()

    def all_serve_only(self, tags: set[int]) -> bool:
        """Every master's DNSKEY RRset is exactly these keys."""
        return all((content := self.served(name)) is not None and content.dnskeys == tags for name in self.names)

    def validated(self) -> bool:
        verdicts = {place: verdict for place, verdict in self.probe.score.verdicts().items() if place[1] == ZONE}
        return len(verdicts) == 2 and all(verdict is Verdict.VALIDATED for verdict in verdicts.values())

    def until(self, what: str, is_so: Callable[[], Any], seconds: float = 60.0) -> Any:
        deadline = time.monotonic() + seconds
        while not (answer := is_so()):
            if time.monotonic() > deadline:
                raise StepFailed(f"not seen within {seconds:.0f} s: {what}")
            time.sleep(POLL_SECONDS)
        return answer

    def stays(self, what: str, is_so: Callable[[], Any], seconds: float) -> None:
        """Something has to go on being true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not is_so():
                raise StepFailed(f"no longer so: {what}")
            time.sleep(POLL_SECONDS)
