# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication links that can be cut: a TCP proxy for each direction between two masters.

A cut takes both directions. `close` ends the connections and refuses new ones, as a host without the service would;
`drop` swallows everything and answers nothing, as a firewall would. Healing ends what a cut has frozen, as TCP
keepalive would have done: kernels on both sides of a proxy answer keepalive probes, so it cannot see the cut.
"""
import asyncio
from typing import Literal

from lablib.layout import Link
from lablib.ports import LOOPBACK

Mode = Literal["open", "close", "drop"]
MODES: tuple[Mode, ...] = ("close", "drop")
_CHUNK = 65536


class _Flow:
    """One connection through a link, with its two directions."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.writers = [client]
        self.moving = asyncio.Event()
        self.moving.set()

    def abort(self) -> None:
        self.moving.set()
        for writer in self.writers:
            writer.transport.abort()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self.moving.wait()
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


class Proxy:
    """One direction of replication."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.mode: Mode = "open"
        self._flows: set[_Flow] = set()
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, LOOPBACK, self.link.listen)

    async def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self._abort_all()
        if server is not None:
            await server.wait_closed()

    async def cut(self, mode: Mode) -> None:
        self.mode = mode
        if mode == "close":
            await self.close()
            return
        await self.listen()
        for flow in self._flows:
            flow.moving.clear()

    async def heal(self) -> None:
        if self.mode == "open":
            return
        self.mode = "open"
        self._abort_all()
        await self.listen()

    def _abort_all(self) -> None:
        for flow in list(self._flows):
            flow.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flow = _Flow(writer)
        self._flows.add(flow)
        if self.mode == "drop":
            flow.moving.clear()
        try:
            await flow.moving.wait()
            if self.mode == "open" and not writer.is_closing():
                await self._join(flow, reader, writer)
        except* OSError:
            pass  # either end broke the connection; the other learns it below
        finally:
            self._flows.discard(flow)
            flow.abort()

    async def _join(self, flow: _Flow, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target_reader, target_writer = await asyncio.open_connection(LOOPBACK, self.link.target_port)
        flow.writers.append(target_writer)
        if self.mode != "open":  # cut while the connection was made
            return
        async with asyncio.TaskGroup() as directions:
            directions.create_task(flow.pump(reader, target_writer))
            directions.create_task(flow.pump(target_reader, writer))


class Links:
    """All replication links of a lab."""

    def __init__(self, links: list[Link]) -> None:
        self._proxies = [Proxy(link) for link in links]

    async def open(self) -> None:
        for proxy in self._proxies:
            await proxy.listen()

    async def close(self) -> None:
        for proxy in self._proxies:
            await proxy.close()

    async def cut(self, one: str, other: str, mode: Mode) -> None:
        for proxy in self._proxies:
            if {proxy.link.source, proxy.link.target} == {one, other}:
                await proxy.cut(mode)

    async def heal(self) -> None:
        for proxy in self._proxies:
            await proxy.heal()

    def cuts(self) -> list[tuple[str, str, Mode]]:
        """The pairs that are cut, each once, in alphabetical order."""
        return sorted((p.link.source, p.link.target, p.mode) for p in self._proxies
                      if p.mode != "open" and p.link.source < p.link.target)
