# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent's directory code sees of a real server, by a small program that prints it (rollcall-watch-tool)."""
import os
import subprocess
import threading
from pathlib import Path

from directorytest import BASE, eventually
from lablib.cli import find_binaries


class Watcher:
    """Collects the lines while it lasts."""

    def __init__(self, uri: str, *words: str, environment: dict[str, str] | None = None, base: str = BASE) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [f"{find_binaries()}/rollcall-watch-tool", uri, base, *words], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=dict(os.environ, **(environment or {})))
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Watcher":
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        assert self._process.wait(20) == 0
        self._reader.join()

    def _read(self) -> None:
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def await_line(self, *words: str, since: int = 0) -> str:
        """A line that begins with the first and has all of these words."""
        def look() -> str | None:
            return next((line for line in self.lines[since:]
                         if line.startswith(words[0]) and all(word in line for word in words)), None)
        try:
            return eventually(look)
        except AssertionError:
            raise AssertionError(f"never said: {words}; only {self.lines[-12:]}") from None

    def state(self) -> str:
        return next((line for line in reversed(self.lines) if line.startswith("state ")), "")

    def await_current(self, *words: str) -> None:
        try:
            eventually(lambda: self.state().startswith("state current") and all(word in self.state() for word in words))
        except AssertionError:
            raise AssertionError(f"not current: {self.state()}") from None


def password_file(root: Path) -> str:
    file = root / "watcher-password"
    file.write_text("secret\n")
    file.chmod(0o600)
    return str(file)
