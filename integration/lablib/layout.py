# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab consists of: its directories, ports and addresses, and lab.json, which tells them to everybody else.

All of it follows from a few wishes (Spec) and a claim on free ports; nothing here starts anything.
"""
import json
import os
import string
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lablib.errors import LabError
from lablib.ports import LOOPBACK, PortBlock

SOCKET_PATH_MAX = 107  # bytes: sun_path of sockaddr_un less its final zero
MASTERS_MAX = 8        # more do not fit into one block of ports, nor on a small machine
PARENT = "test."
BASE = "cn=rollcall"  # of the embedded directory
SUFFIX_389 = "dc=lab,dc=test"
BASE_389 = f"cn=rollcall,cn=dns,{SUFFIX_389}"
MANAGER_389 = "cn=directory manager"
PASSWORD_389 = "secret"  # of everybody
ENGINES = ("slapd", "389ds")


@dataclass
class Spec:
    """What the user wants. Times are seconds."""

    directory: str
    binaries: str  # where the programs rollcall and rollcalld are
    masters: int = 3
    zones: list[str] = field(default_factory=lambda: ["example.test"])
    agents: bool = True
    zone_ttl: int = 4
    negative_ttl: int = 2
    parent_ttl: int = 4          # of the parent's own records and of every DS
    registry_interval: float = 0.5
    clocks: str = ""             # whose clock can be set, and how (clocks.py)
    boot_rate: int = 1           # how many times too fast the clock of waits runs, if clocks are "machine"
    leashed: bool = False        # the lab ends when the process that started it does
    engine: str = "slapd"        # of the directories: the embedded one, or 389ds
    synchronises: bool = True    # 389ds only: with RFC 4533
    ipa: bool = False            # 389ds only: agents follow the tree of IPA, and keys stand where bind-dyndb-ldap has them

    @property
    def base(self) -> str:
        return BASE if self.engine == "slapd" else BASE_389

    @property
    def rollcall(self) -> Path:
        return Path(self.binaries) / "rollcall"

    @property
    def rollcalld(self) -> Path:
        return Path(self.binaries) / "rollcalld"


@dataclass
class Master:
    name: str
    root: Path
    ldap_port: int
    dns_port: int
    rndc_port: int
    number: int  # 1, 2, ...: the server id of its directory
    uuid: str | None = None  # of the member: whom its directory takes the agent for; known when that is made

    @property
    def ldap(self) -> str:
        return f"ldap://{LOOPBACK}:{self.ldap_port}"

    @property
    def directory(self) -> Path:
        return self.root / "ldap"

    @property
    def ldapi_socket(self) -> Path:
        return self.directory / "run" / "ldapi"

    @property
    def ldapi(self) -> str:
        return "ldapi://" + str(self.ldapi_socket).replace("/", "%2F")

    @property
    def agent_socket(self) -> Path:
        return self.root / "rollcall.sock"

    @property
    def agent_config(self) -> Path:
        return self.root / "rollcalld.toml"

    @property
    def rndc_conf(self) -> Path:
        return self.root / "rndc.conf"

    @property
    def keys(self) -> Path:
        """Below it one directory a zone."""
        return self.root / "keys"

    def keys_of(self, zone: str, spec: Spec) -> Path:
        """Where named looks for the keys of a zone."""
        own = self.keys / zone.rstrip(".")
        return own / "keys" if spec.ipa else own


@dataclass
class Link:
    """One direction of replication: `source` reads from `target` through the port `listen`."""

    source: str
    target: str
    listen: int
    target_port: int


@dataclass
class Parent:
    root: Path
    dns_port: int
    rndc_port: int

    @property
    def update_key(self) -> Path:
        return self.root / "registry.key"

    @property
    def trust_anchor(self) -> Path:
        return self.root / "trust-anchor.key"

    @property
    def registry_paused(self) -> Path:
        """While this file exists, the registry changes nothing."""
        return self.root / "registry.paused"

    @property
    def registry_journal(self) -> Path:
        """What the registry did, one JSON object a line."""
        return self.root / "registry.jsonl"


@dataclass
class Resolver:
    name: str
    root: Path
    port: int
    flushed: bool  # a probe empties its cache at random times

    @property
    def config(self) -> Path:
        return self.root / "unbound.conf"

    @property
    def control_socket(self) -> Path:
        return self.root / "control"


@dataclass
class Layout:
    spec: Spec
    root: Path
    masters: list[Master]
    links: list[Link]
    parent: Parent
    resolvers: list[Resolver]

    @property
    def control_socket(self) -> Path:
        return control_socket(self.root)

    @property
    def logs(self) -> Path:
        return self.root / "log"

    def master(self, name: str) -> Master:
        for master in self.masters:
            if master.name == name:
                return master
        names = ", ".join(m.name for m in self.masters)
        raise LabError(f"no master is called '{name}': this lab has {names}")

    def sockets(self) -> list[Path]:
        of_masters = [path for m in self.masters for path in (m.ldapi_socket, m.agent_socket)]
        return [self.control_socket, *of_masters, *(r.control_socket for r in self.resolvers)]


def control_socket(root: Path) -> Path:
    return root / "lab.sock"


def check_socket_paths(root: Path) -> None:
    """Refuses a directory in which a Unix socket of the lab would have too long a name."""
    longest = len(os.fsencode("/a/ldap/run/ldapi"))
    have = len(os.fsencode(root))
    if have + longest > SOCKET_PATH_MAX:
        raise LabError(
            f"the directory {root} is too long: its name has {have} bytes, and Unix sockets below it allow"
            f" {SOCKET_PATH_MAX - longest} (a socket path has at most {SOCKET_PATH_MAX})")


def plan(spec: Spec, ports: PortBlock) -> Layout:
    """Lays out a lab: names and numbers only."""
    if spec.engine not in ENGINES:
        raise LabError(f"the directories of a lab are {' or '.join(ENGINES)}, not '{spec.engine}'")
    if not 1 <= spec.masters <= MASTERS_MAX:
        raise LabError(f"a lab has 1 to {MASTERS_MAX} masters, not {spec.masters}")
    for zone in spec.zones:
        if not zone.rstrip(".").endswith("." + PARENT.rstrip(".")):
            raise LabError(f"the zone {zone} is not below {PARENT}, the parent of this lab")
    root = Path(spec.directory)
    check_socket_paths(root)
    names = string.ascii_lowercase[:spec.masters]
    masters = [Master(name, root / name, ports.take(), ports.take(), ports.take(), number)
               for number, name in enumerate(names, start=1)]
    links = [Link(one.name, other.name, ports.take(), other.ldap_port)
             for one in masters for other in masters if one is not other]
    layout = Layout(spec, root, masters, links, Parent(root / "parent", ports.take(), ports.take()), [
        Resolver("keeps", root / "r1", ports.take(), flushed=False),
        Resolver("flushed", root / "r2", ports.take(), flushed=True)])
    assert all(len(os.fsencode(path)) <= SOCKET_PATH_MAX for path in layout.sockets())
    return layout


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """A reader sees the old file or the new one, never half of one."""
    temporary = path.with_name(path.name + ".new")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def describe(layout: Layout, pids: dict[str, dict[str, int]]) -> dict[str, Any]:
    """lab.json. `pids` has, by role ("named.a"), the pid and start time of every process that was started."""
    def pid(role: str) -> int | None:
        return pids.get(role, {}).get("pid")

    # As whom people talk to the directories of the lab; the embedded ones know the user of the process.
    account = None if layout.spec.engine == "slapd" else {"dn": MANAGER_389, "password": PASSWORD_389}
    return {
        "engine": layout.spec.engine,
        "dir": str(layout.root),
        "base": layout.spec.base,
        "zones": layout.spec.zones,
        "members": [{
            "name": m.name,
            "uuid": m.uuid,
            "ldap": m.ldap,
            "ldapi": m.ldapi,
            "account": account,
            "slapd_pid": pid(f"slapd.{m.name}"),
            "named": {"address": LOOPBACK, "port": m.dns_port, "pid": pid(f"named.{m.name}"),
                      "rndc_conf": str(m.rndc_conf), "keys": str(m.keys)},
            "agent": {"socket": str(m.agent_socket), "config": str(m.agent_config),
                      "pid": pid(f"agent.{m.name}")} if layout.spec.agents else None,
        } for m in layout.masters],
        "parent": {
            "zone": PARENT, "address": LOOPBACK, "port": layout.parent.dns_port, "pid": pid("named.parent"),
            "trust_anchor": str(layout.parent.trust_anchor), "registry_pid": pid("registry"),
            "registry_paused": str(layout.parent.registry_paused),
            "registry_journal": str(layout.parent.registry_journal),
            "update_key": str(layout.parent.update_key)},
        "links": [{"from": link.source, "to": link.target, "listen": f"{LOOPBACK}@{link.listen}",
                   "target": f"{LOOPBACK}@{link.target_port}"} for link in layout.links],
        "resolvers": [{"name": r.name, "address": LOOPBACK, "port": r.port, "pid": pid(f"unbound.{r.name}"),
                       "config": str(r.config), "flushed": r.flushed} for r in layout.resolvers],
        "binaries": layout.spec.binaries,
        "ttl": {key: value for key, value in asdict(layout.spec).items() if key.endswith("_ttl")},
        "processes": pids,
    }


def save(layout: Layout, pids: dict[str, dict[str, int]]) -> None:
    write_atomically(layout.root / "lab.json", json.dumps(describe(layout, pids), indent=1) + "\n")
