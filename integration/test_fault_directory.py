# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a member's directory, and of what it shows there to be let in. In each: an error that
names the object and the cure, an alarm in the status, nothing lost, nothing bogus, and the work goes on when the cause
is gone."""
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterator

import pytest

from faultlib import Cluster, set_option
from labtest import await_that
from lablib.layout import BASE


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
