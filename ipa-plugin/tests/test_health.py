# SPDX-License-Identifier: GPL-3.0-or-later
"""`ipa health`: what the agents left in the directory, on servers with and without an agent."""
import json

import ldap
import pytest
from ipalib import errors

import ipatree
from conftest import host
from ipatest import IpaServer
from ipatree import ORDINARY
from labtest import await_that
from lablib import directory


@pytest.fixture(params=["with_agent", "without_agent"])
def server(request):
    return request.getfixturevalue(request.param)


def left_by(cluster, name, seen_at="abc", **changes):
    """Has an agent check, and says what it left, changed as a test needs it, when these directories have it."""
    said = cluster.ask(name, "health")
    said.pop("warnings")
    dn = f"cn={said['self']['member']},cn=reports,{cluster.lab.info()['base']}"

    def await_at(directories, now):
        for one in directories:
            connection = directory.connect(cluster.lab.member(one))

            def has_it():
                report = connection.read_s(dn, attrlist=["rollcallHealth"]) or {}
                return now.encode() in report.get("rollcallHealth", [b""])[0]
            await_that(f"{one}'s directory has what {name} found", has_it)
    if changes:
        await_at(name, said["now"])  # or the agent writes over what the test wrote
        said.update(changes)
        directory.connect(cluster.lab.member(name)).modify_s(
            dn, [(ldap.MOD_REPLACE, "rollcallHealth", [json.dumps(said).encode()])])
    await_at(seen_at, said["now"])
    return said


def test_the_findings_are_shown_with_their_cures(server, cluster):
    finding = {"key": "member-silent:x", "check": "member-silent", "level": "warning", "about": "x.lab.test",
               "what": "nothing was heard of it for 9h", "cure": "start it"}
    said = left_by(cluster, "a", level="warning", code=1, findings=[finding], now="2099-01-01T00:00:00Z")
    try:
        done = server.ipa(ORDINARY, "health")
        assert done.returncode == 0, done.stderr
        for words in ("Health: warning", "About: x.lab.test", "Finding: nothing was heard of it for 9h", "Cure: start it",
                      f"{host('a')}: warning, {said['now']}"):
            assert words in done.stdout, done.stdout
    finally:
        left_by(cluster, "a")


def test_the_newest_check_counts_and_each_member_is_named(server, cluster):
    for name in "abc":
        left_by(cluster, name)
    assert len(server.call(ORDINARY, "health")["result"]["checks"]) == 3


def test_what_a_server_found_of_itself_counts_beside_a_newer_check(server, cluster):
    """Of its disk nobody else knows; of others the newer check knows better."""
    def found(check, about):
        return {"key": f"{check}:{about}", "check": check, "level": "critical", "about": about, "what": f"{check} of {about}",
                "cure": "help"}
    left_by(cluster, "b", level="critical", now="2099-01-01T00:00:00Z",
            findings=[found("disk", host("b")), found("replica", host("c"))])
    left_by(cluster, "a", now="2099-01-01T00:00:01Z", findings=[])
    try:
        result = server.call(ORDINARY, "health")["result"]
        assert result["level"] == "critical"
        assert [one["finding"] for one in result["findings"]] == [f"disk of {host('b')}"]
        left_by(cluster, "a", now="2099-01-03T00:00:00Z", findings=[])
        assert server.call(ORDINARY, "health")["result"]["level"] == "ok"  # that of b is old
    finally:
        left_by(cluster, "a")
        left_by(cluster, "b")


def test_an_old_check_is_called_old(server, cluster):
    for name in "abc":
        left_by(cluster, name, now="2020-01-01T00:00:00Z")
    try:
        assert "timer or replication have stopped" in str(server.call(ORDINARY, "health").get("messages"))
    finally:
        for name in "abc":
            left_by(cluster, name)


def test_what_cannot_be_read_is_left_out(server, cluster):
    connection = directory.connect(cluster.lab.member("a"))
    member = left_by(cluster, "a")["self"]["member"]
    left_by(cluster, "b")
    dn = f"cn={member},cn=reports,{cluster.lab.info()['base']}"
    connection.modify_s(dn, [(ldap.MOD_REPLACE, "rollcallHealth", [b"{"])])
    try:
        await_that("a is left out", lambda: host("a") not in str(server.call(ORDINARY, "health")["result"]["checks"]))
    finally:
        left_by(cluster, "a")


def test_what_was_not_looked_at_is_a_note(server, cluster):
    finding = {"key": "not-compared:x", "check": "not-compared", "level": "ok", "about": "x.lab.test",
               "what": "its directory was not compared: why", "cure": "name it"}
    left_by(cluster, "a", level="ok", code=0, findings=[finding], now="2099-01-01T00:00:00Z")
    try:
        done = server.ipa(ORDINARY, "health")
        assert done.returncode == 0 and "Level: note" in done.stdout and "Health: ok" in done.stdout, done.stdout
    finally:
        left_by(cluster, "a")


def test_while_the_directory_is_down_nothing_is_told_but_that(without_agent, cluster):
    cluster.lab.kill("b", ["slapd"])
    try:
        done = without_agent.ipa(ORDINARY, "health")
        assert done.returncode == 1 and "cannot connect" in done.stderr.lower(), done.stderr
    finally:
        cluster.lab.start("b", ["slapd"])
    cluster.await_calm()


def test_who_may_not_see_it_is_told_so(server, cluster):
    """In LDAP what one may not see is not there."""
    left_by(cluster, "a")
    base = cluster.lab.info()["base"]
    connections = {name: directory.connect(cluster.lab.member(name)) for name in "abc"}
    connection = connections["b" if server.api.env.ldap_uri == cluster.lab.member("b")["ldapi"] else "a"]
    rule = (f'(targetattr = "*")(version 3.0; acl "a test: not that user"; deny (all) '
            f'userdn = "ldap:///{ipatree.user_dn(ORDINARY)}";)').encode()
    connection.modify_s(base, [(ldap.MOD_ADD, "aci", [rule])])
    try:
        done = server.ipa(ORDINARY, "health")
        assert done.returncode == 2 and "you may not see it" in done.stderr, done.stderr
        with pytest.raises(errors.NotFound):
            server.call(ORDINARY, "health")
        assert server.ipa(ipatree.KEY_ADMIN, "health").returncode == 0
    finally:
        connection.modify_s(base, [(ldap.MOD_DELETE, "aci", [rule])])
        for name, other in connections.items():  # or the next test meets it, or replication brings it back
            await_that(f"the rule has left {name}", lambda: rule not in other.read_s(base, attrlist=["aci"])["aci"])


def test_behind_a_cut_the_last_check_that_came_is_told_with_its_age(without_agent, cluster):
    """What b's server knows of a's check stays as it was; when that was is said."""
    before = left_by(cluster, "a")

    def of_a():
        return next(line for line in without_agent.call(ORDINARY, "health")["result"]["checks"] if line.startswith(host("a")))
    assert before["now"] in of_a()
    for other in "ac":
        cluster.lab.cut("b", other)
    try:
        later = left_by(cluster, "a", seen_at="a", now="2099-01-01T00:00:00Z")
        assert of_a().endswith(before["now"]) and later["now"] not in of_a()
        assert "Age: " in without_agent.ipa(ORDINARY, "health").stdout
    finally:
        cluster.lab.heal()
        left_by(cluster, "a")
    cluster.await_calm()


def test_where_rollcall_was_never_set_up_it_says_so(tree, tmp_path):
    server = IpaServer(tmp_path / "bare", tree.member("a")["ldapi"], basedn=ipatree.MASTERS)
    try:
        with pytest.raises(errors.NotFound, match="No DNSSEC key manager is set up here"):
            server.call(ORDINARY, "health")
        assert server.ipa(ORDINARY, "health").returncode == 2
    finally:
        server.close()
