# SPDX-License-Identifier: GPL-3.0-or-later
"""How the agent follows real servers: RFC 4533 and persistent search on 389-ds, polling on a slapd that has neither."""
import shutil
import secrets
import signal
import subprocess
from pathlib import Path

import ldap
import ldap.syncrepl
import pytest

from directorytest import BASE, PATH, Server389, eventually, free_port
from labtest import await_that, processes_below, short_directory
from faultlib import Cluster
from lablib import cluster as clusters
from lablib import ds389
from lablib.cli import find_binaries
from lablib.client import Lab
from lablib.layout import Spec
from watching import Watcher, password_file

FOLLOWER = f"cn=follower,{BASE}"
TREE = f"cn=policies,{BASE}"
CONFLICT_LOOK = 30.0  # the agent's own


class Followed389:
    """The way that the server offers depends on its plug-ins."""

    def __init__(self, root: Path, synchronises: bool) -> None:
        self.said = "following" if synchronises else "by persistent search"
        self._server = Server389(root, synchronises=synchronises)
        self._server.start()
        self._server.set_access()
        self._server.add_user("follower")
        self._server.add_group("agents", FOLLOWER)

    def connect(self):
        return self._server.as_root()

    @property
    def ldapi(self) -> str:
        return self._server.instance.ldapi

    def kill(self) -> None:
        self._server.kill()

    def start(self) -> None:
        self._server.start()


class PlainSlapd:
    """A slapd that tells nobody of changes."""

    said = "every 200 ms"

    def __init__(self, root: Path) -> None:
        self._root = root
        (root / "db").mkdir()
        (root / "slapd.conf").write_text(
            "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
            f"database mdb\nsuffix {BASE}\nrootdn {FOLLOWER}\nrootpw secret\nmaxsize 104857600\ndbnosync\n"
            f"directory {root}/db\nlimits * size=unlimited\n")
        self.ldapi = "ldapi://" + str(root / "ldapi").replace("/", "%2F")
        self.start()
        for dn in (BASE, TREE):
            ds389.add(self.connect(), dn, objectClass="device")

    def start(self) -> None:
        program = shutil.which("slapd", path=PATH)
        self._process = subprocess.Popen([program, "-h", self.ldapi, "-f", self._root / "slapd.conf", "-d", "0"])
        eventually(self.connect)

    def connect(self):
        connection = ldap.initialize(self.ldapi)
        connection.simple_bind_s(FOLLOWER, "secret")
        return connection

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


WAYS = {"rfc4533": lambda root: Followed389(root, True), "persistent": lambda root: Followed389(root, False),
        "polled": PlainSlapd}


@pytest.fixture(scope="module", params=WAYS)
def followed(root, request):
    place = root / f"{request.param}-{secrets.token_hex(2)}"
    place.mkdir()
    server = WAYS[request.param](place)
    yield server
    server.kill()


@pytest.fixture
def watcher(followed, root):
    with Watcher(followed.ldapi, "password", FOLLOWER, password_file(root)) as one:
        one.await_current(followed.said)
        yield one


def put(server, name: str, text: str = "first", below: str = TREE) -> str:
    dn = f"cn={name},{below}"
    ds389.add(server.connect(), dn, objectClass=["device"], description=text)
    return dn


def test_what_is_there_is_told_before_the_directory_is_called_current(followed, root):
    put(followed, "early")
    with Watcher(followed.ldapi, "password", FOLLOWER, password_file(root)) as watcher:
        watcher.await_current()
        current = watcher.lines.index(watcher.state())
        assert f"entry cn=early,{TREE} first" in watcher.lines[:current]
        assert not any(line.startswith("vanished") for line in watcher.lines)
        watcher.await_line("who", FOLLOWER)


def test_adds_changes_renames_and_deletes_are_seen(followed, watcher):
    dn = put(followed, "note")
    watcher.await_line(f"entry {dn} first")
    followed.connect().modify_s(dn, [(ldap.MOD_REPLACE, "description", [b"second"])])
    watcher.await_line(f"entry {dn} second")
    child = put(followed, "child", below=dn)
    watcher.await_line(f"entry {child} first")
    followed.connect().rename_s(dn, "cn=moved")
    watcher.await_line(f"vanished {dn}")
    watcher.await_line(f"entry cn=moved,{TREE} second")
    watcher.await_line(f"entry cn=child,cn=moved,{TREE} first")
    for moved in (f"cn=child,cn=moved,{TREE}", f"cn=moved,{TREE}"):
        followed.connect().delete_s(moved)
        watcher.await_line(f"vanished {moved}")


def test_many_changes_at_once_all_arrive(followed, watcher):
    dns = [put(followed, f"many{number}") for number in range(300)]
    for dn in dns:
        watcher.await_line(f"entry {dn} ")


def test_a_server_that_was_killed_is_followed_again(followed, watcher):
    dn = put(followed, "stays")
    watcher.await_line(f"entry {dn} ")
    followed.kill()
    watcher.await_line("state down", "next try in")
    since = len(watcher.lines)
    followed.start()
    watcher.await_line("state current", since=since)
    assert not any(line.startswith("vanished") for line in watcher.lines)
    watcher.await_line(f"entry {put(followed, 'later')} first")


@pytest.mark.parametrize("followed", ["rfc4533"], indirect=True)
def test_a_cookie_of_elsewhere_is_refused_so_none_is_sent(followed, root):
    """What 389-ds says to one that is not its own, and that a watcher is not concerned."""
    asked = ldap.syncrepl.SyncRequestControl(criticality=True, cookie="elsewhere:389#cn=x:cn=y:(a=b)#1",
                                             mode="refreshOnly")
    connection = followed.connect()
    message = connection.search_ext(BASE, ldap.SCOPE_SUBTREE, serverctrls=[asked])
    with pytest.raises(ldap.LDAPError) as refused:
        connection.result3(message)
    assert refused.value.args[0]["result"] == 4096
    with Watcher(followed.ldapi, "password", FOLLOWER, password_file(root)) as watcher:
        watcher.await_current()
        assert not any(line.startswith("state refreshing") and "4096" in line for line in watcher.lines)


# Two suppliers, and their agents.

@pytest.fixture(scope="module")
def pair():
    directory = short_directory()
    lab = Lab.up(Spec(str(directory), find_binaries(), 2, engine="389ds"))
    clusters.form(lab)
    yield lab
    lab.down()
    assert processes_below(directory) == []
    shutil.rmtree(directory)


def follow(lab: Lab, name: str, root: Path) -> Watcher:
    return Watcher(lab.member(name)["ldapi"], "password", f"uid=agent-{name},ou=services,dc=lab,dc=test",
                   password_file(root), base=lab.info()["base"])


class Side:
    """One master of the pair, as its administrator."""

    def __init__(self, lab: Lab, name: str) -> None:
        self._member = lab.member(name)

    def connect(self):
        connection = ldap.initialize(self._member["ldapi"])
        connection.simple_bind_s(self._member["account"]["dn"], self._member["account"]["password"])
        return connection


def test_two_entries_of_one_name_are_noticed_until_one_is_deleted(pair, root):
    policies = f"cn=policies,{pair.info()['base']}"
    with follow(pair, "a", root) as at_a, follow(pair, "b", root) as at_b:
        for watcher in (at_a, at_b):
            watcher.await_current()
        pair.cut("a", "b")
        for name in "ab":
            put(Side(pair, name), "twice", f"from-{name}", below=policies)
        assert not any(line.startswith("conflicts") for line in at_a.lines + at_b.lines)
        pair.heal()
        for watcher in (at_a, at_b):
            said = watcher.await_line("conflicts 1", "cn=twice")
        agents = Cluster(pair)
        for name in "ab":
            await_that(f"the agent of {name} complains", lambda: agents.alarm(
                name, "replication conflict", "cn=twice", "delete this one"), 2 * CONFLICT_LOOK)
        hidden = said.split()[2].rstrip(":")
        Side(pair, "a").connect().delete_s(hidden)
        for watcher in (at_a, at_b):
            watcher.await_line("conflicts 0")
        agents.await_calm()


def test_a_server_that_is_filled_anew_never_shows_a_part(pair, root):
    """While it is filled 389-ds takes the database out of service: entries are missing, but nothing says vanished."""
    policies = f"cn=policies,{pair.info()['base']}"
    dns = [put(Side(pair, "a"), f"bulk{number}", below=policies) for number in range(400)]
    with follow(pair, "b", root) as watcher:
        for dn in dns:
            watcher.await_line(f"entry {dn} ")
        agreement = 'cn=b,cn=replica,cn="dc=lab,dc=test",cn=mapping tree,cn=config'
        Side(pair, "a").connect().modify_s(agreement, [(ldap.MOD_REPLACE, "nsds5BeginReplicaRefresh", [b"start"])])
        eventually(lambda: "nsds5BeginReplicaRefresh" not in Side(pair, "a").connect().search_s(
            agreement, ldap.SCOPE_BASE, attrlist=["nsds5BeginReplicaRefresh"])[0][1])
        new = put(Side(pair, "a"), "after", below=policies)
        watcher.await_line(f"entry {new} ")
        watcher.await_current()
        assert not [line for line in watcher.lines if line.startswith("vanished")]


def test_an_agent_is_blind_while_its_server_is_down_and_well_when_it_is_back(pair):
    agents = Cluster(pair)
    pair.kill("b", ["slapd"])
    await_that("b writes nothing", lambda: not agents.status("b")["may_write"])
    agents.await_alarm("b", "directory")
    pair.start("b", ["slapd"])
    agents.await_calm()
