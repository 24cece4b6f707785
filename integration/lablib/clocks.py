# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong clocks: the wall clock of a master, set while its programs run.

A file of the master says how far off it is. The clocks of waits (CLOCK_MONOTONIC, CLOCK_BOOTTIME) stay true, as on a real
machine whose clock was set. Two ways: "machine" is agent, named and rndc with one wrong clock, by a library of the lab;
"faketime" is the agent alone, by libfaketime, which named and rndc do not survive (clock/clock.cpp says why). slapd keeps
the right time.
"""
from pathlib import Path

from lablib import tools
from lablib.errors import LabError
from lablib.layout import Layout, Master, write_atomically

_OWN_LIBRARY = "librollcall-lab-clock.so"
_FAKETIME = "libfaketimeMT.so.1"


def set_clock(root: Path, master: str, seconds: float) -> None:
    """From now on the master's wall clock is wrong by so much, also after a restart."""
    write_atomically(_file(root, master), f"{seconds:+.3f}\n")


def environment(layout: Layout, master: Master, program: str) -> dict[str, str]:
    """For a program of a master, so that its clock can be set; empty if its clock is right."""
    match layout.spec.clocks, program:
        case "", _:
            return {}
        case "machine", _:
            library, options = _own_library(layout), {
                "LAB_CLOCK": str(_file(layout.root, master.name)), "LAB_BOOT_RATE": str(layout.spec.boot_rate)}
        case "faketime", "agent":
            library, options = _faketime(), {"FAKETIME_TIMESTAMP_FILE": str(_file(layout.root, master.name)),
                                             "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        case "faketime", _:
            return {}
        case unknown, _:
            raise LabError(f"clocks are set by machine or faketime, not by '{unknown}'")
    set_clock(layout.root, master.name, 0)
    return {"LD_PRELOAD": library, **options}


def unpreloaded(layout: Layout) -> list[str]:
    """What an agent puts before a command that must not inherit its clock."""
    return [tools.find("env"), "-u", "LD_PRELOAD"] if layout.spec.clocks == "faketime" else []


def _file(root: Path, master: str) -> Path:
    return root / master / "clock"


def _own_library(layout: Layout) -> str:
    library = Path(layout.spec.binaries) / _OWN_LIBRARY
    if not library.exists():
        raise LabError(f"there is no {_OWN_LIBRARY} in {layout.spec.binaries}: build it")
    return str(library)


def _faketime() -> str:
    for place in sorted(Path("/usr/lib").glob(f"*/faketime/{_FAKETIME}")):
        return str(place)
    raise LabError(f"the library {_FAKETIME} is missing: apt-get install faketime")
