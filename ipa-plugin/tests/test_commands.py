# SPDX-License-Identifier: GPL-3.0-or-later
"""What `ipa` shows of keys, zones and agents: from the agent on the server, from the directory, and in trouble."""
import pytest
from ipalib import errors

import ipatree
from conftest import MEMBERS, host, serve
from faultlib import POLICY, ZONE
from ipatest import IpaServer
from ipatree import DNS_ADMIN, ORDINARY
from labtest import await_that
from lablib import cluster as clusters
from rollcall_ipa import changes

# Commands that show what agents say, in process and as words of `ipa`.
SHOWING = (("dnssec_keymanager_info",), ("dnssec_keymanager_find",), ("dnssec_zone_find",), ("dnssec_zone_show", "example.test"),
           ("dnssec_zone_ds", "example.test"))
EVERY = (("health",), ("dnssec-keymanager-info",), ("dnssec-keymanager-find",), ("dnssec-keymanager-set", "--random"),
         ("dnssec-keymanager-forget", host("c")), ("dnssec-zone-find",), ("dnssec-zone-show", "example.test"),
         ("dnssec-zone-ds", "example.test"), ("dnssec-zone-roll", "example.test", "--role=zsk"))


@pytest.fixture(params=["with_agent", "without_agent"])
def server(request):
    """The one asks its agent, the other has only the directory."""
    return request.getfixturevalue(request.param)


def told(server, wanted, **options):
    """`info` once it says what is wanted: reports follow within a second or two."""
    def check():
        entry = server.call(ORDINARY, "dnssec_keymanager_info", **options)["result"]
        return wanted(entry) and entry
    await_that("info says it", check)
    return check()


def messages(answer) -> str:
    return " ".join(message["message"] for message in answer.get("messages", ()))


def test_info_names_what_the_thread_asks_for(server, cluster):
    clusters.set_policy(cluster.lab, "a", zsk_lifetime=400 * 86400)
    try:
        told(server, lambda entry: "next_keys" in entry and "last_keys_made" in entry)
        done = server.ipa(ORDINARY, "dnssec-keymanager-info")
        assert done.returncode == 0, done.stderr
        words = " ".join(done.stdout.split())
        for field in ("Appointed server: none: any server, at random", "Keys store: ldapi", "Last time keys generated: 20",
                      "Next time keys need to be generated: 20", "Mode: random", "According to:",
                      *(f"{host(name)} (serving, last heartbeat 20" for name in MEMBERS)):
            assert field in words, done.stdout
    finally:
        clusters.set_policy(cluster.lab, "a", **POLICY)


def test_info_with_all_tells_of_each_member(server):
    done = server.ipa(ORDINARY, "dnssec-keymanager-info", "--all")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Member UUID:") == len(MEMBERS)
    assert "Agent version:" in done.stdout and "Epoch of the master key: 1" in done.stdout


def test_find_shows_every_member_once(server):
    done = server.ipa(ORDINARY, "dnssec-keymanager-find")
    assert done.returncode == 0, done.stderr
    assert [line.split()[-1] for line in done.stdout.splitlines() if "Server:" in line] == [host(n) for n in MEMBERS]
    assert f"{len(MEMBERS)} servers with a DNSSEC key manager" in done.stdout
    assert server.ipa(ORDINARY, "dnssec-keymanager-find", "no-such").returncode == 1


def test_the_agents_zones_are_found_and_shown(server):
    await_that("the zone is reported", lambda: server.call(ORDINARY, "dnssec_zone_find")["count"] == 1)
    found = server.ipa(ORDINARY, "dnssec-zone-find")
    assert found.returncode == 0 and f"Zone: {ZONE}" in found.stdout and "State: " in found.stdout
    await_that("both keys are reported", lambda: len(
        server.call(ORDINARY, "dnssec_zone_show", "example.test")["result"]["keys"]) == 2)
    shown = server.ipa(ORDINARY, "dnssec-zone-show", "Example.Test")
    assert shown.returncode == 0, shown.stderr
    for words in ("Role: KSK", "Role: ZSK", "Algorithm: ECDSAP256SHA256", "DNSKEY omnipresent"):
        assert words in shown.stdout, shown.stdout


def test_the_ds_can_be_pasted(server, cluster):
    await_that("a DS is reported", lambda: server.call(ORDINARY, "dnssec_zone_ds", "example.test")["result"].get("ds_keys"))
    told_by_agent = cluster.ask("a", "ds-show", zone=ZONE)["keys"][0]["ds"][0]
    done = server.ipa(ORDINARY, "dnssec-zone-ds", "example.test")
    assert done.returncode == 0, done.stderr
    assert told_by_agent.split()[-1] in done.stdout.replace("\n", "").replace(" ", "")


def test_both_sources_tell_the_same(with_agent, without_agent):
    names = ("mode", "appointed_server", "zones_signed", "zones_rolling", "zones_unsigned", "master_key", "cluster")

    def both():
        pair = [server.call(ORDINARY, "dnssec_keymanager_info", all=True)["result"] for server in (with_agent, without_agent)]
        return [[entry.get(name) for name in names] for entry in pair]
    await_that("they agree", lambda: both()[0] == both()[1])
    keys = [server.call(ORDINARY, "dnssec_zone_show", "example.test")["result"]["keys"] for server in (with_agent, without_agent)]
    assert [key["key_tag"] for key in keys[0]] == [key["key_tag"] for key in keys[1]]


def test_a_zone_that_is_not_managed_is_not_found(server):
    for command, *words in (("show",), ("ds",), ("ds", "--published"), ("roll", "--role=zsk")):
        done = server.ipa(ORDINARY, f"dnssec-zone-{command}", "nowhere.test", *words)
        assert done.returncode == 2, done.stderr
        assert "nowhere.test.: DNS zone not found" in done.stderr
    with pytest.raises(errors.ConversionError):
        server.call(ORDINARY, "dnssec_zone_show", "two..dots")


def test_while_the_agent_of_this_server_is_down_the_directory_tells_and_says_so(with_agent, cluster):
    cluster.lab.kill("a", ["agent"])
    try:
        answer = with_agent.call(ORDINARY, "dnssec_keymanager_info")
        assert "The agent on this server does not answer" in messages(answer)
        for command, *words in SHOWING:
            assert "does not answer" in messages(with_agent.call(ORDINARY, command, *words)), command
        assert answer["result"]["mode"] == "random"
        shown = with_agent.ipa(ORDINARY, "dnssec-zone-show", "example.test")
        assert shown.returncode == 0 and "Role: KSK" in shown.stdout
        assert "does not answer" in shown.stdout + shown.stderr
    finally:
        cluster.lab.start("a", ["agent"])
    cluster.await_calm()


def test_a_view_that_a_cut_made_old_is_called_old(cluster, tmp_path, monkeypatch):
    """On a server that replicates with nobody and whose agent is down everything there was is still told, and may be asked for."""
    monkeypatch.setattr(changes, "PATIENCE", 0.0)
    cut_off = serve(cluster.lab, tmp_path / "c", "c", False)
    try:
        cluster.lab.kill("c", ["agent"])
        for other in "ab":
            cluster.lab.cut("c", other)
        for command, *words in SHOWING:
            await_that(f"{command} says so", lambda: "agents or replication have stopped" in messages(
                cut_off.call(ORDINARY, command, *words)))
        assert cut_off.call(ORDINARY, "dnssec_zone_find")["count"] == 1
        for command, args, options in (("dnssec_keymanager_set", (host("b"),), {}), ("dnssec_keymanager_set", (), {"random": True}),
                                       ("dnssec_zone_roll", ("example.test",), {"role": "zsk"})):
            answer = cut_off.call(DNS_ADMIN, command, *args, **options)
            assert "agents or replication have stopped" in messages(answer), command
    finally:
        cluster.lab.heal()
        cluster.lab.start("c", ["agent"])
        cut_off.close()
    cluster.await_calm()


def test_a_silent_member_is_called_silent(server, cluster):
    cluster.lab.kill("c", ["agent"])
    try:
        await_that("c is silent", lambda: any(
            entry["replica"] == host("c") and entry.get("silent")
            for entry in server.call(ORDINARY, "dnssec_keymanager_find")["result"]))
    finally:
        cluster.lab.start("c", ["agent"])
    cluster.await_calm()


def test_while_the_directory_is_down_nothing_is_told_but_that(without_agent, cluster):
    cluster.lab.kill("b", ["slapd"])
    try:
        for words in EVERY:
            done = without_agent.ipa(DNS_ADMIN, *words)
            assert done.returncode == 1 and "cannot connect" in done.stderr.lower(), done
            assert not done.stdout, done
    finally:
        cluster.lab.start("b", ["slapd"])
    cluster.await_calm()


def test_every_command_was_asked_while_the_directory_was_down(with_agent):
    assert {words[0].replace("-", "_") for words in EVERY} == {command.name for command in with_agent.api.Command()}


def test_where_rollcall_was_never_set_up_the_error_says_so(tree, tmp_path):
    server = IpaServer(tmp_path / "bare", tree.member("a")["ldapi"], basedn=ipatree.MASTERS)
    try:
        with pytest.raises(errors.NotFound, match="No DNSSEC key manager is set up here"):
            server.call(ORDINARY, "dnssec_keymanager_info")
        assert server.ipa(ORDINARY, "dnssec-zone-show", "example.test").returncode == 2
    finally:
        server.close()
