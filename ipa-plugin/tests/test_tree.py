# SPDX-License-Identifier: GPL-3.0-or-later
"""What our files make of an IPA tree: nothing twice, and no more rights than meant."""
import os
import subprocess
from pathlib import Path

import ldap
import pytest

import ipatree
from conftest import MEMBERS, host
from labtest import await_that
from lablib import directory, ds389

BASE = f"cn=rollcall,cn=dns,{ipatree.SUFFIX}"


@pytest.fixture
def root(tree):
    return directory.connect(tree.member("a"))


def bound(lab, user: str, master: str = "a"):
    connection = ldap.initialize(lab.member(master)["ldapi"])
    connection.simple_bind_s(ipatree.user_dn(user), ds389.PASSWORD)
    return connection


def test_the_update_applied_again_changes_nothing(tree, root):
    before = root.search_s(ipatree.SUFFIX, ldap.SCOPE_SUBTREE, attrlist=["*", "aci", "modifyTimestamp"])
    fixed = [(dn, entry) for dn, entry in before if ",cn=reports," not in dn and ",cn=facts," not in dn
             and ",cn=members," not in dn]
    for name in MEMBERS:
        assert ipatree.apply_update(root, ipatree.update_of(tree.info()["binaries"]), host(name)) == 0
    for dn, entry in fixed:
        assert root.search_s(dn, ldap.SCOPE_BASE, attrlist=["*", "aci", "modifyTimestamp"]) == [(dn, entry)]


def test_agents_write_by_the_rules_of_the_update(cluster):
    """They are of the privilege DNS Servers, and nobody else may read wrapped keys."""
    everything = f"cn=facts,{BASE}"
    found = directory.connect(cluster.lab.member("a")).search_s(everything, ldap.SCOPE_SUBTREE, "(rollcallWrappedKey=*)")
    assert found
    for user in (ipatree.ORDINARY, ipatree.DNS_ADMIN, ipatree.KEY_ADMIN):
        assert not bound(cluster.lab, user).search_s(everything, ldap.SCOPE_SUBTREE, "(rollcallWrappedKey=*)")


def test_the_service_of_each_server_has_an_order_to_start_in(tree, root):
    for name in MEMBERS:
        (_, entry), = root.search_s(ipatree.service_dn(host(name)), ldap.SCOPE_BASE)
        assert {b"enabledService", b"startOrder 115"} <= set(entry["ipaConfigString"])


def test_an_administrator_of_the_dns_may_appoint_and_ask_and_nothing_else(tree):
    admin = bound(tree, ipatree.DNS_ADMIN)
    admin.modify_s(f"cn=config,{BASE}", [(ldap.MOD_REPLACE, "rollcallMode", [b"random"])])
    for dn, change in ((f"cn=config,{BASE}", (ldap.MOD_REPLACE, "rollcallCluster", [b"x"])),
                       (f"cn=default,cn=policies,{BASE}", (ldap.MOD_REPLACE, "rollcallPurge", [b"0"])),
                       (f"cn={host('a')},{ipatree.MASTERS}", (ldap.MOD_REPLACE, "cn", [b"x"]))):
        with pytest.raises(ldap.INSUFFICIENT_ACCESS):
            admin.modify_s(dn, [change])


def test_the_installer_puts_every_file_in_its_place(tree, tmp_path):
    """As `cmake --install` leaves them, and from there to where IPA looks."""
    build = Path(tree.info()["binaries"]).parent
    subprocess.run(["cmake", "--install", build], env={**os.environ, "DESTDIR": str(tmp_path / "image")}, check=True,
                   capture_output=True)
    installer, = (tmp_path / "image").rglob("ipa-plugin/install")
    modules = "/usr/lib/python3.12/site-packages"
    for _ in range(2):
        subprocess.run([installer, tmp_path / "root"], env={**os.environ, "DIRECTORY": modules}, check=True)
    placed = {str(file.relative_to(tmp_path / "root")) for file in (tmp_path / "root").rglob("*") if file.is_file()}
    assert {f"{modules[1:]}/ipaserver/plugins/dnssec_zone.py", f"{modules[1:]}/rollcall_ipa/views.py",
            f"{modules[1:]}/rollcall_health/checks.py", f"{modules[1:]}/rollcall_health.egg-info/entry_points.txt",
            f"{modules[1:]}/rollcall_health.egg-info/PKG-INFO", f"{modules[1:]}/ipaserver/advise/plugins/dnssec_keymanager.py",
            "usr/share/ipa/schema.d/75-rollcall.ldif", "usr/share/ipa/updates/75-rollcall.update"} <= placed
    schema = (tmp_path / "root/usr/share/ipa/schema.d/75-rollcall.ldif").read_text()
    assert "dn: cn=schema" in schema and "'rollcallReport'" in schema


def test_the_installer_says_what_is_missing_on_a_machine_without_ipa():
    installer = Path(__file__).resolve().parents[1] / "install"
    done = subprocess.run([installer], capture_output=True, text=True, check=False,
                          env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
    assert done.returncode == 1 and "is this an IPA server?" in done.stderr


def test_a_grant_is_seen_on_every_server(tree):
    for name in MEMBERS:
        await_that(f"{name} lets the administrator write", lambda: bound(tree, ipatree.KEY_ADMIN, name).modify_s(
            f"cn=default,cn=policies,{BASE}", [(ldap.MOD_REPLACE, "rollcallPurge", [b"3"])]))
