# SPDX-License-Identifier: GPL-3.0-or-later
"""What a health check finds of the other duties in a tree of IPA: CAs, the renewal of certificates, the CRL, Active Directory.

The entries are as IPA writes them, on a real 389-ds; the CAs' web servers are small ones on 127.0.0.1, which answer
as Apache there does: the CA that generates the CRL gives it, all others redirect.
"""
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Iterator

import ldap
import ldap.modlist
import pytest

import ipatree
from conftest import MEMBERS, host, serve
from faultlib import PATIENCE, Cluster, set_option
from ipatree import MASTERS, ORDINARY, SUFFIX
from labtest import await_that, processes_below, short_directory
from lablib import cluster as clusters
from lablib import directory, ds389
from lablib.cli import find_binaries
from lablib.client import Lab
from lablib.layout import Spec
from lablib.ports import LOOPBACK

CAS = "ab"
DC = "localhost"  # at a port where nothing listens


class WebServer:
    """Of one CA."""

    def __init__(self) -> None:
        self.generates = False
        self.asked: list[str] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                web.asked.append(f"{self.command} {self.path} {self.headers['Host']}")
                self.send_response(200 if web.generates else 301)
                self.send_header("Location", "https://ca.test/ca/ee/ca/getCRL?op=getCRL&crlIssuingPoint=MasterCRL")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"{LOOPBACK}@{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def web() -> Iterator[dict[str, WebServer]]:
    servers = {name: WebServer() for name in CAS}
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture(scope="module")
def lab(web: dict[str, WebServer]) -> Iterator[Lab]:
    place = short_directory()
    one = Lab.up(Spec(str(place), find_binaries(), len(MEMBERS), ["example.test"], engine="389ds", ipa=True))
    try:
        for name in MEMBERS:
            config = place / name / "rollcalld.toml"
            set_option(config, "directory", replicas=[
                f"{host(other)}={one.member(other)['ldapi']}" for other in MEMBERS if other != name])
            set_option(config, "ipa", web_servers=[f"{host(ca)}={server.address}" for ca, server in web.items()])
            one.kill(name, ["agent"])
            one.start(name, ["agent"])
        clusters.form(one)
        yield one
    finally:
        one.down()
    assert processes_below(place) == []
    shutil.rmtree(place)


@pytest.fixture
def ipa(tree: Lab, web: dict[str, WebServer]) -> Iterator[Cluster]:
    """All is well: a and b are CAs, and a has every duty."""
    one, connection = Cluster(tree), root(tree)
    if not directory.has(connection, service("CA", "a")):
        for name in MEMBERS:
            ipatree.let_read_agreements(root(tree, name))
        add(connection, service("CA", "a"), *SERVICE, ipaConfigString=["enabledService", "startOrder 50", "caRenewalMaster"])
        add(connection, service("CA", "b"), *SERVICE, ipaConfigString=["enabledService", "startOrder 50"])
    web["a"].generates, web["b"].generates = True, False
    for name in MEMBERS:
        await_health(one, lambda said: not said["findings"] and said["ipa"] and len(said["ipa"]["cas"]) == 2, name)
    yield one


SERVICE = ("nsContainer", "ipaConfigObject")


def root(lab: Lab, name: str = "a") -> Any:
    return directory.connect(lab.member(name))


def service(kind: str, name: str) -> str:
    return f"cn={kind},cn={host(name)},{MASTERS}"


def add(connection: Any, dn: str, *classes: str, **attributes: list[str]) -> None:
    connection.add_s(dn, ldap.modlist.addModlist({key: [one.encode() for one in all] for key, all in {
        "objectClass": ["top", *classes], **attributes}.items()}))


def flags(connection: Any, name: str, *strings: str) -> None:
    """What stands in the CA entry of a server."""
    connection.modify_s(service("CA", name), [(ldap.MOD_REPLACE, "ipaConfigString", [one.encode() for one in strings])])


def await_health(ipa: Cluster, wanted: Any, who: str = "a") -> dict[str, Any]:
    seen: list[dict[str, Any]] = []

    def check() -> object:
        seen.append(ipa.ask(who, "health"))
        return wanted(seen[-1])
    try:
        await_that("health says it", check, PATIENCE)
    except AssertionError as error:
        raise AssertionError(f"{error}; it says {seen[-1]}") from None
    return seen[-1]


def await_finding(ipa: Cluster, key: str, words: str, who: str = "a") -> dict[str, Any]:
    """With its cure."""
    said = await_health(ipa, lambda said: any(
        finding["key"] == key and words in finding["what"] and finding["cure"] for finding in said["findings"]), who)
    return next(finding for finding in said["findings"] if finding["key"] == key)


def test_who_does_what_is_shown_and_nothing_is_wrong(ipa, web, tmp_path_factory):
    said = ipa.ask("b", "health")["ipa"]
    assert said["cas"] == [{"host": host("a"), "generates_crl": True, "problem": ""},
                           {"host": host("b"), "generates_crl": False, "problem": ""}]
    assert said["renewal_masters"] == [host("a")]
    assert f"HEAD /ipa/crl/MasterCRL.bin {host('a')}" in web["a"].asked
    shown = ipa.cli("a", "health")
    assert shown.returncode == 0, shown.stdout
    for line in (f"certificate authorities  {host('a')}, {host('b')}", f"renews certificates      {host('a')}",
                 f"generates the CRL        {host('a')}"):
        assert line in shown.stdout, shown.stdout
    server = serve(ipa.lab, tmp_path_factory.mktemp("ipa") / "a", "a", False)
    try:
        told = server.ipa(ORDINARY, "health")
        assert told.returncode == 0, told.stderr
        for line in (f"Certificate authorities: {host('a')}, {host('b')}", f"Renews certificates: {host('a')}",
                     f"Generates the CRL: {host('a')}"):
            assert line in told.stdout, told.stdout
    finally:
        server.close()


def test_nobody_renews_certificates_or_two_do_or_one_that_is_no_ca(ipa):
    connection = root(ipa.lab)
    try:
        flags(connection, "a", "enabledService", "startOrder 50")
        finding = await_finding(ipa, "ca-renewal:IPA", "no server renews")
        assert f"ipa config-mod --ca-renewal-master-server {host('a')}" in finding["cure"]
        for name in CAS:
            flags(connection, name, "enabledService", "startOrder 50", "caRenewalMaster")
        await_finding(ipa, "ca-renewal:IPA", f"{host('a')} and {host('b')} are all marked")
        flags(connection, "a", "enabledService", "startOrder 50")
        flags(connection, "b", "configuredService", "startOrder 50", "caRenewalMaster")
        await_finding(ipa, f"ca-renewal:{host('b')}", "no CA")
    finally:
        flags(connection, "a", "enabledService", "startOrder 50", "caRenewalMaster")
        flags(connection, "b", "enabledService", "startOrder 50")


def test_no_ca_generates_the_crl_or_two_do(ipa, web):
    web["a"].generates = False
    assert "ipa-crlgen-manage enable" in await_finding(ipa, "crl:IPA", "no CA generates")["cure"]
    web["a"].generates = web["b"].generates = True
    assert "ipa-crlgen-manage disable" in await_finding(ipa, "crl:IPA", f"{host('a')} and {host('b')} all generate")["cure"]


def test_a_ca_that_is_down_is_named_with_what_it_is_missed_for(ipa):
    """It is asked at a port where nobody is."""
    config = ipa.place("b") / "rollcalld.toml"
    text = config.read_text()
    try:
        set_option(config, "ipa", web_servers=[f"{host('a')}={LOOPBACK}@1"])
        ipa.restart_agent("b")
        await_finding(ipa, f"ca:{host('a')}", "which renews the certificates of all, does not answer", "b")
        await_finding(ipa, "crl:IPA", "no CA that answers", "b")
    finally:
        config.write_text(text)
        ipa.restart_agent("b")


def agreement(name: str) -> str:
    return f'cn=meTo{name},cn=replica,cn="{SUFFIX}",cn=mapping tree,cn=config'


def synchronise_with_ad(connection: Any, name: str) -> None:
    """As `ipa-replica-manage connect --winsync` does."""
    ds389.add(connection, agreement(name), objectClass=["top", "nsDSWindowsReplicationAgreement"], nsds5ReplicaHost=DC,
              nsds5ReplicaPort="1", nsds5ReplicaBindDN="cn=sync,cn=users,dc=ad,dc=test", nsds5ReplicaBindMethod="SIMPLE",
              nsds5ReplicaCredentials=ds389.PASSWORD, nsds5ReplicaTransportInfo="LDAP", nsds5ReplicaRoot=SUFFIX,
              nsds7WindowsReplicaSubtree="cn=users,dc=ad,dc=test", nsds7DirectoryReplicaSubtree=f"ou=people,{SUFFIX}",
              nsds7WindowsDomain="ad.test", nsds5ReplicaTimeout="5")


def test_an_agreement_with_active_directory_that_fails(ipa):
    synchronise_with_ad(root(ipa.lab, "b"), DC)
    try:
        finding = await_finding(ipa, f"ad-sync:{host('b')}:meTo{DC}", f"the domain controller {DC}: Error (")
        assert f"on {host('b')}" in finding["cure"]
        said = ipa.ask("a", "health")["ipa"]["ad_sync"]
        assert [(one["host"], one["with"]) for one in said] == [(host("b"), DC)]
        synchronise_with_ad(root(ipa.lab, "c"), DC)
        await_finding(ipa, "ad-sync:IPA", f"{host('b')} and {host('c')} all synchronise")
    finally:
        for name in "bc":
            connection = root(ipa.lab, name)
            if directory.has(connection, agreement(DC)):
                connection.delete_s(agreement(DC))


def test_agreements_that_an_agent_may_not_see_are_noted(ipa):
    """Without what the update file adds to IPA's permission."""
    connection, change = root(ipa.lab), [f"cn=DNS Servers,cn=privileges,{ipatree.PBAC}".encode()]
    connection.modify_s(ipatree.READ_AGREEMENTS, [(ldap.MOD_DELETE, "member", change)])
    try:
        said = await_health(ipa, lambda said: len(said["findings"]) == len(MEMBERS))
        assert {finding["key"] for finding in said["findings"]} == {f"ad-sync:{host(name)}:unseen" for name in MEMBERS}
        assert said["code"] == 0
    finally:
        connection.modify_s(ipatree.READ_AGREEMENTS, [(ldap.MOD_ADD, "member", change)])


def test_a_domain_that_is_trusted_needs_a_server_that_looks_after_it(ipa):
    connection, trusts = root(ipa.lab), f"cn=trusts,{SUFFIX}"
    for dn in (trusts, f"cn=ad,{trusts}"):
        add(connection, dn, "nsContainer")
    connection.modify_s(trusts, [(ldap.MOD_ADD, "aci", [
        b'(targetattr = "cn || objectclass")(version 3.0; acl "permission:System: Read Trust Information";'
        b'allow (read, search, compare) userdn = "ldap:///all";)'])])
    add(connection, f"cn=ad.test,cn=ad,{trusts}", "ipaNTTrustedDomain")
    assert await_finding(ipa, "ad-trust:IPA", "ad.test is trusted")["cure"].startswith("ipa-adtrust-install")
    add(connection, service("ADTRUST", "b"), *SERVICE, ipaConfigString=["enabledService", "startOrder 60"])
    said = await_health(ipa, lambda said: not said["findings"])["ipa"]
    assert (said["ad_trusted_domains"], said["ad_trust_controllers"]) == (["ad.test"], [host("b")])
