# SPDX-License-Identifier: GPL-3.0-or-later
"""SASL GSSAPI with a keytab: a Kerberos of MIT on 127.0.0.1, a real 389-ds, and the agent's directory code."""
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from directorytest import BASE, DEADLINE, Server389, eventually, free_port
from lablib import ds389, tools
from watching import Watcher

REALM = "ROLLCALL.TEST"
AGENT = "rollcalld/a.rollcall.test"
STRANGER = "rollcalld/stranger.rollcall.test"


class Kerberos:
    """A realm with its KDC in the foreground."""

    def __init__(self, root: Path) -> None:
        self._root, self._port = root, free_port()
        self.environment = {"KRB5_CONFIG": str(root / "krb5.conf"), "KRB5_KDC_PROFILE": str(root / "kdc.conf")}
        (root / "krb5.conf").write_text(f"""[libdefaults]
 default_realm = {REALM}
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 {REALM} = {{
  kdc = 127.0.0.1:{self._port}
 }}
""")
        (root / "kdc.conf").write_text(f"""[realms]
 {REALM} = {{
  database_name = {root}/principal
  key_stash_file = {root}/stash
  kdc_listen = 127.0.0.1:{self._port}
  kdc_tcp_listen = 127.0.0.1:{self._port}
 }}
[logging]
 kdc = FILE:{root}/kdc.log
""")
        self._run("kdb5_util", "create", "-s", "-P", "secret", "-r", REALM)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen([tools.find("krb5kdc"), "-n", "-r", REALM], env=self._all())

    def kill(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def keytab(self, name: str, *principals: str) -> Path:
        """Makes principals and a file with their keys."""
        file = self._root / f"{name}.keytab"
        for principal in principals:
            self._run("kadmin.local", "-r", REALM, "-q", f"addprinc -randkey {principal}")
            self._run("kadmin.local", "-r", REALM, "-q", f"ktadd -k {file} {principal}")
        file.chmod(0o600)
        return file

    def _all(self) -> dict[str, str]:
        return dict(os.environ, **self.environment)

    def _run(self, program: str, *words: str) -> None:
        subprocess.run([tools.find(program), *words], env=self._all(), check=True, capture_output=True, timeout=60)


def own_name() -> str:
    """Over ldapi a client asks for the principal of its machine, under the name that libldap finds for it."""
    try:
        return socket.getaddrinfo(socket.gethostname(), None, flags=socket.AI_CANONNAME)[0][3]
    except socket.gaierror:
        return socket.gethostname()


@pytest.fixture(scope="module")
def kerberos(root) -> Iterator[Kerberos]:
    (root / "kdc").mkdir()
    realm = Kerberos(root / "kdc")
    realm.start()
    yield realm
    realm.kill()


@pytest.fixture(scope="module")
def server(root, kerberos) -> Iterator[Server389]:
    """Knows the agent by its principal, as FreeIPA does by krbPrincipalName."""
    (root / "server").mkdir()
    host = own_name()
    keytab = kerberos.keytab("server", f"ldap/{host}")
    one = Server389(root / "server", host=host,
                    environment={**kerberos.environment, "KRB5_KTNAME": str(keytab)})
    one.start()
    one.set_access()
    one.add_group("agents", one.add_user("agent"))
    ds389.add(one.as_root(), "cn=rollcall,cn=mapping,cn=sasl,cn=config", objectClass=["top", "nsSaslMapping"],
              nsSaslMapRegexString=f"^{AGENT}", nsSaslMapBaseDNTemplate=f"cn=agent,{BASE}",
              nsSaslMapFilterTemplate="(objectClass=*)", nsSaslMapPriority="10")
    yield one
    one.kill()


def watch(server: Server389, kerberos: Kerberos, keytab: Path) -> Watcher:
    return Watcher(server.instance.ldapi, "gssapi", str(keytab), environment=kerberos.environment)


def test_the_keytab_alone_makes_the_agent_known(server, kerberos):
    with watch(server, kerberos, kerberos.keytab("agent", AGENT)) as watcher:
        watcher.await_current()
        watcher.await_line("who", f"cn=agent,{BASE}")


def test_a_principal_that_the_server_does_not_know_is_refused_and_the_cure_said(server, kerberos):
    with watch(server, kerberos, kerberos.keytab("stranger", STRANGER)) as watcher:
        watcher.await_line("state down", "SASL GSSAPI", "does the server map that principal to an entry?")
        assert "state current" not in " ".join(watcher.lines)


def test_a_keytab_that_others_may_read_is_not_used_until_it_is_mended(server, kerberos, root):
    keytab = kerberos.keytab("open", "rollcalld/open.rollcall.test")
    keytab.write_bytes((root / "kdc" / "agent.keytab").read_bytes())
    keytab.chmod(0o644)
    with watch(server, kerberos, keytab) as watcher:
        watcher.await_line("state down", f"keytab {keytab}", "chmod 600 it")
        keytab.chmod(0o600)
        watcher.await_current()


def test_without_a_kdc_the_agent_waits_and_goes_on_when_it_is_back(server, kerberos, root):
    kerberos.kill()
    try:
        with watch(server, kerberos, root / "kdc" / "agent.keytab") as watcher:
            watcher.await_line("state down", "SASL GSSAPI")
            kerberos.start()
            eventually(lambda: watcher.state().startswith("state current"), 4 * DEADLINE)
    finally:
        if kerberos.process is None:
            kerberos.start()
