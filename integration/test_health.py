# SPDX-License-Identifier: GPL-3.0-or-later
"""`rollcall health` on three real masters: all well, a directory that is down, a cut, a member that is silent."""
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
        await_that("it is told", lambda: "b.lab.test" in ask().stdout, PATIENCE)
        first = json.loads(told.read_text().splitlines()[0])
        assert first["changed"] and any("b.lab.test" in finding["about"] for finding in first["findings"])
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


def test_a_cut_is_seen_from_either_side(cluster: Cluster) -> None:
    for other in "ab":
        cluster.lab.cut("c", other)
    try:
        for who, missed in (("a", "c"), ("c", "a")):
            code, said = health(cluster, who)
            assert code == 1 and f"replication:{missed}.lab.test" in keys(said), said
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
