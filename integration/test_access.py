# SPDX-License-Identifier: GPL-3.0-or-later
"""The access rules, on a real slapd: one writer an entry, and no key for the eyes of ordinary users."""
import uuid

import ldap
import pytest

from directorytest import (BASE, Server, allow_passwords, container_dn, container_entry, denied, fact_dn, fact_entry, join,
                           member_dn, member_entry)


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
