# SPDX-License-Identifier: GPL-3.0-or-later
"""Children that cannot outlive their supervisor, and the identity of a process.

A pid alone is no identity, since the kernel uses it again; a pid with its start time is one. A child asks the kernel
to be killed when the supervisor dies (PR_SET_PDEATHSIG); the supervisor adopts orphans of its children
(PR_SET_CHILD_SUBREAPER) and kills them at its end.
"""
import asyncio
import ctypes
import os
import signal
from pathlib import Path
from typing import Sequence

from lablib.errors import LabError

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)

STOP_SECONDS = 6.0  # what a slapd may need to close its database


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None if there is no such process, or only its remains."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before may have spaces and parentheses
    return None if fields[0] in ("Z", "X") else int(fields[19])


def is_alive(pid: int, started: int) -> bool:
    return start_time(pid) == started


def kill_exactly(pid: int, started: int) -> None:
    """Kills this process, never one that got its number later."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(pid, started):  # the handle was taken first, so it names what was looked at
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def adopt_orphans() -> None:
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _die_with(parent: int) -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """For a Python program that was started by another one and has no business without it."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


class Child:
    """One program that the supervisor runs in the foreground, its output in a log file."""

    def __init__(self, role: str, argv: Sequence[str], directory: Path, log: Path,
                 environment: dict[str, str] | None = None) -> None:
        self.role = role
        self.argv = list(argv)
        self.directory = directory
        self.log = log
        self.environment = environment
        self.process: asyncio.subprocess.Process | None = None
        self.started = 0

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def identity(self) -> dict[str, int]:
        return {"pid": self.process.pid if self.process else 0, "started": self.started}

    async def start(self) -> None:
        supervisor = os.getpid()
        with open(self.log, "ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.argv, cwd=self.directory, env=self.environment, stdin=asyncio.subprocess.DEVNULL, stdout=log,
                stderr=log, preexec_fn=lambda: _die_with(supervisor))
        self.started = start_time(self.process.pid) or 0

    async def kill(self) -> None:
        """SIGKILL: the end of a machine, with no last word."""
        if self.process and self.running:
            self.process.kill()
            await self.process.wait()

    async def freeze(self) -> None:
        """SIGSTOP; returns when none of its threads runs any more."""
        if self.process and self.running:
            self.process.send_signal(signal.SIGSTOP)
            while self.running and not _stands_still(self.process.pid):
                await asyncio.sleep(0.002)

    def thaw(self) -> None:
        if self.process and self.running:
            self.process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Asks it to end, and insists after a while."""
        if not self.process or not self.running:
            return
        self.process.terminate()
        self.thaw()  # else it would not hear of it
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except asyncio.TimeoutError:
            await self.kill()

    def must_run(self) -> None:
        """Raises if it has ended, with its last words."""
        if not self.running:
            code = self.process.returncode if self.process else None
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
            raise LabError("\n  ".join([f"{self.role} ended with status {code}; the end of {self.log}:", *lines]))


def _stands_still(pid: int) -> bool:
    """Whether every thread is stopped, or gone."""
    try:
        texts = [(task / "stat").read_text(encoding="utf-8", errors="replace") for task in Path(f"/proc/{pid}/task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return False  # a thread ended meanwhile; look again
    return all(text.rpartition(")")[2].split()[0] in "TZX" for text in texts)


def _children_of_self() -> list[int]:
    return [int(pid) for task in Path("/proc/self/task").iterdir()
            for pid in (task / "children").read_text(encoding="ascii").split()]


def kill_orphans() -> None:
    """Ends whatever the children left behind. Call when all of them have ended."""
    for pid in _children_of_self():
        try:
            os.kill(pid, signal.SIGKILL)  # ours and not waited for: the number cannot be anybody else's
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
