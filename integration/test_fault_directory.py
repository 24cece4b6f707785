# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a member's directory, and of what it shows there to be let in. In each: an error that
names the object and the cure, an alarm in the status, nothing lost, nothing bogus, and the work goes on when the cause
is gone."""
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterator

import pytest

from faultlib import Cluster, set_option
from labtest import await_that
from lablib import tools
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
def config(cluster: Cluster) -> Iterator[Path]:
    """That of the agent of b, which a test may change; it is put back in the end."""
    file = cluster.place("b") / "rollcalld.toml"
    before = file.read_text()
    yield file
    file.write_text(before)
    cluster.restart_agent("b")


@pytest.fixture
def by_password(cluster: Cluster, config: Path) -> Callable[[str, int], None]:
    """Has the agent of b bind with a password over StartTLS."""
    ldap, password = cluster.place("b") / "ldap", cluster.place("b") / "password"

    def use(text: str, mode: int) -> None:
        password.write_text(text)
        password.chmod(mode)
        set_option(config, "directory", uris=[cluster.lab.member("b")["ldap"]], authentication="password",
                   bind_dn=f"cn=replication,{BASE}", password_file=str(password), ca=str(ldap / "tls" / "ca.pem"))
        cluster.restart_agent("b")

    return use


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


def issue(place: Path, name: str, *signer: str) -> None:
    """Writes NAME.pem and NAME.key: a certificate for agent-b. The signer in options of `openssl x509`; else itself."""
    request = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=agent-b",
               "-keyout", f"{name}.key", "-out", f"{name}.csr"]
    sign = ["-in", f"{name}.csr", "-out", f"{name}.pem", *(signer or ["-signkey", f"{name}.key"])]
    for words in ["req", *request], ["x509", "-req", *sign]:
        subprocess.run(["openssl", *words], cwd=place, check=True, capture_output=True)


def test_a_certificate_of_another_authority(cluster: Cluster, config: Path, by_password: Callable[[str, int], None],
                                            tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    issue(tmp_path, "other")
    by_password((cluster.place("b") / "ldap" / "replication-secret").read_text(), 0o600)
    set_option(config, "directory", ca=str(other))
    cluster.restart_agent("b")
    cluster.await_alarm("b", f"TLS with {cluster.lab.member('b')['ldap']}", str(other))


def ask_for_certificates(cluster: Cluster) -> None:
    """The directory of b takes who calls himself agent-b for b; its peers go on to come with a password."""
    entry = f"cn={cluster.lab.member('b')['uuid']},cn=members,{BASE}"
    change = ("dn: cn=config\nchangetype: modify\nreplace: olcTLSVerifyClient\nolcTLSVerifyClient: try\n-\n"
              f'add: olcAuthzRegexp\nolcAuthzRegexp: "^cn=agent-b$" "{entry}"\n')
    cluster.lab.kill("b", ["slapd"])
    tools.run([tools.find("slapmodify"), "-n0", "-F", str(cluster.place("b") / "ldap" / "config")], change)
    cluster.lab.start("b", ["slapd"])


def test_a_client_certificate_that_the_directory_does_not_take(cluster: Cluster, config: Path, tmp_path: Path) -> None:
    tls = cluster.place("b") / "ldap" / "tls"
    issue(tmp_path, "own")
    issue(tmp_path, "right", "-CA", str(tls / "ca.pem"), "-CAkey", str(tls / "ca-key.pem"))
    used = {"certificate": tmp_path / "used.pem", "key": tmp_path / "used.key"}
    shutil.copy(tmp_path / "own.pem", used["certificate"])
    shutil.copy(tmp_path / "own.key", used["key"])
    ask_for_certificates(cluster)
    uri = cluster.lab.member("b")["ldap"]
    set_option(config, "directory", uris=[uri], authentication="certificate",
               ca=str(tls / "ca.pem"), **{option: str(file) for option, file in used.items()})
    cluster.restart_agent("b")
    cluster.await_alarm("b", uri, f"does the server trust the CA of the client certificate {used['certificate']}?")
    generation = cluster.roll("a")
    await_that("a waits for b, by name", lambda: cluster.holds_on("a", "b"))
    shutil.copy(tmp_path / "right.pem", used["certificate"])
    shutil.copy(tmp_path / "right.key", used["key"])
    cluster.await_rolled(generation)
