# SPDX-License-Identifier: GPL-3.0-or-later
"""The Rollcall agent of a master: its configuration and how it is started."""
from pathlib import Path

from lablib.layout import Layout, Master


def prepare(master: Master, layout: Layout) -> None:
    raise NotImplementedError


def command(binaries: str, master: Master) -> list[str]:
    return [str(Path(binaries) / "rollcalld"), "--config", str(master.agent_config)]
