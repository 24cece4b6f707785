# SPDX-License-Identifier: GPL-3.0-or-later
"""The access rules, on a real slapd and a real 389-ds: one writer an entry, and no key for the eyes of ordinary users."""
import secrets
import uuid

import ldap
import pytest

from directorytest import (BASE, Server, Server389, allow_passwords, container_dn, container_entry, denied, fact_dn,
                           fact_entry, join, member_dn, member_entry)


class House:
    """One server, with three members that have one fact each, and a user. Their connections: `member` and `agent` for
    the members `me` and `outsider`, the latter by its rollcallAgentDN, and `user`."""

    def __init__(self, server):
        self.server = server
        self.other, self.outsider = str(uuid.uuid4()), str(uuid.uuid4())

    def fill(self) -> None:
        self.user = self.server.bound(f"cn=user,{BASE}", "secret")
        self.agent = self.server.bound(f"cn=agent,{BASE}", "secret")
        join(self.member, self.me, **self.owner("me"))
        root = self.server.as_root()
        join(root, self.other, **self.owner("other"))
        join(root, self.outsider, rollcallAgentDN=f"cn=agent,{BASE}".encode())
        for connection, member in ((self.member, self.me), (root, self.other), (root, self.outsider)):
            connection.add_s(fact_dn(member, 1), fact_entry(member, 1))


class SlapdHouse(House):
    """Its service user is taken for its member, without an account."""

    def __init__(self, root):
        super().__init__(Server(root))
        self.me = self.server.member
        allow_passwords(self.server)
        self.server.start()
        for name in ("user", "agent"):
            # No schema of people is loaded.
            self.server.as_root().add_s(f"cn={name},{BASE}", [
                ("objectClass", [b"rollcallContainer", b"extensibleObject"]), ("cn", [name.encode()]),
                ("userPassword", [b"secret"])])
        self.member = self.server.as_member()
        self.fill()

    def owner(self, _: str) -> dict[str, bytes]:
        return {}


class House389(House):
    """Every member binds as an account of the group of agents."""

    def __init__(self, root):
        super().__init__(Server389(root))
        self.me = str(uuid.uuid4())
        self.server.start()
        self.server.set_access()
        people = [self.server.add_user(name) for name in ("me", "other", "agent", "joiner", "user")]
        self.server.add_group("agents", *people[:-1])
        self.member = self.server.bound(f"cn=me,{BASE}", "secret")
        self.fill()

    def owner(self, name: str) -> dict[str, bytes]:
        return {"rollcallAgentDN": f"cn={name},{BASE}".encode()}


HOUSES = {"slapd": SlapdHouse, "389ds": House389}


@pytest.fixture(scope="module", params=HOUSES)
def house(root, request):
    place = root / f"house-{request.param}-{secrets.token_hex(2)}"
    place.mkdir()
    one = HOUSES[request.param](place)
    yield one
    one.server.kill()


@pytest.fixture(scope="module")
def slapd(root):
    (root / "slapd").mkdir()
    one = SlapdHouse(root / "slapd")
    yield one
    one.server.kill()


def test_the_service_user_is_its_member(slapd):
    assert slapd.member.whoami_s() == f"dn:{member_dn(slapd.me)}"


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


def check_joiner(joiner, own: str, **owner: bytes) -> None:
    stranger, forged = str(uuid.uuid4()), {"rollcallAgentDN": f"cn=other,{BASE}".encode()}
    for said in ({}, forged):
        assert denied(joiner.add_s, member_dn(stranger), member_entry(stranger, **said))
        assert denied(joiner.add_s, container_dn(stranger), container_entry(stranger, **said))
    assert denied(joiner.add_s, f"cn=x,cn=facts,{BASE}", container_entry("x"))
    join(joiner, own, **owner)


def test_a_joiner_makes_its_own_entries_and_nobody_elses_on_slapd(root):
    (root / "joiner").mkdir()
    server = Server(root / "joiner")
    try:
        server.start()
        check_joiner(server.as_member(), server.member)
    finally:
        server.kill()


@pytest.mark.parametrize("house", ["389ds"], indirect=True)
def test_a_joiner_makes_its_own_entries_and_nobody_elses_on_389ds(house):
    check_joiner(house.server.bound(f"cn=joiner,{BASE}", "secret"), str(uuid.uuid4()), **house.owner("joiner"))


def test_nobody_makes_a_container_in_that_of_another(house):
    mine = {"rollcallAgentDN": f"cn=agent,{BASE}".encode()}
    assert denied(house.agent.add_s, f"cn=x,{container_dn(house.other)}", container_entry("x", **mine))
    assert denied(house.agent.add_s, f"cn=x,{member_dn(house.other)}", member_entry("x", **mine))


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


def report_dn(member: str) -> str:
    return f"cn={member},cn=reports,{BASE}"


def report_entry(name: str, **more: bytes) -> list:
    return ldap.modlist.addModlist({"objectClass": [b"rollcallMemberReport"], "cn": [name.encode()], "rollcallReport": [b"{}"],
                                    "rollcallReported": [b"20260601080000Z"],
                                    **{attribute: [value] for attribute, value in more.items()}})


def test_a_member_reports_and_answers_in_its_own_name_only(house):
    answer = [("objectClass", [b"rollcallAnswer"]), ("cn", [b"x"]), ("rollcallOutcome", [b"done"]),
              ("rollcallReported", [b"20260601080000Z"])]
    for connection, own, other, owner in ((house.member, house.me, house.outsider, house.owner("me")),
                                          (house.agent, house.outsider, house.me,
                                           {"rollcallAgentDN": f"cn=agent,{BASE}".encode()})):
        assert denied(house.user.add_s, report_dn(own), report_entry(own, **owner))
        connection.add_s(report_dn(own), report_entry(own, **owner))
        connection.add_s(f"cn=a.test.,{report_dn(own)}", report_entry("a.test.", rollcallZone=b"a.test."))
        connection.add_s(f"cn=x,{report_dn(own)}", answer)
        for dn in (report_dn(own), f"cn=a.test.,{report_dn(own)}"):
            connection.modify_s(dn, [(ldap.MOD_REPLACE, "rollcallReport", [b"[]"])])
        assert denied(connection.add_s, f"cn=y,{report_dn(other)}", answer)
        assert denied(connection.add_s, f"cn=b.test.,{report_dn(other)}", report_entry("b.test.", **owner))
    for dn in (report_dn(house.me), f"cn=a.test.,{report_dn(house.me)}"):
        for connection in (house.agent, house.user):
            assert denied(connection.modify_s, dn, [(ldap.MOD_REPLACE, "rollcallReport", [b"forged"])])


def test_a_request_is_added_by_who_may_and_never_changed(house):
    dn = f"cn=ask,cn=requests,{BASE}"
    entry = [("objectClass", [b"rollcallRequest"]), ("cn", [b"ask"]), ("rollcallWish", [b"roll"]),
             ("rollcallZone", [b"a.test."]), ("rollcallCreated", [b"20260601080000.000000000Z"])]
    assert denied(house.user.add_s, dn, entry)
    house.agent.add_s(dn, entry)
    for connection in (house.user, house.member, house.agent):
        assert denied(connection.modify_s, dn, [(ldap.MOD_REPLACE, "rollcallWish", [b"ds-published"])])
        assert denied(connection.delete_s, dn)


def sees_nothing(connection) -> bool:
    try:
        return not connection.search_s(BASE, ldap.SCOPE_SUBTREE)
    except (ldap.UNWILLING_TO_PERFORM, ldap.NO_SUCH_OBJECT):
        return True


def test_who_does_not_say_who_he_is_sees_nothing(house):
    if isinstance(house, SlapdHouse):
        nobody = house.server.over_tls()
        with pytest.raises(ldap.INAPPROPRIATE_AUTH):
            nobody.simple_bind_s("", "")
    else:
        nobody = house.server.bound("", "")
    assert sees_nothing(nobody)


def test_the_network_needs_tls(slapd):
    plain = ldap.initialize(slapd.server.uri)
    with pytest.raises(ldap.CONFIDENTIALITY_REQUIRED):
        plain.simple_bind_s(f"cn=replication,{BASE}", slapd.server.secret())


def test_a_peer_may_change_the_list_of_peers_and_nothing_else_of_the_configuration(slapd):
    peer = slapd.server.as_root()
    (_, seen), = peer.search_s("olcDatabase={1}mdb,cn=config", ldap.SCOPE_BASE)
    assert set(seen) <= {"objectClass", "olcSyncrepl", "olcMultiProvider"}
    assert denied(peer.modify_s, "cn=config", [(ldap.MOD_REPLACE, "olcLogLevel", [b"any"])])
    assert denied(peer.modify_s, "olcDatabase={1}mdb,cn=config", [(ldap.MOD_REPLACE, "olcAccess", [b"to * by * write"])])
    assert denied(peer.add_s, "cn=module,cn=config", [("objectClass", [b"olcModuleList"]), ("cn", [b"module"])])
    assert denied(peer.search_s, "cn=config", ldap.SCOPE_BASE)
