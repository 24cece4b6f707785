# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks an agent over its control socket, as the command `rollcall` does: one JSON object a line, one answer."""
import json
import socket
from typing import Any

from lablib.errors import LabError

VERSION = 1


class Refused(LabError):
    """The agent's own answer: no, and why."""

    def __init__(self, error: dict[str, str]) -> None:
        hint = f" ({error['hint']})" if error.get("hint") else ""
        super().__init__(f"{error['what']}{hint}")
        self.code = error["code"]


def ask(path: str, verb: str, timeout: float = 30.0, **args: Any) -> dict[str, Any]:
    """The answer to a verb of lib/control/verbs.h."""
    question = json.dumps({"v": VERSION, "verb": verb, "args": args}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(path)
            connection.sendall(question)
            line = connection.makefile("rb").readline()
        except OSError as error:
            raise LabError(f"the agent at {path} does not answer: {error.strerror or error}") from None
    if not line:
        raise LabError(f"the agent at {path} broke off")
    answer = json.loads(line)
    if "error" in answer:
        raise Refused(answer["error"])
    return dict(answer["ok"])
