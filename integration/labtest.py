# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the lab have in common: waiting for something, notes in the directories, keys by hand."""
import shutil
import tempfile
import time
from pathlib import Path
from typing import Callable

from lablib import directory, tools
from lablib.client import Lab
from lablib.named import ALGORITHM

PATIENCE = 30.0  # how long something may take before a test gives up; nothing is expected to need it


def await_that(what: str, holds: Callable[[], object], patience: float = PATIENCE) -> float:
    """Waits until it holds; gives how long that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < patience, f"not after {patience:.0f} seconds: {what}"
        time.sleep(0.02)
    return time.monotonic() - began


def short_directory() -> Path:
    """A new directory whose name leaves room for sockets, in memory where that is possible."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="lab-", dir=memory if memory.is_dir() else None))


def processes_below(root: Path) -> list[str]:
    """Every process that works in the directory, with its command line."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and (process / "cwd").readlink().is_relative_to(root):
                found.append(f"{process.name} {(process / 'cmdline').read_text()}")
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            pass  # it ended meanwhile, or belongs to somebody else
    return found


def write_note(lab: Lab, master: str, name: str) -> str:
    """Adds an entry to the directory of a master, a policy that nobody uses; gives its DN."""
    dn = f"cn={name},cn=policies,{lab.info()['base']}"
    directory.connect(lab.member(master)).add_s(
        dn, [("objectClass", [b"rollcallKeyPolicy"]), ("cn", [name.encode()])])
    return dn


def has_note(lab: Lab, master: str, dn: str) -> bool:
    return directory.has(directory.connect(lab.member(master)), dn)


def everywhere(lab: Lab, *notes: str) -> bool:
    return all(has_note(lab, m["name"], note) for m in lab.info()["members"] for note in notes)


def load_keys(lab: Lab, master: str, zone: str) -> None:
    member = lab.member(master)
    tools.run([tools.find("rndc"), "-c", member["named"]["rndc_conf"], "loadkeys", zone])


def make_key(place: Path, zone: str, *options: str) -> str:
    """Gives the name of the key's files, without their suffix."""
    return tools.run([tools.find("dnssec-keygen"), "-q", "-a", ALGORITHM, "-L", "4", "-K", str(place), *options,
                      zone]).strip()


def install_keys(lab: Lab, master: str, zone: str, source: Path) -> None:
    """Copies all keys into the key directory of a master, and has them used."""
    for file in source.iterdir():
        shutil.copy(file, Path(lab.member(master)["named"]["keys"]) / zone)
    load_keys(lab, master, zone)


def zone_signing_keys(place: Path) -> list[Path]:
    """The public files of the keys in a directory that are no KSK."""
    return [file for file in place.glob("*.key") if " DNSKEY 256 " in file.read_text(encoding="ascii")]
