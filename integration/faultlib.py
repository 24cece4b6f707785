# SPDX-License-Identifier: GPL-3.0-or-later
"""Two members of a lab as the tests of faults speak of them: what each says, what it complains of, and rollovers."""
import json
import subprocess
from pathlib import Path
from typing import Any, Callable

import ldap

from labtest import await_that
from lablib import directory, tools
from lablib.client import Lab
from lablib.control import ask
from lablib.errors import LabError

ZONE = "example.test."
PATIENCE = 75.0  # for a whole rollover, after a fault that made its servers wait longer and longer

# As short as the caches of the lab's resolvers can follow.
POLICY = {"dnskey_ttl": 2, "max_zone_ttl": 2, "ds_ttl": 2, "propagation": 1, "parent_propagation": 1,
          "publish_safety": 0, "retire_safety": 0, "window_first": 2, "window": 4, "interval": 3,
          "ksk_lifetime": 0, "zsk_lifetime": 0, "lead": 0, "purge": 3, "missing_keys_alarm": 30}

_NO_ZONE: dict[str, Any] = {"keys": [], "holds": [], "generations": [], "alarms": []}


class Cluster:
    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.names = [member["name"] for member in lab.info()["members"]]

    def ask(self, who: str, verb: str, **args: Any) -> dict[str, Any]:
        return ask(self.lab.member(who)["agent"]["socket"], verb, **args)

    def cli(self, who: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """The program itself, as an administrator calls it."""
        program = str(Path(self.lab.info()["binaries"]) / "rollcall")
        return subprocess.run([program, "--socket", self.lab.member(who)["agent"]["socket"], *words],
                              capture_output=True, text=True, check=False, cwd=self.lab.root)

    def status(self, who: str) -> dict[str, Any]:
        """Nothing while it does not answer."""
        try:
            return self.ask(who, "status")
        except LabError:
            return {"alarms": [], "members": [], "zones": [], "may_write": False, "doubt": ""}

    def zone(self, who: str, zone: str = ZONE) -> dict[str, Any]:
        return next((dict(one) for one in self.status(who)["zones"] if one["zone"] == zone), _NO_ZONE)

    # What is wrong.

    def alarm(self, who: str, *words: str) -> str | None:
        """An alarm in a member's status that has all of these words."""
        status = self.status(who)
        alarms = status["alarms"] + [alarm for zone in status["zones"] for alarm in zone["alarms"]]
        return next((alarm for alarm in alarms if all(word in alarm for word in words)), None)

    def alarm_of(self, whom: str, who: str, *words: str) -> str | None:
        """An alarm of one member in the status of another."""
        alarms = [alarm for line in self.status(who)["members"] if line["host"] == f"{whom}.lab.test"
                  for alarm in line["alarms"]]
        return next((alarm for alarm in alarms if all(word in alarm for word in words)), None)

    def await_alarm(self, who: str, *words: str) -> None:
        self._await_of(who, f"{who} complains of {words}", lambda: self.alarm(who, *words))

    def _await_of(self, who: str, what: str, holds: Callable[[], object]) -> None:
        """If it is not so in time, the error has what the member says."""
        try:
            await_that(what, holds, PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {self.status(who)}") from None

    def await_alarm_everywhere(self, whom: str, *words: str) -> None:
        """In the status of the member itself, and in that of every other one."""
        self.await_alarm(whom, *words)
        for other in set(self.names) - {whom}:
            await_that(f"{other} knows that {whom} complains of {words}", lambda: self.alarm_of(whom, other, *words))

    def await_calm(self) -> None:
        """No alarm at anybody, and all may write."""
        for who in self.names:
            self._await_of(who, f"{who} is well", lambda: self.status(who)["may_write"] and not self.alarm(who))

    def holds_on(self, who: str, whom: str, zone: str = ZONE) -> list[dict[str, Any]]:
        """The steps that wait for a member, as another one sees it."""
        return [hold for hold in self.zone(who, zone)["holds"]
                if any(line["host"] == f"{whom}.lab.test" for line in hold["waits_for"])]

    def is_silent(self, who: str, whom: str) -> bool:
        """Whether a member has not heard of another one for long."""
        return any(line["host"] == f"{whom}.lab.test" and not line["fresh"] for line in self.status(who)["members"])

    # Rollovers.

    def add(self, who: str, zone: str) -> None:
        self.ask(who, "zone-add", zone=zone)

    def key(self, who: str, role: str, generation: int, zone: str = ZONE) -> dict[str, Any] | None:
        return next((key for key in self.zone(who, zone)["keys"]
                     if key["role"] == role and key["generation"] == generation), None)

    def state(self, who: str, role: str, generation: int, record: str, zone: str = ZONE) -> str:
        key = self.key(who, role, generation, zone)
        return str(key["records"][record]["state"]) if key else "hidden"

    def is_signed(self, zone: str) -> bool:
        """All members sign the zone with its first keys."""
        return all(self.state(who, "ZSK", 1, "ZRRSIG", zone) == "omnipresent" for who in self.names)

    def roll(self, who: str) -> int:
        """Asks for the next ZSK; gives its generation."""
        generation = max(key["generation"] for key in self.zone(who)["keys"] if key["role"] == "ZSK") + 1
        self.ask(who, "roll", zone=ZONE, role="zsk")
        return generation

    def is_rolled(self, generation: int) -> bool:
        """The new ZSK is used everywhere, and nothing of the old one is in any cache."""
        return all(self.state(who, "ZSK", generation, "ZRRSIG") == "omnipresent"
                   and self.state(who, "ZSK", generation - 1, "DNSKEY") == "hidden" for who in self.names)

    def await_rolled(self, generation: int) -> None:
        await_that(f"ZSK {generation} has replaced its predecessor", lambda: self.is_rolled(generation), PATIENCE)

    def keys(self, who: str) -> list[tuple[str, str, int, int]]:
        """All keys that a member knows: zone, role, generation, key tag."""
        return [(zone["zone"], key["role"], key["generation"], key["key_tag"])
                for zone in self.status(who)["zones"] for key in zone["keys"]]

    def candidates(self, zone: str = ZONE) -> list[tuple[str, int, str]]:
        """All keys that were ever made, out of the directory: role, generation and maker."""
        connection = directory.connect(self.lab.member(self.names[0]))
        query = f"(&(rollcallKind=candidate)(rollcallZone={zone}))"
        return [(entry["rollcallRole"][0].decode(), int(entry["rollcallGeneration"][0]), dn.split(",")[1][3:])
                for dn, entry in connection.search_s(f"cn=facts,{self.lab.info()['base']}", ldap.SCOPE_SUBTREE, query)]

    # Servers.

    def rndc(self, who: str, *words: str) -> None:
        tools.run([tools.find("rndc"), "-c", self.lab.member(who)["named"]["rndc_conf"], *words])

    def place(self, who: str) -> Path:
        return self.lab.root / who

    def restart_agent(self, who: str) -> None:
        self.lab.kill(who, ["agent"])
        self.lab.start(who, ["agent"])


def set_option(config: Path, section: str, **options: Any) -> None:
    """Writes options of a section of rollcalld.toml anew; None removes one."""
    lines, inside = [], False
    for line in config.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            inside = line == f"[{section}]"
            lines.append(line)
            if inside:
                lines += [f"{name} = {json.dumps(value)}" for name, value in options.items() if value is not None]
        elif not (inside and line.split(" = ")[0] in options):
            lines.append(line)
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
