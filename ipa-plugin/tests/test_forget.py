# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that is gone for good is given up by `ipa`: by whom that may be asked, and what is refused."""
import pytest
from ipalib import errors

from conftest import host
from faultlib import PATIENCE
from ipatree import DNS_ADMIN, ORDINARY
from labtest import await_that


def members(cluster, name: str) -> list[str]:
    return sorted(line["host"] for line in cluster.status(name)["members"] if line["in_roster"])


def test_who_is_no_member_is_not_found(with_agent):
    done = with_agent.ipa(DNS_ADMIN, "dnssec-keymanager-forget", "nobody.lab.test")
    assert done.returncode == 2 and "nobody.lab.test: no DNSSEC key manager is a member" in done.stderr


def test_a_server_that_answers_is_not_given_up(with_agent, cluster):
    done = with_agent.ipa(DNS_ADMIN, "dnssec-keymanager-forget", host("c"))
    assert done.returncode == 1 and "refused the request" in done.stderr, done.stderr
    assert members(cluster, "a") == [host(name) for name in cluster.names]


def test_an_ordinary_user_gives_up_nobody(with_agent):
    with pytest.raises(errors.ACIError):
        with_agent.call(ORDINARY, "dnssec_keymanager_forget", (host("c"),))
    done = with_agent.ipa(ORDINARY, "dnssec-keymanager-forget", host("c"))
    assert done.returncode == 1 and "Insufficient access" in done.stderr, done.stderr


def test_a_server_that_is_gone_is_given_up_by_all_others(without_agent, cluster):
    """Asked on a server without an agent; the last test, since it takes the lab apart."""
    cluster.lab.kill("c")
    await_that("b misses c", lambda: cluster.is_silent("b", "c"), PATIENCE)
    done = without_agent.ipa(DNS_ADMIN, "dnssec-keymanager-forget", host("c"))
    assert done.returncode == 0, done.stderr
    assert "State of the request: done" in done.stdout
    for name in "ab":
        await_that(f"{name} has given c up", lambda: members(cluster, name) == [host("a"), host("b")], PATIENCE)
    await_that("ipa shows who is left", lambda: without_agent.call(ORDINARY, "dnssec_keymanager_find")["count"] == 2)
