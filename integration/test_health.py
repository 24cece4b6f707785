# SPDX-License-Identifier: GPL-3.0-or-later
"""`rollcall health` on three real masters: all well, a directory that is down or lets nobody in, a cut, a member that is
silent, a DNS server that is down or serves something else."""
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Iterator

import ldap
import pytest

from faultlib import PATIENCE, POLICY, ZONE, Cluster, set_option
from labtest import await_that, processes_below, short_directory
from lablib import cluster as clusters
from lablib import directory
from lablib.cli import find_binaries
from lablib.client import Lab
from lablib.layout import Spec

MEMBERS = "abc"


@pytest.fixture(scope="module", params=["slapd", "389ds"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    place = short_directory()
    lab = Lab.up(Spec(str(place), find_binaries(), len(MEMBERS), [ZONE.rstrip(".")], zone_ttl=2, negative_ttl=1, parent_ttl=2,
                      engine=request.param))
    try:
        # On one machine the agents reach all directories by their sockets; each is told of the others.
        for name in MEMBERS:
            others = [f"{other}.lab.test={lab.member(other)['ldapi']}" for other in MEMBERS if other != name]
            set_option(place / name / "rollcalld.toml", "directory", replicas=others)
            lab.kill(name, ["agent"])
            lab.start(name, ["agent"])
        clusters.form(lab)
        clusters.set_policy(lab, "a", **POLICY)
        one = Cluster(lab)
        one.add("a", ZONE)
        for name in MEMBERS:
            await_that("the zone has its first keys", lambda: one.state(name, "KSK", 1, "DS") == "omnipresent", PATIENCE)
        yield one
    finally:
        lab.down()
    assert processes_below(place) == []
    shutil.rmtree(place)


def health(cluster: Cluster, who: str) -> "tuple[int, dict[str, Any]]":
    done = cluster.cli(who, "--json", "health")
    return done.returncode, json.loads(done.stdout)


def await_health(cluster: Cluster, who: str, wanted: Callable[[int, dict[str, Any]], object]) -> dict[str, Any]:
    seen: list[tuple[int, dict[str, Any]]] = []

    def check() -> object:
        seen.append(health(cluster, who))
        return wanted(*seen[-1])
    try:
        await_that("health says it", check, PATIENCE)
    except AssertionError as error:
        raise AssertionError(f"{error}; it says {seen[-1]}") from None
    return seen[-1][1]


def await_well(cluster: Cluster) -> None:
    for name in MEMBERS:
        await_health(cluster, name, lambda code, said: code == 0 and not said["findings"])


def keys(said: dict[str, Any]) -> set[str]:
    return {finding["key"] for finding in said["findings"]}


def test_what_changed_is_told_once(cluster: Cluster, tmp_path: Path) -> None:
    """To whoever reads the output, as cron does, and to a hook."""
    await_well(cluster)
    told = tmp_path / "told"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ncat >> {told}\n")
    hook.chmod(0o755)

    def ask() -> "subprocess.CompletedProcess[str]":
        return cluster.cli("a", "health", "--changed", "--hook", str(hook))

    assert ask().stdout == "" and not told.exists()
    cluster.lab.kill("b", ["slapd"])
    try:
        await_health(cluster, "a", lambda code, _: code == 1)  # who looks only takes it from nobody
        await_that("it is told", lambda: "b.lab.test" in ask().stdout, PATIENCE)
        first = json.loads(told.read_text().splitlines()[0])
        assert first["changed"] and any("b.lab.test" in finding["about"] for finding in first["findings"])
        assert not health(cluster, "a")[1]["changed"]
    finally:
        cluster.lab.start("b", ["slapd"])
    await_well(cluster)


def test_a_hook_that_cannot_be_run_is_named(cluster: Cluster, tmp_path: Path) -> None:
    await_well(cluster)
    cluster.lab.kill("b", ["slapd"])
    try:
        done = cluster.cli("c", "health", "--hook", str(tmp_path / "none"))
        assert done.returncode == 3 and f"hook {tmp_path}/none: cannot be started" in done.stderr, done
        assert "b.lab.test" in done.stdout
    finally:
        cluster.lab.start("b", ["slapd"])
    await_well(cluster)


def test_three_that_are_well(cluster: Cluster) -> None:
    await_well(cluster)
    _, said = health(cluster, "b")
    assert sorted(replica["host"] for replica in said["replicas"]) == [f"{name}.lab.test" for name in MEMBERS]
    assert all(replica["answers"] and replica["probe_ms"] is not None for replica in said["replicas"])
    assert len({replica["facts"] for replica in said["replicas"]}) == 1 and said["replicas"][0]["facts"] > 0
    shown = cluster.cli("b", "health")
    assert shown.returncode == 0 and shown.stdout.startswith("ROLLCALL OK - nothing is wrong, seen from b.lab.test")


def test_what_was_found_is_left_in_the_directory(cluster: Cluster) -> None:
    _, said = health(cluster, "a")
    found = directory.connect(cluster.lab.member("a")).search_s(
        f"cn=reports,{cluster.lab.info()['base']}", ldap.SCOPE_ONELEVEL, "(rollcallHealth=*)", ["rollcallHealth"])
    left = [json.loads(entry["rollcallHealth"][0]) for _, entry in found]
    said.pop("warnings")
    assert said in left


def test_a_master_that_is_dead_is_named(cluster: Cluster) -> None:
    cluster.lab.kill("c")
    try:
        code, said = health(cluster, "a")  # the directory is missed at once, the member when it has been silent for long
        assert code == 1 and "replica:c.lab.test" in keys(said), said
        said = await_health(cluster, "a", lambda _, now: "member-silent:c.lab.test" in keys(now))
        assert all(finding["cure"] for finding in said["findings"])
        shown = cluster.cli("a", "health")
        assert shown.returncode == 1 and "c.lab.test: its directory does not answer" in shown.stdout
    finally:
        cluster.lab.start("c")
    await_well(cluster)


def test_a_ds_that_does_not_come_to_the_parent_is_found(cluster: Cluster) -> None:
    generation = max(key["generation"] for key in cluster.zone("a")["keys"] if key["role"] == "KSK") + 1
    cluster.lab.pause_registry()
    try:
        clusters.set_policy(cluster.lab, "a", missing_keys_alarm=1)
        cluster.ask("a", "roll", zone=ZONE, role="ksk")
        said = await_health(cluster, "b", lambda _, now: any(key.startswith(f"ds:{ZONE}:overdue the DS of KSK") for key in keys(now)))
        found = [finding for finding in said["findings"] if "has to appear at the parent" in finding["what"]]
        tag = cluster.key("b", "KSK", generation)["key_tag"]
        assert [finding["level"] for finding in found] == ["warning"] and f"KSK {tag}" in found[0]["what"], said
        assert f"rollcall ds show {ZONE}" in found[0]["cure"]
    finally:
        cluster.lab.pause_registry(False)
    await_well(cluster)
    clusters.set_policy(cluster.lab, "a", **POLICY)


def test_a_roll_by_hand_that_hangs_is_found(cluster: Cluster) -> None:
    clusters.set_policy(cluster.lab, "a", missing_keys_alarm=1)
    assert cluster.cli("a", "policy", "set", "default", "manual=yes").returncode == 0
    generation = cluster.roll("a")
    said = await_health(cluster, "c", lambda _, now: any(key.startswith(f"held:{ZONE}:") for key in keys(now)))
    found, = said["findings"]
    assert "is held, and nothing has changed for" in found["what"] and f"rollcall step {ZONE}" in found["what"], found
    assert cluster.cli("a", "policy", "set", "default", "manual=no").returncode == 0
    clusters.set_policy(cluster.lab, "a", **POLICY)
    cluster.await_rolled(generation)
    await_well(cluster)


def let_read_replication(cluster: Cluster) -> str:
    """What a server tells of its replication; gives the attribute. In 389-ds an administrator has to allow it."""
    if cluster.lab.info()["engine"] == "slapd":
        return "contextCSN"
    rule = ('(targetattr = "*")(targetfilter = "(|(objectclass=nsds5Replica)(objectclass=nsds5replicationagreement))")'
            '(version 3.0; acl "agents see replication"; allow (read, search, compare) userdn = "ldap:///all";)')
    for name in MEMBERS:
        connection = directory.connect(cluster.lab.member(name))
        try:
            connection.modify_s("cn=mapping tree,cn=config", [(ldap.MOD_ADD, "aci", [rule.encode()])])
        except ldap.TYPE_OR_VALUE_EXISTS:
            pass
    return "nsds50ruv"


def test_a_cut_is_seen_from_either_side_with_what_the_servers_tell_of_it(cluster: Cluster) -> None:
    attribute = let_read_replication(cluster)
    for other in "ab":
        cluster.lab.cut("c", other)
    try:
        for who, missed in (("a", "c"), ("c", "a")):
            code, said = health(cluster, who)
            assert code == 1 and f"replication:{missed}.lab.test" in keys(said), said
            finding = next(one for one in said["findings"] if one["key"] == f"replication:{missed}.lab.test")
            assert f"by its {attribute} it lacks the changes of the last" in finding["what"], finding
    finally:
        cluster.lab.heal()
    await_well(cluster)


def test_facts_that_a_directory_lacks_are_counted(cluster: Cluster) -> None:
    """What is asked for while it is cut off is a fact that it cannot have."""
    for other in "ab":
        cluster.lab.cut("c", other)
    try:
        generation = cluster.roll("a")
        said = await_health(cluster, "a", lambda _, now: "entries:c.lab.test:lacks" in keys(now))
        assert [replica["host"] for replica in said["replicas"] if replica["lacks"]] == ["c.lab.test"]
    finally:
        cluster.lab.heal()
    cluster.await_rolled(generation)
    await_well(cluster)


def test_the_directory_of_the_agent_is_down(cluster: Cluster) -> None:
    cluster.lab.kill("b", ["slapd"])
    try:
        code, said = health(cluster, "b")
        assert code == 2 and "probe:b.lab.test" in keys(said), said
        assert said["warnings"]
    finally:
        cluster.lab.start("b", ["slapd"])
    await_well(cluster)


def test_an_agent_that_is_down_is_critical(cluster: Cluster) -> None:
    cluster.lab.kill("b", ["agent"])
    try:
        done: subprocess.CompletedProcess[str] = cluster.cli("b", "health")
        assert done.returncode == 2 and "rollcall:" in done.stderr
    finally:
        cluster.lab.start("b", ["agent"])
    await_well(cluster)


def test_a_directory_that_does_not_let_the_agent_in_is_not_compared(cluster: Cluster) -> None:
    """A password that was changed there and has not come here."""
    if cluster.lab.info()["engine"] == "slapd":
        pytest.skip("an embedded directory knows agents by their user")
    connection, account = directory.connect(cluster.lab.member("c")), "uid=agent-a,ou=services,dc=lab,dc=test"
    (_, entry), = connection.search_s(account, ldap.SCOPE_BASE, attrlist=["userPassword"])
    for other in "ab":
        cluster.lab.cut("c", other)
    try:
        connection.modify_s(account, [(ldap.MOD_REPLACE, "userPassword", [b"another"])])
        code, said = health(cluster, "a")
        finding = next(one for one in said["findings"] if one["about"] == "c.lab.test" and one["check"] == "not-compared")
        assert code == 1 and "does not let this agent in" in finding["what"] and "account" in finding["cure"]
    finally:
        connection.modify_s(account, [(ldap.MOD_REPLACE, "userPassword", entry["userPassword"])])
        cluster.lab.heal()
    await_well(cluster)


def test_a_replica_that_nobody_named_is_a_note(cluster: Cluster) -> None:
    config = cluster.place("b") / "rollcalld.toml"
    text = config.read_text()
    try:
        set_option(config, "directory", replicas=None)
        cluster.restart_agent("b")
        said = await_health(cluster, "b", lambda code, now: code == 0 and len(now["findings"]) == 2)
        assert keys(said) == {"not-compared:a.lab.test", "not-compared:c.lab.test"}
        assert all(finding["level"] == "ok" and finding["cure"] for finding in said["findings"])
        shown = cluster.cli("b", "health")
        assert shown.returncode == 0 and "nothing is wrong (2 notes)" in shown.stdout
    finally:
        config.write_text(text)
        cluster.restart_agent("b")
    await_well(cluster)


def served(said: dict[str, Any], host: str) -> list[str]:
    return [finding["what"] for finding in said["findings"] if finding["check"] == "served" and finding["about"] == host]


def test_a_dns_server_that_is_down_is_seen_from_elsewhere(cluster: Cluster) -> None:
    cluster.lab.kill("b", ["named"])
    try:
        await_health(cluster, "a", lambda _, now: any("does not give it" in what for what in served(now, "b.lab.test")))
    finally:
        cluster.lab.start("b", ["named"])
    await_well(cluster)


def test_a_server_that_serves_something_else_is_critical(cluster: Cluster) -> None:
    """Its zone is not signed, as after the wrong line in its configuration; nobody asks its own agent."""
    conf = cluster.place("b") / "named.conf"
    text = conf.read_text()
    assert "auto-dnssec maintain;" in text and "inline-signing yes;" in text
    cluster.lab.kill("b", ["agent"])
    try:
        conf.write_text(text.replace("auto-dnssec maintain;", "").replace("inline-signing yes;", ""))
        cluster.rndc("b", "reconfig")
        said = await_health(cluster, "a", lambda code, now: code == 2 and served(now, "b.lab.test"))
        told = " ".join(served(said, "b.lab.test"))
        assert "the DNSKEY of KSK" in told and "no key of ours signs the SOA" in told, said
    finally:
        conf.write_text(text)
        cluster.rndc("b", "reconfig")
        cluster.lab.start("b", ["agent"])
    await_well(cluster)
