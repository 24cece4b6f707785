# SPDX-License-Identifier: GPL-3.0-or-later
"""How the command line, the demo and the tests talk to a lab.

`Lab.up` starts one and `Lab(directory)` finds one that runs; the verbs go to its supervisor.
"""
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from lablib.errors import LabError
from lablib.layout import Spec, check_socket_paths, control_socket
from lablib.processes import is_alive, kill_exactly

ANSWER_SECONDS = 60.0
END_SECONDS = 20.0
Listen = Callable[[dict[str, Any]], None]


def _silent(_: dict[str, Any]) -> None:
    pass


class Lab:
    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._supervisor: "subprocess.Popen[str] | None" = None  # only of one who started it, who holds its leash

    @classmethod
    def up(cls, spec: Spec, listen: Listen = _silent) -> "Lab":
        """Starts a lab and returns when it is ready. If that fails, or the caller is interrupted, nothing is left."""
        lab = cls(Path(spec.directory))
        spec.directory = str(lab.root)
        check_socket_paths(lab.root)
        _make_empty(lab.root)
        supervisor = _start_supervisor(spec)
        try:
            _await_ready(supervisor, listen)
        except BaseException:
            _end_supervisor(supervisor)
            raise
        lab._supervisor = supervisor
        return lab

    def info(self) -> dict[str, Any]:
        """lab.json as it is now."""
        path = self.root / "lab.json"
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise LabError(f"there is no lab in {self.root}") from None

    def member(self, name: str) -> dict[str, Any]:
        for member in self.info()["members"]:
            if member["name"] == name:
                return dict(member)
        raise LabError(f"no master is called '{name}'")

    def cut(self, one: str, other: str, mode: str = "close") -> None:
        """Stops replication between two masters, in both directions."""
        self._request("cut", one=one, other=other, mode=mode)

    def heal(self) -> None:
        """Undoes all cuts."""
        self._request("heal")

    def kill(self, name: str, only: Sequence[str] = ()) -> None:
        """SIGKILL for slapd, named and agent of a master, or for some of them."""
        self._request("kill", name=name, only=list(only))

    def freeze(self, name: str, only: Sequence[str]) -> None:
        """SIGSTOP for some of slapd, named and agent of a master; returns when they stand still."""
        self._request("freeze", name=name, only=list(only))

    def thaw(self, name: str, only: Sequence[str] = ()) -> None:
        """SIGCONT."""
        self._request("thaw", name=name, only=list(only))

    def start(self, name: str, only: Sequence[str] = ()) -> None:
        """Starts what of a master does not run, and returns when it answers."""
        self._request("start", name=name, only=list(only))

    def pause_registry(self, paused: bool = True) -> None:
        self._request("registry", paused=paused)

    def name_member(self, name: str, uuid: str) -> None:
        """Has lab.json tell the UUID of a member that its agent has made."""
        self._request("name", name=name, uuid=uuid)

    def status(self) -> dict[str, Any]:
        return dict(self._request("status"))

    def down(self) -> None:
        """Ends every process of the lab, and waits for it; also when its supervisor is gone already."""
        processes = list(self._processes())
        try:
            self._request("down")
        except LabError:
            pass  # no supervisor: what it left, if anything, is ended below
        if not _wait_for_end(processes):
            for pid, started in processes:
                kill_exactly(pid, started)
            _wait_for_end(processes)
        if self._supervisor:
            _end_supervisor(self._supervisor)

    def _processes(self) -> Iterator[tuple[int, int]]:
        for process in self.info()["processes"].values():
            yield process["pid"], process["started"]

    def _request(self, verb: str, **args: Any) -> Any:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            try:
                connection.connect(str(control_socket(self.root)))
                connection.sendall(json.dumps({"verb": verb, "args": args}).encode() + b"\n")
                line = connection.makefile("rb").readline()
            except OSError as error:
                raise LabError(f"the lab in {self.root} does not answer: {error.strerror or error}") from None
        if not line:
            raise LabError(f"the lab in {self.root} broke off")
        reply = json.loads(line)
        if "error" in reply:
            raise LabError(reply["error"])
        return reply["ok"]


def _make_empty(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise LabError(f"the directory {root} is not empty")
    (root / "log").mkdir()


def _start_supervisor(spec: Spec) -> "subprocess.Popen[str]":
    package = str(Path(__file__).resolve().parent.parent)
    with open(Path(spec.directory) / "log" / "supervisor.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "lablib.supervisor", json.dumps(asdict(spec))], text=True, start_new_session=True,
            env=dict(os.environ, PYTHONPATH=package), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)


def _await_ready(supervisor: "subprocess.Popen[str]", listen: Listen) -> None:
    assert supervisor.stdout is not None
    for line in supervisor.stdout:
        event = json.loads(line)
        if event["event"] == "failed":
            raise LabError(event["why"])
        listen(event)
        if event["event"] == "ready":
            return
    raise LabError("the lab's supervisor ended without a word; see log/supervisor.log")


def _end_supervisor(supervisor: "subprocess.Popen[str]") -> None:
    """It ends by itself when its leash is let go; its children die with it at the latest."""
    assert supervisor.stdin is not None
    supervisor.stdin.close()
    try:
        supervisor.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


def _wait_for_end(processes: list[tuple[int, int]]) -> bool:
    deadline = time.monotonic() + END_SECONDS
    while any(is_alive(pid, started) for pid, started in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
