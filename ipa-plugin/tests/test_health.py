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


def left_by(cluster, name, **changes):
    """Has an agent check, and says what it left, changed as a test needs it."""
    said = cluster.ask(name, "health")
    said.pop("warnings")
    if changes:
        connection = directory.connect(cluster.lab.member(name))
        member = said["self"]["member"]
        dn = f"cn={member},cn=reports,{cluster.lab.info()['base']}"
        connection.modify_s(dn, [(ldap.MOD_REPLACE, "rollcallHealth", [json.dumps({**said, **changes}).encode()])])
    return {**said, **changes}


def test_the_findings_are_shown_with_their_cures(server, cluster):
    finding = {"key": "member-silent:x", "check": "member-silent", "level": "warning", "about": "x.lab.test",
               "what": "nothing was heard of it for 9h", "cure": "start it"}
    said = left_by(cluster, "a", level="warning", code=1, findings=[finding], now="2099-01-01T00:00:00Z")
    try:
        await_that("it has arrived", lambda: server.call(ORDINARY, "health")["result"].get("findings"))
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
    await_that("all have arrived", lambda: len(server.call(ORDINARY, "health")["result"]["checks"]) == 3)


def test_an_old_check_is_called_old(server, cluster):
    for name in "abc":
        left_by(cluster, name, now="2020-01-01T00:00:00Z")
    try:
        await_that("it says so", lambda: "timer or replication have stopped" in str(
            server.call(ORDINARY, "health").get("messages")))
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


def test_where_rollcall_was_never_set_up_it_says_so(tree, tmp_path):
    server = IpaServer(tmp_path / "bare", tree.member("a")["ldapi"], basedn=ipatree.MASTERS)
    try:
        with pytest.raises(errors.NotFound, match="No DNSSEC key manager is set up here"):
            server.call(ORDINARY, "health")
        assert server.ipa(ORDINARY, "health").returncode == 2
    finally:
        server.close()
