# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of zones that are none, too long, or taken: by the program, and written straight into the directory."""
import threading
from pathlib import Path

import ldap
import ldap.dn
import ldap.modlist
import pytest

from faultlib import PATIENCE, ZONE, Cluster
from labtest import await_that
from lablib import directory
from lablib.control import Refused
from lablib.layout import BASE

LABEL = "a" * 63
TOO_LONG_FOR_DNS = ".".join([LABEL] * 4)  # 257 bytes in wire form
TOO_LONG_FOR_FILES = ".".join([LABEL, LABEL, LABEL, "b" * 61])  # 255 bytes, which the DNS allows
TWICE = "twice.test."


def everything_below(cluster: Cluster) -> set[Path]:
    """Directories and what else could have been made by a name: not what servers and agents write all the time."""
    return {path for path in cluster.lab.root.rglob("*") if path.is_dir()} | set(cluster.lab.root.glob("*"))


@pytest.mark.parametrize("name, complaint", [
    ("$(touch ran)", "only letters, digits, hyphens"),
    ("`touch ran`", "only letters, digits, hyphens"),
    ("../x", "a label is empty"),
    ("../../../etc", "a label is empty"),
    ("x/../../y.test", "only letters, digits, hyphens"),
    ("-k.test", "begins or ends with a hyphen"),
    (".", "the root zone is not supported"),
    (TOO_LONG_FOR_DNS, "longer than 255 bytes"),
    (TOO_LONG_FOR_FILES, "cannot have key files"),
    ("bücher.test", "write an internationalised name as its A-label, xn--... (idn2 NAME prints it)")],
    ids=lambda text: text[:32])
def test_a_bad_name_is_refused_by_the_program(cluster: Cluster, name: str, complaint: str) -> None:
    before = everything_below(cluster)
    called = cluster.cli("a", "zone", "add", "--", name)
    assert called.returncode == 2 and complaint in called.stderr, called
    assert everything_below(cluster) == before


@pytest.mark.parametrize("name", ["$(touch ran)", "`touch ran`", "../x", "x/../../y.test.", "-k.test.", "bücher.test.",
                                  "UPPER.test.", "without-dot.test"])
def test_a_bad_name_in_the_directory_is_quarantined(cluster: Cluster, name: str) -> None:
    """Nobody but an administrator can write it there; it is named in the status, does no harm, and blocks nothing."""
    before = everything_below(cluster)
    connection = directory.connect(cluster.lab.member("a"))
    zone = dict(connection.search_s(f"cn={ZONE},cn=zones,{BASE}", ldap.SCOPE_BASE)[0][1])
    dn = f"cn={ldap.dn.escape_dn_chars(name)},cn=zones,{BASE}"
    connection.add_s(dn, ldap.modlist.addModlist({**zone, "cn": [name.encode()], "rollcallZone": [name.encode()]}))
    for who in cluster.names:
        cluster.await_alarm(who, "unreadable entry", "cn=zones", "name")
        assert cluster.status(who)["may_write"]
    assert everything_below(cluster) == before
    connection.delete_s(dn)
    for who in cluster.names:
        await_that(f"{who} forgot it", lambda: not cluster.alarm(who, "unreadable entry"))


def test_what_cannot_be_read_is_a_finding_with_its_cure(cluster: Cluster) -> None:
    """At every member: each reads the directory for itself."""
    connection = directory.connect(cluster.lab.member("a"))
    zone = dict(connection.search_s(f"cn={ZONE},cn=zones,{BASE}", ldap.SCOPE_BASE)[0][1])
    dn = f"cn=without-dot,cn=zones,{BASE}"
    connection.add_s(dn, ldap.modlist.addModlist({**zone, "cn": [b"without-dot"], "rollcallZone": [b"without-dot"]}))
    for who in cluster.names:
        cluster.await_alarm(who, "unreadable entry", dn)
        findings = cluster.ask(who, "health")["findings"]
        cures = [one["cure"] for one in findings if one["about"] == f"{who}.lab.test" and dn in one["what"]]
        assert cures == [f"see in the directory's log, on {who}.lab.test, who wrote that; correct it, and delete the"
                         " entry only if nothing needs it"], findings
    connection.delete_s(dn)
    for who in cluster.names:
        await_that(f"{who} forgot it", lambda: not cluster.alarm(who, "unreadable entry"))


def test_a_zone_is_added_twice(cluster: Cluster) -> None:
    for spelling in (ZONE, ZONE.upper(), ZONE.rstrip(".")):
        with pytest.raises(Refused, match=f"zone {ZONE} is managed already.*rollcall status {ZONE}") as refused:
            cluster.ask("b", "zone-add", zone=spelling)
        assert refused.value.code == "conflict"
    assert cluster.key("a", "KSK", 1) is not None


def test_a_zone_is_added_by_two_at_once(cluster: Cluster) -> None:
    """Each directory takes it before it knows of the other: it is one zone all the same, with one key a generation."""
    def add(who: str) -> None:
        try:
            cluster.add(who, TWICE)
        except Refused as refused:  # the other one was faster
            assert refused.code == "conflict"

    threads = [threading.Thread(target=add, args=(who,)) for who in cluster.names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    await_that("the zone is signed", lambda: cluster.is_signed(TWICE), PATIENCE)
    keys = {who: [(key["role"], key["generation"], key["key_tag"]) for key in cluster.zone(who, TWICE)["keys"]]
            for who in cluster.names}
    assert keys["a"] == keys["b"] and len(keys["a"]) == 2
    made = cluster.candidates(TWICE)
    assert len(made) == len(set(made))
