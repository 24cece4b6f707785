# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema, the access rules and the embedded directory, on real slapds.

The directories are made by the code of `rollcall directory`; every slapd here is one of them.
"""
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
import uuid
from pathlib import Path

import ldap
import ldap.modlist
import ldap.sasl
import pytest

BASE = "cn=rollcall"
BIN = Path(os.environ.get("ROLLCALL_BIN", Path(__file__).resolve().parents[1] / "build/dev/bin"))
TOOL = BIN / "rollcall-embedded-tool"
PATH = os.environ["PATH"] + ":/usr/sbin"
DEADLINE = 15.0  # of a machine under load; what is awaited takes well under a second

pytestmark = pytest.mark.skipif(not shutil.which("slapd", path=PATH), reason="no slapd")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tool(*words: object, ok: bool = True) -> list[str]:
    done = subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True, timeout=60)
    assert (done.returncode == 0) is ok, done.stderr
    return (done.stdout if ok else done.stderr).splitlines()


class Server:
    """One embedded directory and its slapd."""

    def __init__(self, root: Path, bundle: Path | None = None, number: int = 0):
        self.dir = root / "directory"
        self.uri = f"ldap://127.0.0.1:{free_port()}"
        said = tool("create", self.dir, self.uri, number, *([bundle] if bundle else []))
        words = dict(line.split(" ", 1) for line in said)
        self.number, self.ldapi, self.member = int(words["id"]), words["ldapi"], words["member"]
        self.unreached = [line for line in said if line.startswith("unreached ")]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(tool("command", self.dir))
        eventually(lambda: self.process.poll() is not None or self.as_member())
        assert self.process.poll() is None, "slapd ended"

    def kill(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def secret(self) -> str:
        return (self.dir / "replication-secret").read_text()

    def as_member(self) -> ldap.ldapobject.SimpleLDAPObject:
        """As the service user, through the local socket."""
        connection = ldap.initialize(self.ldapi)
        connection.sasl_non_interactive_bind_s("EXTERNAL")
        return connection

    def over_tls(self) -> ldap.ldapobject.SimpleLDAPObject:
        connection = ldap.initialize(self.uri)
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(self.dir / "tls/ca.pem"))
        connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        connection.start_tls_s()
        return connection

    def as_root(self) -> ldap.ldapobject.SimpleLDAPObject:
        connection = self.over_tls()
        connection.simple_bind_s(f"cn=replication,{BASE}", self.secret())
        return connection

    def bound(self, dn: str, password: str) -> ldap.ldapobject.SimpleLDAPObject:
        connection = self.over_tls()
        connection.simple_bind_s(dn, password)
        return connection


def allow_passwords(server: Server) -> None:
    """An embedded directory knows no passwords of people; other directories do, with the same rules."""
    change = ("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n"
              "olcAccess: {0}to attrs=userPassword by anonymous auth by * none\n")
    program = shutil.which("slapmodify", path=PATH)
    subprocess.run([program, "-n0", "-F", server.dir / "config"], input=change, text=True, check=True)


def eventually(check, seconds: float = DEADLINE):
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = check()
            if found:
                return found
        except ldap.LDAPError as error:
            if time.monotonic() > deadline:
                raise error
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def member_entry(member: str, **more: bytes) -> list:
    return ldap.modlist.addModlist({
        "objectClass": [b"rollcallMember"], "cn": [member.encode()], "rollcallHost": [b"a.example.test"],
        "rollcallIncarnation": [b"1"], "rollcallSigningKey": [bytes(32)], "rollcallSealingKey": [bytes(32)],
        **{name: [value] for name, value in more.items()}})


def container_entry(name: str) -> list:
    return [("objectClass", [b"rollcallContainer"]), ("cn", [name.encode()])]


def fact_entry(member: str, seq: int) -> list:
    return ldap.modlist.addModlist({
        "objectClass": [b"rollcallFact"], "cn": [f"1.{seq}".encode()],
        "rollcallFactId": [f"{member}.1.{seq}".encode()], "rollcallKind": [b"candidate"],
        "rollcallFormat": [b"1"], "rollcallCreated": [b"20260601080000.000000000Z"],
        "rollcallSignature": [b"s" * 64], "rollcallGeneration": [b"1"],
        "rollcallWrappedKey": [b"wrapped"], "rollcallSealedKey": [b"sealed"]})


def member_dn(member: str) -> str:
    return f"cn={member},cn=members,{BASE}"


def container_dn(member: str) -> str:
    return f"cn={member},cn=facts,{BASE}"


def fact_dn(member: str, seq: int) -> str:
    return f"cn=1.{seq},{container_dn(member)}"


def join(connection, member: str) -> None:
    connection.add_s(member_dn(member), member_entry(member))
    connection.add_s(container_dn(member), container_entry(member))


def denied(call, *arguments) -> bool:
    try:
        call(*arguments)
    except (ldap.INSUFFICIENT_ACCESS, ldap.NO_SUCH_OBJECT):
        return True
    return False


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    # Short, since the path of a socket is.
    path = Path("/tmp") / f"rc-{secrets.token_hex(4)}"
    path.mkdir(mode=0o700)
    yield path
    shutil.rmtree(path)


class House:
    """One server, with two members that have one fact each, an outside agent, and a user."""

    def __init__(self, server: Server):
        self.server = server
        self.me, self.other, self.outsider = server.member, str(uuid.uuid4()), str(uuid.uuid4())
        root = server.as_root()
        for member in (self.other, self.outsider):
            root.add_s(container_dn(member), container_entry(member))
        root.add_s(member_dn(self.other), member_entry(self.other))
        root.add_s(fact_dn(self.other, 1), fact_entry(self.other, 1))
        for name in ("user", "agent"):
            # No schema of people is loaded.
            root.add_s(f"cn={name},{BASE}", [
                ("objectClass", [b"rollcallContainer", b"extensibleObject"]), ("cn", [name.encode()]),
                ("userPassword", [b"secret"])])
        root.add_s(member_dn(self.outsider),
                   member_entry(self.outsider, rollcallAgentDN=f"cn=agent,{BASE}".encode()))
        root.add_s(fact_dn(self.outsider, 1), fact_entry(self.outsider, 1))
        self.member = server.as_member()
        join(self.member, self.me)
        self.member.add_s(fact_dn(self.me, 1), fact_entry(self.me, 1))
        self.agent = server.bound(f"cn=agent,{BASE}", "secret")
        self.user = server.bound(f"cn=user,{BASE}", "secret")


@pytest.fixture(scope="module")
def house(root):
    (root / "house").mkdir()
    server = Server(root / "house")
    try:
        allow_passwords(server)
        server.start()
        yield House(server)
    finally:
        server.kill()


def test_the_service_user_is_its_member(house):
    assert house.member.whoami_s() == f"dn:{member_dn(house.me)}"


def test_a_member_writes_its_own_heartbeat_and_nobody_elses(house):
    house.member.modify_s(member_dn(house.me), [(ldap.MOD_REPLACE, "rollcallHeartbeat", [b"beat"])])
    change = [(ldap.MOD_REPLACE, "rollcallHeartbeat", [b"forged"])]
    assert denied(house.member.modify_s, member_dn(house.other), change)
    assert denied(house.agent.modify_s, member_dn(house.me), change)
    assert denied(house.user.modify_s, member_dn(house.me), change)
    house.agent.modify_s(member_dn(house.outsider), change)


def test_a_member_adds_changes_and_deletes_below_its_own_container_only(house):
    for connection, own, other in ((house.member, house.me, house.other), (house.agent, house.outsider, house.me)):
        assert denied(connection.add_s, fact_dn(other, 99), fact_entry(other, 99))
        assert denied(connection.delete_s, fact_dn(other, 1))
        for attribute in ("rollcallTouched", "rollcallWrappedKey"):
            assert denied(connection.modify_s, fact_dn(other, 1), [(ldap.MOD_REPLACE, attribute, [b"1"])])
        assert denied(connection.rename_s, fact_dn(own, 1), "cn=1.77", container_dn(other))
        connection.add_s(fact_dn(own, 99), fact_entry(own, 99))
        connection.delete_s(fact_dn(own, 99))


def test_of_its_own_fact_a_member_changes_only_what_is_not_signed(house):
    for connection, own in ((house.member, house.me), (house.agent, house.outsider)):
        connection.add_s(fact_dn(own, 2), fact_entry(own, 2))
        for attribute in ("rollcallGeneration", "rollcallKind", "rollcallSignature", "rollcallSealedKey"):
            assert denied(connection.modify_s, fact_dn(own, 2), [(ldap.MOD_REPLACE, attribute, [b"7"])])
        assert denied(connection.modify_s, fact_dn(own, 2), [(ldap.MOD_ADD, "rollcallWhy", [b"why"])])
        connection.modify_s(fact_dn(own, 2), [(ldap.MOD_REPLACE, "rollcallTouched", [b"1"])])
        connection.modify_s(fact_dn(own, 2), [(ldap.MOD_REPLACE, "rollcallWrappedKey", [])])


def test_nobody_deletes_members_or_containers(house):
    for connection in (house.member, house.agent, house.user):
        for dn in (member_dn(house.me), container_dn(house.me), member_dn(house.other), container_dn(house.other),
                   f"cn=facts,{BASE}", f"cn=members,{BASE}", f"cn=zones,{BASE}"):
            assert denied(connection.delete_s, dn), dn


def test_a_member_cannot_say_as_whom_an_agent_binds(house):
    for connection, member in ((house.member, house.me), (house.agent, house.outsider)):
        assert denied(connection.modify_s, member_dn(member),
                      [(ldap.MOD_REPLACE, "rollcallAgentDN", [f"cn=user,{BASE}".encode()])])


def test_a_joiner_makes_its_own_containers_and_nobody_elses(root):
    (root / "joiner").mkdir()
    server = Server(root / "joiner")
    try:
        server.start()
        joiner = server.as_member()
        stranger = str(uuid.uuid4())
        assert denied(joiner.add_s, member_dn(stranger), member_entry(stranger))
        assert denied(joiner.add_s, container_dn(stranger), container_entry(stranger))
        assert denied(joiner.add_s, f"cn=x,cn=facts,{BASE}", container_entry("x"))
        join(joiner, server.member)
    finally:
        server.kill()


def test_an_ordinary_user_reads_but_sees_no_key_and_writes_nothing(house):
    for member in (house.me, house.other):
        (_, seen), = house.user.search_s(fact_dn(member, 1), ldap.SCOPE_BASE)
        assert "rollcallFactId" in seen
        assert not {"rollcallWrappedKey", "rollcallSealedKey"} & set(seen)
        assert not house.user.search_s(BASE, ldap.SCOPE_SUBTREE, "(rollcallWrappedKey=*)")
    assert denied(house.user.add_s, fact_dn(house.me, 98), fact_entry(house.me, 98))
    assert denied(house.user.add_s, f"cn=x,cn=zones,{BASE}", container_entry("x"))
    stranger = str(uuid.uuid4())
    assert denied(house.user.add_s, member_dn(stranger), member_entry(stranger))


def test_members_read_the_keys_of_all(house):
    for connection in (house.member, house.agent):
        for member in (house.me, house.other, house.outsider):
            (_, seen), = connection.search_s(fact_dn(member, 1), ldap.SCOPE_BASE)
            assert {"rollcallWrappedKey", "rollcallSealedKey"} <= set(seen)


def test_members_write_zones_and_policies(house):
    dn = f"cn=example.test.,cn=zones,{BASE}"
    entry = [("objectClass", [b"rollcallManagedZone"]), ("cn", [b"example.test."]), ("rollcallZone", [b"example.test."]),
             ("rollcallZoneIncarnation", [b"1"]), ("rollcallPolicyName", [b"default"])]
    for connection in (house.member, house.agent):
        connection.add_s(dn, entry)
        connection.modify_s(dn, [(ldap.MOD_REPLACE, "rollcallPolicyName", [b"fast"])])
        connection.delete_s(dn)


def test_who_does_not_say_who_he_is_sees_nothing(house):
    nobody = house.server.over_tls()
    with pytest.raises((ldap.UNWILLING_TO_PERFORM, ldap.NO_SUCH_OBJECT)):
        nobody.search_s(BASE, ldap.SCOPE_SUBTREE)
    with pytest.raises(ldap.INAPPROPRIATE_AUTH):
        nobody.simple_bind_s("", "")


def test_the_network_needs_tls(house):
    plain = ldap.initialize(house.server.uri)
    with pytest.raises(ldap.CONFIDENTIALITY_REQUIRED):
        plain.simple_bind_s(f"cn=replication,{BASE}", house.server.secret())


def test_a_peer_may_change_the_list_of_peers_and_nothing_else_of_the_configuration(house):
    peer = house.server.as_root()
    (_, seen), = peer.search_s("olcDatabase={1}mdb,cn=config", ldap.SCOPE_BASE)
    assert set(seen) <= {"objectClass", "olcSyncrepl", "olcMultiProvider"}
    assert denied(peer.modify_s, "cn=config", [(ldap.MOD_REPLACE, "olcLogLevel", [b"any"])])
    assert denied(peer.modify_s, "olcDatabase={1}mdb,cn=config", [(ldap.MOD_REPLACE, "olcAccess", [b"to * by * write"])])
    assert denied(peer.add_s, "cn=module,cn=config", [("objectClass", [b"olcModuleList"]), ("cn", [b"module"])])
    assert denied(peer.search_s, "cn=config", ldap.SCOPE_BASE)


def test_a_directory_is_private_and_made_once(house):
    directory = house.server.dir
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (directory, *directory.iterdir())}
    assert modes == {"directory": 0o711, "run": 0o711, "settings": 0o644, "replication-secret": 0o600,
                     "config": 0o700, "data": 0o700, "tls": 0o700}
    assert "is not empty" in tool("create", directory, "ldap://127.0.0.1:1", 1, ok=False)[0]


def test_a_directory_that_cannot_be_made_leaves_nothing(root):
    place = root / "nothing"
    assert "should be like ldap://" in tool("create", place, "http://x", 1, ok=False)[0]
    assert not place.exists()
    assert "too long" in tool("create", root / ("x" * 100), "ldap://127.0.0.1:1", 1, ok=False)[0]
    half = root / "half"
    half.mkdir()
    (half / "unfinished").touch()
    assert "half made" in tool("create", half, "ldap://127.0.0.1:1", 1, ok=False)[0]
    assert "no finished directory" in tool("command", half, ok=False)[0]


def invite(server: Server, root: Path) -> Path:
    bundle = root / f"bundle-{secrets.token_hex(4)}"
    bundle.write_text("\n".join(tool("invite", server.dir)) + "\n")
    bundle.chmod(0o600)
    return bundle


def known(server: Server) -> set[str]:
    (_, seen), = server.as_root().search_s("olcDatabase={1}mdb,cn=config", ldap.SCOPE_BASE)
    return {value.decode().split("provider=")[1].split()[0].strip('"') for value in seen["olcSyncrepl"]}


def sees(server: Server, dn: str) -> bool:
    try:
        return bool(server.as_root().search_s(dn, ldap.SCOPE_BASE, attrlist=["1.1"]))
    except ldap.NO_SUCH_OBJECT:
        return False


@pytest.fixture
def three(root):
    servers: list[Server] = []
    place = root / secrets.token_hex(4)
    try:
        for name in "abc":
            (place / name).mkdir(parents=True)
            servers.append(Server(place / name, invite(servers[0], place) if servers else None))
            servers[-1].start()
        yield servers
    finally:
        for server in servers:
            server.kill()


def add_fact(server: Server, seq: int) -> str:
    server.as_member().add_s(fact_dn(server.member, seq), fact_entry(server.member, seq))
    return fact_dn(server.member, seq)


def test_three_directories_made_from_bundles_replicate_and_survive_a_kill(three):
    assert [server.number for server in three] == [1, 2, 3]
    assert [known(server) for server in three] == [{server.uri for server in three}] * 3
    for server in three:
        eventually(lambda: sees(server, f"cn=facts,{BASE}"))
        join(server.as_member(), server.member)
    for dn in [add_fact(server, 1) for server in three]:
        for server in three:
            eventually(lambda: sees(server, dn))

    a, b, c = three
    b.kill()
    dn = add_fact(a, 2)
    eventually(lambda: sees(c, dn))
    b.start()
    eventually(lambda: sees(b, dn))
    a.kill()  # c and b go on without the one that invited them
    dn = add_fact(b, 2)
    eventually(lambda: sees(c, dn))


def test_a_server_that_was_down_when_another_joined_learns_of_it_at_its_start(three, root):
    a, b, c = three
    c.kill()
    place = root / secrets.token_hex(4)
    place.mkdir()
    d = Server(place, invite(b, place))
    try:
        assert d.number == 4
        assert len(d.unreached) == 1 and c.uri in d.unreached[0]
        d.start()
        c.start()
        assert d.uri not in known(c)
        assert tool("meet", c.dir) == []
        assert known(c) == known(d) == {server.uri for server in (a, b, c, d)}
        assert tool("meet", c.dir) == []
        a.kill()
        b.kill()
        eventually(lambda: sees(d, f"cn=facts,{BASE}"))
        join(d.as_member(), d.member)
        eventually(lambda: sees(c, member_dn(d.member)))
    finally:
        d.kill()


def test_a_number_belongs_to_one_server(three, root):
    bundle = invite(three[0], root)
    assert f"server id 2 belongs to {three[1].uri}" in tool("create", root / "twin", "ldap://127.0.0.1:1", 2, bundle, ok=False)
    assert not (root / "twin").exists()


def test_a_peer_can_be_found_at_another_address(three):
    a, b, _ = three
    elsewhere = b.uri.replace("127.0.0.1", "localhost")
    tool("peer", a.dir, b.number, elsewhere)
    assert elsewhere in known(a) and b.uri not in known(a) and len(known(a)) == 3
    tool("peer", a.dir, b.number, b.uri)
    eventually(lambda: sees(b, f"cn=facts,{BASE}"))
    join(b.as_member(), b.member)
    eventually(lambda: sees(a, member_dn(b.member)))
