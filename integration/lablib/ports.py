# SPDX-License-Identifier: GPL-3.0-or-later
"""Free ports for one lab, so that two labs that start at the same moment cannot take each other's.

A lab owns a block of ports below the ephemeral range. The first port of the block stays bound for as long as the
lab lives: that is the claim. It needs no lock file and ends with the process.
"""
import errno
import random
import socket
from pathlib import Path

from lablib.errors import LabError

LOOPBACK = "127.0.0.1"
BLOCK = 128
LOWEST = 10240


def _ephemeral_start() -> int:
    return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def _bound(kind: socket.SocketKind, port: int) -> socket.socket | None:
    """A socket bound to the port, or None if somebody has it."""
    sock = socket.socket(socket.AF_INET, kind)
    try:
        sock.bind((LOOPBACK, port))
    except OSError as error:
        sock.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise
    return sock


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        sock = _bound(kind, port)
        if sock is None:
            return False
        sock.close()
    return True


class PortBlock:
    """The claim on a block of ports; `take` gives them out one by one."""

    def __init__(self) -> None:
        bases = list(range(LOWEST, _ephemeral_start() - BLOCK, BLOCK))
        random.shuffle(bases)
        for base in bases:
            claim = _bound(socket.SOCK_STREAM, base)
            if claim is not None:
                self._claim = claim
                self._next = base + 1
                self._end = base + BLOCK
                return
        raise LabError("no block of free ports on this machine: too many labs are running")

    def take(self) -> int:
        """The next port of the block that is free for TCP and for UDP."""
        while self._next < self._end:
            port = self._next
            self._next += 1
            if _is_free(port):
                return port
        raise LabError(f"a lab has at most {BLOCK - 1} ports, and this one wants more")

    def release(self) -> None:
        self._claim.close()
