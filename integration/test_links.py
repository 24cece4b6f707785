# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts, without any server but an echo: what each side of a link sees, before, during and after."""
import asyncio
from typing import Awaitable, Callable

import pytest

from lablib.layout import Link
from lablib.links import Links
from lablib.ports import LOOPBACK, PortBlock

SOON = 5.0
A_WHILE = 0.2  # long enough for an echo on one machine; only silence is measured with it


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


async def _says_back(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    reader, writer = connection
    writer.write(b"hello")
    return await asyncio.wait_for(reader.readexactly(5), SOON) == b"hello"


async def _is_ended(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    try:
        return await asyncio.wait_for(connection[0].read(100), SOON) == b""
    except ConnectionError:
        return True


async def _is_silent(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    connection[1].write(b"hello")
    try:
        await asyncio.wait_for(connection[0].read(100), A_WHILE)
    except asyncio.TimeoutError:
        return True
    return False


Story = Callable[[Links, int, int], Awaitable[None]]


def tell(story: Story) -> None:
    """Runs a story with an open link a-b and an open link a-c, in both directions; it gets the ports b->a and a->c."""
    async def with_links() -> None:
        block = PortBlock()
        port = block.take()
        echo = await asyncio.start_server(_echo, LOOPBACK, port)
        pairs = [("a", "b"), ("b", "a"), ("a", "c"), ("c", "a")]
        all_links = [Link(source, target, block.take(), port) for source, target in pairs]
        links = Links(all_links)
        await links.open()
        try:
            await story(links, all_links[1].listen, all_links[2].listen)
        finally:
            await links.close()
            echo.close()
            block.release()
    asyncio.run(with_links())


def test_an_open_link_carries_both_ways() -> None:
    async def story(_: Links, b_to_a: int, a_to_c: int) -> None:
        assert await _says_back(await asyncio.open_connection(LOOPBACK, b_to_a))
        assert await _says_back(await asyncio.open_connection(LOOPBACK, a_to_c))
    tell(story)


def test_closing_ends_connections_and_refuses_new_ones_in_both_directions_but_elsewhere_nothing() -> None:
    async def story(links: Links, b_to_a: int, a_to_c: int) -> None:
        open_one = await asyncio.open_connection(LOOPBACK, b_to_a)
        other = await asyncio.open_connection(LOOPBACK, a_to_c)
        assert await _says_back(open_one)
        await links.cut("a", "b", "close")
        assert await _is_ended(open_one)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(LOOPBACK, b_to_a)
        assert await _says_back(other)
        assert links.cuts() == [("a", "b", "close")]
    tell(story)


def test_dropping_swallows_what_old_and_new_connections_say() -> None:
    async def story(links: Links, b_to_a: int, a_to_c: int) -> None:
        old = await asyncio.open_connection(LOOPBACK, b_to_a)
        other = await asyncio.open_connection(LOOPBACK, a_to_c)
        assert await _says_back(old)
        await links.cut("b", "a", "drop")
        assert await _is_silent(old)
        assert await _is_silent(await asyncio.open_connection(LOOPBACK, b_to_a))
        assert await _says_back(other)
    tell(story)


def test_the_later_of_two_cuts_counts() -> None:
    async def story(links: Links, b_to_a: int, _: int) -> None:
        await links.cut("a", "b", "close")
        await links.cut("a", "b", "drop")
        silent = await asyncio.open_connection(LOOPBACK, b_to_a)
        assert await _is_silent(silent)
        await links.cut("a", "b", "close")
        assert await _is_ended(silent)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(LOOPBACK, b_to_a)
    tell(story)


@pytest.mark.parametrize("mode", ["close", "drop"])
def test_after_healing_a_new_connection_works_and_a_frozen_one_has_ended(mode: str) -> None:
    async def story(links: Links, b_to_a: int, _: int) -> None:
        old = await asyncio.open_connection(LOOPBACK, b_to_a)
        assert await _says_back(old)
        await links.cut("a", "b", "drop" if mode == "drop" else "close")
        await links.heal()
        assert await _is_ended(old)
        assert await _says_back(await asyncio.open_connection(LOOPBACK, b_to_a))
        assert links.cuts() == []
    tell(story)
