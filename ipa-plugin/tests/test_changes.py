# SPDX-License-Identifier: GPL-3.0-or-later
"""What `ipa` changes: appointments and requests, by whom it may be done, and what is refused."""
import uuid

import ldap
import pytest
from ipalib import errors

import ipatree
from conftest import host
from faultlib import PATIENCE, ZONE
from ipatree import DNS_ADMIN, KEY_ADMIN, ORDINARY, WITHOUT_AGENT
from labtest import await_that
from lablib import directory, ds389

BASE = f"cn=rollcall,cn=dns,{ipatree.SUFFIX}"


def config(cluster, name: str = "a"):
    (_, entry), = directory.connect(cluster.lab.member(name)).search_s(f"cn=config,{BASE}", ldap.SCOPE_BASE)
    return entry


def flags(cluster, name: str = "a") -> list[str]:
    found = directory.connect(cluster.lab.member(name)).search_s(ipatree.MASTERS, ldap.SCOPE_SUBTREE,
                                                                 "(ipaConfigString=dnssecKeyManager)")
    return sorted(dn.split(",")[1].removeprefix("cn=") for dn, _ in found)


@pytest.fixture
def at_random(with_agent, cluster):
    """After the test nobody is appointed."""
    yield
    try:
        with_agent.call(DNS_ADMIN, "dnssec_keymanager_set", random=True)
    except errors.EmptyModlist:
        pass
    await_that("all agents know", lambda: all(cluster.status(name)["mode"] == "random" for name in cluster.names))


def test_an_appointment_is_followed_by_every_agent_and_marked_for_others(with_agent, cluster, at_random):
    done = with_agent.ipa(DNS_ADMIN, "dnssec-keymanager-set", "B.lab.test.", "--failover=c.lab.test")
    assert done.returncode == 0, done.stderr
    assert f"Appointed server: {host('b')}" in done.stdout and f"Fail-over servers: {host('c')}" in done.stdout
    for name in cluster.names:
        await_that(f"{name} follows", lambda: [one["host"] for one in cluster.status(name)["appointed"]] == [
            host("b"), host("c")])
        await_that(f"{name} sees the flag", lambda: flags(cluster, name) == [host("b")])
    assert f"Appointed server: {host('b')}" in with_agent.ipa(ORDINARY, "dnssec-keymanager-info").stdout
    assert "Appointment: fail-over 1" in with_agent.ipa(ORDINARY, "dnssec-keymanager-find", "c.lab").stdout


def test_without_new_failover_servers_the_present_ones_are_kept(with_agent, cluster, at_random):
    with_agent.call(KEY_ADMIN, "dnssec_keymanager_set", host("a"), failover=(host("b"), host("c")))
    await_that("a knows", lambda: len(cluster.status("a")["appointed"]) == 3)
    answer = with_agent.call(KEY_ADMIN, "dnssec_keymanager_set", host("b"))
    assert (answer["result"]["appointed_server"], answer["result"]["failover"]) == (host("b"), [host("c")])


def test_back_to_random(with_agent, cluster, at_random):
    with_agent.call(DNS_ADMIN, "dnssec_keymanager_set", host("a"))
    done = with_agent.ipa(DNS_ADMIN, "dnssec-keymanager-set", "--random")
    assert done.returncode == 0, done.stderr
    assert config(cluster)["rollcallMode"] == [b"random"] and "rollcallAppointed" not in config(cluster)
    assert flags(cluster) == []
    again = with_agent.ipa(DNS_ADMIN, "dnssec-keymanager-set", "--random")
    assert again.returncode == 1 and "no modifications to be performed" in again.stderr


def test_an_unknown_server_is_not_found_and_one_without_agent_is_refused(with_agent, cluster):
    before = config(cluster)
    unknown = with_agent.ipa(DNS_ADMIN, "dnssec-keymanager-set", "nobody.lab.test")
    assert unknown.returncode == 2 and "nobody.lab.test: server not found" in unknown.stderr
    bare = with_agent.ipa(DNS_ADMIN, "dnssec-keymanager-set", WITHOUT_AGENT)
    assert bare.returncode == 1 and f"no DNSSEC key manager is enabled on {WITHOUT_AGENT}" in bare.stderr
    with pytest.raises(errors.ValidationError, match="no DNSSEC key manager"):
        with_agent.call(DNS_ADMIN, "dnssec_keymanager_set", host("a"), failover=(WITHOUT_AGENT,))
    assert config(cluster) == before


def test_a_server_whose_service_is_switched_off_is_refused(with_agent, cluster):
    root = directory.connect(cluster.lab.member("a"))
    change = lambda text: root.modify_s(ipatree.service_dn(host("c")), [  # noqa: E731
        (ldap.MOD_REPLACE, "ipaConfigString", [text, b"startOrder 115"])])
    change(b"configuredService")
    try:
        with pytest.raises(errors.ValidationError, match="no DNSSEC key manager is enabled"):
            with_agent.call(DNS_ADMIN, "dnssec_keymanager_set", host("c"))
    finally:
        change(b"enabledService")


@pytest.mark.parametrize("words, error", [
    ((), errors.RequirementError),
    ((host("a"), dict(random=True)), errors.MutuallyExclusiveError),
    ((host("a"), dict(failover=(host("a"),))), errors.ValidationError),
    ((host("a"), dict(failover=(host("b"), host("b")))), errors.ValidationError)])
def test_words_that_contradict_are_refused(with_agent, words, error):
    args = [word for word in words if not isinstance(word, dict)]
    options = next((word for word in words if isinstance(word, dict)), {})
    with pytest.raises(error):
        with_agent.call(DNS_ADMIN, "dnssec_keymanager_set", *args, **options)


def test_an_ordinary_user_changes_nothing(with_agent, cluster):
    before = config(cluster)
    for words in (("dnssec-keymanager-set", host("a")), ("dnssec-zone-roll", "example.test", "--role=zsk"),
                  ("dnssec-zone-ds", "example.test", "--published")):
        done = with_agent.ipa(ORDINARY, *words)
        assert done.returncode == 1 and "Insufficient access" in done.stderr, done
    assert config(cluster) == before
    with pytest.raises(errors.ACIError):
        with_agent.call(ORDINARY, "dnssec_zone_roll", "example.test", role="zsk")


def test_nor_one_who_sees_no_more_than_the_names_of_servers(with_agent, cluster):
    """What is on a server is not to be seen: that is told from nothing being there."""
    root = directory.connect(cluster.lab.member("a"))
    rule = ('(targetattr = "objectClass || cn")(version 3.0; acl "a test: names of servers"; allow (read, search, compare) '
            f'userdn = "ldap:///{ipatree.user_dn(ORDINARY)}";)').encode()
    root.modify_s(ipatree.MASTERS, [(ldap.MOD_ADD, "aci", [rule])])
    try:
        done = with_agent.ipa(ORDINARY, "dnssec-keymanager-set", host("a"))
        assert done.returncode == 1 and "Insufficient access: you may not read cn=DNSKeyManager" in done.stderr, done
        assert with_agent.ipa(ORDINARY, "dnssec-keymanager-set", "nobody.lab.test").returncode == 2
    finally:
        root.modify_s(ipatree.MASTERS, [(ldap.MOD_DELETE, "aci", [rule])])


def test_two_marked_servers_are_reported_and_set_repairs_it(with_agent, cluster, at_random):
    with_agent.call(DNS_ADMIN, "dnssec_keymanager_set", host("a"), failover=(host("b"),))
    root = directory.connect(cluster.lab.member("a"))
    root.modify_s(ipatree.service_dn(host("c")), [(ldap.MOD_ADD, "ipaConfigString", [b"dnssecKeyManager"])])
    await_that("info complains", lambda: any(
        "More than one server is marked" in message["message"] and host("c") in message["message"]
        for message in with_agent.call(DNS_ADMIN, "dnssec_keymanager_info").get("messages", ())))
    with_agent.call(DNS_ADMIN, "dnssec_keymanager_set", host("b"), failover=(host("a"),))
    assert flags(cluster) == [host("b")]


@pytest.fixture(params=["with_agent", "without_agent"])
def server(request):
    return request.getfixturevalue(request.param)


def newest(cluster, role: str) -> int:
    return max(key["generation"] for key in cluster.zone("a")["keys"] if key["role"] == role)


def test_a_roll_asked_for_in_ipa_is_done_by_an_agent_and_told(server, cluster):
    await_that("no roll is under way", lambda: cluster.is_rolled(newest(cluster, "ZSK")) or newest(cluster, "ZSK") == 1, PATIENCE)
    generation = newest(cluster, "ZSK") + 1
    await_that("the report is as new", lambda: generation - 1 == max(int(key["generation"]) for key in server.call(
        DNS_ADMIN, "dnssec_zone_show", "example.test")["result"]["keys"] if key["role"] == "ZSK"))
    done = server.ipa(DNS_ADMIN, "dnssec-zone-roll", "example.test", "--role=zsk")
    assert done.returncode == 0, done.stderr
    assert "State of the request: done" in done.stdout and "Answered by: " in done.stdout, done.stdout
    cluster.await_rolled(generation)
    shown = server.call(DNS_ADMIN, "dnssec_zone_show", "example.test")["result"]
    assert any(line.startswith(f"roll ZSK ({DNS_ADMIN}@LAB.TEST): done by ") for line in shown["requests"])


def test_a_role_that_the_zone_has_not_is_refused_at_once(with_agent):
    with pytest.raises(errors.ValidationError, match="has no CSK"):
        with_agent.call(DNS_ADMIN, "dnssec_zone_roll", "example.test", role="csk")
    wrong = with_agent.ipa(DNS_ADMIN, "dnssec-zone-roll", "example.test", "--role=psk")
    assert wrong.returncode == 1 and "must be one of 'ksk', 'zsk', 'csk'" in wrong.stderr


def test_what_the_agent_refuses_is_told_with_its_reason(with_agent):
    done = with_agent.ipa(DNS_ADMIN, "dnssec-zone-ds", "example.test", "--published")
    assert done.returncode == 1
    assert "refused the request: no DS of zone example.test. is awaited" in done.stderr, done.stderr
    shown = with_agent.call(DNS_ADMIN, "dnssec_zone_show", "example.test")["result"]
    assert any("ds-published" in line and "refused by" in line and "is awaited" in line for line in shown["requests"])


def test_who_saw_the_ds_is_written_down_for_all(with_agent, cluster):
    """The agents of the lab ask the parent themselves as well, and wait for it to agree."""
    def words():
        return directory.connect(cluster.lab.member("b")).search_s(
            f"cn=facts,{BASE}", ldap.SCOPE_SUBTREE, f"(rollcallByHand={DNS_ADMIN}@LAB.TEST)")

    cluster.lab.pause_registry()
    try:
        generation = newest(cluster, "KSK") + 1
        cluster.ask("a", "roll", zone=ZONE, role="ksk")
        await_that("the DS is awaited", lambda: cluster.state("a", "KSK", generation, "DS") == "rumoured", PATIENCE)
        assert words() == []
        await_that("every member announces it", lambda: with_agent.ipa(
            DNS_ADMIN, "dnssec-zone-ds", "example.test", "--published").returncode == 0, PATIENCE)
        await_that("all have heard it", words)
    finally:
        cluster.lab.pause_registry(False)
    await_that("the parent has it", lambda: cluster.state("b", "KSK", generation, "DS") == "omnipresent", PATIENCE)


def test_a_request_waits_for_an_agent_and_is_not_lost(without_agent, cluster, monkeypatch):
    from rollcall_ipa import changes
    monkeypatch.setattr(changes, "PATIENCE", 0.0)
    zone = "twice.test."
    cluster.add("a", zone)
    await_that("it has keys", lambda: cluster.is_signed(zone), PATIENCE)
    await_that("they are reported", lambda: any(
        key["role"] == "ZSK" for key in _shown(without_agent, zone).get("keys", ())))
    cluster.lab.kill("a", ["agent"])
    cluster.lab.kill("b", ["agent"])
    cluster.lab.kill("c", ["agent"])
    try:
        answer = without_agent.call(DNS_ADMIN, "dnssec_zone_roll", "twice.test", role="zsk")
        assert answer["result"]["request_state"] == "pending"
        assert "No agent has answered yet" in " ".join(message["message"] for message in answer["messages"])
        assert _shown(without_agent, zone)["requests"] == [f"roll ZSK ({DNS_ADMIN}@LAB.TEST): pending"]
    finally:
        for name in "abc":
            cluster.lab.start(name, ["agent"])
    await_that("it is done", lambda: "done by" in _shown(without_agent, zone)["requests"][0], PATIENCE)
    assert cluster.key("a", "ZSK", 2, zone) or await_that("it rolls", lambda: cluster.key("a", "ZSK", 2, zone))


def _shown(server, zone: str):
    try:
        return server.call(DNS_ADMIN, "dnssec_zone_show", zone)["result"]
    except errors.NotFound:
        return {}


def test_a_request_that_comes_too_late_does_nothing(with_agent, cluster):
    """As one that was made behind a cut: its key was replaced meanwhile."""
    identity = str(uuid.uuid4())
    connection = ldap.initialize(cluster.lab.member("a")["ldapi"])
    connection.simple_bind_s(ipatree.user_dn(KEY_ADMIN), ds389.PASSWORD)
    ds389.add(connection, f"cn={identity},cn=requests,{BASE}", objectClass="rollcallRequest", rollcallWish="roll",
              rollcallZone=ZONE, rollcallRole="KSK", rollcallGeneration="0", rollcallAskedBy="late",
              rollcallCreated="20260601080000.000000000Z")
    await_that("it is refused", lambda: any(
        "roll KSK (late): refused by" in line and "the request was to replace KSK 0" in line
        for line in _shown(with_agent, ZONE)["requests"]))
