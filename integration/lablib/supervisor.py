# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that owns all others of a lab: it lays the lab out, starts it, cuts and kills on request, and ends it.

Started by client.py, which holds its standard input: if that closes before the lab is ready (the user gave up, or
died), everything ends. When the supervisor itself is killed, the kernel kills its children.
"""
import asyncio
import json
import os
import signal
import sys
from typing import Any, Awaitable, Callable

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message

from lablib import agent, clocks, directory, directory389, named, resolver, tools
from lablib.errors import LabError
from lablib.layout import PARENT, Layout, Master, Spec, plan, save
from lablib.links import MODES, Links
from lablib.ports import LOOPBACK, PortBlock
from lablib.processes import Child, adopt_orphans, kill_orphans, start_time

READY_SECONDS = 30.0
LOOK_AGAIN = 0.03
Say = Callable[..., None]


async def _connects(path: str) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


async def _answers(port: int, name: str, flags: dns.flags.Flag = dns.flags.Flag(0)) -> bool:
    """Does the server give an SOA, with all of these flags?"""
    query = dns.message.make_query(name, "SOA", want_dnssec=True)
    query.flags = dns.flags.RD | dns.flags.AD
    try:
        answer = await dns.asyncquery.udp(query, LOOPBACK, timeout=1.0, port=port)
    except (dns.exception.DNSException, OSError):
        return False
    return bool(answer.answer) and answer.flags & flags == flags


class Supervisor:
    def __init__(self, spec: Spec, say: Say) -> None:
        self._say = say
        self._ports = PortBlock()
        self.layout: Layout = plan(spec, self._ports)
        self._engine = directory if spec.engine == "slapd" else directory389
        self._links = Links(self.layout.links)
        self._children: dict[str, Child] = {}
        self._changing = asyncio.Lock()
        self._down = asyncio.Event()

    async def bring_up(self) -> None:
        tools.check_all()
        self._prepare()
        await self._links.open()
        masters = self.layout.masters
        await asyncio.gather(self._start_parent(), self._bring_up_directories(),
                             *(self._start_named(m) for m in masters))
        self._say("DNS servers are up, directories replicate", masters=len(masters))
        await asyncio.gather(*(self._start_resolver(r.name) for r in self.layout.resolvers))
        self._save()
        await self._children["registry"].start()
        self._save()
        self._say("resolvers trust the parent, its registry is at work")
        if self.layout.spec.agents:
            for master in masters:
                agent.prepare(master, self.layout)
            await asyncio.gather(*(self._start_agent(m) for m in masters))
            self._save()
            self._say("agents are up", count=len(masters))

    async def serve(self, leash: "asyncio.Task[None]") -> None:
        """Answers requests until one says down, or a signal does, or the leash is let go if it counts."""
        if self.layout.spec.leashed:
            leash.add_done_callback(lambda _: self._down.set())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._down.set)
        path = self.layout.control_socket
        server = await asyncio.start_unix_server(self._converse, str(path))
        self._say("ready")
        await self._down.wait()
        server.close()
        path.unlink(missing_ok=True)

    async def end(self, *, politely: bool) -> None:
        """Ends every process of the lab but this one."""
        await self._links.close()
        await asyncio.gather(*(child.stop() if politely else child.kill() for child in self._children.values()))
        kill_orphans()
        if self.layout.root.exists():
            save(self.layout, {})
        self._ports.release()

    # What a lab is made of.

    def _prepare(self) -> None:
        layout, bin_directory = self.layout, self.layout.root / "bin"
        bind, unbound = (tools.private_copy(p, bin_directory) for p in ("named", "unbound"))
        named.prepare_parent(layout)
        for master in layout.masters:
            named.prepare_master(master, layout)
            self._child(f"slapd.{master.name}", self._engine.command(master, layout))
            self._child(f"named.{master.name}", named.command(bind, master.root),
                        clocks.environment(layout, master, "named"))
            if layout.spec.agents:
                self._child(f"agent.{master.name}", agent.command(master, layout),
                            clocks.environment(layout, master, "agent"))
        self._child("named.parent", named.command(bind, layout.parent.root))
        for one in layout.resolvers:
            resolver.prepare(one, layout)
            self._child(f"unbound.{one.name}", resolver.command(unbound, one))
        self._child("registry", [sys.executable, "-m", "lablib.registry", str(layout.root),
                                 str(layout.spec.registry_interval)])

    async def _bring_up_directories(self) -> None:
        async def stop(master: Master) -> None:
            await self._children[f"slapd.{master.name}"].stop()
        await self._engine.bring_up(self.layout, self._start_slapd, stop)

    def _child(self, role: str, argv: list[str], environment: dict[str, str] | None = None) -> None:
        log = self.layout.logs / f"{role}.log"
        self._children[role] = Child(role, argv, self.layout.root, log, {**os.environ, "LC_ALL": "C", **(environment or {})})

    async def _start(self, role: str, ready: Callable[[], Awaitable[bool]]) -> None:
        """Starts a child and waits until it answers."""
        child = self._children[role]
        if not child.running:
            await child.start()
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not await ready():
            child.must_run()
            if asyncio.get_running_loop().time() > deadline:
                raise LabError(f"{role} does not answer after {READY_SECONDS:.0f} seconds; see {child.log}")
            await asyncio.sleep(LOOK_AGAIN)

    async def _start_slapd(self, master: Master) -> None:
        await self._start(f"slapd.{master.name}", lambda: _connects(str(master.ldapi_socket)))

    async def _start_named(self, master: Master) -> None:
        zone = self.layout.spec.zones[0]
        await self._start(f"named.{master.name}", lambda: _answers(master.dns_port, zone))

    async def _start_parent(self) -> None:
        await self._start("named.parent", lambda: _answers(self.layout.parent.dns_port, PARENT))

    async def _start_resolver(self, name: str) -> None:
        port = next(r.port for r in self.layout.resolvers if r.name == name)
        await self._start(f"unbound.{name}", lambda: _answers(port, PARENT, dns.flags.AD))

    async def _start_agent(self, master: Master) -> None:
        await self._start(f"agent.{master.name}", lambda: _connects(str(master.agent_socket)))

    def _save(self) -> None:
        pids = {role: child.identity for role, child in self._children.items() if child.running}
        me = os.getpid()
        save(self.layout, {"supervisor": {"pid": me, "started": start_time(me) or 0}, **pids})

    # What can be asked of it: one JSON object a line, {"verb", "args"} -> {"ok"} or {"error"}.

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._reply(json.loads(line))).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError) as error:
            self._say("a client went wrong", why=str(error))
        finally:
            writer.close()

    async def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        verbs = {"cut": self._cut, "heal": self._heal, "kill": self._kill, "start": self._start_again,
                 "freeze": self._freeze, "thaw": self._thaw,
                 "registry": self._registry, "status": self._status, "name": self._name, "down": self._end}
        try:
            async with self._changing:
                return {"ok": await verbs[request["verb"]](**request.get("args", {}))}
        except (LabError, OSError) as error:
            return {"error": str(error)}
        except (KeyError, TypeError) as error:
            return {"error": f"no such request: {error}"}

    async def _cut(self, one: str, other: str, mode: str) -> None:
        if self.layout.master(one) is self.layout.master(other):
            raise LabError(f"a cut is between two masters, not within {one}")
        for known in MODES:
            if mode == known:
                return await self._links.cut(one, other, known)
        raise LabError(f"a link can be cut by {' or '.join(MODES)}, not by '{mode}'")

    async def _heal(self) -> None:
        await self._links.heal()

    def _of_master(self, name: str, only: list[str]) -> list[str]:
        """The roles of a master's processes; of some of them if `only` names them."""
        self.layout.master(name)
        roles = [role for role in self._children if role.endswith(f".{name}")]
        unknown = set(only) - {role.partition(".")[0] for role in roles}
        if unknown:
            raise LabError(f"master {name} runs no {', '.join(sorted(unknown))}")
        return [role for role in roles if not only or role.partition(".")[0] in only]

    async def _kill(self, name: str, only: list[str]) -> None:
        await asyncio.gather(*(self._children[role].kill() for role in self._of_master(name, only)))
        self._save()

    async def _freeze(self, name: str, only: list[str]) -> None:
        await asyncio.gather(*(self._children[role].freeze() for role in self._of_master(name, only)))

    async def _thaw(self, name: str, only: list[str]) -> None:
        for role in self._of_master(name, only):
            self._children[role].thaw()

    async def _start_again(self, name: str, only: list[str]) -> None:
        master, roles = self.layout.master(name), self._of_master(name, only)
        ways = {"slapd": self._start_slapd, "named": self._start_named, "agent": self._start_agent}
        try:
            await asyncio.gather(*(ways[role.partition(".")[0]](master) for role in roles))
        finally:
            self._save()

    async def _registry(self, paused: bool) -> None:
        mark = self.layout.parent.registry_paused
        if paused:
            mark.touch()
        else:
            mark.unlink(missing_ok=True)

    async def _name(self, name: str, uuid: str) -> None:
        """Notes the UUID of a member, where its agent and not the directory has made it."""
        self.layout.master(name).uuid = uuid
        self._save()

    async def _status(self) -> dict[str, Any]:
        return {"processes": {role: child.running for role, child in self._children.items()},
                "cuts": self._links.cuts(), "registry_paused": self.layout.parent.registry_paused.exists()}

    async def _end(self) -> None:
        self._down.set()


async def _leash() -> None:
    """Ends when the one who started the lab is gone."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def _bring_up_on_leash(lab: Supervisor, leash: "asyncio.Task[None]") -> None:
    up = asyncio.create_task(lab.bring_up())
    try:
        await asyncio.wait({up, leash}, return_when=asyncio.FIRST_COMPLETED)
        if not up.done():
            raise LabError("whoever started the lab went away before it was ready")
        up.result()
    finally:
        up.cancel()
        await asyncio.gather(up, return_exceptions=True)


def _say(event: str, **details: Any) -> None:
    """One JSON object a line to whoever started the lab; nobody listens once it is ready."""
    try:
        print(json.dumps({"event": event, **details}), flush=True)
    except BrokenPipeError:
        pass


def _watch_children_without_threads() -> None:
    """The default before Python 3.12 is a thread for each child."""
    if sys.version_info < (3, 12):
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.get_event_loop_policy().set_child_watcher(watcher)


async def _main() -> int:
    spec = Spec(**json.loads(sys.argv[1]))
    _watch_children_without_threads()
    adopt_orphans()
    politely = False
    try:
        lab = Supervisor(spec, _say)
    except LabError as error:
        _say("failed", why=str(error))
        return 1
    leash = asyncio.create_task(_leash())
    try:
        await _bring_up_on_leash(lab, leash)
        await lab.serve(leash)
        politely = True
    except (LabError, OSError) as error:
        _say("failed", why=str(error))
        return 1
    finally:
        leash.cancel()
        await lab.end(politely=politely)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.exit(asyncio.run(_main()))
