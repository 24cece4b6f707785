# SPDX-License-Identifier: GPL-3.0-or-later
"""Embedded directories for tests: real slapds made by the code of `rollcall directory`, and entries to put there."""
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import ldap
import ldap.modlist
import ldap.sasl

from lablib import ds389
from lablib.cli import find_binaries

BASE = "cn=rollcall"
PATH = os.environ["PATH"] + ":/usr/sbin"
DEADLINE = 15.0  # of a machine under load; what is awaited takes well under a second


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tool(*words: object, ok: bool = True) -> list[str]:
    done = subprocess.run([f"{find_binaries()}/rollcall-embedded-tool", *map(str, words)], capture_output=True, text=True, timeout=60)
    assert (done.returncode == 0) is ok, done.stderr
    return (done.stdout if ok else done.stderr).splitlines()


class Server:
    """One embedded directory and its slapd."""

    def __init__(self, root: Path, bundle: Path | None = None, number: int = 0, listen: str = ""):
        """listen: an address, if not that of the URI by which others reach it."""
        self.dir, port = root / "directory", free_port()
        self.uri = f"ldap://127.0.0.1:{port}"
        said = tool("create", self.dir, self.uri, number, listen and f"ldap://{listen}:{port}", *([bundle] if bundle else []))
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


class Server389:
    """One 389-ds whose suffix is the base, with the schema and the access rules that are installed."""

    def __init__(self, root: Path, **settings: object):
        self.instance = ds389.Instance(root / "directory", free_port(), BASE, ds389.schema_of(find_binaries()), **settings)
        ds389.create(self.instance)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = open(self.instance.root / "log" / "console", "ab")
        self.process = subprocess.Popen(ds389.command(self.instance), stdout=log, stderr=log,
                                        env=dict(os.environ, **self.instance.environment))
        eventually(lambda: self.process.poll() is not None or self.as_root(), 4 * DEADLINE)  # it loads a dozen plug-ins
        assert self.process.poll() is None, "ns-slapd ended"

    def kill(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def set_access(self) -> None:
        ds389.apply_access(self.instance, BASE, agents=f"cn=agents,{BASE}", administrators=f"cn=administrators,{BASE}")

    def add_user(self, name: str) -> str:
        """Somebody with a password; gives his DN."""
        ds389.add(self.as_root(), f"cn={name},{BASE}", objectClass=["rollcallContainer", "extensibleObject"],
                  userPassword=ds389.hashed("secret"))
        return f"cn={name},{BASE}"

    def add_group(self, name: str, *members: str) -> None:
        ds389.add(self.as_root(), f"cn={name},{BASE}", objectClass="groupOfNames", member=list(members))

    def as_root(self) -> ldap.ldapobject.SimpleLDAPObject:
        return ds389.connect(self.instance)

    def bound(self, dn: str, password: str) -> ldap.ldapobject.SimpleLDAPObject:
        return ds389.connect(self.instance, dn, password)


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


def container_entry(name: str, **more: bytes) -> list:
    return ldap.modlist.addModlist({"objectClass": [b"rollcallContainer"], "cn": [name.encode()],
                                    **{name: [value] for name, value in more.items()}})


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


def join(connection, member: str, **owner: bytes) -> None:
    connection.add_s(member_dn(member), member_entry(member, **owner))
    connection.add_s(container_dn(member), container_entry(member, **owner))


def denied(call, *arguments) -> bool:
    try:
        call(*arguments)
    except (ldap.INSUFFICIENT_ACCESS, ldap.NO_SUCH_OBJECT):
        return True
    return False


def invite(server: Server, root: Path) -> Path:
    bundle = root / f"bundle-{secrets.token_hex(4)}"
    bundle.write_text("\n".join(tool("invite", server.dir)) + "\n")
    bundle.chmod(0o600)
    return bundle


def peers(server: Server) -> set[str]:
    """Whom it replicates with."""
    (_, seen), = server.as_root().search_s("olcDatabase={1}mdb,cn=config", ldap.SCOPE_BASE)
    return {value.decode().split("provider=")[1].split()[0].strip('"') for value in seen.get("olcSyncrepl", [])}


def sees(server: Server, dn: str) -> bool:
    try:
        return bool(server.as_root().search_s(dn, ldap.SCOPE_BASE, attrlist=["1.1"]))
    except ldap.NO_SUCH_OBJECT:
        return False
