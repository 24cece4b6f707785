# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that look at something for as long as a context lasts."""
import threading
from typing import Any, Callable


class Watchers:
    """To derive from: say in the constructor who watches, and `while not self.ended(PAUSE)` in each of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # for what the threads write and others read
        self._end = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Any:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def watch(self, work: Callable[..., None], *arguments: Any) -> None:
        """Has `work` run by a thread of its own inside the context."""
        self._threads.append(threading.Thread(target=work, args=arguments, daemon=True))

    def ended(self, pause: float) -> bool:
        """Waits that many seconds; True as soon as the context ends."""
        return self._end.wait(pause)
