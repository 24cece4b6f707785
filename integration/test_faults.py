# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of servers, disks and processes. In each: an error that names the object and the cure, an alarm in the status,
nothing lost, nothing bogus, and the work goes on when the cause is gone."""
import os
import random
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterator

import pytest

from faultlib import PATIENCE, ZONE, Cluster, set_option
from labtest import await_that
from lablib.cli import find_binaries
from lablib.control import ask
from lablib.layout import BASE

KILLS = 8
SAMPLE = ZONE.rstrip(".")  # a zone that is served well


# The directory.

def test_a_directory_that_is_gone_for_a_while(cluster: Cluster) -> None:
    generation = cluster.roll("b")
    cluster.lab.kill("a", ["slapd"])
    cluster.await_alarm("a", "the directory cannot be followed", cluster.lab.member("a")["ldapi"])
    assert not cluster.status("a")["may_write"]
    await_that("b waits for a, by name", lambda: cluster.holds_on("b", "a"))
    await_that("b counts a as silent", lambda: cluster.is_silent("b", "a"))
    cluster.lab.start("a", ["slapd"])
    cluster.await_rolled(generation)


def make_directory_anew(cluster: Cluster) -> None:
    """That of b holds nothing, not even its base, until it reaches its peer."""
    cluster.lab.cut("a", "b")
    cluster.lab.kill("b", ["slapd", "agent"])
    for file in (cluster.place("b") / "ldap" / "data").iterdir():
        file.unlink()
    cluster.lab.start("b", ["slapd", "agent"])


def test_a_directory_that_has_no_base_yet(cluster: Cluster) -> None:
    make_directory_anew(cluster)
    cluster.await_alarm("b", "the directory cannot be followed", BASE)
    generation = cluster.roll("a")
    cluster.lab.heal()
    cluster.await_rolled(generation)


def test_who_joins_waits_for_the_base(strangers: Cluster) -> None:
    make_directory_anew(strangers)
    strangers.ask("a", "init")
    token = strangers.ask("a", "invite")["token"]
    with ThreadPoolExecutor() as others:
        joined = others.submit(strangers.ask, "b", "join", token=token)
        await_that("b says what it waits for", lambda: any(
            line["text"] == f"waiting for cn=config,{BASE}" for line in strangers.ask("b", "log")["events"]))
        strangers.lab.heal()
        assert joined.result()["admitted"]
    strangers.await_calm()


@pytest.fixture
def by_password(cluster: Cluster) -> Iterator[Callable[[str, int], None]]:
    """Has the agent of b bind with a password over StartTLS, and puts its configuration back in the end."""
    config, ldap = cluster.place("b") / "rollcalld.toml", cluster.place("b") / "ldap"
    before, password = config.read_text(), cluster.place("b") / "password"

    def use(text: str, mode: int) -> None:
        password.write_text(text)
        password.chmod(mode)
        set_option(config, "directory", uris=[cluster.lab.member("b")["ldap"]], authentication="password",
                   bind_dn=f"cn=replication,{BASE}", password_file=str(password), ca=str(ldap / "tls" / "ca.pem"))
        cluster.restart_agent("b")

    yield use
    config.write_text(before)
    cluster.restart_agent("b")


def test_a_wrong_password(cluster: Cluster, by_password: Callable[[str, int], None]) -> None:
    by_password("not the password", 0o600)
    uri, password = cluster.lab.member("b")["ldap"], cluster.place("b") / "password"
    cluster.await_alarm("b", f"bind to {uri} as cn=replication,{BASE}", f"check the password in {password}")
    generation = cluster.roll("a")
    await_that("a waits for b, by name", lambda: cluster.holds_on("a", "b"))
    password.write_text((cluster.place("b") / "ldap" / "replication-secret").read_text())
    cluster.await_rolled(generation)


def test_a_password_that_others_could_read(cluster: Cluster, by_password: Callable[[str, int], None]) -> None:
    by_password((cluster.place("b") / "ldap" / "replication-secret").read_text(), 0o644)
    password = cluster.place("b") / "password"
    cluster.await_alarm("b", f"password file {password}", "mode 0644", "chmod 600 it")


def test_a_certificate_of_another_authority(cluster: Cluster, by_password: Callable[[str, int], None],
                                            tmp_path: Path) -> None:
    other = tmp_path / "ca.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    str(tmp_path / "key.pem"), "-out", str(other), "-subj", "/CN=another"], check=True, capture_output=True)
    by_password((cluster.place("b") / "ldap" / "replication-secret").read_text(), 0o600)
    set_option(cluster.place("b") / "rollcalld.toml", "directory", ca=str(other))
    cluster.restart_agent("b")
    cluster.await_alarm("b", f"TLS with {cluster.lab.member('b')['ldap']}", str(other))


# The agent.

def test_an_agent_that_is_killed_again_and_again(cluster: Cluster) -> None:
    dice, kills = random.Random(20), 0
    while kills < KILLS:
        generation = cluster.roll(dice.choice(cluster.names))
        while not cluster.is_rolled(generation) and kills < 3 * KILLS:
            time.sleep(dice.uniform(0.0, 1.5))  # any moment may be the wrong one
            cluster.restart_agent(dice.choice(cluster.names))
            kills += 1
        cluster.await_rolled(generation)
        winners = {g["winner"] for who in cluster.names for g in cluster.zone(who)["generations"]
                   if (g["role"], g["number"]) == ("ZSK", generation)}
        assert len(winners) == 1 and None not in winners
    made = cluster.candidates()
    assert len(made) == len(set(made)), "somebody made two keys for one generation"
    assert {number for role, number, _ in made if role == "ZSK"} == set(range(1, generation + 1))


def second_agent(cluster: Cluster, state: Path) -> list[str]:
    """The command that starts another agent beside that of b."""
    config = cluster.place("b") / "second.toml"
    shutil.copy(cluster.place("b") / "rollcalld.toml", config)
    set_option(config, "agent", state=str(state), socket=str(cluster.place("b") / "second.sock"))
    return [str(Path(find_binaries()) / "rollcalld"), "--config", str(config)]


def test_a_second_agent_on_the_same_state_is_refused(cluster: Cluster) -> None:
    state = cluster.place("b") / "state"
    second = subprocess.run(second_agent(cluster, state), capture_output=True, text=True, timeout=PATIENCE)
    assert second.returncode == 1
    assert f"state directory {state}: another agent is using it" in second.stderr


def test_a_second_agent_with_the_same_identity(cluster: Cluster) -> None:
    copy = cluster.place("b") / "state.copy"
    cluster.lab.kill("b", ["agent"])
    shutil.copytree(cluster.place("b") / "state", copy)
    cluster.lab.start("b", ["agent"])
    with open(cluster.lab.root / "log" / "second.log", "wb") as log:
        second = subprocess.Popen(second_agent(cluster, copy), stdout=log, stderr=log)
    try:
        cluster.await_alarm("b", "another agent", "identity")
        assert not cluster.status("b")["may_write"]
        socket = str(cluster.place("b") / "second.sock")
        await_that("the second one says so too", lambda: "another agent" in ask(socket, "status")["doubt"])
    finally:
        second.kill()
        second.wait()
    cluster.restart_agent("b")
    cluster.await_calm()
    cluster.await_rolled(cluster.roll("a"))


# named.

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


# Disks.

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
        """What was written to it is not lost."""
        kept = self.place.with_name("keys.kept")
        shutil.rmtree(kept)
        shutil.copytree(self.place, kept)
        subprocess.run(["umount", "--lazy", str(self.place)], check=True)
        shutil.copytree(kept, self.place, dirs_exist_ok=True)
        shutil.rmtree(kept)

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
