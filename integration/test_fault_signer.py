# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of named, of its zones, and of the disk that holds their keys. In each: an error that
names the object and the cure, an alarm in the status, nothing lost, nothing bogus, and the work goes on when the cause
is gone."""
import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from faultlib import PATIENCE, ZONE, Cluster
from labtest import await_that

SAMPLE = ZONE.rstrip(".")  # a zone that is served well


def test_named_is_down(cluster: Cluster) -> None:
    cluster.lab.kill("b", ["named"])
    generation = cluster.roll("a")
    cluster.await_alarm_everywhere("b", ZONE, "named does not answer", "start it")
    await_that("a waits for b, by name", lambda: cluster.holds_on("a", "b"))
    cluster.lab.start("b", ["named"])
    cluster.await_rolled(generation)


def test_named_refuses_rndc(cluster: Cluster) -> None:
    conf = cluster.place("b") / "rndc.conf"
    right = conf.read_text()
    conf.write_text(right.replace('secret "', 'secret "AAAA'))
    generation = cluster.roll("a")
    cluster.await_alarm_everywhere("b", ZONE, "named refused rndc's key", "controls statement")
    conf.write_text(right)
    cluster.await_rolled(generation)


def copied_clause(cluster: Cluster, who: str, zone: str) -> str:
    """That of the first zone, for another one."""
    text = (cluster.place(who) / "named.conf").read_text()
    begin = text.index(f'zone "{SAMPLE}"')
    return text[begin:text.index("};\n", begin) + 3].replace(SAMPLE, zone)


def copied_zone(cluster: Cluster, who: str, zone: str) -> str:
    return (cluster.place(who) / "dns" / f"{SAMPLE}.zone").read_text().replace(SAMPLE, zone)


@pytest.mark.parametrize("zone, has_clause, content, complaint", [
    ("unknown.test", False, None, ("named has no such zone", "add it to named.conf")),
    ("nofile.test", True, None, ("named has not loaded the zone", "rndc reload")),
    ("empty.test", True, "", ("named has not loaded the zone", "rndc reload"))])
def test_a_zone_that_named_cannot_serve(cluster: Cluster, zone: str, has_clause: bool, content: str | None,
                                        complaint: tuple[str, ...]) -> None:
    def configure(who: str) -> None:
        with open(cluster.place(who) / "named.conf", "a", encoding="utf-8") as conf:
            conf.write(copied_clause(cluster, who, zone))
        cluster.rndc(who, "reconfig")

    for who in cluster.names:
        if content is not None:
            (cluster.place(who) / "dns" / f"{zone}.zone").write_text(content)
        if has_clause:
            configure(who)
    cluster.add("a", zone)
    for who in cluster.names:
        cluster.await_alarm_everywhere(who, f"{zone}.", *complaint)
    for who in cluster.names:
        (cluster.place(who) / "dns" / f"{zone}.zone").write_text(copied_zone(cluster, who, zone))
        if has_clause:
            cluster.rndc(who, "reload", zone)
        else:
            configure(who)
    await_that("the zone is signed", lambda: cluster.is_signed(f"{zone}."), PATIENCE)


class SmallDisk:
    """A file system of its own for the keys of a member."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def mount(self) -> None:
        kept = self.place.with_name("keys.kept")
        shutil.copytree(self.place, kept)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "keys", str(self.place)], check=True, capture_output=True)
        shutil.copytree(kept, self.place, dirs_exist_ok=True)

    def unmount(self) -> None:
        """What was written to it is not lost, and what was removed from it does not come back."""
        kept = self.place.with_name("keys.kept")
        shutil.rmtree(kept)
        shutil.copytree(self.place, kept)
        subprocess.run(["umount", "--lazy", str(self.place)], check=True)
        shutil.rmtree(self.place)
        kept.rename(self.place)

    def fill(self) -> None:
        with open(self.place / "filler", "wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
            while True:
                filler.write(b"x" * 4096)

    def make_room(self) -> None:
        (self.place / "filler").unlink()

    def lock(self) -> None:
        self._remount("ro")

    def unlock(self) -> None:
        self._remount("rw")

    def _remount(self, mode: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{mode}", str(self.place)], check=True)


@pytest.fixture
def disk(cluster: Cluster) -> Iterator[SmallDisk]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount the small file system that this test fills")
    disk = SmallDisk(cluster.place("b") / "keys")
    cluster.lab.kill("b", ["named", "agent"])
    try:
        disk.mount()
    except subprocess.CalledProcessError as error:
        cluster.lab.start("b")
        pytest.skip(f"no file system can be mounted here: {error.stderr.decode().strip()}")
    cluster.lab.start("b")
    yield disk
    cluster.lab.kill("b", ["named", "agent"])
    disk.unmount()
    cluster.lab.start("b")


def test_the_disk_of_the_keys_is_full(cluster: Cluster, disk: SmallDisk) -> None:
    disk.fill()
    generation = cluster.roll("a")
    cluster.await_alarm_everywhere("b", ZONE, str(disk.place), "No space left")
    disk.make_room()
    cluster.await_rolled(generation)


def test_the_key_directory_is_not_writable(cluster: Cluster, disk: SmallDisk) -> None:
    disk.lock()
    generation = cluster.roll("a")
    cluster.await_alarm_everywhere("b", ZONE, str(disk.place), "Read-only file system")
    disk.unlock()
    cluster.await_rolled(generation)
