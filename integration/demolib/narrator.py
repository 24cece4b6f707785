# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells what happens, one timed line an event: what the story does, what the agents say, what the registry did.

All agents see the same things. What every one of them would say is told by the first that says it.
"""
import json
import sys
import time
from pathlib import Path
from typing import Any

from lablib.control import ask
from lablib.errors import LabError
from lablib.watchers import Watchers

POLL_SECONDS = 0.3
SAME_FOR_ALL = {"winner", "ds seen at parent", "step held"}
QUIET = {"directory refreshing", "directory current", "in no cluster yet", "asked to join", "zone added",
         "key manager set", "invitation made"}
COLOURS = {"story": "1", "error": "31", "warning": "33", "notice": "32", "info": "0"}


class Narrator(Watchers):
    """Use as a context: inside, threads follow the agents and the registry."""

    def __init__(self, lab: dict[str, Any]) -> None:
        super().__init__()
        self.began = time.monotonic()
        self.told: list[dict[str, Any]] = []  # every event, also those not printed
        self._said: dict[tuple[str, str], float] = {}
        self._colour = sys.stdout.isatty()
        for member in lab["members"]:
            self.watch(self._follow, member)
        self.watch(self._read_registry, Path(lab["parent"]["registry_journal"]))

    def heading(self, number: int, text: str) -> None:
        with self._lock:
            print(f"\n{self._paint('story', f'{number}. {text}')}", flush=True)

    def say(self, text: str, who: str = "demo", level: str = "story") -> None:
        with self._lock:
            line = f"{time.monotonic() - self.began:6.1f}s  {who:9} {text}"
            print(self._paint(level, line), flush=True)

    def events(self, name: str, text: str = "") -> list[dict[str, Any]]:
        """What the agents said under this name, with `text` in it."""
        with self._lock:
            return [event for event in self.told if event["event"] == name and text in event["text"]]

    def _paint(self, level: str, line: str) -> str:
        return f"\033[{COLOURS[level]}m{line}\033[0m" if self._colour else line

    def _follow(self, member: dict[str, Any]) -> None:
        after = 0
        while not self.ended(POLL_SECONDS):
            try:
                answer = ask(member["agent"]["socket"], "events", timeout=2.0, since=after)
            except LabError:
                after = 0  # killed; a new life counts from the start
                continue
            for event in answer["events"]:
                self._tell(member["name"], event)
            after = answer["next"]

    def _tell(self, who: str, event: dict[str, Any]) -> None:
        with self._lock:
            self.told.append({**event, "who": who})
        if event["event"] in QUIET or self._is_known(event):
            return
        self.say(f"{event['event']}: {event['text']}" if event["text"] else event["event"], who, event["level"])

    def _is_known(self, event: dict[str, Any]) -> bool:
        if event["event"] not in SAME_FOR_ALL:
            return False
        text = event["text"].split(", until ")[0]
        now = time.monotonic()
        with self._lock:
            last = self._said.get((event["event"], text), -60.0)
            self._said[event["event"], text] = now
        return now - last < 20.0

    def _read_registry(self, journal: Path) -> None:
        seen = 0
        while not self.ended(POLL_SECONDS):
            lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
            for line in lines[seen:]:
                event = json.loads(line)
                if event["event"] == "ds changed":
                    tags = ", ".join(ds.split()[0] for ds in event["ds"])
                    self.say(f"the DS of {event['zone']} now names key {tags}", "registry", "notice")
            seen = len(lines)
