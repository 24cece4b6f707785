# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents in a tree of IPA: the switches of zones are followed, and what is amiss with zones and servers is told.

The commands dnszone-mod and server-del are part of ipaserver, which Debian has not: here is done to the tree what they do.
"""
import shutil
from pathlib import Path
from typing import Any, Iterator

import ldap
import ldap.modlist
import pytest

import ipatree
from conftest import MEMBERS, host, serve
from faultlib import PATIENCE, POLICY, Cluster
from ipatree import MASTERS, ORDINARY, WITHOUT_AGENT
from labtest import await_that, processes_below, short_directory
from lablib import cluster as clusters
from lablib import directory, tools
from lablib.cli import find_binaries
from lablib.client import Lab
from lablib.layout import Spec
from lablib.ledger import look_at_master

BASE = f"cn=rollcall,cn=dns,{ipatree.SUFFIX}"
ZONES = ["switched.test", "byhand.test", "slept.test", "stock.test", "mastered.test", "cut.test", "gone.test"]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    place = short_directory()
    one = Lab.up(Spec(str(place), find_binaries(), len(MEMBERS), ZONES, zone_ttl=2, negative_ttl=1, parent_ttl=2,
                      engine="389ds", ipa=True))
    try:
        clusters.form(one)
        clusters.set_policy(one, "a", **POLICY)
        yield one
    finally:
        one.down()
    assert processes_below(place) == []
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def ipa(tree: Lab) -> Cluster:
    """The agents, after they have read the tree. A fixture of ours plants no zone, so nothing is managed yet."""
    one = Cluster(tree)
    for name in MEMBERS:
        await_that(f"{name} may read the tree", lambda: has_looked(one, name) and not one.alarm(name), PATIENCE)
    return one


def has_looked(ipa: Cluster, name: str) -> bool:
    """It knows that it must not take a zone which does not exist only after its first look."""
    return "was not looked at yet" not in ipa.cli(name, "zone", "add", "0.test", "--policy", "none").stderr


def root(ipa: Cluster, name: str = "a") -> Any:
    return directory.connect(ipa.lab.member(name))


def add(connection: Any, dn: str, **attributes: list[str]) -> None:
    connection.add_s(dn, ldap.modlist.addModlist({key: [one.encode() for one in all] for key, all in attributes.items()}))


def switch(ipa: Cluster, zone: str, value: str | None, name: str = "a") -> None:
    """What `ipa dnszone-mod ZONE --dnssec=VALUE` writes; None takes the attribute away."""
    connection, dn = root(ipa, name), ipatree.zone_dn(zone)
    if not directory.has(connection, dn):
        add(connection, dn, objectClass=["idnsZone"], idnsName=[zone])
    connection.modify_s(dn, [(ldap.MOD_REPLACE, "idnsSecInlineSigning", [value.encode()] if value else None)])


def entry(ipa: Cluster, zone: str, name: str = "a") -> dict[str, str]:
    """Of the zone below cn=zones; nothing if there is none."""
    try:
        (_, found), = root(ipa, name).search_s(f"cn={zone},cn=zones,{BASE}", ldap.SCOPE_BASE)
    except ldap.NO_SUCH_OBJECT:
        return {}
    return {key: values[0].decode() for key, values in found.items()}


def is_signed(ipa: Cluster, zone: str, generation: int = 1) -> bool:
    return all(ipa.state(name, "KSK", generation, "DS", zone) == "omnipresent" for name in ipa.names)


def await_managed(ipa: Cluster, zone: str) -> None:
    for name in ipa.names:
        await_that(f"{name} manages {zone}", lambda: ipa.zone(name, zone)["keys"], PATIENCE)


def await_no_alarm(ipa: Cluster, *words: str) -> None:
    for name in ipa.names:
        await_that(f"{name} no longer complains of {words}", lambda: not ipa.alarm(name, *words), PATIENCE)


def remove_ds(lab: Lab, zone: str) -> None:
    """As at a registrar."""
    parent = lab.info()["parent"]
    tools.run([tools.find("nsupdate"), "-k", parent["update_key"]],
              stdin=f"server 127.0.0.1 {parent['port']}\nzone {parent['zone']}\nupdate delete {zone} DS\nsend\n")


def test_a_zone_that_is_switched_on_is_signed_everywhere_and_managed_once(ipa):
    switch(ipa, "switched.test.", "TRUE")
    await_that("the zone is signed, and its DS is out", lambda: is_signed(ipa, "switched.test."), PATIENCE)
    found = entry(ipa, "switched.test.")
    assert found["rollcallSwitchedOn"] == "TRUE" and found["rollcallPolicyName"] == "default"
    assert found["rollcallZoneIncarnation"] == "1"
    assert not any(ipa.alarm(name) for name in ipa.names)


def test_keys_stand_where_bind_dyndb_ldap_has_them(ipa):
    await_that("the zone is signed", lambda: is_signed(ipa, "switched.test."), PATIENCE)
    for name in ipa.names:
        keys = Path(ipa.lab.member(name)["named"]["keys"]) / "switched.test" / "keys"
        assert len(list(keys.glob("Kswitched.test.+*.private"))) == 2 and not list(keys.parent.glob("K*"))
        check = ipa.cli(name, "check", "switched.test")
        assert check.returncode == 0, check.stdout


def test_what_an_administrator_wants_otherwise_stands(ipa):
    """`rollcall zone insecure` while the switch is on: the way out where named follows the switch at once."""
    zone = "byhand.test."
    switch(ipa, zone, "TRUE")
    await_managed(ipa, zone)
    assert ipa.cli("a", "zone", "insecure", zone).returncode == 0
    look_again(ipa)
    found = entry(ipa, zone)
    assert (found["rollcallInsecure"], found["rollcallSwitchedOn"]) == ("TRUE", "TRUE")
    switch(ipa, zone, "FALSE")
    await_that("the switch is followed", lambda: entry(ipa, zone)["rollcallSwitchedOn"] == "FALSE", PATIENCE)
    assert entry(ipa, zone)["rollcallInsecure"] == "TRUE"


def look_again(ipa: Cluster) -> None:
    """Returns when every agent has looked at the tree once more: a fault came, was told by all, and went."""
    connection, dn = root(ipa), ipatree.service_dn(WITHOUT_AGENT)
    add(connection, dn, objectClass=["nsContainer", "ipaConfigObject"], ipaConfigString=["enabledService"])
    for name in ipa.names:
        ipa.await_alarm(name, WITHOUT_AGENT, "startOrder 115")
    connection.delete_s(dn)
    await_no_alarm(ipa, WITHOUT_AGENT)


def test_switched_off_goes_insecure_in_stages_and_on_again_is_signed_anew(ipa):
    zone = "switched.test."
    await_that("the zone is signed", lambda: is_signed(ipa, zone), PATIENCE)
    ipa.lab.pause_registry()
    switch(ipa, zone, "FALSE", "b")
    for name in ipa.names:
        await_that(f"{name} follows", lambda: ipa.zone(name, zone)["insecure"], PATIENCE)
        ipa.await_alarm(name, zone, "have its DS", "rollcall zone insecure")
    found = entry(ipa, zone)
    assert (found["rollcallInsecure"], found["rollcallSwitchedOn"]) == ("TRUE", "FALSE")
    assert is_served(ipa, zone)  # until no cache has the DS

    remove_ds(ipa.lab, zone)
    for name in ipa.names:
        await_that(f"{name} serves no key", lambda: not is_served(ipa, zone, name), PATIENCE)
    await_no_alarm(ipa, zone)

    ipa.lab.pause_registry(False)
    switch(ipa, zone, "TRUE", "c")
    await_that("the zone is signed with new keys", lambda: is_signed(ipa, zone, 2), PATIENCE)


def is_served(ipa: Cluster, zone: str, name: str = "a") -> bool:
    """A server gives keys of the zone to whoever asks."""
    content = look_at_master(ipa.lab.member(name)["named"]["port"], zone)
    assert content is not None
    return bool(content.dnskeys)


def test_a_switch_that_was_turned_while_no_agent_ran_is_found(ipa):
    for name in ipa.names:
        ipa.lab.kill(name, ["agent"])
    switch(ipa, "slept.test.", "TRUE")
    for name in ipa.names:
        ipa.lab.start(name, ["agent"])
    await_managed(ipa, "slept.test.")


def test_a_zone_of_which_ipa_has_keys_is_refused_until_they_are_gone(ipa):
    zone = "stock.test."
    connection = root(ipa)
    add(connection, ipatree.zone_dn(zone), objectClass=["idnsZone"], idnsName=[zone])
    add(connection, keys := f"cn=keys,{ipatree.zone_dn(zone)}", objectClass=["nsContainer"], cn=["keys"])
    add(connection, key := f"cn=ksk-1,{keys}", objectClass=["idnsSecKey"], cn=["ksk-1"])
    switch(ipa, zone, "TRUE")
    for name in ipa.names:
        ipa.await_alarm(name, zone, "IPA's own key manager has keys of it")
    by_hand = ipa.cli("b", "zone", "add", zone)
    assert by_hand.returncode == 1 and "IPA's own key manager has keys of it" in by_hand.stderr
    assert not entry(ipa, zone)
    connection.delete_s(key)
    await_managed(ipa, zone)
    await_no_alarm(ipa, zone)


def test_while_ipa_has_a_key_master_no_zone_comes_under_management(ipa):
    zone, master = "mastered.test.", f"cn=DNSSEC,cn={host('c')},{MASTERS}"
    connection = root(ipa)
    add(connection, master, objectClass=["nsContainer", "ipaConfigObject"], ipaConfigString=["enabledService", "startOrder 100",
                                                                                          "dnssecKeyMaster"])
    for name in ipa.names:
        ipa.await_alarm(name, host("c"), "ipa-dns-install --disable-dnssec-master")
    switch(ipa, zone, "TRUE")
    for name in ipa.names:
        ipa.await_alarm(name, zone, "does not come under management")
    assert ipa.cli("a", "zone", "add", zone).returncode == 1 and not entry(ipa, zone)
    connection.delete_s(master)
    await_managed(ipa, zone)
    await_no_alarm(ipa, zone)


def test_a_zone_that_goes_from_ipa_stays_as_it_is(ipa):
    zone = "gone.test."
    switch(ipa, zone, "TRUE")
    await_managed(ipa, zone)
    switch(ipa, zone, None)  # what is not shown says nothing either
    for name in ipa.names:
        ipa.await_alarm(name, zone, "cannot be read")
    root(ipa).delete_s(ipatree.zone_dn(zone))
    for name in ipa.names:
        ipa.await_alarm(name, zone, "has gone from IPA", f"rollcall zone remove {zone}")
    look_again(ipa)
    found = entry(ipa, zone)
    assert (found["rollcallInsecure"], found["rollcallRemoved"], found["rollcallSwitchedOn"]) == ("FALSE", "FALSE", "TRUE")
    switch(ipa, zone, "TRUE")
    await_no_alarm(ipa, zone)


def test_a_server_that_vanishes_is_named_with_the_command_and_keeps_its_say(ipa, tmp_path_factory):
    """As after `ipa server-del`."""
    connection = root(ipa)
    server, service = f"cn={host('b')},{MASTERS}", ipatree.service_dn(host("b"))
    connection.delete_s(service)
    for name in ipa.names:
        ipa.await_alarm(name, host("b"), "ipa-server-upgrade")
    connection.delete_s(server)
    for name in ipa.names:
        ipa.await_alarm(name, host("b"), f"rollcall forget {host('b')}")
    shown = serve(ipa.lab, tmp_path_factory.mktemp("ipa") / "a", "a", True)
    try:
        told = shown.ipa(ORDINARY, "dnssec-keymanager-info")
        assert told.returncode == 0 and f"rollcall forget {host('b')}" in told.stdout + told.stderr
    finally:
        shown.close()
    assert all(line["in_roster"] for line in ipa.status("a")["members"])
    add(connection, server, objectClass=["nsContainer"], cn=[host("b")])
    assert ipatree.apply_update(connection, ipatree.update_of(ipa.lab.info()["binaries"]), host("b")) == 1
    await_no_alarm(ipa, host("b"))


def test_a_server_that_answers_dns_without_being_a_member_is_told(ipa):
    switch(ipa, "slept.test.", "TRUE")
    await_managed(ipa, "slept.test.")
    connection, dn = root(ipa), f"cn=DNS,cn={WITHOUT_AGENT},{MASTERS}"
    add(connection, dn, objectClass=["nsContainer", "ipaConfigObject"], ipaConfigString=["enabledService", "startOrder 30"])
    for name in ipa.names:
        ipa.await_alarm(name, WITHOUT_AGENT, "is no member")
    connection.delete_s(dn)
    await_no_alarm(ipa, WITHOUT_AGENT)


def test_a_name_that_no_zone_of_ours_can_have_is_told_and_stops_nobody(ipa):
    odd = "0/25.2.0.192.in-addr.arpa."
    switch(ipa, odd, "TRUE")
    await_that("somebody says why", lambda: any(ipa.alarm(name, odd, "cannot be followed") for name in ipa.names))
    switch(ipa, odd, "FALSE")
    await_no_alarm(ipa, odd)


def test_with_its_directory_down_an_agent_concludes_nothing(ipa):
    zone = "cut.test."
    ipa.lab.kill("a", ["slapd"])
    await_that("a has lost its directory", lambda: not ipa.status("a")["may_write"])
    switch(ipa, zone, "TRUE", "b")
    await_that("another one follows", lambda: entry(ipa, zone, "b"), PATIENCE)
    for words in ("has gone from IPA", "rollcall forget", "cannot be read"):
        assert not ipa.alarm("a", words)
    ipa.lab.start("a", ["slapd"])
    await_managed(ipa, zone)
    assert [ipa.alarm(name, "replication conflict") for name in ipa.names] == [None] * 3


def test_whoever_may_not_see_the_servers_says_so_and_concludes_nothing(ipa):
    """Without the permission that ipa-server-upgrade makes."""
    permission = f"cn=System: Read DNSSEC Key Manager Services,cn=permissions,{ipatree.PBAC}"
    servers = f"cn=DNS Servers,cn=privileges,{ipatree.PBAC}"
    connection = root(ipa)
    connection.modify_s(permission, [(ldap.MOD_DELETE, "member", [servers.encode()])])
    for name in ipa.names:
        ipa.await_alarm(name, "the tree of IPA cannot be read", "DNS Servers")
        assert not ipa.alarm(name, "rollcall forget")
    connection.modify_s(permission, [(ldap.MOD_ADD, "member", [servers.encode()])])
    await_no_alarm(ipa, "the tree of IPA cannot be read")
